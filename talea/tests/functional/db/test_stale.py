# SPDX-License-Identifier: Apache-2.0
"""Marks of what has changed, on each engine."""

import sqlalchemy as sa

from talea.db import api as db
from talea.db import models
from talea.objects import reprocess
from talea.objects import resource
from talea.objects import stale
from talea.objects import timeline
from talea.tests import base
from talea.tests.functional.db import settling
from talea.tests.functional.db.settling import at


class StaleCase(settling.SettlingCase):
    def call(self, function, *arguments, **kwargs):
        """Call *function* in a transaction of its own."""
        return db.writer(function)(db.DbContext(), *arguments, **kwargs)

    def marks(self):
        """Return [(identifier, scope, begin, end)], oldest first."""
        return [
            (one.scope_id, one.scope_pk, one.begin_at, one.end_at)
            for one in self.rows(models.STALE)
        ]

    def of(self, *scope_ids):
        return self.call(stale.of_scopes, scope_ids)


@base.on_all_engines
class StaleTestCase(StaleCase):
    def test_marks_come_back_with_their_ends(self):
        self.call(
            stale.mark,
            [
                ('p1', (at(10, 0, 0, 1), at(11))),
                ('p1', (at(12), stale.FOREVER)),
                ('p2', (at(12), at(13))),
                ('P1', (at(12), at(13))),
            ],
        )
        found = self.of('p1', 'P1', 'p3')
        self.assertEqual({'p1', 'P1'}, set(found))
        self.assertEqual(
            [
                ('p1', None, at(10, 0, 0, 1), at(11), None),
                ('p1', None, at(12), stale.FOREVER, None),
            ],
            [
                (
                    one.scope_id,
                    one.scope_pk,
                    one.begin,
                    one.end,
                    one.reprocess_id,
                )
                for one in found['p1']
            ],
        )

    def test_no_marks_are_no_statement(self):
        with self.statements() as said:
            self.call(stale.mark, [])
            self.call(stale.forget, [])
            self.call(stale.shrink, [])
        self.assertEqual([], said)

    def test_a_price_marks_all_scopes_or_one_project(self):
        self.make_scope('p1')
        self.make_scope('p1', collector='other')
        self.make_scope('p2')
        self.call(stale.mark_all, at(10), at(11))
        self.call(stale.mark_all, at(12), None, 'p2')
        self.call(stale.mark_all, at(13), None, 'nobody')
        self.assertEqual(
            [
                ('p1', None, at(10), at(11)),
                ('p2', None, at(10), at(11)),
                ('p2', None, at(12), None),
            ],
            sorted(self.marks(), key=lambda one: one[2:3] + one[:1]),
        )

    def test_divided_each_scope_has_its_own(self):
        self.make_scope('p1')
        self.make_scope('p1', collector='other')
        self.make_scope('p2')
        self.call(
            stale.mark,
            [('p1', (at(10), stale.FOREVER)), ('p2', (at(10), at(11)))],
        )
        for _ in range(2):
            self.call(stale.divide, ['p1'])
            self.assertEqual(
                {
                    ('p1', 1, at(10), None),
                    ('p1', 2, at(10), None),
                    ('p2', None, at(10), at(11)),
                },
                set(self.marks()),
            )
            self.assertEqual(3, len(self.marks()))

    def test_forgotten_marks_are_gone_and_others_stay(self):
        window = (at(10), at(11))
        self.call(stale.mark, [('p1', window), ('p1', window)])
        first, _ = self.of('p1')['p1']
        self.call(stale.forget, [first])
        self.assertEqual(1, len(self.marks()))

    def test_what_is_left_begins_later(self):
        self.call(
            stale.mark,
            [('p1', (at(10), at(15))), ('p2', (at(9), stale.FOREVER))],
        )
        found = self.of('p1', 'p2')
        self.call(
            stale.shrink,
            [(found['p1'][0], at(12)), (found['p2'][0], at(11))],
        )
        self.assertEqual(
            {
                ('p1', None, at(12), at(15)),
                ('p2', None, at(11), None),
            },
            set(self.marks()),
        )

    def test_any_number_is_swept_away(self):
        self.make_scope('p1')
        window = (at(10), at(11))
        self.call(
            stale.mark,
            [(f'p{number % 3}', window) for number in range(3300)],
        )
        self.assertEqual(2200, stale.sweep(self.context))
        self.assertEqual({'p1'}, {one[0] for one in self.marks()})
        self.assertEqual(0, stale.sweep(self.context))


@base.on_all_engines
class TaskTestCase(StaleCase):
    """Marks that a task asked for tell it how far they are."""

    def setUp(self):
        super().setUp()
        self.price('2')
        self.make_scope()
        self.create('i1', at(10))
        self.settle(at(20, 10))

    def schedule(self, begin, end):
        reprocess.schedule(
            self.context,
            reprocess.Order(('p1',), at(begin), at(end)),
            'because',
            at(20, 20),
        )

    def task(self):
        (task,) = self.rows(models.REPROCESS)
        return (task.status, task.current_at)

    def test_it_goes_on_piece_by_piece_until_it_is_done(self):
        self.schedule(11, 18)
        self.assertEqual(('waiting', None), self.task())
        self.conf.set_override('chunk', 1, 'processor')
        work = self.passes.settle(db.DbContext(), at(20, 30))
        next(work)
        self.assertEqual(('running', at(15)), self.task())
        next(work)
        self.assertEqual(('done', at(18)), self.task())
        self.assertEqual([], list(work))
        self.assertEqual([], self.marks())
        # Nothing was another amount.
        self.assertEqual(10, len(self.frames()))

    def test_one_that_was_cancelled_stays_so(self):
        self.schedule(11, 18)
        (mark,) = self.of('p1')['p1']
        reprocess.cancel(self.context, mark.reprocess_id)
        self.call(stale.shrink, [(mark, at(15))])
        self.call(stale.forget, [mark])
        self.assertEqual(('cancelled', None), self.task())

    def test_a_scope_that_is_off_is_rated_again_too(self):
        self.switch(False, at(20, 30))
        self.settle(at(21, 10))
        with self.database.engine.begin() as connection:
            connection.execute(
                sa.update(models.FRAME).values(points='[]', number=0)
            )
            connection.execute(sa.delete(models.ROLLUP))
        self.schedule(10, 20)
        self.settle(at(21, 20))
        self.assertEqual(('done', at(20)), self.task())
        self.assertEqual(dict.fromkeys(range(10, 20), '2'), self.owed())


@base.on_all_engines
class TellingTestCase(StaleCase):
    """Who writes entities notes whose usage has changed."""

    def test_each_project_that_an_event_is_about_is_marked(self):
        self.create('i1', at(10, 15))
        self.assertEqual([('p1', None, at(10, 15), None)], self.marks())
        self.tell('transfer', 'i1', at(12), 'p2')
        self.assertEqual(
            [('p1', None, at(12), None), ('p2', None, at(12), None)],
            sorted(self.marks()[1:]),
        )

    def test_the_same_again_marks_nothing(self):
        self.create('i1', at(10))
        before = self.marks()
        resource.refold(self.context, [1], timeline.Rules(), at(20))
        self.assertEqual(before, self.marks())

    def test_what_no_metric_sees_marks_nothing(self):
        self.create('i1', at(10))
        before = self.marks()
        self.tell('update', 'i1', at(11), host='elsewhere', name='new')
        self.assertEqual(before, self.marks())

    def test_without_processors_nothing_is_marked(self):
        rules = timeline.Rules(track_changes=False)
        self.create('i1', at(10))
        with self.database.engine.begin() as connection:
            connection.execute(sa.delete(models.STALE))
            connection.execute(sa.delete(models.EVENT))
        resource.refold(self.context, [1], rules, at(20))
        self.assertEqual([], self.rows(models.ENTITY))
        self.assertEqual([], self.marks())

    def test_a_name_of_a_type_marks_those_who_have_volumes_of_it(self):
        for project, type_id in (('p1', 'a'), ('p2', 'b'), ('p3', 'a')):
            self.create(
                f'v-{project}',
                at(10),
                project,
                resource_type='volume',
                volume_type_id=type_id,
                size=1,
                launched_at=at(10).isoformat(),
            )
        before = len(self.marks())
        self.tell(
            'create', 'a', at(5), '', resource_type='volume_type', name='fast'
        )
        self.assertEqual(
            {('p1', None, at(10), None), ('p3', None, at(10), None)},
            set(self.marks()[before:]),
        )
