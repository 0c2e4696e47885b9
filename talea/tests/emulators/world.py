# SPDX-License-Identifier: Apache-2.0
"""What there is in a cloud, made by rule: the same for the same numbers.

Each cluster is found by another strategy than the one before. What it holds
is counted while it is made, by other code than that of the conductor.
"""

import collections
import dataclasses
import itertools

from talea.conductor import facts

# How a cluster's nodes can be known.
BY_ADDRESS, BY_STACK, BY_HEAT = 'address', 'stack', 'heat'
WAYS = (BY_ADDRESS, BY_STACK, BY_HEAT)
# By floating IPs, which count as well: a cloud is not made with such ones.
BY_FLOATING = 'floating'

# Of flavors: vcpus, ram in MiB, root disk and ephemeral disk in GiB.
FLAVORS = ((1, 512, 1, 0), (2, 4096, 40, 0), (8, 8192, 80, 20))


@dataclasses.dataclass
class Cluster:
    """A cluster as Magnum has it."""

    id: str
    project_id: str
    name: str
    way: str = BY_STACK
    masters: int = 1
    workers: int = 0
    status: str = 'CREATE_COMPLETE'
    stack_id: str | None = None
    addresses: tuple = ()


@dataclasses.dataclass
class Server:
    """A server as Nova has it.

    :ivar launched: whether it has ever come to life
    """

    id: str
    project_id: str
    name: str
    address: str
    flavor: tuple = FLAVORS[0]
    launched: bool = True
    cell: str = 'one'

    @property
    def port(self):
        return self.id.replace('2', '9', 1)

    @property
    def floating(self):
        """The address that it has for the world outside."""
        return _outside(64, self.id)


@dataclasses.dataclass
class Volume:
    """A volume as Cinder has it."""

    id: str
    project_id: str
    size: int
    servers: tuple = ()
    metadata: dict = dataclasses.field(default_factory=dict)
    status: str = 'available'
    moving: str | None = None


@dataclasses.dataclass
class FloatingIp:
    """A floating IP as Neutron has it.

    :ivar server: the Server that its port is of, if any
    """

    id: str
    project_id: str
    server: Server | None = None
    description: str = ''

    @property
    def address(self):
        return self.server.floating if self.server else _outside(96, self.id)


class World:
    """A cloud of so many clusters, servers and so on in so many projects.

    Four servers in five are nodes, the others are anything.

    :ivar clusters, servers, volumes, floating_ips: lists, as made
    :ivar projects: {id: whether it is enabled}
    :ivar truth: {cluster id: Counter of what it holds}
    :ivar down: cells of Nova that do not answer
    """

    def __init__(
        self, clusters=0, servers=0, volumes=0, floating_ips=0, projects=0
    ):
        self._numbers = collections.defaultdict(itertools.count)
        self.clusters = []
        self.servers = []
        self.volumes = []
        self.floating_ips = []
        self.projects = {project(number): True for number in range(projects)}
        self.truth = {}
        self.down = set()
        self._nodes = []
        nodes = servers * 4 // 5
        for number in range(clusters):
            mine = nodes * (number + 1) // clusters - (
                nodes * number // clusters
            )
            self.cluster(
                project(number % projects), WAYS[number % len(WAYS)], mine
            )
        for number in range(servers - len(self.servers)):
            self.server(project(number % projects), f'web-{number}')
        for number in range(volumes):
            self._volume(number)
        for number in range(floating_ips):
            self._floating_ip(number)

    def _id(self, kind):
        return f'{kind:08}-0000-4000-8000-{next(self._numbers[kind]):012x}'

    def cluster(self, project_id, way=BY_STACK, nodes=3, missing=0, **given):
        """Make a cluster with its nodes.

        :param missing: how many nodes there are no servers of
        """
        self.projects.setdefault(project_id, True)
        cluster_id = self._id(1)
        name = given.pop('name', f'Cluster_{len(self.clusters)}')
        random = f'{len(self.clusters):012x}'
        stem = name[:30].replace('_', '-').lower()
        one = Cluster(
            cluster_id,
            project_id,
            name,
            way,
            workers=nodes + missing - 1,
            stack_id=self._id(7) if way == BY_HEAT else f'{stem}-{random}',
            **given,
        )
        self.clusters.append(one)
        self.truth[cluster_id] = collections.Counter(
            clusters=1, nodes=nodes + missing, unmatched_nodes=missing
        )
        for number in range(nodes):
            self.node(one, f'{stem}-{random}-node-{number}')
        return one

    def node(self, cluster, name):
        """Make a server that is a node of a cluster, whatever its name."""
        if cluster.way in (BY_ADDRESS, BY_FLOATING):
            name = f'k8s-{len(self.servers)}'
        server = self.server(cluster.project_id, name)
        if cluster.way == BY_ADDRESS:
            cluster.addresses += (server.address,)
        elif cluster.way == BY_FLOATING:
            cluster.addresses += (server.floating,)
            self.floating_ip(cluster.project_id, cluster, server=server)
        self._nodes.append((server, cluster))
        vcpus, ram, disk, ephemeral = server.flavor
        self.truth[cluster.id].update(
            vcpus=vcpus, memory_mb=ram, local_gb=disk + ephemeral
        )
        return server

    def server(self, project_id, name, **given):
        """Make a server of no cluster."""
        self.projects.setdefault(project_id, True)
        number = len(self.servers)
        given.setdefault(
            'address', f'10.{number >> 16}.{number >> 8 & 255}.{number & 255}'
        )
        given.setdefault('flavor', FLAVORS[number % len(FLAVORS)])
        one = Server(self._id(2), project_id, name, **given)
        self.servers.append(one)
        return one

    def volume(self, project_id, cluster=None, **given):
        """Make a volume.

        :param cluster: that it is to be found to be of
        """
        given.setdefault('size', len(self.volumes) % 50 + 1)
        one = Volume(self._id(3), project_id, **given)
        self.volumes.append(one)
        if cluster:
            self.truth[cluster.id].update(volumes=1, volume_gb=one.size)
        return one

    def _volume(self, number):
        if number % 4 == 3 or not self._nodes:
            self.volume(project(number % len(self.projects)))
            return
        server, cluster = self._nodes[number % len(self._nodes)]
        if number % 4 == 2:
            # That of the CSI driver, which is not attached now.
            name = (cluster.id, cluster.stack_id, cluster.name)[number % 3]
            given = {
                'metadata': {'cinder.csi.openstack.org/cluster': name},
            }
        else:
            given = {'servers': (server.id,), 'status': 'in-use'}
        self.volume(cluster.project_id, cluster, **given)

    def floating_ip(self, project_id, cluster=None, **given):
        """Make a floating IP.

        :param cluster: that it is to be found to be of
        """
        one = FloatingIp(self._id(4), project_id, **given)
        self.floating_ips.append(one)
        if cluster:
            self.truth[cluster.id].update(floating_ips=1)
        return one

    def _floating_ip(self, number):
        if number % 4 == 3 or not self._nodes:
            self.floating_ip(project(number % len(self.projects)))
            return
        server, cluster = self._nodes[number % len(self._nodes)]
        given = {'server': server}
        if number % 4 == 2:
            given = {'description': controller(cluster.name)}
        self.floating_ip(cluster.project_id, cluster, **given)

    def figures(self, project_id=None):
        """Return what clusters hold together.

        :param project_id: of whose clusters; None: all
        """
        total = collections.Counter()
        for one in self.clusters:
            if project_id in (None, one.project_id):
                total.update(self.truth[one.id])
        return facts.Figures(
            **{
                field.name: total[field.name]
                for field in dataclasses.fields(facts.Figures)
            }
        )


def _outside(begin, name):
    """Return an address by the number at the end of an id."""
    number = int(name[-12:], 16)
    return f'100.{begin + (number >> 16)}.{number >> 8 & 255}.{number & 255}'


def project(number):
    """Return the id of a project."""
    return f'{number:032x}'


def controller(name):
    """Return what openstack-cloud-controller-manager writes."""
    return (
        'Floating IP for Kubernetes external service default/web from '
        f'cluster {name}'
    )
