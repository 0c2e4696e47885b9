# SPDX-License-Identifier: Apache-2.0
import dataclasses
import datetime
import time

from talea import exception
from talea.conductor import facts
from talea.conductor import question
from talea.tests.unit.conductor import test_gather

A = test_gather.A
B = test_gather.B
NOW = test_gather.NOW


class LaterTest(test_gather.GatherTestCase):
    """Clusters that come, or go, while what was gathered is kept."""

    def setUp(self):
        super().setUp()
        self.magnum = self.drivers[facts.CLUSTERS]

    def ids(self, gatherer, **asked):
        return [one.key['cluster'] for one in self.ask(gatherer, **asked).rows]

    def test_one_that_came_after_its_project_was_gathered(self):
        gatherer = self.gatherer()
        self.ask(gatherer, project_id='p')
        self.asked()
        self.magnum.facts = [A, B, dataclasses.replace(A, id='new', name='n')]
        for wanted in ('n', 'new'):
            self.assertEqual(['new'], self.ids(gatherer, cluster=wanted))
        # Once for both.
        self.assertEqual(
            {
                facts.CLUSTERS: [None],
                facts.SERVERS: ['p'],
                facts.VOLUMES: ['p'],
                facts.FLOATING_IPS: ['p'],
            },
            self.asked(),
        )

    def test_one_that_came_while_its_project_was_gathered(self):
        gatherer = self.gatherer()
        slow = self.drivers[facts.VOLUMES]
        slow.gate.clear()
        first = test_gather.Asker(gatherer, project_id='p')
        slow.begun.wait(10)
        self.magnum.facts = [A, B, dataclasses.replace(A, id='new', name='n')]
        second = test_gather.Asker(gatherer, cluster='n')
        test_gather.until(lambda: None in self.magnum.asked)
        time.sleep(0.1)
        self.open()
        self.assertEqual('new', second.wait().rows[0].key['cluster'])
        self.assertEqual(1, self.figures(first.wait()).clusters)

    def test_one_that_took_the_name_of_another(self):
        gatherer = self.gatherer()
        self.ask(gatherer, project_id='p')
        self.magnum.facts = [B, dataclasses.replace(A, id='new')]
        self.assertEqual(['new'], self.ids(gatherer, cluster=A.name))

    def test_a_second_one_of_a_name_is_not_hidden(self):
        gatherer = self.gatherer()
        self.ask(gatherer, project_id='p')
        self.magnum.facts = [A, B, dataclasses.replace(A, id='new')]
        error = self.assertRaises(
            exception.AmbiguousCluster, self.ids, gatherer, cluster=A.name
        )
        self.assertEqual(('a', 'new'), error.clusters)

    def test_magnum_is_not_asked_for_each_project(self):
        gatherer = self.gatherer()
        self.ask(gatherer, cluster='a')
        self.asked()
        found = gatherer.answer(
            question.Question(project_id='q'), NOW + datetime.timedelta(1)
        )
        self.assertEqual(1, self.figures(found).clusters)
        self.assertNotIn(facts.CLUSTERS, self.asked())
        # As old as the oldest in it, and kept no longer.
        self.assertEqual(NOW, found.collected_at)
        self.assertLess(found.fresh, 10)
