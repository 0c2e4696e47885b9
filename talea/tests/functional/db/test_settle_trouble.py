# SPDX-License-Identifier: Apache-2.0
"""Scopes that cannot be settled, and those that cost nothing."""

import datetime

import fixtures

from talea import exception
from talea.db import api as db
from talea.db import models
from talea.objects import due
from talea.processor import settle
from talea.processor.collectors import ledger
from talea.rating import metrics
from talea.tests import base
from talea.tests.functional.db import settling
from talea.tests.functional.db.settling import HOUR
from talea.tests.functional.db.settling import at


class Stumbling(ledger.Ledger):
    """The ledger, which cannot measure some scopes.

    :ivar errors: {scope id: what it raises}
    """

    errors = {}

    def collect(self, context, questions):
        for one in questions:
            if one.scope_id in self.errors:
                raise self.errors[one.scope_id]
        return super().collect(context, questions)


class Deaf(ledger.Ledger):
    """The ledger, which does not know how far it is."""

    def heard(self, context, now):
        raise exception.Conflict('nobody answers')


class TroubleCase(settling.SettlingCase):
    def setUp(self):
        super().setUp()
        self.price('2')
        self.collectors = self.passes._rater.collectors

    def add(self, name, collector):
        """Let scopes be measured by a collector of this name."""
        wanted = metrics.load(self.conf.processor.metrics_file)
        made = self.collectors[name] = collector(self.conf, wanted)
        return made

    def use(self, number, **kwargs):
        """Make scopes p0, p1 ... with a server each."""
        for one in range(number):
            self.make_scope(f'p{one}', **kwargs)
            self.create(f'i{one}', at(10), f'p{one}')


@base.on_all_engines
class FailingTestCase(TroubleCase):
    def setUp(self):
        super().setUp()
        self.stumbling = self.add('ledger', Stumbling)
        self.use(9)

    def test_one_that_fails_stops_no_other(self):
        self.stumbling.errors = {'p4': exception.Conflict('the moon is full')}
        now = at(12, 10)
        done = self.settle(now)
        self.assertEqual((8, 16), (done.scopes, done.frames))
        for number in range(9):
            self.assertEqual(
                {} if number == 4 else {10: '2', 11: '2'},
                self.owed(f'p{number}'),
            )
        found = self.scope('p4')
        self.assertEqual(
            (at(10), 'the moon is full', 1, now + due._FIRST_PAUSE),
            (found.state, found.last_error, found.failures, found.retry_at),
        )
        self.assertIsNone(self.scope('p3').last_error)

    def test_a_failure_of_a_library_is_named_without_what_it_says(self):
        self.stumbling.errors = {'p4': KeyError('password')}
        self.settle(at(12, 10))
        self.assertEqual(
            'KeyError; see the log of the processor',
            self.scope('p4').last_error,
        )

    def test_several_at_once_fail_each_by_itself(self):
        self.stumbling.errors = {
            f'p{number}': exception.Conflict(f'reason {number}')
            for number in (0, 3, 4, 8)
        }
        self.assertEqual(5, self.settle(at(12, 10)).scopes)
        self.assertEqual('reason 8', self.scope('p8').last_error)

    def test_it_is_left_alone_for_a_while_and_for_longer_each_time(self):
        self.stumbling.errors = {'p4': exception.Conflict('no')}
        now = at(12, 10)
        pauses = []
        for _ in range(10):
            self.settle(now)
            pause = self.scope('p4').retry_at - now
            pauses.append(pause.total_seconds())
            # Not even asked for a microsecond before.
            self.settle(now + pause - datetime.timedelta(microseconds=1))
            self.assertEqual(now + pause, self.scope('p4').retry_at)
            now += pause
        self.assertEqual([30, 60, 120, 240, 480, 960, 1920], pauses[:7])
        self.assertEqual({3600}, set(pauses[7:]))
        self.stumbling.errors = {}
        self.settle(now)
        found = self.scope('p4')
        self.assertEqual(
            (None, None, 0),
            (found.last_error, found.retry_at, found.failures),
        )
        self.assertEqual('2', self.owed('p4')[11])

    def test_what_had_changed_of_it_is_not_forgotten(self):
        self.settle(at(12, 10))
        self.delete('i4', at(11, 30), 'p4')
        self.stumbling.errors = {'p4': exception.Conflict('no')}
        self.settle(at(12, 20))
        self.assertEqual({10: '2', 11: '2'}, self.owed('p4'))
        self.stumbling.errors = {}
        self.settle(at(12, 30))
        self.assertEqual({10: '2', 11: '1'}, self.owed('p4'))

    def test_a_collector_that_there_is_not_is_named(self):
        self.make_scope('p9', collector='gone')
        self.create('i9', at(10), 'p9')
        self.assertEqual(9, self.settle(at(12, 10)).scopes)
        found = self.scope('p9')
        self.assertEqual(
            (at(10), 'There is no collector "gone"'),
            (found.state, found.last_error),
        )
        # Nothing is lost until it is back.
        self.collectors['gone'] = self.stumbling
        self.settle(at(12, 20))
        self.assertEqual({10: '2', 11: '2'}, self.owed('p9'))

    def test_a_collector_that_does_not_tell_how_far_it_is_holds_up_no_other(
        self,
    ):
        self.add('deaf', Deaf)
        self.make_scope('p9', collector='deaf')
        self.assertEqual(9, self.settle(at(12, 10)).scopes)
        found = self.scope('p9')
        self.assertEqual((at(10), None), (found.state, found.last_error))


@base.on_all_engines
class GridTestCase(TroubleCase):
    def test_another_length_of_periods_settles_nothing(self):
        self.use(2)
        log = self.useFixture(fixtures.FakeLogger('talea.processor'))
        # As long as nothing was rated it can be changed.
        self.conf.set_override('period', 1800, 'processor')
        self.settle(at(11, 10))
        self.assertEqual(4, len(self.frames()))
        for period in (3600, 900):
            self.conf.set_override('period', period, 'processor')
            self.assertEqual(settle.Outcome(), self.settle(at(20)))
        self.assertIn(
            'Nothing is settled: [processor] period is 1:00:00, but usage was '
            'rated in periods of 0:30:00.',
            log.output,
        )
        self.conf.set_override('period', 1800, 'processor')
        self.settle(at(12, 10))
        self.assertEqual(8, len(self.frames()))


@base.on_all_engines
class SharedTestCase(TroubleCase):
    """Several scopes with one identifier."""

    def setUp(self):
        super().setUp()
        self.add('second', ledger.Ledger)
        self.make_scope('p1')
        self.make_scope('p1', collector='second', scope_key='customer')
        self.create('i1', at(10))

    def states(self):
        return [
            (one.collector, one.state, one.generation)
            for one in self.rows(models.SCOPE)
        ]

    def test_each_is_settled_by_itself(self):
        self.settle(at(11, 10))
        self.assertEqual(
            [
                (1, 'project_id', {'id', 'project_id', 'flavor'}),
                (2, 'customer', {'id', 'customer', 'flavor'}),
            ],
            [
                (one.scope_pk, one.scope_key, set(one.lines[0].groupby))
                for one in self.frames()
            ],
        )

    def test_what_has_changed_counts_for_each(self):
        self.settle(at(12, 10))
        self.delete('i1', at(11, 30))
        self.settle(at(12, 20))
        self.assertEqual(
            [(1, 1), (2, 1)],
            [(one.scope_pk, one.revision) for one in self.frames(revision=1)],
        )
        self.assertEqual([], self.rows(models.STALE))

    def test_one_that_waits_does_not_miss_it(self):
        stumbling = self.add('second', Stumbling)
        self.settle(at(12, 10))
        stumbling.errors = {'p1': exception.Conflict('no')}
        self.delete('i1', at(11, 30))
        # The first one alone, and then the other.
        self.settle(at(12, 20))
        stumbling.errors = {}
        self.settle(at(12, 30))
        self.assertEqual(
            [1, 2], [one.scope_pk for one in self.frames(revision=1)]
        )

    def test_a_collector_finds_a_project_once(self):
        # Whoever finds it, and whatever it is called.
        self.make_scope('p1', fetcher='keystone')
        self.make_scope('p1', scope_key='tenant_id')
        self.assertEqual(2, len(self.states()))


@base.on_all_engines
class CostTestCase(TroubleCase):
    def test_a_clean_chunk_takes_eight_statements(self):
        self.use(50)
        self.create(
            'v1',
            at(10),
            'p1',
            resource_type='volume',
            size=7,
            launched_at=at(10).isoformat(),
        )
        # From then on the rules are known, and what summaries distinguish.
        self.settle(at(11, 10))
        pks = [one.id for one in self.rows(models.SCOPE)]
        with self.statements() as said:
            done = settle.settle(
                db.DbContext(),
                self.passes._rater,
                settle.Settings.of(self.conf),
                pks,
                {'ledger': at(12)},
                at(12, 10),
            )
        self.assertEqual((50, 50), (done.scopes, done.frames))
        self.assertLessEqual(len(said), 8, said)

    def test_settled_inactive_scopes_are_not_looked_at(self):
        self.use(3)
        self.settle(at(11, 10))
        with self.statements() as alone:
            self.assertEqual(3, self.settle(at(12, 10)).scopes)
        for number in range(3, 40):
            self.make_scope(f'p{number}')
            self.create(f'i{number}', at(10), f'p{number}')
            self.switch(False, at(10, 30), f'p{number}')
        self.settle(at(12, 20))
        self.assertEqual({10: '1'}, self.owed('p7'))
        before = self.rows(models.SCOPE)[3:]
        with self.statements() as said:
            self.assertEqual(3, self.settle(at(13, 10)).scopes)
        self.assertEqual(len(alone), len(said))
        self.assertEqual(before, self.rows(models.SCOPE)[3:])

    def test_a_transaction_measures_no_more_than_memory_holds(self):
        self.useFixture(
            fixtures.MonkeyPatch('talea.processor.passes._POINTS', 60)
        )
        self.make_scope('p0')
        for number in range(20):
            self.create(f'i{number}', at(10), 'p0')
        done = list(self.passes.settle(db.DbContext(), at(100)))
        # Before the first nobody knows how large it is.
        self.assertEqual([24, 3, 3], [one.periods for one in done[:3]])
        self.assertEqual([480, 60, 60], [one.points for one in done[:3]])
        self.assertEqual(89, sum(one.frames for one in done))
        # One period is settled at once, whatever its size.
        self.useFixture(
            fixtures.MonkeyPatch('talea.processor.passes._POINTS', 5)
        )
        done = list(self.passes.settle(db.DbContext(), at(130)))
        self.assertEqual([24, 1], [one.periods for one in done[:2]])

    def test_small_scopes_share_a_transaction_again_after_a_large_one(self):
        settings = settle.Settings.of(self.conf)
        self.assertEqual(400, settings.most)
        small = settings.after(settle.Outcome(periods=10, points=10**6), 100)
        self.assertEqual(1, small.most)
        self.assertEqual(
            400, small.after(settle.Outcome(periods=10, points=0), 100).most
        )
        self.assertEqual(
            50, small.after(settle.Outcome(periods=10, points=20), 100).most
        )
        self.assertEqual(small, small.after(settle.Outcome(), 100))

    def test_what_lies_far_apart_is_read_apart(self):
        self.use(2)
        self.settle(at(10 * 24, 10))
        self.visit('a', at(10, 15), at(10, 45), 'p0')
        self.visit('b', at(9 * 24, 15), at(9 * 24, 30), 'p1')
        with self.statements() as said:
            done = self.settle(at(10 * 24, 20))
        self.assertEqual(2, done.periods)
        read = [one for one in said if 'FROM entity' in one]
        self.assertEqual(2, len(read))
        read = [one for one in said if 'FROM frame' in one]
        # And one looks how long periods are.
        self.assertEqual(2, len(read))
        self.assertEqual('3', self.owed('p0')[10])
        self.assertEqual('2.5', self.owed('p1')[9 * 24])


@base.on_all_engines
class MarksTestCase(TroubleCase):
    def marks(self):
        return [one.scope_id for one in self.rows(models.STALE)]

    def test_marks_of_projects_that_are_no_scopes_are_swept_away(self):
        self.make_scope('p1')
        for number in range(5):
            self.create(f'a{number}', at(10), 'nobody')
            self.create(f'b{number}', at(10), 'p1')
        self.assertEqual(10, len(self.marks()))
        self.passes.tidy(self.context, at(10, 30))
        self.assertEqual(['p1'] * 5, self.marks())

    def test_whoever_becomes_one_later_misses_nothing(self):
        self.create('i1', at(10), 'late')
        self.passes.tidy(self.context, at(10, 30))
        self.make_scope('late')
        self.settle(at(12, 10))
        self.assertEqual({10: '2', 11: '2'}, self.owed('late'))

    def test_marks_of_scopes_that_are_off_do_not_pile_up(self):
        self.use(3)
        for number in range(3):
            self.switch(False, at(10, 30), f'p{number}')
        self.settle(at(11, 10))
        # Their servers live on.
        for number in range(3):
            self.resize(f'i{number}', at(12), 'large', f'p{number}')
        self.assertEqual(settle.Outcome(), self.settle(at(13, 10)))
        self.assertEqual(3, len(self.marks()))
        self.passes.tidy(self.context, at(13, 20))
        self.assertEqual([], self.marks())
        self.assertEqual({10: '1'}, self.owed('p1'))
        # And are there once they are switched on.
        self.switch(True, at(14), 'p1')
        self.settle(at(15, 10))
        self.assertEqual({10: '1', 14: '2'}, self.owed('p1'))
        (made,) = self.frames(scope_id='p1', begin=at(14))
        self.assertEqual('large', made.lines[0].groupby['flavor'])

    def test_marks_of_active_scopes_are_left_to_settling(self):
        self.make_scope('p1')
        self.create('i1', at(10))
        self.passes.tidy(self.context, at(10, 30))
        self.assertEqual(['p1'], self.marks())
        self.settle(at(10, 30) + HOUR)
        self.assertEqual([], self.marks())
