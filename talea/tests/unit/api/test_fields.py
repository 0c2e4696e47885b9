# SPDX-License-Identifier: Apache-2.0
import datetime

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from talea.api.types import fields

UTC = datetime.UTC


class MomentTestCase(base.BaseTestCase):
    def _parse(self, text):
        return fields.MOMENT.frombasetype(text)

    def test_unambiguous_dates_are_understood_in_utc(self):
        for text, expected in {
            '2017-01-01': (2017, 1, 1),
            '2017-01-01T10:11:12.123456Z': (2017, 1, 1, 10, 11, 12, 123456),
            '2017-01-01 10:11:12+02:00': (2017, 1, 1, 8, 11, 12),
            '20170101T101112': (2017, 1, 1, 10, 11, 12),
            '1 Jan 2017': (2017, 1, 1),
            'Jan 1 2017 10:00 UTC': (2017, 1, 1, 10),
            'Sun, 01 Jan 2017 10:00:00 +0200': (2017, 1, 1, 8),
            '31/12/2017': (2017, 12, 31),
            '05/05/2017': (2017, 5, 5),
            '2015-01-31T18:24:34.1523Z': (2015, 1, 31, 18, 24, 34, 152300),
        }.items():
            self.assertEqual(
                datetime.datetime(*expected, tzinfo=UTC),
                self._parse(text),
                text,
            )

    def test_what_leaves_a_choice_is_refused(self):
        for text in (
            '10',
            '10:30',
            'monday',
            'January',
            'Jan 2017',
            '01/02/2017',
            '1.2.2017',
            '2017',
            'now',
            'today',
            '2017-01-01 10:00 EST',
            '2017-01-01 10:00 CST',
        ):
            self.assertRaises(fields.BadValue, self._parse, text)

    def test_what_is_no_date_is_refused(self):
        for value in (
            None,
            '',
            ' ',
            5,
            1.5,
            True,
            [],
            {},
            '2017-13-45',
            'x' * 1000,
            '99999999999999999999',
            '0001-01-01T00:00:00+14:00',
            '9999-12-31',
            '0999-12-31',
            '2017-01-01\0',
            # dateutil lets errors of decimal through.
            '12345678901234567812345678901234567830m',
        ):
            error = self.assertRaises(fields.BadValue, self._parse, value)
            self.assertEqual(fields.BODY_DATE, str(error))

    @given(
        st.datetimes(
            datetime.datetime(1000, 1, 1), datetime.datetime(9999, 12, 30)
        )
    )
    def test_every_moment_survives(self, moment):
        moment = moment.replace(tzinfo=UTC)
        self.assertEqual(moment, self._parse(moment.isoformat()))
        self.assertEqual(moment, self._parse(str(moment)))


class QueryMomentTestCase(base.BaseTestCase):
    def _parse(self, text):
        return fields.QueryMoment().frombasetype(text)

    @given(st.datetimes())
    def test_the_form_of_almanach_is_understood(self, moment):
        text = moment.strftime('%H:%M:%S.%f')
        self.assertEqual(
            moment.replace(tzinfo=UTC),
            self._parse(f'{moment.date()} {text}'),
        )

    def test_one_digit_of_a_fraction_is_enough(self):
        self.assertEqual(
            datetime.datetime(2016, 1, 1, 0, 0, 0, 500000, tzinfo=UTC),
            self._parse('2016-01-01 00:00:00.5'),
        )

    def test_what_needs_guessing_is_refused(self):
        for text in ('', '10', '2016', '2016-01', 'monday', '1 Jan 2016'):
            self.assertRaises(fields.BadValue, self._parse, text)


class SizeTestCase(base.BaseTestCase):
    def test_numbers_and_their_texts_are_sizes(self):
        for value in (0, 10, '0', '10', 2**31 - 1):
            self.assertEqual(int(value), fields.Size().frombasetype(value))

    def test_nothing_else_is(self):
        for value in (
            None,
            True,
            -1,
            1.5,
            '',
            '-1',
            '1.5',
            '\u0663',
            ' 1',
            2**31,
            '9' * 5000,
            [],
            {},
        ):
            self.assertRaises(
                fields.BadValue, fields.Size().frombasetype, value
            )


class IdsTestCase(base.BaseTestCase):
    def test_nothing_one_and_many_are_a_list(self):
        parse = fields.Ids().frombasetype
        self.assertEqual([], parse(None))
        self.assertEqual([], parse(''))
        self.assertEqual([], parse([]))
        self.assertEqual(['a'], parse('a'))
        self.assertEqual(['b', 'a'], parse(['b', 'a']))

    def test_ids_are_text(self):
        for value in (5, {}, [1], [None], [''], ['x' * 256], ['\0']):
            self.assertRaises(
                fields.BadValue, fields.Ids().frombasetype, value
            )
