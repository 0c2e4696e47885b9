# SPDX-License-Identifier: Apache-2.0
"""One cloud, asked by the live drivers and told to the ledger.

Whoever answers, the answer is the same.
"""

import datetime
import random

from talea import exception
from talea.collector import definitions
from talea.collector import recorder
from talea.conductor import gather
from talea.conductor import match
from talea.conductor import question
from talea.db import api as db
from talea.objects import timeline
from talea.tests import base
from talea.tests import fixtures
from talea.tests.emulators import world
from talea.tests.functional.drivers import cases
from talea.tests.functional.drivers import told
from talea.tests.functional.drivers.cases import ALPHA
from talea.tests.functional.drivers.cases import BETA
from talea.tests.functional.drivers.cases import GAMMA

NOW = datetime.datetime(2026, 12, 1, tzinfo=datetime.UTC)
KNOWN = definitions.load()
CSI = 'cinder.csi.openstack.org/cluster'
WAYS = {
    'prefix': (match.PREFIX,),
    'addresses': (match.ADDRESSES,),
    'all': match.STRATEGIES,
}


class BothTestCase(cases.CloudTestCase):
    """A test with two gatherers and one cloud.

    :cvar backend: engine of the ledger
    """

    backend = 'sqlite'

    def setUp(self):
        super().setUp()
        self.twins = [
            self.world.cluster(project, name='web')
            for project in (ALPHA, BETA, BETA)
        ]

    def gatherer(self, *drivers):
        """Return a new one, which has asked nobody yet."""
        self.conf.set_override('drivers', drivers, 'stats')
        return gather.Gatherer(self.conf)

    def tell(self, messages, dice):
        """Record messages in any order, while somebody asks."""
        messages = list(messages)
        dice.shuffle(messages)
        messages += dice.sample(messages, 20)
        while messages:
            size = dice.randint(1, 80)
            some, messages = messages[:size], messages[size:]
            recorder.record(
                db.DbContext(), some, KNOWN, timeline.Rules.of(self.conf), NOW
            )
            self.gatherer('ledger').answer(question.Question(), NOW)

    def questions(self):
        """Yield all that can be asked of this cloud."""
        projects = (ALPHA, BETA, GAMMA, 'nobody')
        for all in (False, True):
            yield {'all': all}
            yield from ({'project_id': one, 'all': all} for one in projects)
            for group in (question.PROJECT, question.CLUSTER):
                grouped = {'group_by': group, 'all': all}
                yield grouped
                yield {**grouped, 'limit': 2}
                yield from (
                    {**grouped, 'project_id': project} for project in projects
                )
        middle = self.world.clusters[4]
        yield {
            'group_by': question.CLUSTER,
            'marker': middle.id,
            'limit': 3,
        }
        yield {'group_by': question.PROJECT, 'marker': ALPHA, 'limit': 1}
        for one in self.world.clusters:
            yield {'cluster': one.id}
            yield {'cluster': one.name}
            yield {'cluster': one.name, 'project_id': one.project_id}

    def answers(self, *drivers):
        """Return {question: all that is said of it but who says it}."""
        found = {}
        # What is kept of the whole cloud would answer for each project.
        whole, part = self.gatherer(*drivers), self.gatherer(*drivers)
        for asked in self.questions():
            one = part if 'project_id' in asked else whole
            try:
                answer = one.answer(question.Question(**asked), NOW)
            except exception.TaleaError as error:
                found[str(asked)] = repr(error)
                continue
            found[str(asked)] = (
                [
                    (sorted(row.key.items()), row.figures)
                    for row in answer.rows
                ],
                (answer.more, answer.errors, answer.collected_at),
            )
        return found

    def same(self):
        """Fail unless both say the same; return the total of all."""
        live, ledger = self.answers(*cases.DRIVERS), self.answers('ledger')
        for asked, answer in live.items():
            self.assertEqual(answer, ledger[asked], asked)
        everything = self.gatherer('ledger').answer(
            question.Question(all=True), NOW
        )
        (row,) = everything.rows
        return row.figures


@base.on_all_engines
class SameTestCase(BothTestCase):
    """In any order of the messages, by any strategy."""

    def check(self, format, seed):
        dice = random.Random(seed)
        with fixtures.Database(self.backend, self.conf):
            self.tell(told.Told(format).world(self.world), dice)
            totals = {}
            for name, ways in WAYS.items():
                self.conf.set_override('strategies', ways, 'stats')
                totals[name] = self.same()
        # Each finds something, and only all of them find everything.
        self.assertEqual(self.world.figures(), totals['all'])
        for name in ('prefix', 'addresses'):
            for figure in ('vcpus', 'volumes', 'floating_ips'):
                found = getattr(totals[name], figure)
                self.assertLess(0, found, (name, figure))
                self.assertLess(found, getattr(totals['all'], figure))

    def test_versioned_notifications(self):
        for seed in range(2):
            self.check(told.VERSIONED, seed)

    def test_notifications_in_the_old_format(self):
        self.check(told.LEGACY, 3)


class StrangeTestCase(BothTestCase):
    """What is not as usual, by the default strategies."""

    def setUp(self):
        super().setUp()
        self.told = told.Told(told.VERSIONED)

    def check(self, messages=()):
        """Tell the world, and more; return the total of all."""
        with fixtures.Database(self.backend, self.conf):
            self.tell(
                [*self.told.world(self.world), *messages],
                random.Random(1),
            )
            return self.same()

    def test_clusters_in_any_status(self):
        for one, status in zip(
            self.world.clusters,
            (
                'CREATE_FAILED',
                'CREATE_COMPLETE',
                'UPDATE_IN_PROGRESS',
                'UPDATE_COMPLETE',
                'UPDATE_FAILED',
                'DELETE_IN_PROGRESS',
                'DELETE_FAILED',
            ),
            strict=False,
        ):
            one.status = status
        self.assertEqual(self.world.figures(), self.check())

    def test_nodes_that_nobody_knows(self):
        for way in world.WAYS:
            self.world.cluster(GAMMA, way, nodes=2, missing=3)
        self.world.server(ALPHA, 'failed', launched=False)
        self.assertEqual(9, self.check().unmatched_nodes)

    def test_what_is_forged_by_another_project(self):
        mine = self.twins[0]
        node = self.world.servers[-7]
        self.assertTrue(node.name.startswith(mine.stack_id))
        address = self.world.clusters[0].addresses[0]
        self.world.server(BETA, node.name, address=address)
        for name in (mine.id, mine.stack_id):
            self.world.volume(BETA, metadata={CSI: name})
            self.world.floating_ip(BETA, description=world.controller(name))
        self.world.volume(BETA, servers=(node.id,))
        self.world.floating_ip(BETA, server=node)
        self.assertEqual(self.world.figures(), self.check())

    def test_what_two_clusters_of_one_name_hold(self):
        one, *others = self.twins
        # Of two in one project it is of neither.
        for project, cluster in ((ALPHA, one), (BETA, None)):
            self.world.volume(project, cluster, metadata={CSI: 'web'})
            self.world.floating_ip(
                project, cluster, description=world.controller('web')
            )
        for other in others:
            self.world.volume(BETA, other, metadata={CSI: other.id})
        self.assertEqual(self.world.figures(), self.check())

    def test_a_cluster_that_was_deleted(self):
        wanted = self.world.figures()
        gone = self.world.cluster(ALPHA, nodes=0, missing=2)
        messages = [*self.told.cluster(gone), self.told.gone(gone)]
        self.world.clusters.remove(gone)
        self.assertEqual(wanted, self.check(messages))
