# SPDX-License-Identifier: Apache-2.0
import datetime

from oslotest import base

from talea.objects import volume_type


def _day(number):
    return datetime.datetime(2026, 1, number, tzinfo=datetime.UTC)


class NamesTestCase(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.names = volume_type.Names(
            [('t1', _day(20), 'fastest'), ('t1', _day(10), 'fast')]
        )

    def test_the_name_in_force_at_that_time_counts(self):
        self.assertEqual('fast', self.names.of('t1', _day(10)))
        self.assertEqual('fast', self.names.of('t1', _day(19)))
        self.assertEqual('fastest', self.names.of('t1', _day(20)))

    def test_a_name_that_became_known_late_is_better_than_none(self):
        self.assertEqual('fast', self.names.of('t1', _day(1)))

    def test_of_an_unknown_type_the_id_is_shown(self):
        self.assertEqual('t2', self.names.of('t2', _day(1)))

    def test_no_type_has_no_name(self):
        self.assertIsNone(self.names.of(None, _day(1)))
