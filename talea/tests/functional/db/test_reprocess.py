# SPDX-License-Identifier: Apache-2.0
"""Tasks, and what they leave for the processors to do."""

import sqlalchemy as sa

from talea import exception
from talea.db import api as db
from talea.db import models
from talea.objects import reprocess
from talea.objects import scope
from talea.tests import base
from talea.tests.functional.db.test_push import THREADS
from talea.tests.functional.db.test_push import race
from talea.tests.rated import at

NOW = at(2026, 2, 1)
BEGIN = at(2026, 1, 1)
END = at(2026, 1, 2)
MANY = 2500


@base.on_all_engines
class ReprocessTestCase(base.DatabaseTestCase):
    def setUp(self):
        super().setUp()
        # One identifier stands for two scopes.
        for collector in ('ledger', 'other'):
            self._scope('p1', collector)
        self._scope('p2')

    def _scope(self, identifier, collector='ledger', state=NOW):
        found = (identifier, 'project_id', 'l', collector, state, state)
        scope.discover(db.DbContext(), [found], NOW)

    def _schedule(self, ids, begin=BEGIN, end=END):
        order = reprocess.Order(ids and tuple(ids), begin, end)
        reprocess.schedule(db.DbContext(), order, 'why', NOW)

    def _marks(self):
        stale = models.STALE.c
        with self.database.engine.connect() as connection:
            rows = connection.execute(
                sa.select(
                    stale.scope_id,
                    stale.scope_pk,
                    stale.begin_at,
                    stale.end_at,
                    stale.reprocess_id,
                ).order_by(stale.id)
            )
            return [tuple(row) for row in rows]

    def _tasks(self):
        tasks = []
        reprocess.walk(self.context, None, False, 0, 10**6, tasks.append)
        return tasks

    def test_each_scope_has_a_task_and_a_mark(self):
        self._schedule(['p1'])
        self.assertEqual(
            [('p1', 1, BEGIN, END, 1), ('p1', 2, BEGIN, END, 2)],
            self._marks(),
        )
        task = self._tasks()[0]
        self.assertEqual(
            reprocess.Task(1, 'p1', BEGIN, END, None, 'waiting', 'why'), task
        )

    def test_many_scopes(self):
        names = [f'{number:040}' for number in range(MANY)]
        scope.discover(
            db.DbContext(),
            [(name, 'project_id', 'l', 'l', NOW, NOW) for name in names],
            NOW,
        )
        self._schedule(names)
        self.assertEqual(names, [task.scope_id for task in self._tasks()])
        self._schedule(None, END, at(2026, 1, 3))
        self.assertEqual(2 * MANY + 3, len(self._tasks()))
        marks = self._marks()
        self.assertEqual(
            {(task.id, task.scope_id, task.begin) for task in self._tasks()},
            {(mark[4], mark[0], mark[2]) for mark in marks},
        )
        self.assertEqual(2 * MANY + 3, len(marks))

    def test_a_cancelled_task_leaves_nothing_to_do(self):
        self._schedule(['p1', 'p2'])
        for _ in range(2):
            reprocess.cancel(db.DbContext(), 2)
        self.assertEqual([1, 3], [mark[4] for mark in self._marks()])
        self.assertEqual(
            ['waiting', 'cancelled', 'waiting'],
            [task.status for task in self._tasks()],
        )
        # Nothing of it stands in the way of another one.
        self.assertRaises(exception.InvalidValue, self._schedule, ['p1'])
        reprocess.cancel(db.DbContext(), 1)
        self._schedule(['p1'])

    def test_what_is_done_cannot_be_cancelled(self):
        self._schedule(['p2'])
        with self.database.engine.begin() as connection:
            connection.execute(
                sa.update(models.REPROCESS).values(status=reprocess.DONE)
            )
        self.assertRaises(
            exception.Conflict, reprocess.cancel, db.DbContext(), 1
        )
        self._schedule(['p2'])

    def test_one_that_runs_stands_in_the_way(self):
        self._schedule(['p2'])
        with self.database.engine.begin() as connection:
            connection.execute(
                sa.update(models.REPROCESS).values(status=reprocess.RUNNING)
            )
        self.assertRaises(exception.InvalidValue, self._schedule, ['p2'])
        reprocess.cancel(db.DbContext(), 1)
        self._schedule(['p2'])

    def test_of_two_at_once_that_overlap_one_is_made(self):
        windows = [
            (at(2026, 1, 1, number), at(2026, 1, 2, number))
            for number in range(THREADS)
        ]
        results = race(
            lambda number: self._schedule(['p1', 'p2'], *windows[number])
        )
        self.assertEqual(1, results.count(None))
        for error in results:
            if error is not None:
                self.assertIsInstance(error, exception.InvalidValue)
                self.assertIn('overlaps that window', str(error))
        self.assertEqual(3, len(self._tasks()))
        self.assertEqual(3, len(self._marks()))

    def test_one_that_cannot_be_makes_none_at_all(self):
        self._scope('late', state=BEGIN)
        for ids in (['p1', 'late'], ['p1', 'nobody'], ['p1', 'P2'], None):
            self.assertRaises(exception.InvalidValue, self._schedule, ids)
        self.assertEqual([], self._tasks())
        self.assertEqual([], self._marks())
