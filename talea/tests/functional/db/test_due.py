# SPDX-License-Identifier: Apache-2.0
"""Which scopes are to be settled, and how they are moved on."""

import threading

import sqlalchemy as sa

from talea import exception
from talea.db import api as db
from talea.db import models
from talea.objects import due
from talea.objects import stale
from talea.tests import base
from talea.tests.functional.db import settling
from talea.tests.functional.db.settling import at


class DueCase(settling.SettlingCase):
    def find(self, latest=10, now=20, limit=100, parts=None, **kwargs):
        collector = kwargs.get('collector', 'ledger')
        return due.find(
            self.context, collector, at(latest), at(now), limit, parts
        )

    def stale(self, *collectors, now=20, limit=100, parts=None):
        return due.stale(
            self.context, collectors or ['ledger'], at(now), limit, parts
        )

    def mark(self, scope_id, begin, scope_pk=None):
        with self.database.engine.begin() as connection:
            connection.execute(
                sa.insert(models.STALE).values(
                    scope_id=scope_id,
                    scope_pk=scope_pk,
                    begin_at=at(begin),
                    end_at=None,
                )
            )

    def set(self, pk, **values):
        with self.database.engine.begin() as connection:
            connection.execute(
                sa.update(models.SCOPE)
                .where(models.SCOPE.c.id == pk)
                .values(**values)
            )


@base.on_all_engines
class FindTestCase(DueCase):
    def setUp(self):
        super().setUp()
        for name, state in (('p1', 10), ('p2', 8), ('p3', 11), ('p4', 9)):
            self.make_scope(name, state)

    def test_those_behind_come_first_and_those_not_due_not_at_all(self):
        self.assertEqual([2, 4, 1], self.find(10))
        self.assertEqual([2, 4], self.find(10, limit=2))
        self.assertEqual([2], self.find(8))
        self.assertEqual([], self.find(7))

    def test_of_each_collector_its_own(self):
        self.make_scope('p5', 5, collector='other')
        self.assertEqual([2, 4, 1], self.find(10))
        self.assertEqual([5], self.find(10, collector='other'))
        self.assertEqual([], self.find(10, collector='Ledger'))

    def test_all_parts_together_are_all(self):
        parts = [{number} for number in range(due.PARTS)]
        found = [pk for part in parts for pk in self.find(10, parts=part)]
        self.assertEqual([1, 2, 4], sorted(found))
        self.assertEqual([2, 4], self.find(10, parts={2, 4, 6}))
        self.assertEqual([], self.find(10, parts=set()))

    def test_one_that_failed_has_its_pause(self):
        self.set(2, retry_at=at(20, 0, 0, 1))
        self.assertEqual([4, 1], self.find(10))
        self.set(2, retry_at=at(20))
        self.assertEqual([2, 4, 1], self.find(10))

    def test_one_that_is_off_and_settled_is_nobodys_business(self):
        self.switch(False, at(10, 30), 'p4')
        self.assertEqual([2, 4, 1], self.find(10))
        self.settle(at(11, 10))
        self.assertNotIn(4, self.find(10**4))
        self.assertEqual([], self.stale())
        self.assertEqual([], due.resting(self.context, at(20), 10))

    def test_scopes_of_unknown_collectors_are_strange(self):
        self.make_scope('p5', 5, collector='gone')

        def strange(*collectors):
            return due.strange(self.context, collectors, at(20), 10)

        self.assertEqual([5], strange('ledger'))
        self.assertEqual([], strange('ledger', 'gone'))
        self.assertEqual([5, 2, 4, 1, 3], strange())


@base.on_all_engines
class StaleTestCase(DueCase):
    def setUp(self):
        super().setUp()
        for name in ('p1', 'p2', 'p3'):
            self.make_scope(name)

    def test_those_of_which_something_settled_has_changed(self):
        self.mark('p1', 9)
        self.mark('p1', 8)
        self.mark('p2', 10)
        self.mark('P3', 9)
        self.assertEqual([1], self.stale())

    def test_a_mark_of_one_scope_is_not_that_of_another(self):
        self.make_scope('p1', collector='other')
        self.mark('p1', 9, scope_pk=4)
        self.assertEqual([], self.stale('ledger'))
        self.assertEqual([4], self.stale('ledger', 'other'))
        self.mark('p1', 9)
        self.assertEqual([1, 4], self.stale('ledger', 'other'))

    def test_one_that_failed_has_its_pause(self):
        self.mark('p1', 9)
        self.set(1, retry_at=at(21))
        self.assertEqual([], self.stale())
        self.assertEqual([1], self.stale(now=21))

    def test_only_of_some_parts(self):
        self.mark('p1', 9)
        self.mark('p2', 9)
        self.assertEqual([2], self.stale(parts={2}))
        self.assertEqual([1], self.stale(limit=1))


@base.on_all_engines
class MoveTestCase(DueCase):
    def setUp(self):
        super().setUp()
        for name in ('p1', 'p2', 'p3'):
            self.make_scope(name)

    def got(self, *pks):
        return due.get(self.context, pks)

    def move(self, moves, revised=()):
        @db.writer
        def move(context):
            due.move(context, moves, revised, at(20))

        move(db.DbContext())

    def test_all_are_moved_and_what_had_gone_wrong_is_forgotten(self):
        self.set(
            2, failures=3, last_error='no', retry_at=at(9), rated_until=at(15)
        )
        self.switch(False, at(10, 30), 'p3')
        self.move(
            list(zip(self.got(1, 2, 3), map(at, (12, 13, 11)), strict=True)),
            revised=[2],
        )
        self.assertEqual(
            [
                (at(12), at(12), at(12), 1, None),
                (at(13), at(15), at(13), 1, at(20)),
                (at(11), at(11), None, 2, None),
            ],
            [
                (
                    one.state,
                    one.rated_until,
                    one.due_at,
                    one.generation,
                    one.revised_at,
                )
                for one in self.rows(models.SCOPE)
            ],
        )
        self.assertEqual(
            {(0, None, None)},
            {
                (one.failures, one.last_error, one.retry_at)
                for one in self.rows(models.SCOPE)
            },
        )

    def test_all_or_none(self):
        seen = self.got(1, 2, 3)
        self.switch(False, at(10, 30), 'p3')
        before = self.rows(models.SCOPE)
        for state in (at(12), at(13)):
            self.assertRaises(
                exception.ConcurrentUpdate,
                self.move,
                [(one, state) for one in seen],
            )
        self.assertEqual(before, self.rows(models.SCOPE))

    def test_of_two_that_saw_the_same_the_second_is_refused(self):
        (seen,) = self.got(1)
        self.move([(seen, at(12))])
        self.assertRaises(
            exception.ConcurrentUpdate, self.move, [(seen, at(12))]
        )

    def test_a_failure_is_noted_and_the_text_is_cut(self):
        due.fail(self.context, 2, 'x' * 5000, at(20))
        found = self.scope('p2')
        self.assertEqual(
            ('x' * 1000, 1, at(20, 0, 30), 1, at(10)),
            (
                found.last_error,
                found.failures,
                found.retry_at,
                found.generation,
                found.state,
            ),
        )
        self.assertIsNone(self.scope('p1').last_error)


@base.on_servers
class LockTestCase(DueCase):
    def test_what_another_one_works_on_is_left_to_it(self):
        for name in ('p1', 'p2', 'p3'):
            self.make_scope(name)
        locked, done = threading.Event(), threading.Event()

        @db.writer
        def hold(context):
            due.lock(context, [1, 2])
            locked.set()
            done.wait(30)

        holding = threading.Thread(target=hold, args=(db.DbContext(),))
        holding.start()
        try:
            locked.wait(30)
            lock = db.writer(due.lock)
            found = lock(db.DbContext(), [1, 2, 3])
            self.assertEqual([3], [one.pk for one in found])
        finally:
            done.set()
            holding.join()
        found = lock(db.DbContext(), [1, 2, 3, 4])
        self.assertEqual([1, 2, 3], [one.pk for one in found])

    def test_marks_are_written_while_a_scope_is_settled(self):
        self.make_scope('p1')

        @db.writer
        def hold(context):
            due.lock(context, [1])
            writing = threading.Thread(target=mark, args=(db.DbContext(),))
            writing.start()
            writing.join(20)
            return writing.is_alive()

        @db.writer
        def mark(context):
            stale.mark(context, [('p1', (at(9), at(10)))])

        self.assertFalse(hold(db.DbContext()))
        self.assertEqual([1], self.stale())
