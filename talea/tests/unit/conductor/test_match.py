# SPDX-License-Identifier: Apache-2.0
import dataclasses
import functools
import itertools
import operator

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from talea.conductor import facts
from talea.conductor import match


def cluster(number, project_id='p', name='web', **given):
    return facts.Cluster(
        id=f'c{number}',
        name=name,
        project_id=project_id,
        status='CREATE_COMPLETE',
        nodes=given.pop('nodes', 1),
        **given,
    )


def server(number, project_id='p', name='s', **given):
    # What each has is a bit of its own: sums tell whose it was.
    return facts.Server(
        id=f's{number}',
        name=name,
        project_id=project_id,
        vcpus=1 << number,
        memory_mb=1 << number,
        local_gb=1 << number,
        **given,
    )


def volume(number, project_id='p', **given):
    return facts.Volume(f'v{number}', project_id, 1 << number, **given)


def floating_ip(number, project_id='p', **given):
    return facts.FloatingIp(f'f{number}', project_id, **given)


def hold(
    clusters,
    servers=(),
    volumes=(),
    floating_ips=(),
    strategies=match.STRATEGIES,
):
    """Return {cluster id: figures}."""
    holdings = match.Holdings(clusters, match.Matcher(clusters, strategies))
    holdings.add_servers(servers)
    holdings.add_volumes(volumes)
    holdings.add_floating_ips(floating_ips)
    return holdings.figures()


class ServersTestCase(base.BaseTestCase):
    def _nodes(self, clusters, *servers, **given):
        return {
            name: figures.vcpus
            for name, figures in hold(clusters, servers, **given).items()
        }

    def test_an_address_that_magnum_knows(self):
        self.assertEqual(
            {'c0': 1, 'c1': 0},
            self._nodes(
                [cluster(0, addresses=('10.0.0.1',)), cluster(1)],
                server(0, addresses=('10.0.0.9', '10.0.0.1')),
                server(1, addresses=('10.0.0.11',)),
            ),
        )

    def test_an_address_of_two_clusters_says_nothing(self):
        twins = [
            cluster(
                number, addresses=('10.0.0.1',), stack_id=f'stack-{number}'
            )
            for number in range(2)
        ]
        self.assertEqual(
            {'c0': 0, 'c1': 2},
            self._nodes(
                twins,
                server(0, addresses=('10.0.0.1',)),
                # But the name may.
                server(1, name='stack-1-node-0', addresses=('10.0.0.1',)),
            ),
        )

    def test_a_name_that_begins_with_the_stack(self):
        clusters = [
            cluster(0, stack_id='web-abc'),
            cluster(1, stack_id='web-abc-def'),
        ]
        self.assertEqual(
            {'c0': 0b1, 'c1': 0b10},
            self._nodes(
                clusters,
                server(0, name='web-abc-node-0'),
                # The longest stack wins.
                server(1, name='web-abc-def-node-0'),
                server(2, name='web-abcnode'),
                server(3, name='web'),
                server(4, name='my-web-abc-node-0'),
            ),
        )

    def test_strategies_are_tried_in_their_order(self):
        clusters = [
            cluster(0, addresses=('10.0.0.1',)),
            cluster(1, name='db', stack_id='stack'),
        ]
        node = server(
            0, name='db-k3jx5nq2vb7d-node-0', addresses=('10.0.0.1',)
        )
        for strategies, wanted in (
            (('addresses', 'heat'), {'c0': 1, 'c1': 0}),
            (('heat', 'addresses'), {'c0': 0, 'c1': 1}),
            (('prefix', 'metadata'), {'c0': 0, 'c1': 0}),
        ):
            self.assertEqual(
                wanted, self._nodes(clusters, node, strategies=strategies)
            )

    def test_an_address_of_another_network(self):
        clusters = [
            cluster(0, addresses=('10.0.0.1',), stack_id='web-abc'),
            cluster(1, stack_id='db-abc'),
        ]
        nodes = [
            server(number, name=name, addresses=('10.0.0.1',))
            for number, name in enumerate(('web-abc-0', 'db-abc-0', 'other'))
        ]
        for strategies in (
            match.STRATEGIES,
            ('addresses', 'prefix'),
            ('prefix', 'addresses'),
        ):
            self.assertEqual(
                {'c0': 0b101, 'c1': 0b10},
                self._nodes(clusters, *nodes, strategies=strategies),
            )
        # Who does not go by names goes by addresses alone.
        self.assertEqual(
            {'c0': 0b111, 'c1': 0},
            self._nodes(clusters, *nodes, strategies=('addresses',)),
        )

    def test_a_forged_name_and_address_of_another_project(self):
        clusters = [cluster(0, stack_id='stack', addresses=('10.0.0.1',))]
        self.assertEqual(
            {'c0': 0},
            self._nodes(
                clusters,
                server(0, 'q', name='stack-node-0', addresses=('10.0.0.1',)),
            ),
        )

    def test_nodes_without_a_server_are_counted(self):
        clusters = [cluster(0, nodes=3, stack_id='a'), cluster(1, nodes=0)]
        nodes = [server(number, name='a-0') for number in range(5)]
        for number, unmatched in ((0, 3), (2, 1), (3, 0), (5, 0)):
            found = hold(clusters, nodes[:number])
            self.assertEqual(unmatched, found['c0'].unmatched_nodes)
            self.assertEqual(3, found['c0'].nodes)
            self.assertEqual(0, found['c1'].unmatched_nodes)


class HoldingsTestCase(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.clusters = [
            cluster(0, name='web', stack_id='web-abc'),
            cluster(1, name='db', stack_id='db-abc'),
        ]
        self.servers = [
            server(
                0, name='web-abc-0', ports=('p0',), addresses=('10.0.0.1',)
            ),
            server(1, name='db-abc-0', ports=('p1',), addresses=('10.0.0.2',)),
            server(2, name='other', addresses=('10.0.0.2',)),
        ]

    def _volumes(self, *volumes, **given):
        found = hold(self.clusters, self.servers, volumes, **given)
        self.assertEqual(
            [bin(one.volume_gb).count('1') for one in found.values()],
            [one.volumes for one in found.values()],
        )
        return [one.volume_gb for one in found.values()]

    def _floating_ips(self, *floating_ips, **given):
        found = hold(self.clusters, self.servers, (), floating_ips, **given)
        return [one.floating_ips for one in found.values()]

    def test_volumes_on_nodes(self):
        self.assertEqual(
            [0b1, 0b10],
            self._volumes(
                volume(0, servers=('s0',)),
                volume(1, servers=('s2', 's1')),
                # On nodes of both.
                volume(2, servers=('s0', 's1')),
                volume(3, servers=('s2',)),
                volume(4, servers=('unknown',)),
                volume(5),
                # Whatever cluster has lent its node.
                volume(6, 'q', servers=('s0',)),
            ),
        )

    def test_volumes_of_storage_drivers(self):
        self.assertEqual(
            [0b111, 0b1000],
            self._volumes(
                volume(0, cluster='c0'),
                volume(1, cluster='web-abc'),
                volume(2, cluster='web'),
                # It is on a node now, whatever made it.
                volume(3, cluster='web', servers=('s1',)),
                volume(4, cluster='kubernetes'),
                volume(5, 'q', cluster='web'),
            ),
        )
        self.assertEqual(
            [0, 0],
            self._volumes(volume(0, cluster='c0'), strategies=('prefix',)),
        )

    def test_a_name_of_two_clusters_says_nothing(self):
        self.clusters.append(cluster(2, name='web'))
        self.assertEqual([0, 0, 0], self._volumes(volume(0, cluster='web')))
        self.clusters.append(cluster(3, 'q', name='db'))
        self.assertEqual(
            [0, 0b1, 0, 0b10],
            self._volumes(
                volume(0, cluster='db'), volume(1, 'q', cluster='db')
            ),
        )

    def test_floating_ips_on_nodes(self):
        for wanted, said in (
            ([1, 0], {'server': 's0'}),
            ([0, 1], {'port_id': 'p1'}),
            ([1, 0], {'port_id': 'unknown', 'fixed_ip': '10.0.0.1'}),
            # Two servers of the project have it.
            ([0, 0], {'fixed_ip': '10.0.0.2'}),
            # The server is known, and is no node.
            ([0, 0], {'server': 's2', 'fixed_ip': '10.0.0.1'}),
            ([0, 0], {'server': 's0', 'project_id': 'q'}),
            ([0, 0], {'fixed_ip': '10.0.0.1', 'project_id': 'q'}),
            ([0, 0], {}),
        ):
            self.assertEqual(
                wanted, self._floating_ips(floating_ip(0, **said)), said
            )

    def test_floating_ips_of_cloud_controllers(self):
        self.assertEqual(
            [2, 0],
            self._floating_ips(
                floating_ip(0, cluster='web'),
                floating_ip(1, cluster='web', server='load-balancer'),
                floating_ip(2, 'q', cluster='web'),
            ),
        )

    def test_what_a_cloud_controller_writes(self):
        begin = 'Floating IP for Kubernetes external service '
        for wanted, description in (
            ('web', f'{begin}default/shop from cluster web'),
            ('a from cluster b', f'{begin}a/b from cluster a from cluster b'),
            (None, f'{begin}default/shop from cluster '),
            (None, f'my {begin}default/shop from cluster web'),
            (None, 'mine'),
            (None, ''),
            (None, None),
        ):
            self.assertEqual(
                wanted, match.cloud_controller(description), description
            )


class FiguresTestCase(base.BaseTestCase):
    def test_what_one_does_not_know_the_sum_does_not_know(self):
        self.assertEqual(
            facts.Figures(clusters=3, vcpus=None, nodes=None),
            facts.Figures(clusters=1, vcpus=None, nodes=4)
            + facts.Figures(clusters=2, vcpus=5, nodes=None),
        )

    def test_figures_of_their_own_dictionary(self):
        one = facts.Figures(clusters=1, vcpus=None)
        self.assertEqual(one, facts.Figures.of(dataclasses.asdict(one)))


# Few of each, so that they collide.
PROJECTS = st.sampled_from(['p', 'q'])
NAMES = st.sampled_from(['a', 'b', 'a-b', 'a-000000000000'])
ADDRESSES = st.lists(st.sampled_from('123'), max_size=2).map(tuple)
PORTS = st.lists(st.sampled_from('xyz'), max_size=1).map(tuple)
SERVERS = st.lists(st.sampled_from(['s0', 's1', 's2', 's3']), max_size=2)


def several(make, project_id=PROJECTS, size=4, **given):
    """Return a strategy for lists of what *make* makes."""
    return st.lists(
        st.fixed_dictionaries({'project_id': project_id, **given}),
        max_size=size,
    ).map(lambda found: [make(n, **one) for n, one in enumerate(found)])


CLUSTERS = several(
    cluster,
    name=NAMES,
    nodes=st.integers(0, 3),
    stack_id=st.none() | NAMES,
    addresses=ADDRESSES,
)
NODES = several(
    server,
    name=st.builds(
        '{}{}'.format,
        NAMES,
        st.sampled_from(
            [
                '',
                '-0',
                '-000000000000-node-1',
                '-b-000000000000-node-1',
                '-b-1',
            ]
        ),
    ),
    addresses=ADDRESSES,
    ports=PORTS,
)
VOLUMES = several(
    volume, servers=SERVERS.map(tuple), cluster=st.none() | NAMES
)
FLOATING_IPS = several(
    floating_ip,
    server=st.none() | st.sampled_from(['s0', 's1', 's9']),
    port_id=st.none() | st.sampled_from('xyz'),
    fixed_ip=st.none() | st.sampled_from('123'),
    cluster=st.none() | NAMES,
)
STRATEGIES = st.lists(
    st.sampled_from(match.STRATEGIES), unique=True, min_size=1
)


class AnyWorldTestCase(base.BaseTestCase):
    @given(CLUSTERS, NODES, VOLUMES, FLOATING_IPS, STRATEGIES)
    def test_everything_is_claimed_once_and_in_its_project(
        self, clusters, servers, volumes, floating_ips, strategies
    ):
        found = hold(clusters, servers, volumes, floating_ips, strategies)
        for member, things in (('vcpus', servers), ('volume_gb', volumes)):
            for project_id in 'pq':
                bits = [
                    getattr(found[one.id], member)
                    for one in clusters
                    if one.project_id == project_id
                ]
                for one, other in itertools.combinations(bits, 2):
                    self.assertEqual(0, one & other)
                own = sum(
                    1 << number
                    for number, one in enumerate(things)
                    if one.project_id == project_id
                )
                self.assertEqual(
                    own, functools.reduce(operator.or_, bits, own)
                )
        for project_id in 'pq':
            self.assertLessEqual(
                sum(
                    found[one.id].floating_ips
                    for one in clusters
                    if one.project_id == project_id
                ),
                sum(one.project_id == project_id for one in floating_ips),
            )

    @given(CLUSTERS, NODES, VOLUMES, FLOATING_IPS, STRATEGIES, st.randoms())
    def test_the_order_does_not_matter(
        self, clusters, servers, volumes, floating_ips, strategies, chance
    ):
        wanted = hold(clusters, servers, volumes, floating_ips, strategies)
        for one in (clusters, servers, volumes, floating_ips):
            chance.shuffle(one)
        self.assertEqual(
            wanted, hold(clusters, servers, volumes, floating_ips, strategies)
        )

    @given(CLUSTERS, NODES, NODES)
    def test_what_others_have_changes_nothing(self, clusters, mine, theirs):
        mine = [dataclasses.replace(one, project_id='p') for one in mine]
        theirs = [
            dataclasses.replace(one, project_id='q', id=f'q-{one.id}')
            for one in theirs
        ]
        own = [one for one in clusters if one.project_id == 'p']
        alone = hold(own, mine)
        together = hold(clusters, [*theirs, *mine])
        self.assertEqual(alone, {one.id: together[one.id] for one in own})

    @given(CLUSTERS, NODES, VOLUMES, FLOATING_IPS)
    def test_sums(self, clusters, servers, volumes, floating_ips):
        found = hold(clusters, servers, volumes, floating_ips)
        self.assertEqual({one.id for one in clusters}, set(found))
        total = functools.reduce(operator.add, found.values(), facts.Figures())
        self.assertEqual(len(clusters), total.clusters)
        self.assertEqual(sum(one.nodes for one in clusters), total.nodes)
        matched = bin(total.vcpus).count('1')
        self.assertGreaterEqual(total.unmatched_nodes, total.nodes - matched)
        self.assertEqual(total.vcpus, total.memory_mb)
        self.assertEqual(total.vcpus, total.local_gb)
        self.assertEqual(bin(total.volume_gb).count('1'), total.volumes)
