# SPDX-License-Identifier: Apache-2.0
"""Several processors, and others who write what they read, at once."""

from concurrent import futures
import itertools
import random
import threading

import fixtures as third_party
import sqlalchemy as sa

from talea.db import api as db
from talea.db import models
from talea.objects import due
from talea.objects import stale
from talea.processor import passes
from talea.processor import settle
from talea.processor.collectors import ledger
from talea.rating import metrics
from talea.tests import base
from talea.tests import billing
from talea.tests import fixtures
from talea.tests.functional.db import settling
from talea.tests.functional.db.settling import at

SCOPES = 12
HOURS = range(10, 16)


class Meddling(ledger.Ledger):
    """The ledger; once it has looked, something happens behind its back.

    :ivar then: what happens, once
    :ivar looks: how often it has looked
    """

    then = None
    looks = 0

    def collect(self, context, questions):
        self.looks += 1
        points = super().collect(context, questions)
        then, self.then = self.then, None
        if then is not None:
            then()
        return points


class RacesCase(settling.SettlingCase):
    def settle_all(self, now, number=4):
        """Let some processors do a pass at the same time."""
        self.conf.set_override('chunk', 5, 'processor')
        start = threading.Barrier(number)

        def run(_):
            work = passes.Passes(self.conf)
            start.wait()
            return sum(work.settle(db.DbContext(), now), settle.Outcome())

        with futures.ThreadPoolExecutor(number) as pool:
            return list(pool.map(run, range(number)))

    def fill(self):
        self.price('2')
        for number in range(SCOPES):
            self.make_scope(f'p{number}')
            self.create(f'i{number}', at(10, number), f'p{number}')

    def shown(self):
        """Return what was made of the scopes: frames, sums, states."""
        frames = sorted(
            (one.scope_id, one.usage_at, one.begin, one.revision, one.lines)
            for one in self.frames()
        )
        states = [
            (one.identifier, one.state, one.due_at, one.failures)
            for one in self.rows(models.SCOPE)
        ]
        return frames, self.rows(models.ROLLUP), states


@base.on_all_engines
class ProcessorsTestCase(RacesCase):
    def test_many_make_what_one_makes_alone(self):
        self.fill()
        done = self.settle_all(at(16, 10))
        self._compare(done)

    def _compare(self, done):
        """Pass if *done* came to what one processor does alone."""
        self.assertEqual(SCOPES * len(HOURS), sum(one.frames for one in done))
        self.check_sums()
        many = self.shown()
        self.useFixture(fixtures.Database('sqlite', self.conf))
        quiet = sa.create_engine(self.conf.database.connection)
        self.addCleanup(quiet.dispose)
        self.database.engine = quiet
        self._price = None
        self._numbers = itertools.count()
        self.fill()
        self.settle(at(16, 10))
        self.assertEqual(self.shown(), many)

    def test_where_locks_do_not_reach_nothing_is_settled_twice(self):
        # As on Galera, whose nodes know nothing of each other's locks.
        self.useFixture(
            third_party.MonkeyPatch('talea.objects.due.lock', due.get)
        )
        self.fill()
        done = self.settle_all(at(16, 10))
        self._compare(done)

    def test_whatever_happens_meanwhile_is_owed_in_the_end(self):
        self.fill()
        dice = random.Random(7)
        ends = {number: at(13, 4 * number) for number in range(SCOPES)}
        late = {number: at(11, 3 * number) for number in range(SCOPES)}
        story = [('delete', number) for number in range(SCOPES)]
        story += [('create', number) for number in range(SCOPES)]
        dice.shuffle(story)

        def tell(part):
            for what, number in part:
                if what == 'delete':
                    self.delete(f'i{number}', ends[number], f'p{number}')
                else:
                    self.create(f'l{number}', late[number], f'p{number}')

        with futures.ThreadPoolExecutor(5) as pool:
            telling = [pool.submit(tell, story[i::2]) for i in range(2)]
            for hour in HOURS:
                self.settle_all(at(hour + 1, 10), 3)
            for one in telling:
                one.result()
        self.settle(at(16, 20))
        for number in range(SCOPES):
            wanted = {}
            for hour in HOURS:
                begin, end = at(hour), at(hour + 1)
                parts = [
                    (max(begin, at(10, number)), min(end, ends[number])),
                    (max(begin, late[number]), end),
                ]
                digits = sum(
                    billing.costs(2, 1, *part)
                    for part in parts
                    if part[0] < part[1]
                )
                if digits:
                    wanted[hour] = digits
            self.assertEqual(
                wanted,
                {
                    hour: settling.billing.digits(
                        settling.decimal.Decimal(one)
                    )
                    for hour, one in self.owed(f'p{number}').items()
                },
            )
        self.assertEqual([], self.rows(models.STALE))


@base.on_all_engines
class MeanwhileTestCase(RacesCase):
    def setUp(self):
        super().setUp()
        self.price('2')
        self.make_scope()
        self.create('i1', at(10))
        self.meddling = Meddling(
            self.conf, metrics.load(self.conf.processor.metrics_file)
        )
        self.passes._rater.collectors['ledger'] = self.meddling

    def test_what_becomes_known_after_the_look_is_honoured_by_the_next(self):
        self.meddling.then = lambda: self.create('late', at(10, 30))
        self.settle(at(11, 10))
        self.assertEqual({10: '3'}, self.owed())
        self.assertEqual(2, self.meddling.looks)
        self.assertEqual([], self.rows(models.STALE))

    def test_a_mark_alone_is_honoured_too(self):
        @db.writer
        def mark(context):
            stale.mark(context, [('p1', (at(10), at(11)))])

        self.meddling.then = lambda: mark(db.DbContext())
        self.settle(at(11, 10))
        # The same pass finds it. SQLite has it start again, for what it had
        # read is old by now.
        self.assertEqual(2, self.meddling.looks)
        self.assertEqual([], self.rows(models.STALE))
        self.assertEqual([(10, 0, False)], self.revisions())

    def test_a_scope_that_is_switched_off_meanwhile_owes_until_then(self):
        switching = threading.Thread(
            target=self.switch, args=(False, at(10, 30))
        )

        def then():
            switching.start()
            # On servers it waits until this is settled.
            switching.join(0.5)

        self.meddling.then = then
        self.settle(at(11, 10))
        switching.join()
        self.settle(at(11, 20))
        self.assertEqual({10: '1'}, self.owed())
        self.assertEqual(at(11), self.scope().state)
        self.assertIsNone(self.scope().due_at)

    def test_whoever_was_faster_keeps_what_it_did(self):
        # Another processor, where locks do not reach.
        self.useFixture(
            third_party.MonkeyPatch('talea.objects.due.lock', due.get)
        )
        other = passes.Passes(self.conf)

        def then():
            for _ in other.settle(db.DbContext(), at(11, 10)):
                pass

        self.meddling.then = then
        self.settle(at(11, 10))
        self.assertEqual([(10, 0, False)], self.revisions())
        self.assertEqual({10: '2'}, self.owed())
        self.assertEqual(
            (1, 0), (self.scope().generation, self.scope().failures)
        )

    def test_a_scope_that_is_found_while_a_price_changes_pays_the_new_one(
        self,
    ):
        self.settle(at(11, 10))
        self.create('i2', at(10), 'p2')
        changed, found = threading.Event(), threading.Event()

        @db.writer
        def change(context):
            self.context = context
            self.price('3', at(10), at(11, 10))
            changed.set()
            # Whoever finds the scope waits for the end of this, rather.
            found.wait(1)

        def find():
            changed.wait()
            work = passes.Passes(self.conf)
            work.discover(db.DbContext(), at(11, 15))
            for _ in work.settle(db.DbContext(), at(11, 15)):
                pass
            found.set()

        kept = self.context
        with futures.ThreadPoolExecutor(2) as pool:
            for one in (
                pool.submit(change, db.DbContext()),
                pool.submit(find),
            ):
                one.result()
        self.context = kept
        self.settle(at(11, 20))
        self.assertEqual({10: '3'}, self.owed())
        self.assertEqual({10: '3'}, self.owed('p2'))
