# SPDX-License-Identifier: Apache-2.0
import datetime

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from talea import exception
from talea.objects import page

TEXT = st.text(
    st.characters(exclude_categories=['Cs'], exclude_characters='\0'),
    max_size=255,
)
POSITIONS = st.tuples(
    st.datetimes(timezones=st.just(datetime.UTC)),
    TEXT,
    TEXT,
    st.integers(0, 2**31),
)


class MarkerTestCase(base.BaseTestCase):
    @given(POSITIONS)
    def test_a_marker_leads_back_to_its_position(self, position):
        self.assertEqual(position, page.parse(page.marker(position)))

    @given(POSITIONS)
    def test_a_marker_needs_no_quoting(self, position):
        self.assertRegex(page.marker(position), r'^[A-Za-z0-9_-]+$')

    @given(st.text(max_size=100))
    def test_anything_else_is_refused(self, text):
        self.assertRaises(exception.InvalidValue, page.parse, text)
