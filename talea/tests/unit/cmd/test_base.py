# SPDX-License-Identifier: Apache-2.0
import argparse
import datetime

from oslotest import base as oslotest

from talea.cmd.manage import base

SIX = datetime.datetime(2026, 11, 21, 6, 0, tzinfo=datetime.UTC)


class MomentTest(oslotest.BaseTestCase):
    def test_a_time_without_zone_is_utc(self):
        self.assertEqual(SIX, base.moment('2026-11-21T06:00:00'))
        self.assertEqual(SIX, base.moment('2026-11-21 06:00'))

    def test_a_time_with_a_zone_is_converted_to_utc(self):
        moment = base.moment('2026-11-21T08:00:00+02:00')
        self.assertEqual(SIX, moment)
        self.assertEqual(datetime.UTC, moment.tzinfo)

    def test_a_date_is_its_midnight(self):
        self.assertEqual(SIX.replace(hour=0), base.moment('2026-11-21'))

    def test_what_one_would_have_to_guess_is_refused(self):
        for text in ('10', 'yesterday', '11/12/2026', '', '2026-13-01'):
            self.assertRaises(argparse.ArgumentTypeError, base.moment, text)

    def test_a_time_that_utc_has_not_is_refused(self):
        for text in ('0001-01-01T00:00+14:00', '9999-12-31T23:59-12:00'):
            self.assertRaises(argparse.ArgumentTypeError, base.moment, text)


class PositiveTest(oslotest.BaseTestCase):
    def test_whole_numbers_above_zero_are_taken(self):
        self.assertEqual(12, base.positive('12'))

    def test_everything_else_is_refused(self):
        for text in ('0', '-1', '1.5', 'many', '', '9' * 19):
            self.assertRaises(argparse.ArgumentTypeError, base.positive, text)
