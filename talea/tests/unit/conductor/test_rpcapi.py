# SPDX-License-Identifier: Apache-2.0
from concurrent import futures
import datetime
import threading
import time

from oslo_db import exception as db_exc

from talea import context
from talea import exception
from talea.conductor import answer
from talea.conductor import facts
from talea.conductor import gather
from talea.conductor import manager
from talea.conductor import question
from talea.conductor import rpcapi
from talea.conductor.drivers import base as drivers
from talea.tests import base

NOW = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC)
ANSWER = answer.Answer('ledger', NOW, rows=(answer.Row({}, facts.Figures()),))


class Ledger(drivers.Whole):
    """Answers, or raises, what it is told to."""

    def __init__(self):
        self.outcome = ANSWER

    def answer(self, question, now):
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


class HereTest(base.TestCase):
    """Asking a conductor in this process."""

    def setUp(self):
        super().setUp()
        self.ledger = Ledger()
        gatherer = gather.Gatherer(self.conf, {'ledger': self.ledger})
        rpcapi.serve_here(self.conf, manager.Manager(gatherer, lambda: NOW))
        self.addCleanup(rpcapi.serve_here, self.conf, None)

    def ask(self, **asked):
        return rpcapi.stats(
            self.conf, context.RequestContext(), question.Question(**asked)
        )

    def test_it_is_asked_without_a_queue(self):
        self.assertEqual(ANSWER, self.ask())

    def test_errors_are_those_of_the_other_side(self):
        for outcome, expected, text in (
            (
                exception.ClusterNotFound(name='web'),
                exception.ClusterNotFound,
                'Cluster web could not be found.',
            ),
            (
                exception.AmbiguousCluster('web', ['a', 'b']),
                exception.AmbiguousCluster,
                "More than one cluster is called 'web', use one of the ids: "
                'a, b',
            ),
            (
                exception.Unavailable(reason='all are tired'),
                exception.Unavailable,
                'all are tired',
            ),
            (
                db_exc.DBConnectionError(ValueError('a secret')),
                exception.Unavailable,
                'The database of the conductor is away or busy',
            ),
        ):
            with self.subTest(text):
                self.ledger.outcome = outcome
                error = self.assertRaises(expected, self.ask, cluster='web')
                self.assertEqual(text, str(error))

    def test_what_nobody_thought_of_is_no_answer(self):
        self.ledger.outcome = ValueError('a defect')
        self.assertRaises(ValueError, self.ask)


class Slow:
    """An endpoint that answers some questions when the gate is open.

    :ivar asked: how often it was asked
    :ivar gate: what those wait for that ask for a project
    """

    def __init__(self):
        self.asked = 0
        self.gate = threading.Event()

    def stats(self, context, question):
        self.asked += 1
        if question['project_id'] is not None:
            self.gate.wait(30)
        return {**ANSWER.to_dict(), 'fresh': 60}


class ManyTest(base.TestCase):
    """More questions than may wait."""

    def setUp(self):
        super().setUp()
        self.slow = Slow()
        rpcapi.serve_here(self.conf, self.slow)
        self.addCleanup(rpcapi.serve_here, self.conf, None)
        self.pool = futures.ThreadPoolExecutor(40)
        self.addCleanup(self.pool.shutdown)
        self.addCleanup(self.slow.gate.set)

    def ask(self, **asked):
        return rpcapi.stats(
            self.conf, context.RequestContext(), question.Question(**asked)
        )

    def check(self, most, projects):
        """Ask about each project; return those that wait, *most* of them."""
        asked = [self.pool.submit(self.ask, project_id=p) for p in projects]
        end = time.monotonic() + 10
        while sum(not one.done() for one in asked) > most:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)
        began = time.monotonic()
        self.assertRaises(exception.Unavailable, self.ask, project_id='more')
        self.assertLess(time.monotonic() - began, 0.1)
        waiting = [one for one in asked if not one.done()]
        self.assertEqual(most, len(waiting))
        for one in asked:
            if one.done():
                self.assertIsInstance(one.exception(), exception.Unavailable)
                self.assertIn(f'Already {most} ', str(one.exception()))
        return waiting

    def test_half_of_the_threads_may_wait(self):
        self.assertEqual(8, self.conf.api.threads)
        projects = [f'{number}' for number in range(20)]
        waiting = self.check(4, projects)
        # Afterwards all is well.
        self.slow.gate.set()
        for one in waiting:
            self.assertEqual(ANSWER, one.result(10))
        for project_id in projects:
            self.assertEqual(ANSWER, self.ask(project_id=project_id))

    def test_the_one_thread_may_wait(self):
        self.conf.set_override('threads', 1, 'api')
        self.check(1, 'pq')

    def test_an_option_says_how_many(self):
        self.conf.set_override('max_questions', 2, 'conductor')
        self.check(2, 'pqrs')

    def test_the_same_one_is_asked_once_but_holds_up_no_more_threads(self):
        self.check(4, 'p' * 20)
        self.assertEqual(1, self.slow.asked)

    def test_what_is_kept_is_told_all_the_same(self):
        self.ask()
        self.check(4, 'pqrst')
        self.assertEqual(ANSWER, self.ask())

    def test_quick_ones_wait_for_one_another(self):
        def stats(context, question):
            time.sleep(0.01)
            return ANSWER.to_dict()

        self.slow.stats = stats
        found = [self.pool.submit(self.ask, limit=i) for i in range(1, 100)]
        for one in found:
            self.assertEqual(ANSWER, one.result(10))


class NowhereTest(base.TestCase):
    def test_nobody_said_where_the_conductor_is(self):
        error = self.assertRaises(
            exception.Unavailable,
            rpcapi.stats,
            self.conf,
            context.RequestContext(),
            question.Question(),
        )
        self.assertIn('transport_url is not set', str(error))
