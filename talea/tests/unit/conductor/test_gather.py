# SPDX-License-Identifier: Apache-2.0
import datetime
import threading
import time

from talea import exception
from talea.conductor import answer
from talea.conductor import facts
from talea.conductor import gather
from talea.conductor import question
from talea.conductor.drivers import base as drivers
from talea.tests import base
from talea.tests.unit.conductor import test_merge

NOW = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC)

A = test_merge.cluster('a', 'p')
B = test_merge.cluster('b', 'q')
TOLD = test_merge.told(A, B, disabled=['q'])


class Driver(drivers.Driver):
    """Tells of one kind, and remembers what it was asked.

    :ivar facts: what it knows
    :ivar begun: set when it was asked
    :ivar gate: what it waits for
    """

    def __init__(self, kind):
        self.kinds = (kind,)
        self.facts = TOLD[kind]
        self.asked = []
        self.begun = threading.Event()
        self.gate = threading.Event()
        self.gate.set()
        self.error = None

    def tell(self, project_id, deadline):
        (kind,) = self.kinds
        self.asked.append(project_id)
        self.begun.set()
        self.gate.wait(30)
        if self.error:
            raise self.error
        if kind == facts.DISABLED_PROJECTS:
            return {kind: self.facts}
        return {
            kind: [
                one
                for one in self.facts
                if project_id in (None, one.project_id)
            ]
        }


class Asker(threading.Thread):
    """Asks in a thread of its own.

    :ivar outcome: the answer or the error
    """

    def __init__(self, gatherer, **asked):
        super().__init__(daemon=True)
        self._gatherer = gatherer
        self._question = question.Question(**asked)
        self.start()

    def run(self):
        try:
            self.outcome = self._gatherer.answer(self._question, NOW)
        except exception.TaleaError as error:
            self.outcome = error

    def wait(self):
        self.join(10)
        return self.outcome


def until(condition):
    end = time.monotonic() + 10
    while not condition():
        if time.monotonic() > end:
            raise AssertionError('it never came to that')
        time.sleep(0.005)


class GatherTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.drivers = {kind: Driver(kind) for kind in TOLD}
        # Whatever a test has left waiting goes on.
        self.addCleanup(self.open)

    def open(self):
        for one in self.drivers.values():
            one.gate.set()

    def gatherer(self, **options):
        for name, value in options.items():
            self.conf.set_override(name, value, 'stats')
        return gather.Gatherer(self.conf, self.drivers)

    def ask(self, gatherer, **asked):
        return gatherer.answer(question.Question(**asked), NOW)

    def asked(self):
        """Return {kind: projects that it was asked for}, and forget it."""
        found = {kind: one.asked for kind, one in self.drivers.items()}
        for one in self.drivers.values():
            one.asked = []
        return {kind: asked for kind, asked in found.items() if asked}

    def figures(self, found):
        (row,) = found.rows
        return row.figures


class AskingTest(GatherTestCase):
    """Who is asked, and for what."""

    def test_a_project_is_asked_of_those_who_know_it(self):
        found = self.ask(self.gatherer(), project_id='q')
        self.assertEqual(1, self.figures(found).floating_ips)
        kinds = set(TOLD) - {facts.DISABLED_PROJECTS}
        self.assertEqual({kind: ['q'] for kind in kinds}, self.asked())

    def test_the_cloud_is_asked_of_all(self):
        found = self.ask(self.gatherer())
        self.assertEqual(1, self.figures(found).clusters)
        self.assertEqual({kind: [None] for kind in TOLD}, self.asked())
        self.assertEqual(
            (drivers.LIVE, NOW), (found.source, found.collected_at)
        )

    def test_of_a_cluster_only_its_project_is_asked(self):
        gatherer = self.gatherer()
        found = self.ask(gatherer, cluster='b')
        self.assertEqual('q', found.rows[0].key['project_id'])
        self.assertEqual(1, found.rows[0].figures.volumes)
        expected = {
            facts.SERVERS: ['q'],
            facts.VOLUMES: ['q'],
            facts.FLOATING_IPS: ['q'],
        }
        self.assertEqual({facts.CLUSTERS: [None], **expected}, self.asked())
        # Where clusters are is known now.
        self.ask(gatherer, cluster=A.name)
        self.assertEqual({kind: ['p'] for kind in expected}, self.asked())

    def test_of_a_cluster_that_is_not_there_nobody_else_is_asked(self):
        self.assertRaises(
            exception.ClusterNotFound, self.ask, self.gatherer(), cluster='x'
        )
        self.assertEqual({facts.CLUSTERS: [None]}, self.asked())


class FailureTest(GatherTestCase):
    def test_a_driver_that_fails_is_named(self):
        self.drivers[facts.VOLUMES].error = drivers.DriverError(
            reason='it is tired'
        )
        found = self.ask(self.gatherer(), project_id='p')
        self.assertEqual(
            (answer.Failure(facts.VOLUMES, 'it is tired'),), found.errors
        )
        figures = self.figures(found)
        self.assertEqual((None, None), (figures.volumes, figures.volume_gb))
        self.assertEqual((1, 4), (figures.floating_ips, figures.vcpus))

    def test_what_nobody_thought_of_is_not_told_to_others(self):
        self.drivers[facts.SERVERS].error = ValueError('a secret')
        (error,) = self.ask(self.gatherer(), project_id='p').errors
        self.assertEqual(facts.SERVERS, error.driver)
        self.assertNotIn('secret', error.reason)

    def test_projects_that_nobody_knows_to_be_disabled_count(self):
        self.drivers[facts.DISABLED_PROJECTS].error = drivers.DriverError(
            reason='it is away'
        )
        found = self.ask(self.gatherer())
        self.assertEqual(2, self.figures(found).clusters)
        self.assertEqual(1, len(found.errors))

    def test_a_driver_that_is_not_there_is_no_error(self):
        del self.drivers[facts.FLOATING_IPS]
        found = self.ask(self.gatherer(), project_id='p')
        self.assertEqual((), found.errors)
        self.assertIsNone(self.figures(found).floating_ips)

    def test_one_that_is_late_has_failed(self):
        self.drivers[facts.FLOATING_IPS].gate.clear()
        began = time.monotonic()
        found = self.ask(self.gatherer(driver_timeout=0.2), project_id='p')
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(
            (answer.Failure(facts.FLOATING_IPS, 'it took longer than 0.2 s'),),
            found.errors,
        )
        self.assertEqual(1, self.figures(found).volumes)

    def test_the_time_of_both_steps_counts_for_a_cluster(self):
        gate = self.drivers[facts.CLUSTERS].gate
        gate.clear()
        self.drivers[facts.SERVERS].gate.clear()
        gatherer = self.gatherer(driver_timeout=0.4)
        threading.Timer(0.3, gate.set).start()
        began = time.monotonic()
        found = self.ask(gatherer, cluster='a')
        self.assertLess(time.monotonic() - began, 0.6)
        self.assertEqual(facts.SERVERS, found.errors[0].driver)

    def test_a_full_pool_is_told(self):
        """Nobody hangs, whatever became of earlier questions."""
        self.drivers[facts.SERVERS].gate.clear()
        gatherer = self.gatherer(driver_timeout=0.2, pool_size=1)
        self.ask(gatherer, project_id='first')
        # Its thread still waits for servers: there is none for the others.
        began = time.monotonic()
        error = self.assertRaises(
            exception.Unavailable, self.ask, gatherer, cluster='a'
        )
        self.assertIn('no thread was free', str(error))
        found = [
            Asker(gatherer, project_id=f'{number}') for number in range(9)
        ]
        outcomes = [one.wait() for one in found]
        self.assertLess(time.monotonic() - began, 5)
        reasons = {error.reason for one in outcomes for error in one.errors}
        self.assertEqual(
            {
                'no thread was free for it in time, see [stats] pool_size',
                'too many questions wait for an answer already',
            },
            reasons,
        )
        # Afterwards all is well.
        self.open()
        until(lambda: not self.ask(gatherer, project_id='p').errors)


class SharingTest(GatherTestCase):
    """What was gathered answers others, too."""

    def test_what_was_gathered_answers_other_questions(self):
        gatherer = self.gatherer()
        found = self.ask(gatherer)
        self.asked()
        for asked in (
            {'group_by': 'project'},
            {'group_by': 'cluster', 'limit': 1, 'marker': 'a'},
            {'all': True},
            {'cluster': 'b'},
            {'cluster': 'b', 'project_id': 'q'},
            {'project_id': 'p'},
        ):
            again = gatherer.answer(
                question.Question(**asked), NOW + datetime.timedelta(1)
            )
            self.assertEqual(found.collected_at, again.collected_at)
        self.assertEqual({}, self.asked())

    def test_it_is_kept_for_so_long_and_says_so(self):
        gatherer = self.gatherer(cache_seconds=0.2)
        fresh = self.ask(gatherer, project_id='p').fresh
        self.assertTrue(0 < fresh <= 0.2, fresh)
        self.asked()
        time.sleep(0.25)
        self.ask(gatherer, project_id='p')
        self.assertIn(facts.CLUSTERS, self.asked())

    def test_nothing_is_kept_if_that_is_switched_off(self):
        gatherer = self.gatherer(cache_seconds=0)
        for _ in range(2):
            self.assertEqual(0, self.ask(gatherer, project_id='p').fresh)
            self.assertEqual(['p'], self.asked()[facts.SERVERS])

    def test_what_lacks_something_is_not_kept(self):
        gatherer = self.gatherer()
        self.drivers[facts.VOLUMES].error = drivers.DriverError(reason='no')
        self.assertEqual(0, self.ask(gatherer, project_id='p').fresh)
        self.drivers[facts.VOLUMES].error = None
        found = self.ask(gatherer, project_id='p')
        self.assertEqual(((), 1), (found.errors, self.figures(found).volumes))

    def test_the_same_question_is_asked_once_at_a_time(self):
        for seconds in (0, 10):
            with self.subTest(seconds):
                self._join(self.gatherer(cache_seconds=seconds))

    def _join(self, gatherer):
        slow = self.drivers[facts.VOLUMES]
        slow.gate.clear()
        slow.begun.clear()
        leader = Asker(gatherer, project_id='p')
        slow.begun.wait(10)
        # Not the same question, but the same that has to be gathered.
        followers = [
            Asker(gatherer, project_id='p', group_by='cluster', limit=limit)
            for limit in range(1, 6)
        ]
        time.sleep(0.1)
        slow.gate.set()
        self.assertEqual(1, self.figures(leader.wait()).volumes)
        for one in followers:
            self.assertEqual(1, one.wait().rows[0].figures.volumes)
        self.assertEqual(['p'], self.asked()[facts.VOLUMES])

    def test_those_who_join_get_its_failure_too(self):
        slow = self.drivers[facts.VOLUMES]
        slow.error = drivers.DriverError(reason='no')
        slow.gate.clear()
        gatherer = self.gatherer()
        leader = Asker(gatherer, project_id='p')
        slow.begun.wait(10)
        follower = Asker(gatherer, project_id='p')
        time.sleep(0.1)
        slow.gate.set()
        self.assertEqual(leader.wait(), follower.wait())
        self.assertEqual(['p'], self.asked()[facts.VOLUMES])
        self.assertEqual(1, len(follower.outcome.errors))

    def test_a_question_of_the_cloud_holds_up_none_of_a_project(self):
        slow = self.drivers[facts.VOLUMES]
        slow.gate.clear()
        gatherer = self.gatherer()
        cloud = Asker(gatherer)
        slow.begun.wait(10)
        self.addCleanup(slow.gate.set)
        slow.gate = threading.Event()
        slow.gate.set()
        self.assertEqual((), self.ask(gatherer, project_id='p').errors)
        self.assertTrue(cloud.is_alive())


class Ledger(drivers.Whole):
    """Answers by itself."""

    def __init__(self):
        self.asked = []
        self.error = None

    def answer(self, question, now):
        self.asked.append((question, now))
        if self.error:
            raise self.error
        return answer.Answer('ledger', now)


class LedgerTest(base.TestCase):
    def setUp(self):
        super().setUp()
        self.ledger = Ledger()
        self.gatherer = gather.Gatherer(self.conf, {'ledger': self.ledger})

    def ask(self, **asked):
        return self.gatherer.answer(question.Question(**asked), NOW)

    def test_it_answers_as_a_whole(self):
        found = self.ask(cluster='a')
        self.assertEqual(answer.Answer('ledger', NOW), found)
        self.assertEqual(
            [(question.Question(cluster='a'), NOW)], self.ledger.asked
        )

    def test_its_answers_are_kept_by_question(self):
        self.ask(project_id='p')
        self.ask(project_id='p')
        self.assertEqual(1, len(self.ledger.asked))
        self.ask(project_id='q')
        self.assertEqual(2, len(self.ledger.asked))

    def test_its_errors_are_its_own(self):
        self.ledger.error = exception.ClusterNotFound(name='a')
        self.assertRaises(exception.ClusterNotFound, self.ask, cluster='a')
        self.ledger.error = drivers.DriverError(reason='it is tired')
        error = self.assertRaises(exception.Unavailable, self.ask)
        self.assertEqual('ledger: it is tired', str(error))
        self.ledger.error = None
        self.assertEqual('ledger', self.ask().source)


class ChoiceTest(base.TestCase):
    """Which drivers there are."""

    def load(self, *names):
        self.conf.set_override('drivers', list(names), 'stats')
        return gather.load(self.conf)

    def test_by_name(self):
        found = self.load('fake-nova', 'fake-magnum')
        self.assertEqual(['fake-nova', 'fake-magnum'], list(found))

    def test_those_that_are_of_no_use(self):
        for names, reason in (
            ([], 'there is none'),
            (['nothing'], 'no driver nothing'),
            (['fake', 'fake-nova'], 'both tell of servers'),
            (['fake-nova'], 'nobody tells of clusters'),
        ):
            with self.subTest(names):
                error = self.assertRaises(gather.BadDrivers, self.load, *names)
                self.assertIn(reason, str(error))

    def test_the_ledger_is_alone(self):
        error = self.assertRaises(
            gather.BadDrivers,
            gather.check,
            {'magnum': Driver(facts.CLUSTERS), 'ledger': Ledger()},
        )
        self.assertIn('ledger cannot be named beside others', str(error))
