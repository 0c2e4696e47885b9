# SPDX-License-Identifier: Apache-2.0
import datetime

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
