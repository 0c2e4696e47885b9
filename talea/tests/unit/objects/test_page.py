# SPDX-License-Identifier: Apache-2.0
import base64
import datetime
import json

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
    st.integers(0, 2**31 - 1),
)


class MarkerTestCase(base.BaseTestCase):
    @given(POSITIONS)
    def test_a_marker_leads_back_to_its_position(self, position):
        self.assertEqual(position, page.parse(page.marker(position)))

    @given(POSITIONS)
    def test_a_marker_needs_no_quoting(self, position):
        self.assertRegex(page.marker(position), r'^[A-Za-z0-9_-]+$')

    def test_the_longest_id_fits_into_a_url(self):
        position = (
            datetime.datetime(2016, 1, 1, tzinfo=datetime.UTC),
            '\U0001f4a9' * 255,
            'instance',
            0,
        )
        self.assertLess(len(page.marker(position)), 2000)

    @given(st.text(max_size=100))
    def test_anything_else_is_refused(self, text):
        self.assertRaises(exception.InvalidValue, page.parse, text)

    def test_what_no_database_can_compare_with_is_refused(self):
        good = ['2016-01-01T00:00:00+00:00', 'i1', 'instance', 0]
        for place, value in (
            (0, '0001-01-01T00:00:00+14:00'),
            (0, '9999-12-31T23:59:59-14:00'),
            (0, '2016-01-01T00:00:00'),
            (1, 'nul\0'),
            (1, '\ud800'),
            (1, 5),
            (2, '\udcff'),
            (2, None),
            (3, -1),
            (3, 2**31),
            (3, 10**30),
            (3, True),
        ):
            wrong = [*good[:place], value, *good[place + 1 :]]
            text = base64.urlsafe_b64encode(json.dumps(wrong).encode())
            self.assertRaises(
                exception.InvalidValue, page.parse, text.decode().rstrip('=')
            )
