# SPDX-License-Identifier: Apache-2.0
"""What clusters hold, by a real cloud and by what it told meanwhile."""

import os

from keystoneauth1 import session
from keystoneauth1 import token_endpoint
from magnumclient.v1 import client
import openstack
from openstack import config as openstack_config
import requests

from talea.tests import base
from talea.tests.cloud import world
from talea.tests.functional.flows import cloud
from talea.tests.functional.flows import processes
from talea.tests.servers import server

WANTED = (
    'OS_CLIENT_CONFIG_FILE',
    world.ADMIN,
    world.TRANSPORT,
)
FIGURES = tuple(world.add(()))


def credentials(name):
    """Return the options of keystoneauth for an entry of clouds.yaml."""
    cloud_config = openstack_config.OpenStackConfig().get_one(cloud=name)
    return {'auth_type': 'password', **cloud_config.config['auth']}


class Talea(processes.Settings):
    """A talea-standalone beside the cloud.

    :param port: of its API
    :param stats: options
    :param deployment: options of its message bus
    """

    def __init__(self, port, stats, deployment=None):
        own = credentials(os.environ[world.ADMIN])
        super().__init__(
            api={'port': port},
            auth={'strategy': 'keystone'},
            keystone_authtoken=own,
            service_credentials=own,
            stats=stats,
            **{'deployment:default': deployment or {}},
        )
        self.url = f'http://127.0.0.1:{port}'

    def _setUp(self):
        super()._setUp()
        self.update(
            {
                'database': {
                    'connection': f'sqlite:///{self.path.parent}/talea.sqlite'
                }
            }
        )
        upgrade = self.useFixture(
            processes.Process('talea-manage', self, 'db', 'upgrade')
        )
        upgrade.process.wait(60)
        self.process = self.useFixture(
            processes.Process('talea-standalone', self)
        )
        cloud.until(self._is_up, 60)

    def _is_up(self):
        try:
            return requests.get(f'{self.url}/healthcheck', timeout=5).ok
        except requests.ConnectionError:
            return False

    def ask(self, token, query=''):
        """Return (status, body) of an answer."""
        answer = requests.get(
            f'{self.url}/v1/stats{query}',
            headers={'X-Auth-Token': token} if token else {},
            timeout=60,
        )
        return answer.status_code, answer.json()


class StatsTest(base.TestCase):
    """One world for all of it, as it takes minutes to make."""

    def setUp(self):
        super().setUp()
        missing = [name for name in WANTED if not os.environ.get(name)]
        if missing:
            self.fail(
                'There is no cloud to test with: the environment has no '
                + ', '.join(missing)
                + '. See doc/source/contributor/testing.rst.'
            )
        self.ledger = self.useFixture(
            Talea(
                server.free_port(),
                {'drivers': 'ledger', 'cache_seconds': 0},
                {'transport_url': os.environ[world.TRANSPORT]},
            )
        )
        self.live = self.useFixture(
            Talea(
                server.free_port(),
                {
                    'drivers': 'magnum,nova,cinder,neutron,keystone',
                    'cache_seconds': 0,
                },
            )
        )

    def test_every_cell_of_the_table(self):
        admin = openstack.connect(cloud=os.environ[world.ADMIN]).auth_token
        # Others may use the cloud too.
        before = {
            talea: self._figures(talea, admin)
            for talea in (self.live, self.ledger)
        }
        made = world.World()
        self.addCleanup(made.clean)
        self.world = made
        for mine, other in (
            (made.first, made.second),
            (made.second, made.first),
        ):
            for role, person in mine.people.items():
                with self.subTest(role=role):
                    self._of_people(person.auth_token, mine.id, other.id)
                    self._as_magnum_says(person, mine.id)
        self._of_admin(admin, before[self.live])
        self._of_nobody()
        # Two ways to know, one truth.
        cloud.until(
            lambda: (
                world.add([before[self.ledger], made.of()])
                == self._figures(self.ledger, admin)
            ),
            30,
            1,
        )
        for mine in (made.first, made.second):
            for query in ('', '&group_by=project', '&group_by=cluster'):
                asked = f'?project_id={mine.id}{query}'
                self.assertEqual(
                    self._told(self.ledger, admin, asked),
                    self._told(self.live, admin, asked),
                )

    def _figures(self, talea, who, query=''):
        body = self._told(talea, who, query)
        return {name: body[name] for name in FIGURES}

    def _told(self, talea, who, query):
        """Return what is the same whoever tells it."""
        status, body = talea.ask(who, query)
        self.assertEqual((200, []), (status, body.pop('errors')), body)
        for name in ('collected_at', 'source', 'next'):
            body.pop(name, None)
        return body

    def _check(self, expected, who, query=''):
        self.assertEqual(expected, self._figures(self.live, who, query), query)

    def _refused(self, status, who, query):
        answer = self.live.ask(who, query)
        self.assertEqual(status, answer[0], answer)
        return answer

    def _of_people(self, who, own, other):
        mine = self.world.of(own)
        self._check(mine, who)
        self._check(mine, who, '?type=Cluster')
        self._check(mine, who, f'?project_id={own}')
        self._check(mine, who, f'?tenant={own}')
        self._refused(403, who, f'?project_id={other}')
        self._refused(403, who, '?project_id=nobody')
        for cluster in self.world.clusters:
            if cluster.project_id == own:
                for called in (cluster.id, cluster.name):
                    self._check(cluster.figures(), who, f'?cluster={called}')
            else:
                self._refused(404, who, f'?cluster={cluster.id}')
        self._refused(404, who, '?cluster=nobody')
        rows = self._told(self.live, who, '?group_by=project')['stats']
        self.assertEqual([own], [row['project_id'] for row in rows])
        rows = self._told(self.live, who, '?group_by=cluster')['stats']
        self.assertEqual(
            sorted(
                one.id for one in self.world.clusters if one.project_id == own
            ),
            [row['cluster'] for row in rows],
        )

    def _as_magnum_says(self, person, own):
        """Compare with what Magnum itself says, by its client."""
        api = person.container_infrastructure_management
        said = api.get(f'/stats?project_id={own}').json()
        auth = token_endpoint.Token(self.live.url, person.auth_token)
        asked = client.Client(session=session.Session(auth=auth)).stats
        told = asked.list(own)
        self.assertEqual(said, {name: getattr(told, name) for name in said})
        told = self._told(self.live, person.auth_token, '?all=true')
        self.assertEqual(said, {name: told[name] for name in said})

    def _of_admin(self, who, before):
        self._check(world.add([before, self.world.of()]), who)
        own = (self.world.first.id, self.world.second.id)
        for project in own:
            self._check(self.world.of(project), who, f'?project_id={project}')
        self._check(world.add(()), who, '?project_id=nobody')
        for cluster in self.world.clusters:
            self._check(cluster.figures(), who, f'?cluster={cluster.id}')
        rows = self._told(self.live, who, '?group_by=project')['stats']
        self.assertEqual(
            {one: self.world.of(one) for one in own},
            {
                row['project_id']: {name: row[name] for name in FIGURES}
                for row in rows
                if row['project_id'] in own
            },
        )
        big, small, other = self.world.clusters
        self._check(big.figures(), who, f'?cluster={big.name}')
        answer = self._refused(409, who, f'?cluster={small.name}')
        for one in (small, other):
            self.assertIn(one.id, str(answer))
        self._refused(404, who, '?cluster=nobody')
        self._refused(404, who, f'?cluster={big.id}&project_id={own[1]}')
        told = self._told(self.live, who, f'?project_id={own[0]}&all=true')
        self.assertEqual(2, told['clusters'])
        self._refused(400, who, '?type=server')
        self._refused(400, who, '?foo=bar')
        reader = self.world.reader_of_the_system().auth_token
        for query in ('', f'?project_id={own[0]}'):
            self._refused(403, reader, query)

    def _of_nobody(self):
        self._refused(401, '', '')
        self._refused(401, 'no-token', f'?project_id={self.world.first.id}')
