# SPDX-License-Identifier: Apache-2.0
"""The unmodified python-magnumclient, and its command of openstack."""

from keystoneauth1 import session
from keystoneauth1 import token_endpoint
from magnumclient import exceptions
from magnumclient.v1 import client

from talea.tests.functional.faces import base
from talea.tests.functional.faces import cloudkitty
from talea.tests.functional.faces import clusters
from talea.tests.functional.faces import personas


class MagnumClientTest(cloudkitty.ClientTestCase, personas.PersonasTestCase):
    def configure(self):
        super().configure()
        self.useFixture(clusters.Conductor(self.conf))

    def library(self, token=base.KEY, **kwargs):
        auth = token_endpoint.Token(self.url, token)
        return client.Client(session=session.Session(auth=auth), **kwargs)

    def coe(self, *arguments, token=base.KEY):
        """Return (status, output, errors) of ``openstack coe``."""
        # One process for each: the client keeps the first endpoint.
        shells = cloudkitty.Shells()
        self.addCleanup(shells.close)
        return shells.run(
            'openstack',
            [
                *('--os-auth-type', 'admin_token', '--os-token', token),
                *('--os-endpoint', self.url, 'coe', *arguments),
            ],
        )

    def test_the_library_is_told_of_one_project_and_of_all(self):
        for version in ('latest', '1.4', None):
            kwargs = {'api_version': version} if version else {}
            stats = self.library(**kwargs).stats
            found = stats.list()
            self.assertEqual((2, 4), (found.clusters, found.nodes))
            found = stats.list(project_id='p1')
            self.assertEqual((1, 3), (found.clusters, found.nodes))
            self.assertEqual((2, 1), (found.volumes, found.floating_ips))
            self.assertEqual(4, found.capacity['vcpus'])

    def test_a_member_is_told_of_the_own_project_alone(self):
        stats = self.library('member').stats
        self.assertEqual(1, stats.list().clusters)
        self.assertEqual(1, stats.list('p1').clusters)
        error = self.assertRaises(exceptions.Forbidden, stats.list, 'p2')
        self.assertIn('Not authorized', str(error))

    def test_the_command_prints_what_there_is(self):
        status, out, error = self.coe('stats', 'list', 'p1')
        self.assertEqual(0, status, error)
        rows = [
            [cell.strip() for cell in line.split('|')[1:-1]]
            for line in out.splitlines()
            if line.startswith('|')
        ]
        self.assertEqual(['Property', 'Value'], rows[0])
        for row in (['clusters', '1'], ['nodes', '3'], ['volumes', '2']):
            self.assertIn(row, rows)

    def test_the_command_says_what_is_not_allowed(self):
        status, out, error = self.coe('stats', 'list', 'p2', token='member')
        self.assertEqual((1, ''), (status, out))
        self.assertIn('Not authorized (HTTP 403) (Request-ID: req-', error)

    def test_the_command_needs_a_project(self):
        status, _, error = self.coe('stats', 'list')
        self.assertEqual(2, status)
        self.assertIn('<project>', error)
