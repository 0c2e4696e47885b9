# SPDX-License-Identifier: Apache-2.0
"""Scopes: made, found, switched; what else is written along with them."""

import datetime

import sqlalchemy as sa

from talea import exception
from talea.db import models
from talea.objects import activation
from talea.objects import period
from talea.objects import scope
from talea.objects import scope_filter
from talea.objects import scope_page
from talea.tests import base

UTC = datetime.UTC
EVER = datetime.datetime(9000, 1, 1, tzinfo=UTC)


def at(hour, minute=0, microsecond=0):
    """Return a moment of the day of which these tests tell."""
    return datetime.datetime(2026, 1, 31, hour, minute, 0, microsecond, UTC)


class ScopeTestCase(base.DatabaseTestCase):
    def make(self, identifier='p1', state=None, active=True, **key):
        """Return a new scope, made at nine, rated until then."""
        key = {'scope_key': 'k', 'fetcher': 'f', 'collector': 'c', **key}
        return scope.create(
            self.context,
            identifier,
            state=state or at(9),
            active=active,
            now=at(9),
            **key,
        )

    def switch(self, active, now, identifier='p1'):
        return scope.patch(self.context, identifier, {'active': active}, now)

    def intervals(self, identifier='p1'):
        pk = scope.get(self.context, identifier).id
        found = activation.of_scopes(self.context, [pk], period.EPOCH, EVER)
        return found[pk]

    def marks(self):
        with self.database.engine.connect() as connection:
            columns = models.STALE.c
            return [
                tuple(row)
                for row in connection.execute(
                    sa.select(
                        columns.scope_id, columns.begin_at, columns.end_at
                    )
                )
            ]


@base.on_all_engines
class ScopeTest(ScopeTestCase):
    def test_a_new_scope_has_been_active_for_ever(self):
        made = self.make()
        self.assertTrue(made.active)
        self.assertEqual(at(9), made.state)
        self.assertEqual(at(9), made.due_at)
        self.assertEqual(at(9), made.toggled)
        self.assertEqual([(period.EPOCH, None)], self.intervals())

    def test_an_inactive_one_never_was(self):
        made = self.make(active=False)
        self.assertFalse(made.active)
        self.assertIsNone(made.due_at)
        self.assertEqual([], self.intervals())

    def test_an_inactive_one_is_rated_until_it_was_made(self):
        self.assertEqual(at(8), self.make(active=False, state=at(8)).due_at)

    def test_intervals_are_known_to_the_microsecond(self):
        self.make()
        self.switch(False, at(10, 30, 1))
        self.switch(True, at(12, 20, 2))
        self.assertEqual(
            [(period.EPOCH, at(10, 30, 1)), (at(12, 20, 2), None)],
            self.intervals(),
        )

    def test_only_intervals_that_overlap_are_given(self):
        first, second = self.make('p1').id, self.make('p2', active=False).id
        self.switch(False, at(10, 30))
        self.switch(True, at(12, 20))
        self.switch(False, at(13))

        def between(begin, end):
            return activation.of_scopes(
                self.context, [first, second], begin, end
            )

        self.assertEqual(
            {first: [(at(12, 20), at(13))], second: []},
            between(at(10, 30), at(14)),
        )
        self.assertEqual(
            {first: [], second: []}, between(at(10, 30), at(12, 20))
        )
        self.assertEqual({first: [], second: []}, between(at(13), EVER))

    def test_the_date_moves_when_it_really_is_switched(self):
        self.make()
        for active, now, toggled, generation in (
            (True, at(10), at(9), 0),
            (False, at(11), at(11), 1),
            (False, at(12), at(11), 1),
            (True, at(13), at(13), 2),
        ):
            found = self.switch(active, now)
            self.assertEqual(found, scope.get(self.context, 'p1'))
            self.assertEqual(active, found.active)
            self.assertEqual(toggled, found.toggled)
            self.assertEqual(generation, found.generation)

    def test_there_is_nothing_to_do_for_one_that_is_off_and_settled(self):
        self.make(state=at(10))
        self.assertEqual(at(10), self.switch(False, at(10, 30)).due_at)
        self.assertEqual(at(10), self.switch(True, at(10, 40)).due_at)
        self.make('p2', state=at(11))
        self.assertIsNone(self.switch(False, at(10, 30), 'p2').due_at)
        self.assertEqual(at(11), self.switch(True, at(12), 'p2').due_at)

    def test_what_was_settled_beyond_is_settled_again(self):
        self.make(state=at(11))
        self.switch(False, at(10, 30))
        self.switch(True, at(10, 40))
        self.switch(False, at(11))
        self.assertEqual(
            [('p1', at(10, 30), at(11)), ('p1', at(10, 40), at(11))],
            sorted(self.marks()),
        )

    def test_a_clock_that_is_behind_does_no_harm(self):
        self.make()
        self.switch(False, at(10))
        self.assertEqual(at(10, 0, 1), self.switch(True, at(9, 59)).toggled)
        self.switch(False, at(9, 58))
        self.assertEqual(
            [(period.EPOCH, at(10)), (at(10, 0, 1), at(10, 0, 2))],
            self.intervals(),
        )

    def test_names_change_and_the_date_does_not(self):
        self.make()
        changed = scope.patch(
            self.context, 'p1', {'collector': 'other'}, at(10)
        )
        self.assertEqual('other', changed.collector)
        self.assertEqual(at(9), changed.toggled)
        self.assertEqual(changed, scope.get(self.context, 'p1'))

    def test_whoever_is_not_there_is_not_found(self):
        with self.assertRaisesRegex(exception.NotFound, 'No resource'):
            scope.get(self.context, 'p1')
        with self.assertRaisesRegex(exception.NotFound, 'No resource'):
            self.switch(True, at(10))

    def test_of_two_none_is_taken(self):
        found = [('p1', key, 'f', 'c', at(9), at(9)) for key in ('a', 'b')]
        scope.discover(self.context, found, at(9))
        with self.assertRaisesRegex(exception.NotFound, 'Too many .*: p1.'):
            self.switch(False, at(10))

    def test_the_second_of_a_name_is_refused(self):
        self.make()
        with self.assertRaisesRegex(exception.NotFound, 'existing .*: p1.'):
            self.make(scope_key='another')


@base.on_all_engines
class DiscoverTest(ScopeTestCase):
    def _found(self, *identifiers):
        return [(one, 'k', 'f', 'c', at(9), at(8)) for one in identifiers]

    def _discover(self, *identifiers):
        return scope.discover(
            self.context, self._found(*identifiers), at(9, 30)
        )

    def test_new_scopes_are_made(self):
        self.assertEqual(2, self._discover('p1', 'p2'))
        found = scope.get(self.context, 'p2')
        self.assertTrue(found.active)
        self.assertEqual(at(9, 30), found.toggled)
        self.assertEqual(at(9), found.state)
        self.assertEqual(at(8), found.rates_from)
        self.assertEqual(at(9), found.rated_until)
        self.assertEqual(at(9), found.due_at)
        self.assertEqual([(period.EPOCH, None)], self.intervals('p2'))

    def test_others_are_left_alone(self):
        self.make('p1', active=False)
        self.make('p2')
        self.switch(False, at(9, 10), 'p2')
        before = [scope.get(self.context, one) for one in ('p1', 'p2')]
        self.assertEqual(1, self._discover('p2', 'p3', 'p1'))
        self.assertEqual(0, self._discover('p1', 'p2', 'p3'))
        self.assertEqual(
            before, [scope.get(self.context, one) for one in ('p1', 'p2')]
        )
        self.assertEqual([], self.intervals('p1'))
        self.assertEqual([(period.EPOCH, at(9, 10))], self.intervals('p2'))

    def test_twice_is_once(self):
        self.assertEqual(1, self._discover('p1', 'p1'))

    def test_any_number_of_them(self):
        names = [f'p{number}' for number in range(2500)]
        self.assertEqual(2500, self._discover(*names))
        self.assertEqual(1, self._discover('new', *names))
        wanted = scope_filter.Filter()
        self.assertEqual(
            2501, len(scope_page.read(self.context, wanted, 10000))
        )


@base.on_all_engines
class PageTest(ScopeTestCase):
    def test_moments_are_text_to_the_microsecond(self):
        made = self.make(state=at(9, 0, 1))
        [line] = scope_page.read(self.context, scope_filter.Filter(), 1)
        self.assertEqual('2026-01-31 09:00:00.000001', line.state)
        self.assertEqual('2026-01-31 09:00:00.000000', line.toggled)
        self.assertIsNone(line.revised_at)
        self.assertEqual(scope_page.of(made), line)

    def test_moments_are_utc_wherever_the_database_is(self):
        self.make()
        engine = self.database.engine
        if self.backend == 'postgresql':
            with engine.begin() as connection:
                connection.exec_driver_sql(
                    f'ALTER DATABASE {engine.url.database} '
                    "SET timezone = 'America/St_Johns'"
                )
        elif self.backend == 'mysql':
            sa.event.listen(engine, 'connect', _move_to_newfoundland)
        engine.dispose()
        [line] = scope_page.read(self.context, scope_filter.Filter(), 1)
        self.assertEqual('2026-01-31 09:00:00.000000', line.state)


def _move_to_newfoundland(connection, record):
    with connection.cursor() as cursor:
        cursor.execute("SET time_zone = '-03:30'")
