# SPDX-License-Identifier: Apache-2.0
"""Scopes set to another state: all that are meant, each of them once."""

from concurrent import futures
import datetime
from unittest import mock

import sqlalchemy as sa

from talea import exception
from talea.db import api as db
from talea.db import models
from talea.objects import scope
from talea.objects import scope_filter
from talea.objects import scope_reset
from talea.tests import base

UTC = datetime.UTC
HOUR = 3600


def at(hour, minute=0):
    return datetime.datetime(2026, 1, 31, hour, minute, tzinfo=UTC)


class ResetTestCase(base.DatabaseTestCase):
    def make(self, *identifiers, collector='c'):
        """Make scopes that are rated from eight until ten."""
        scope.discover(
            self.context,
            [(one, 'k', 'f', collector, at(10), at(8)) for one in identifiers],
            at(9),
        )

    def request(self, state, open_from=None, **wanted):
        return scope_reset.request(
            self.context,
            scope_filter.Filter(**wanted),
            state,
            at(12),
            open_from,
        )

    def carry_out(self):
        return [
            scope_reset.carry_out(db.DbContext(), one.id, HOUR)
            for one in scope_reset.pending(self.context)
        ]

    def states(self):
        with self.database.engine.connect() as connection:
            columns = models.SCOPE.c
            return dict(
                connection.execute(
                    sa.select(columns.identifier, columns.state)
                ).all()
            )

    def generations(self):
        """Return how often scopes were written, as a set."""
        with self.database.engine.connect() as connection:
            return set(
                connection.scalars(sa.select(models.SCOPE.c.generation))
            )


@base.on_all_engines
class ResetTest(ResetTestCase):
    def test_nothing_happens_before_a_processor_does_it(self):
        self.make('p1')
        self.assertEqual(1, self.request(at(9)))
        self.assertEqual({'p1': at(10)}, self.states())
        [waiting] = scope_reset.pending(self.context)
        self.assertEqual(at(9), waiting.state)
        self.assertEqual(at(12), waiting.requested)

    def test_those_who_are_meant_are_set_and_no_others(self):
        self.make('p1', 'p2', 'p3')
        self.make('p4', 'p5', collector='other')
        self.assertEqual(
            2,
            self.request(at(9), scope_id=['p1', 'p2', 'p4'], collector=['c']),
        )
        self.assertEqual([2], self.carry_out())
        self.assertEqual(
            {'p1': at(9), 'p2': at(9)}
            | dict.fromkeys(('p3', 'p4', 'p5'), at(10)),
            self.states(),
        )
        self.assertEqual([], scope_reset.pending(self.context))

    def test_a_reset_leads_to_the_begin_of_a_period(self):
        self.make('p1')
        self.request(at(9, 59))
        self.carry_out()
        found = scope.get(self.context, 'p1')
        self.assertEqual(at(9), found.state)
        self.assertEqual(at(9), found.due_at)
        self.assertEqual(at(8), found.rates_from)
        self.assertEqual(at(10), found.rated_until)
        self.assertEqual(1, found.generation)

    def test_what_comes_before_the_begin_of_all_is_rated_too(self):
        self.make('p1')
        self.request(at(7))
        self.carry_out()
        self.assertEqual(at(7), scope.get(self.context, 'p1').rates_from)

    def test_forward_is_allowed(self):
        self.make('p1')
        self.request(at(11))
        self.carry_out()
        found = scope.get(self.context, 'p1')
        self.assertEqual(at(11), found.state)
        self.assertEqual(at(11), found.rated_until)

    def test_an_inactive_one_is_set_and_rated_as_far_as_it_was_on(self):
        self.make('p1', 'p2')
        for one, end in (('p1', at(9, 30)), ('p2', at(9, 20))):
            scope.patch(self.context, one, {'active': False}, end)
        self.assertEqual(1, self.request(at(9), scope_id=['p1']))
        self.assertEqual(1, self.request(at(10), scope_id=['p2']))
        self.carry_out()
        self.assertEqual(at(9), scope.get(self.context, 'p1').due_at)
        self.assertIsNone(scope.get(self.context, 'p2').due_at)
        self.assertFalse(scope.get(self.context, 'p1').active)

    def test_failures_are_forgotten(self):
        self.make('p1')
        with self.database.engine.begin() as connection:
            connection.execute(
                models.SCOPE.update().values(failures=9, retry_at=at(20))
            )
        self.request(at(9))
        self.carry_out()
        found = scope.get(self.context, 'p1')
        self.assertEqual((0, None), (found.failures, found.retry_at))

    def test_the_last_of_two_counts(self):
        self.make('p1')
        for hour in (8, 9):
            self.request(at(hour))
        self.assertEqual([1, 1], self.carry_out())
        self.assertEqual({'p1': at(9)}, self.states())

    def test_whoever_matches_nobody_hears_of_it(self):
        self.make('p1')
        with self.assertRaises(exception.NotFound):
            self.request(at(9), scope_id=['nobody'])
        self.assertEqual([], scope_reset.pending(self.context))

    def test_what_is_closed_stays_so(self):
        self.make('p1')
        with self.assertRaises(exception.Conflict):
            self.request(at(8), open_from=at(9))
        self.assertEqual([], scope_reset.pending(self.context))
        self.request(at(9), open_from=at(9))
        # Nothing of the time that is closed was rated before.
        self.request(at(10), open_from=at(12))

    def test_a_reset_that_is_done_is_nothing_to_do(self):
        self.make('p1')
        self.request(at(9))
        [waiting] = scope_reset.pending(self.context)
        self.assertEqual([1], self.carry_out())
        again = scope_reset.carry_out(self.context, waiting.id, HOUR)
        self.assertEqual(0, again)
        self.assertEqual({1}, self.generations())


@base.on_all_engines
class ManyTest(ResetTestCase):
    NUMBER = 2500

    def setUp(self):
        super().setUp()
        self.make(*(f'p{number}' for number in range(self.NUMBER)))
        for number in range(0, 20, 2):
            scope.patch(
                self.context, f'p{number}', {'active': False}, at(9, 1)
            )
        with self.database.engine.begin() as connection:
            connection.execute(models.SCOPE.update().values(generation=0))

    def test_any_number_is_set(self):
        self.assertEqual(self.NUMBER, self.request(at(9)))
        self.assertEqual([self.NUMBER], self.carry_out())
        self.assertEqual({at(9)}, set(self.states().values()))

    def test_after_a_crash_the_rest_is_set(self):
        self.request(at(9))
        [waiting] = scope_reset.pending(self.context)
        original, calls = scope_reset._set, []

        def crash(*arguments):
            original(*arguments)
            calls.append(arguments)
            if len(calls) == 2:
                raise KeyboardInterrupt

        with (
            mock.patch.object(scope_reset, '_set', crash),
            self.assertRaises(KeyboardInterrupt),
        ):
            scope_reset.carry_out(self.context, waiting.id, HOUR)
        self.assertEqual({0, 1}, self.generations())
        self.assertEqual([self.NUMBER - 1000], self.carry_out())
        self.assertEqual({1}, self.generations())
        self.assertEqual({at(9)}, set(self.states().values()))

    def test_many_processors_set_each_once(self):
        self.request(at(9))
        self.request(at(8))
        with futures.ThreadPoolExecutor(4) as pool:
            done = list(pool.map(lambda _: self.carry_out(), range(4)))
        self.assertEqual(2 * self.NUMBER, sum(map(sum, done)))
        self.assertEqual({2}, self.generations())
        self.assertEqual({at(8)}, set(self.states().values()))
