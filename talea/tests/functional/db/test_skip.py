# SPDX-License-Identifier: Apache-2.0
"""Time over which a reset moved the state is never billed by halves."""

from talea.objects import scope_filter
from talea.objects import scope_reset
from talea.tests import base
from talea.tests.functional.db import settling
from talea.tests.functional.db.settling import at


@base.on_all_engines
class SkipTestCase(settling.SettlingCase):
    def setUp(self):
        super().setUp()
        self.price('2')
        self.make_scope()
        self.create('i1', at(10))
        self.settle(at(12, 10))
        self.reset(at(15), at(12, 20))

    def reset(self, state, now):
        scope_reset.request(
            self.context, scope_filter.Filter(scope_id=['p1']), state, now
        )
        self.passes.reset(self.context)

    def test_what_is_skipped_is_not_owed(self):
        self.settle(at(17, 10))
        self.assertEqual({10: '2', 11: '2', 15: '2', 16: '2'}, self.owed())

    def test_what_becomes_known_of_it_late_is_not_owed_either(self):
        self.settle(at(17, 10))
        self.create('late', at(11, 30))
        self.settle(at(17, 20))
        self.assertEqual({10: '2', 11: '3', 15: '4', 16: '4'}, self.owed())

    def test_a_reset_to_before_takes_it_back(self):
        self.settle(at(17, 10))
        self.reset(at(11), at(17, 20))
        self.settle(at(17, 30))
        self.assertEqual(dict.fromkeys(range(10, 17), '2'), self.owed())

    def test_a_reset_to_its_middle_takes_back_the_rest(self):
        self.settle(at(17, 10))
        self.reset(at(14), at(17, 20))
        self.settle(at(17, 30))
        self.create('late', at(11))
        self.settle(at(17, 40))
        self.assertEqual(
            {10: '2', 11: '4', 14: '4', 15: '4', 16: '4'}, self.owed()
        )

    def test_what_was_rated_once_is_not_skipped(self):
        self.settle(at(17, 10))
        self.reset(at(10), at(17, 20))
        self.settle(at(17, 30))
        self.reset(at(10), at(17, 40))
        # Forward again, before anything is settled.
        self.reset(at(17), at(17, 40))
        self.create('late', at(12))
        self.settle(at(17, 50))
        self.assertEqual(
            {10: '2', 11: '2'} | dict.fromkeys(range(12, 17), '4'),
            self.owed(),
        )
