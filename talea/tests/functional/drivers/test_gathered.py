# SPDX-License-Identifier: Apache-2.0
"""All live drivers together: what they say of somebody's cloud."""

import dataclasses
import datetime
import time

from talea import exception
from talea.conductor import answer
from talea.conductor import facts
from talea.conductor import gather
from talea.conductor import question
from talea.tests.emulators import dripping
from talea.tests.emulators import service
from talea.tests.emulators import world
from talea.tests.functional.drivers import cases
from talea.tests.functional.drivers.cases import ALPHA
from talea.tests.functional.drivers.cases import BETA
from talea.tests.functional.drivers.cases import GAMMA

NOW = datetime.datetime(2026, 7, 1, tzinfo=datetime.UTC)

# Which figures need whom.
SERVERS = ('vcpus', 'memory_mb', 'local_gb', 'unmatched_nodes')
VOLUMES = ('volumes', 'volume_gb')
FLOATING_IPS = ('floating_ips',)
LOST = {
    'nova': SERVERS + VOLUMES + FLOATING_IPS,
    'cinder': VOLUMES,
    'neutron': FLOATING_IPS,
    'keystone': (),
}


class GatheredTestCase(cases.CloudTestCase):
    def setUp(self):
        super().setUp()
        self.conf.set_override('drivers', list(cases.DRIVERS), 'stats')
        self.conf.set_override('cache_seconds', 0, 'stats')

    def ask(self, **asked):
        """Return what a new conductor answers."""
        # Statuses are not what this is about.
        self.conf.set_override('cluster_states', ['*'], 'stats')
        gatherer = gather.Gatherer(self.conf)
        return gatherer.answer(question.Question(**asked), NOW)

    def total(self, **asked):
        """Return the figures of an answer without groups and errors."""
        told = self.ask(**asked)
        self.assertEqual((), told.errors)
        (row,) = told.rows
        return row.figures

    def lacks(self, name, reason):
        """Fail unless one driver says why, and all figures tell."""
        told = self.ask()
        self.assertEqual((answer.Failure(name, reason),), told.errors)
        lost = dict.fromkeys(LOST[name])
        self.assertEqual(
            [
                answer.Row(
                    {}, dataclasses.replace(self.world.figures(), **lost)
                )
            ],
            list(told.rows),
        )


class FiguresTestCase(GatheredTestCase):
    def test_totals(self):
        self.assertEqual(self.world.figures(), self.total())
        for project_id in (ALPHA, BETA, GAMMA):
            self.assertEqual(
                self.world.figures(project_id),
                self.total(project_id=project_id),
            )
        self.assertEqual(facts.Figures(), self.total(project_id='none'))

    def test_groups(self):
        self.assertEqual(
            {
                project_id: self.world.figures(project_id)
                for project_id in (ALPHA, BETA, GAMMA)
            },
            {
                row.key['project_id']: row.figures
                for row in self.ask(group_by='project').rows
            },
        )
        self.assertEqual(
            {one.id: one.project_id for one in self.world.clusters},
            {
                row.key['cluster']: row.key['project_id']
                for row in self.ask(group_by='cluster').rows
            },
        )

    def test_what_no_server_is_known_of(self):
        for way in world.WAYS:
            self.world.cluster(ALPHA, way, nodes=2, missing=3)
        found = self.total()
        self.assertEqual(3 * len(world.WAYS), found.unmatched_nodes)
        self.assertEqual(self.world.figures(), found)

    def test_clusters_that_magnum_knows_floating_ips_of(self):
        for nodes in (2, 3):
            self.world.cluster(
                ALPHA, world.BY_FLOATING, nodes=nodes, missing=1
            )
        found = self.total()
        self.assertEqual(2, found.unmatched_nodes)
        self.assertEqual(self.world.figures(), found)

    def test_a_cluster_by_its_name(self):
        one = self.world.cluster(BETA, name='web')
        for asked in ({'cluster': 'web'}, {'cluster': one.id}):
            (row,) = self.ask(**asked).rows
            self.assertEqual(
                {
                    'cluster': one.id,
                    'name': 'web',
                    'project_id': BETA,
                    'status': 'CREATE_COMPLETE',
                },
                row.key,
            )
            self.assertEqual(3, row.figures.nodes)
        # Nobody is asked what other projects have, but for clusters.
        self.assertEqual(
            {BETA},
            {
                call.query.get('project_id')
                for name in ('nova', 'cinder', 'neutron')
                for call in getattr(self.cloud, name).calls
                if call.path
                in ('/servers/detail', '/volumes/detail', '/floatingips')
            },
        )

    def test_two_clusters_with_one_name(self):
        twins = [
            self.world.cluster(project_id, name='web')
            for project_id in (BETA, GAMMA)
        ]
        error = self.assertRaises(
            exception.AmbiguousCluster, self.ask, cluster='web'
        )
        for one in twins:
            self.assertIn(one.id, str(error))
        (row,) = self.ask(cluster='web', project_id=GAMMA).rows
        self.assertEqual(twins[1].id, row.key['cluster'])
        # What their storage drivers made is told apart by project.
        csi = {'cinder.csi.openstack.org/cluster': 'web'}
        for one in twins:
            self.world.volume(one.project_id, one, metadata=csi)
        self.assertEqual(self.world.figures(), self.total())
        # Of two in one project it is of neither.
        self.world.cluster(BETA, name='web')
        self.world.volume(BETA, metadata=csi)
        self.world.truth[twins[0].id].update(
            volumes=-1, volume_gb=-self.world.volumes[-3].size
        )
        self.assertEqual(self.world.figures(), self.total())

    def test_a_disabled_project(self):
        self.world.projects[BETA] = False
        self.assertEqual(
            self.world.figures(ALPHA) + self.world.figures(GAMMA),
            self.total(),
        )
        self.assertEqual(self.world.figures(), self.total(all=True))
        self.assertEqual(self.world.figures(BETA), self.total(project_id=BETA))


class ForgedTestCase(GatheredTestCase):
    """Names and metadata are hints; who writes them is anybody."""

    def test_things_of_another_project(self):
        mine = self.world.cluster(ALPHA, name='web', addresses=('10.9.0.1',))
        node = self.world.servers[-1]
        wanted = self.world.figures()
        # All of it by somebody of another project.
        for name in (node.name, f'{mine.stack_id}-node-9', 'web'):
            self.world.server(BETA, name, address='10.9.0.1')
        forged = self.world.servers[-1]
        for name in (mine.id, mine.stack_id, mine.name):
            self.world.volume(
                BETA, metadata={'cinder.csi.openstack.org/cluster': name}
            )
            self.world.floating_ip(BETA, description=world.controller(name))
        self.world.volume(BETA, servers=(node.id,))
        self.world.floating_ip(BETA, server=node)
        self.world.volume(ALPHA, servers=(forged.id,))
        self.world.floating_ip(ALPHA, server=forged)
        self.assertEqual(wanted, self.total())
        self.assertEqual(
            self.world.figures(ALPHA), self.total(project_id=ALPHA)
        )

    def test_a_cluster_of_another_project_takes_nothing(self):
        mine = self.world.cluster(ALPHA, name='web')
        wanted = self.world.figures(ALPHA)
        for way in world.WAYS:
            theirs = self.world.cluster(
                BETA, way, nodes=0, missing=3, name='web'
            )
            theirs.stack_id = mine.stack_id
            theirs.addresses = (self.world.servers[-1].address,)
        self.assertEqual(wanted, self.total(project_id=ALPHA))
        self.assertEqual(self.world.figures(), self.total())

    def test_an_address_of_two_clusters(self):
        for _ in range(2):
            self.world.cluster(
                ALPHA,
                world.BY_ADDRESS,
                nodes=0,
                missing=1,
                addresses=('10.9.0.1',),
            )
        self.world.server(ALPHA, 'node', address='10.9.0.1')
        self.assertEqual(self.world.figures(), self.total())


class FaultsTestCase(GatheredTestCase):
    """What one cannot tell is null in the figures, never 0."""

    def _each(self, reason, first=0, names=tuple(LOST), **fault):
        # Two pages of what Keystone lists.
        self.world.projects.update({'x': False, 'y': False})
        self.ask()
        for name in names:
            one = getattr(self.cloud, name)
            one.fault = service.Fault(first=first, **fault)
            self.lacks(name, reason)
            one.fault = service.Fault()
            self.assertEqual(self.world.figures(), self.total())

    def test_slow(self):
        self.conf.set_override('driver_timeout', 0.7, 'stats')
        self.ask()
        for name in LOST:
            one = getattr(self.cloud, name)
            one.fault = service.Fault(delay=1.5)
            began = time.monotonic()
            self.lacks(name, 'it took longer than 0.7 s')
            self.assertLess(time.monotonic() - began, 1.3)
            one.fault = service.Fault()

    def _in_vain(self, gatherer, names):
        """Fail unless these are late, each time and in time."""
        for _ in range(4):
            began = time.monotonic()
            told = gatherer.answer(question.Question(), NOW)
            self.assertLess(time.monotonic() - began, 1)
            self.assertEqual(
                {name: 'it took longer than 0.4 s' for name in names},
                {one.driver: one.reason for one in told.errors},
            )

    def _gatherer(self):
        self.conf.set_override('driver_timeout', 0.4, 'stats')
        self.conf.set_override('pool_size', 6, 'stats')
        self.conf.set_override('cluster_states', ['*'], 'stats')
        return gather.Gatherer(self.conf)

    def _heals(self, gatherer):
        # What was late may take a moment to notice it.
        time.sleep(0.2)
        self.conf.set_override('driver_timeout', 5, 'stats')
        (row,) = gatherer.answer(question.Question(), NOW).rows
        self.assertEqual(self.world.figures(), row.figures)

    def test_answers_without_end(self):
        for first in (0, 1):
            gatherer = self._gatherer()
            for name in ('nova', 'cinder'):
                one = getattr(self.cloud, name)
                one.fault = service.Fault(drip=0.05, first=first)
            self._in_vain(gatherer, ('nova', 'cinder'))
            for one in self.cloud.services:
                one.fault = service.Fault()
            self._heals(gatherer)

    def test_a_token_without_end(self):
        gatherer = self._gatherer()
        self.cloud.keystone.fault = service.Fault(drip=0.05)
        self._in_vain(gatherer, cases.DRIVERS)
        self.cloud.keystone.fault = service.Fault()
        self._heals(gatherer)

    def test_first_lines_without_end(self):
        there = self.useFixture(dripping.Dripping(0.05))
        self.conf.set_override('auth_url', there.url, 'service_credentials')
        gatherer = self._gatherer()
        self._in_vain(gatherer, cases.DRIVERS)
        self.assertEqual([], self.cloud.calls())
        self.cloud.configure(self.conf)
        self._heals(self._gatherer())

    def test_down(self):
        self._each('it fails (503)', status=503)

    def test_401(self):
        self._each(
            'it does not accept the service credentials (401)',
            names=('nova', 'cinder', 'neutron'),
            status=401,
        )

    def test_a_page_that_fails_in_the_middle(self):
        self._each('it fails (500)', first=1, status=500)
        self._each('there is no connection to it', first=1, cut=True)

    def test_a_service_that_is_absent_or_away(self):
        self.cloud.cinder.fault = service.Fault(absent=True)
        self.lacks(
            'cinder',
            'there is no block-storage service in the catalogue (version 3; '
            'region and interface as in [service_credentials])',
        )

    def test_a_cell_that_is_down(self):
        self.world.servers[0].cell = 'two'
        self.world.down.add('two')
        self.lacks('nova', 'a cell does not answer')

    def test_no_clusters(self):
        self.cloud.magnum.fault = service.Fault(status=503)
        told = self.ask()
        self.assertEqual(
            (answer.Failure('magnum', 'it fails (503)'),), told.errors
        )
        (row,) = told.rows
        self.assertEqual({None}, set(dataclasses.asdict(row.figures).values()))
        error = self.assertRaises(
            exception.Unavailable, self.ask, cluster='web'
        )
        self.assertIn('magnum: it fails (503)', str(error))

    def test_no_keystone(self):
        self.cloud.configure(self.conf, password='forgotten')
        told = self.ask()
        self.assertEqual(
            {
                name: 'Keystone gives no token: it does not accept the '
                'service credentials (401)'
                for name in cases.DRIVERS
            },
            {one.driver: one.reason for one in told.errors},
        )

    def test_who_is_not_asked_is_not_wrong(self):
        self.conf.set_override('drivers', ['magnum', 'nova'], 'stats')
        lost = dict.fromkeys(VOLUMES + FLOATING_IPS)
        self.assertEqual(
            dataclasses.replace(self.world.figures(), **lost), self.total()
        )
