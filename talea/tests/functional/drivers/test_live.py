# SPDX-License-Identifier: Apache-2.0
"""Each driver by itself, against somebody's cloud."""

import time

import fixtures

from talea.conductor import facts
from talea.conductor.drivers import base as drivers
from talea.tests.emulators import service
from talea.tests.emulators import world
from talea.tests.functional.drivers import cases
from talea.tests.functional.drivers.cases import ALPHA
from talea.tests.functional.drivers.cases import BETA
from talea.tests.functional.drivers.cases import GAMMA

ELSEWHERE = ('magnum', 'nova', 'cinder', 'neutron')
ABSENT = (
    'there is no %s service in the catalogue (version %s; region and '
    'interface as in [service_credentials])'
)
MAY_NOT = 'the service credentials may not ask for this (403)'


class FactsTestCase(cases.CloudTestCase):
    def test_all_that_there_is_is_told_once(self):
        for name, there in (
            ('magnum', self.world.clusters),
            ('nova', self.world.servers),
            ('cinder', self.world.volumes),
            ('neutron', self.world.floating_ips),
        ):
            told = self.tell(name)
            self.assertEqual(
                [one.id for one in there], [one.id for one in told]
            )
            self.assertLess(3, len(self.asked(name)), name)

    def test_what_a_project_has(self):
        for name, there in (
            ('magnum', self.world.clusters),
            ('nova', self.world.servers),
            ('cinder', self.world.volumes),
            ('neutron', self.world.floating_ips),
        ):
            self.assertEqual(
                [one.id for one in there if one.project_id == BETA],
                [one.id for one in self.tell(name, BETA)],
                name,
            )

    def test_only_the_pages_of_the_project_are_read(self):
        for name, limit, pages in (
            ('nova', 30, [('/servers/detail', 0), ('/os-services', 0)]),
            ('neutron', 15, [('/quotas/nobody', 0), ('/floatingips', 0)]),
            ('cinder', 20, [('/volumes/detail', 0)]),
        ):
            getattr(self.cloud, name).max_limit = limit
            self.tell(name, ALPHA)
            self.cloud.forget()
            self.tell(name, BETA)
            self.assertEqual(pages, self.asked(name))
            self.cloud.forget()
            self.tell(name)
            self.assertLess(len(pages), len(self.asked(name)), name)

    def test_a_cluster(self):
        one = self.world.cluster(
            ALPHA,
            nodes=5,
            name='web',
            masters=2,
            status='UPDATE_FAILED',
            addresses=('10.9.0.1', '10.9.0.2', '10.9.0.3'),
        )
        self.assertEqual(
            facts.Cluster(
                one.id,
                'web',
                ALPHA,
                'UPDATE_FAILED',
                6,
                'web-00000000000a',
                ('10.9.0.1', '10.9.0.2', '10.9.0.3'),
            ),
            self.tell('magnum', ALPHA)[-1],
        )

    def test_a_cluster_that_is_being_made(self):
        one = self.world.cluster(ALPHA, name='new', nodes=1)
        one.stack_id = one.status = None
        self.assertEqual(
            facts.Cluster(one.id, 'new', ALPHA, '', 1),
            self.tell('magnum', ALPHA)[-1],
        )

    def test_a_server(self):
        one = self.world.server(
            ALPHA, 'web', address='10.9.0.1', flavor=(3, 1000, 7, 5)
        )
        self.world.server(ALPHA, 'failed', launched=False)
        self.assertEqual(
            facts.Server(
                one.id,
                'web',
                ALPHA,
                3,
                1000,
                12,
                ('10.9.0.1', one.floating),
            ),
            self.tell('nova', ALPHA)[-1],
        )

    def test_a_volume(self):
        kept = self.world.volume(
            ALPHA,
            size=7,
            servers=('a', 'b'),
            metadata={'cinder.csi.openstack.org/cluster': 'web', 'x': 'y'},
        )
        for unborn in ('creating', 'error', 'downloading'):
            self.world.volume(ALPHA, status=unborn)
        # The copy of one that is being migrated.
        self.world.volume(ALPHA, moving=f'target:{kept.id}')
        self.assertEqual(
            facts.Volume(kept.id, ALPHA, 7, ('a', 'b'), 'web'),
            self.tell('cinder', ALPHA)[-1],
        )

    def test_a_floating_ip(self):
        server = self.world.server(ALPHA, 'web')
        one = self.world.floating_ip(
            ALPHA, server=server, description=world.controller('web')
        )
        wanted = facts.FloatingIp(
            one.id, ALPHA, server.id, server.port, server.address, 'web'
        )
        self.assertEqual(wanted, self.tell('neutron', ALPHA)[-1])
        self.assertNotIn(('/ports', 0), self.asked('neutron'))
        # Without the extension that tells of ports.
        self.cloud.neutron.details = False
        self.assertEqual(wanted, self.tell('neutron', ALPHA)[-1])
        self.assertIn(('/ports', 0), self.asked('neutron'))

    def test_ports_are_listed_only_if_a_floating_ip_has_one(self):
        self.cloud.neutron.details = False
        self.world.floating_ips.clear()
        one = self.world.floating_ip(ALPHA)
        self.assertEqual(
            [facts.FloatingIp(one.id, ALPHA)], self.tell('neutron')
        )
        self.assertNotIn(('/ports', 0), self.asked('neutron'))

    def test_disabled_projects(self):
        self.assertEqual(set(), self.tell('keystone'))
        for project_id in (BETA, GAMMA):
            self.world.projects[project_id] = False
        self.assertEqual({BETA, GAMMA}, self.tell('keystone'))
        self.cloud.keystone.links = False
        self.fails('it keeps a part of its list back', 'keystone')

    def test_one_session_serves_all(self):
        for name in cases.DRIVERS:
            self.tell(name)
            self.tell(name)
        self.assertEqual(1, self.asked('keystone').count(('/auth/tokens', 0)))


class FaultsTestCase(cases.CloudTestCase):
    """What goes wrong, in words; never less than there is."""

    def _each(self, reason, first=0, drivers=tuple(cases.DRIVERS), **fault):
        # Two pages of projects that are disabled.
        self.world.projects[ALPHA] = self.world.projects[BETA] = False
        # Whoever has a token asks Keystone for nothing but projects.
        self.tell('magnum')
        for name in drivers:
            one = getattr(self.cloud, name)
            one.fault = service.Fault(first=first, **fault)
            self.fails(reason, name)
            if first:
                self.assertEqual(first, self.asked(name)[-1][1], name)
            one.fault = service.Fault()
            self.assertNotEqual([], self.tell(name), name)

    def test_down(self):
        self._each('it fails (503)', status=503)

    def test_a_page_that_fails_in_the_middle(self):
        self._each('it fails (500)', first=1, status=500)

    def test_a_page_that_is_cut_off(self):
        self._each('there is no connection to it', first=1, cut=True)

    def test_a_page_that_is_no_json(self):
        for body in (b'<html>', b'\xff{}', b'[' * 100000):
            self._each(
                'what it answers cannot be understood', first=1, body=body
            )

    def test_a_page_that_is_another_one(self):
        for body in (
            b'[]',
            b'null',
            b'{}',
            b'{"clusters": 1, "servers": {}, "volumes": "x", '
            b'"floatingips": null, "projects": 0}',
            b'{"clusters": [1], "servers": [[]], "volumes": ["x"], '
            b'"floatingips": [null], "projects": [{}]}',
            b'{"clusters": [{"uuid": "1"}], "servers": [{"id": "1", '
            b'"flavor": 1}], "volumes": [{"id": "1"}], '
            b'"floatingips": [{"id": "1"}], "projects": [{"id": "1"}]}',
            b'{"clusters": [], "servers": [], "volumes": [], '
            b'"floatingips": [], "projects": [], "next": "x", '
            b'"servers_links": [{}], "volumes_links": "x", '
            b'"floatingips_links": [1], "links": {"next": 1}}',
        ):
            self._each(
                'what it answers cannot be understood', first=1, body=body
            )

    def test_pages_without_an_end(self):
        self._each('its list has no end', again=True)

    def test_new_pages_without_an_end(self):
        for name in cases.DRIVERS:
            self.world.projects[ALPHA] = self.world.projects[BETA] = False
            one = getattr(self.cloud, name)
            one.fault = service.Fault(new=True)
            began = time.monotonic()
            self.fails('it took longer than 0.5 s', name, seconds=0.5)
            self.assertLess(time.monotonic() - began, 2)
            self.assertLess(5, len(self.asked(name)))
            one.fault = service.Fault()

    def test_slow(self):
        for name in cases.DRIVERS:
            # Once it is known where it is.
            self.tell(name)
            one = getattr(self.cloud, name)
            one.fault = service.Fault(delay=0.6)
            began = time.monotonic()
            self.fails('it took longer than 0.3 s', name, seconds=0.3)
            self.assertLess(time.monotonic() - began, 0.55)
            one.fault = service.Fault()

    def test_slow_pages(self):
        self.tell('magnum')
        self.cloud.nova.fault = service.Fault(delay=0.1)
        self.assertEqual(60, len(self.tell('nova', seconds=5)))
        asked = len(self.asked('nova'))
        self.cloud.forget()
        self.fails('it took longer than 0.25 s', 'nova', seconds=0.25)
        self.assertEqual([0, 1, 2], [page for _, page in self.asked('nova')])
        self.assertLess(3, asked)

    def test_a_token_that_is_not_accepted_is_renewed_once(self):
        for name in ELSEWHERE:
            self.tell(name)
            getattr(self.cloud, name).fault = service.Fault(
                status=401, times=1
            )
            self.cloud.forget()
            self.assertNotEqual([], self.tell(name))
            self.assertIn(('/auth/tokens', 0), self.asked('keystone'), name)
        self._each(
            'it does not accept the service credentials (401)',
            drivers=ELSEWHERE,
            status=401,
        )

    def test_forbidden(self):
        self._each(MAY_NOT, status=403)

    def test_who_is_no_administrator_is_not_told_of_his_own_alone(self):
        # These services would list what is in the caller's project.
        self.world.cluster(service.HOME)
        self.world.volume(service.HOME)
        self.world.floating_ip(service.HOME)
        self.cloud.configure(self.conf, 'reader')
        for project_id in (None, ALPHA):
            for name in cases.DRIVERS:
                reason = MAY_NOT
                if name == 'cinder':
                    reason = reason.replace('403', '400')
                self.fails(reason, name, project_id)

    def test_away(self):
        for name in ELSEWHERE:
            getattr(self.cloud, name).fault = service.Fault(away=True)
        for name in ELSEWHERE:
            self.fails('there is no connection to it', name)

    def test_absent_from_the_catalogue(self):
        for name in ELSEWHERE:
            getattr(self.cloud, name).fault = service.Fault(absent=True)
        for name, kind, version in (
            ('magnum', 'container-infra', '1'),
            ('nova', 'compute', '2.1'),
            ('cinder', 'block-storage', '3'),
            ('neutron', 'network', '2'),
        ):
            self.fails(ABSENT % (kind, version), name)

    def test_another_region(self):
        self.conf.set_override(
            'region_name', 'elsewhere', 'service_credentials'
        )
        self.fails(ABSENT % ('compute', '2.1'), 'nova')

    def test_the_last_one_of_a_page_is_deleted_before_the_next(self):
        reason = 'its list has changed while it was read'
        for name, there in (
            ('magnum', self.world.clusters),
            ('nova', self.world.servers),
            ('cinder', self.world.volumes),
            ('neutron', self.world.floating_ips),
        ):
            self._delete_markers(getattr(self.cloud, name), there)
            self.fails(reason, name)

    def _delete_markers(self, emulator, there):
        after = emulator._after

        def deleted(items, marker):
            there[:] = [one for one in there if one.id != marker]
            return after([one for one in items if one.id != marker], marker)

        emulator._after = deleted

    def test_a_list_that_ends_with_a_full_page(self):
        del self.world.floating_ips[14:]
        self.assertEqual(14, len(self.tell('neutron')))

    def test_a_cell_that_is_down(self):
        for one in self.world.servers[:5]:
            one.cell = 'two'
        self.world.down.add('two')
        # Not on the first page alone, nor without a filter alone.
        for limit, project_id in ((20, None), (1000, None), (1000, ALPHA)):
            self.cloud.nova.max_limit = limit
            self.fails('a cell does not answer', 'nova', project_id)
        self.world.down.clear()
        self.assertEqual(60, len(self.tell('nova')))


class KeystoneFaultsTestCase(cases.CloudTestCase):
    """Without a token nobody can tell anything."""

    def _all(self, reason):
        for name in cases.DRIVERS:
            self.fails(f'Keystone gives no token: {reason}', name, seconds=3)

    def test_away(self):
        self.conf.set_override(
            'auth_url', self.cloud._away, 'service_credentials'
        )
        self._all('there is no connection to it')

    def test_down(self):
        self.cloud.keystone._answer = lambda request, path: (
            self.cloud.keystone._respond(503, {})
        )
        self._all('it fails (503)')

    def test_a_wrong_password(self):
        self.cloud.configure(self.conf, password='forgotten')
        self._all('it does not accept the service credentials (401)')

    def test_something_else_listens_there(self):
        self.cloud.keystone._answer = lambda request, path: (
            service.webob.Response(b'<html>', content_type='text/html')
        )
        self._all('it does not say which versions it has')

    def test_nobody_has_given_credentials(self):
        self.conf.clear_override('auth_type', 'service_credentials')
        self._all('[service_credentials] is not complete')

    def test_files_of_certificates_that_are_not_there(self):
        self.conf.set_override(
            'cafile', '/nowhere/ca.pem', 'service_credentials'
        )
        self.conf.set_override(
            'auth_url',
            self.cloud.url.replace('http:', 'https:'),
            'service_credentials',
        )
        self._all('the files of [service_credentials] cannot be read')

    def test_slow(self):
        self.cloud.keystone.fault = service.Fault(delay=1)
        self.conf.set_override('driver_timeout', 0.3, 'stats')
        began = time.monotonic()
        self.fails('it took longer than 0.3 s', 'nova', seconds=0.3)
        self.assertLess(time.monotonic() - began, 0.9)

    def test_no_reason_has_a_secret_or_an_address(self):
        self.cloud.configure(self.conf, password='a-secret')
        log = self.useFixture(fixtures.FakeLogger('talea'))
        error = self.assertRaises(drivers.DriverError, self.tell, 'nova')
        for text in (str(error), log.output):
            for word in ('a-secret', '127.0.0.1', service.ADMIN):
                self.assertNotIn(word, text)
