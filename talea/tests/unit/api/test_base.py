# SPDX-License-Identifier: Apache-2.0
import decimal
import json

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base
import wsme

from talea import exception
from talea.api import body
from talea.api.types import base as types
from talea.api.types import fields

# Decimal cannot even hold it.
BEYOND = b'1e' + b'9' * 30
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
)


class Sample(types.Body):
    _aliases = {'second': ('other',)}

    first = types.required(fields.Text(null=True))
    second = types.required(fields.Text())
    third = fields.Text()


class BodyTestCase(base.BaseTestCase):
    def test_the_first_member_that_is_missing_is_named(self):
        error = self.assertRaises(types.Missing, Sample.parse, {})
        self.assertEqual(
            "The 'first' param is mandatory for the request you have made.",
            str(error),
        )
        error = self.assertRaises(types.Missing, Sample.parse, {'first': 1})
        self.assertIn("'second'", str(error))

    def test_absent_and_null_are_told_apart(self):
        sample = Sample.parse({'first': None, 'second': 'x'})
        self.assertEqual({'first': None, 'second': 'x'}, sample.given())
        self.assertIs(wsme.Unset, sample.third)

    def test_a_member_may_have_another_name(self):
        sample = Sample.parse({'first': 'x', 'other': 'y'})
        self.assertEqual('y', sample.second)

    def test_unknown_members_are_ignored(self):
        sample = Sample.parse({'first': 'x', 'second': 'y', 'fourth': 4})
        self.assertNotIn('fourth', sample.given())

    def test_a_member_of_no_use_is_named(self):
        error = self.assertRaises(
            exception.InvalidValue, Sample.parse, {'first': 1, 'second': 'x'}
        )
        self.assertEqual("Invalid value for 'first': must be text", str(error))

    def test_anything_but_an_object_is_refused(self):
        for value in (None, [], 'x', 5, True):
            self.assertRaises(types.BadPayload, Sample.parse, value)


class ExactFieldTestCase(base.BaseTestCase):
    def test_an_object_with_exact_numbers_is_kept(self):
        value = {'a': decimal.Decimal('0.10')}
        self.assertEqual(value, fields.Object().frombasetype(value))

    def test_an_exact_number_stands_for_its_text(self):
        one = fields.Single(fields.Text())
        self.assertEqual('0.10', one.frombasetype(decimal.Decimal('0.10')))


class DumpTestCase(base.BaseTestCase):
    @given(JSON)
    def test_it_is_json(self, value):
        self.assertEqual(value, json.loads(types.dump(value)))

    @given(st.decimals(allow_nan=False, allow_infinity=False, places=12))
    def test_decimals_are_exact_numbers(self, value):
        text = types.dump({'a': [value]})
        read = json.loads(
            text, parse_float=decimal.Decimal, parse_int=decimal.Decimal
        )
        self.assertEqual(value, read['a'][0])
        self.assertNotIn('E', text)


class LoadTestCase(base.BaseTestCase):
    def test_what_is_no_json_is_refused(self):
        for raw in (b'', b'{', b'NaN', b'[Infinity]', b'1e999', b'\xff'):
            self.assertRaises(types.BadPayload, types.load, raw)
            self.assertRaises(types.BadPayload, types.load, raw, exact=True)

    def test_numbers_keep_their_digits_where_they_must(self):
        raw = b'[0.1234567890123456789012345678, 1.50, 1e3, 7]'
        self.assertEqual(
            [
                decimal.Decimal('0.1234567890123456789012345678'),
                decimal.Decimal('1.50'),
                decimal.Decimal(1000),
                7,
            ],
            types.load(raw, exact=True),
        )
        self.assertEqual([float] * 3, [*map(type, types.load(raw))][:3])

    def test_numbers_beyond_measure_are_refused(self):
        for raw in (b'1e999999999', b'-1e-999999999', b'0e999999999', BEYOND):
            self.assertRaises(types.BadPayload, types.load, raw, exact=True)


class DepthTestCase(base.BaseTestCase):
    @given(JSON)
    def test_it_is_the_depth_of_the_brackets(self, value):
        def depth(one):
            if isinstance(one, dict):
                one = list(one.values())
            if not isinstance(one, list):
                return 0
            return 1 + max(map(depth, one), default=0)

        self.assertEqual(depth(value), body.depth(json.dumps(value).encode()))

    def test_brackets_in_strings_do_not_count(self):
        self.assertEqual(1, body.depth(b'["[[[\\"[[[", "]]"]'))

    def test_an_unfinished_string_takes_no_time(self):
        self.assertEqual(0, body.depth(b'"' + b'\\' * 10**6))
        self.assertEqual(0, body.depth(b'"' + b'[' * 10**6))
