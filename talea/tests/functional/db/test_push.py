# SPDX-License-Identifier: Apache-2.0
"""What is pushed with a key counts once, whoever pushes it at a time."""

import concurrent.futures
import datetime
import threading

import sqlalchemy as sa

from talea import exception
from talea.db import api as db
from talea.db import models
from talea.objects import push
from talea.tests import base
from talea.tests.rated import HOUR
from talea.tests.rated import at
from talea.tests.rated import line

NOW = at(2026, 1, 2)
THREADS = 6


def pushed(quantity='1', begin=NOW, projects=('p1', 'p2')):
    return push.Pushed(
        begin,
        begin + HOUR,
        tuple(line(quantity=quantity, project_id=one) for one in projects),
    )


def race(work, count=THREADS):
    """Call work(number) in threads that start together; return results."""
    ready = threading.Barrier(count)

    def run(number):
        ready.wait()
        try:
            return work(number)
        except exception.TaleaError as error:
            return error

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@base.on_all_engines
class PushTestCase(base.DatabaseTestCase):
    def _push(self, *given, key=None):
        push.push(db.DbContext(), given, NOW, key)

    def _sums(self):
        rollup = models.ROLLUP.c
        with self.database.engine.connect() as connection:
            rows = connection.execute(
                sa.select(
                    rollup.span,
                    rollup.scope_id,
                    sa.func.exact_sum(rollup.quantity),
                ).group_by(rollup.span, rollup.scope_id)
            )
            return {(span, scope): quantity for span, scope, quantity in rows}

    def _expect(self, quantity):
        self.assertEqual(
            {(span, one): quantity for span in (1, 2) for one in ('p1', 'p2')},
            self._sums(),
        )

    def test_a_frame_for_each_scope_and_period(self):
        self._push(pushed(), pushed(begin=NOW + HOUR))
        frame = models.FRAME.c
        with self.database.engine.connect() as connection:
            rows = connection.execute(
                sa.select(
                    frame.scope_pk,
                    frame.scope_key,
                    frame.scope_id,
                    frame.begin_at,
                    frame.number,
                ).order_by(frame.begin_at, frame.scope_id)
            )
            self.assertEqual(
                [
                    (None, 'project_id', one, begin, 1)
                    for begin in (NOW, NOW + HOUR)
                    for one in ('p1', 'p2')
                ],
                [tuple(row) for row in rows],
            )

    def test_without_a_key_everything_counts(self):
        race(lambda _: self._push(pushed()))
        self._expect(THREADS)

    def test_with_one_key_it_counts_once(self):
        results = race(lambda _: self._push(pushed(), key='k'))
        self.assertEqual([None] * THREADS, results)
        self._expect(1)
        self._push(pushed(), key='k')
        self._expect(1)
        self._push(pushed(), key='K')
        self._expect(2)

    def test_of_other_contents_with_one_key_one_counts(self):
        results = race(lambda number: self._push(pushed(number + 1), key='k'))
        errors = [one for one in results if one is not None]
        self.assertEqual(THREADS - 1, len(errors))
        for error in errors:
            self.assertIsInstance(error, exception.Conflict)
        self._expect(results.index(None) + 1)

    def test_what_differs(self):
        self._push(pushed(), key='k')
        day = datetime.timedelta(days=1)
        for other in (
            (pushed(), pushed()),
            (pushed('1.0000000000000000000000000001'),),
            (pushed(begin=NOW + day),),
            (pushed(projects=('p2', 'p1')),),
            (pushed(projects=('p1',)),),
        ):
            self.assertRaises(exception.Conflict, self._push, *other, key='k')
        self._expect(1)
