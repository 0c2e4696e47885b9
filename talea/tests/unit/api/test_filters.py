# SPDX-License-Identifier: Apache-2.0
import re

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from talea.api.types import fields
from talea.api.types import filters

FIELD = filters.Filters()
TEXTS = st.text(
    st.sampled_from('ab:,\\" \u00e9') | st.characters(exclude_characters='\0'),
    max_size=8,
).filter(lambda text: text.encode('utf-8', 'replace').decode() == text)


def escaped(text):
    return re.sub(r'([\\:,])', r'\\\1', text)


class FiltersTestCase(base.BaseTestCase):
    def _parse(self, *given):
        parsed = FIELD.frombasetype(list(given))
        return {key: sorted(values) for key, values in parsed.items()}

    def test_one_text_is_split_at_commas(self):
        self.assertEqual(
            {'a': ['1', '2'], 'b': ['3']}, self._parse('a:1,b:3,a:2')
        )

    def test_several_are_not(self):
        self.assertEqual(
            {'a': ['1,b:2'], 'b': ['3']}, self._parse('a:1,b:2', 'b:3')
        )

    def test_of_colons_the_first_counts(self):
        self.assertEqual({'a': ['b:c']}, self._parse('a:b:c'))
        self.assertEqual({'a:b': ['c']}, self._parse(r'a\:b:c'))

    def test_a_backslash_may_stand_for_itself(self):
        self.assertEqual({'a': ['b\\c\\']}, self._parse('a:b\\c\\'))
        self.assertEqual({'a': ['\\'], 'b': ['']}, self._parse(r'a:\\,b:'))

    def test_what_is_no_association(self):
        for text in ('', 'a', ':b', 'a:b,', ',', r'a\:b', r'\:'):
            error = self.assertRaises(fields.BadValue, self._parse, text)
            self.assertIn('invalid key:value association', str(error))
        self.assertRaises(fields.BadValue, self._parse, 'a:b', '')
        self.assertRaises(fields.BadValue, self._parse, 'a:\0')

    @given(st.lists(st.tuples(TEXTS.filter(bool), TEXTS), min_size=1))
    def test_whatever_is_escaped_comes_back(self, pairs):
        expected = {}
        for key, value in pairs:
            expected.setdefault(key, set()).add(value)
        expected = {key: sorted(found) for key, found in expected.items()}
        texts = [f'{escaped(key)}:{escaped(value)}' for key, value in pairs]
        self.assertEqual(expected, self._parse(','.join(texts)))
        if len(texts) > 1:
            self.assertEqual(expected, self._parse(*texts))
