# SPDX-License-Identifier: Apache-2.0
"""Clusters in a real cloud, and what looks as if it were theirs.

The cloud may have a cluster driver that makes nothing but the record of a
cluster. So the nodes are made here, called as such a driver would call them.
"""

import dataclasses
import os
import uuid

import openstack

from talea.tests.functional.flows import cloud

ADMIN = 'TALEA_CLOUD_ADMIN'
TRANSPORT = 'TALEA_CLOUD_TRANSPORT_URL'
# What a CSI driver writes on its volumes.
CSI = 'cinder.csi.openstack.org/cluster'

ROLES = ('manager', 'member', 'reader')

VCPUS, MEMORY, DISK, EPHEMERAL = 2, 1024, 7, 3

_LATEST = {'OpenStack-API-Version': 'container-infra latest'}


@dataclasses.dataclass
class Cluster:
    """A cluster that is really there, and what belongs to it.

    :ivar servers: how many of its nodes are servers
    :ivar volumes: sizes, GiB
    """

    id: str
    name: str
    project_id: str
    stack_id: str
    nodes: int
    servers: int = 0
    volumes: list = dataclasses.field(default_factory=list)
    floating_ips: int = 0

    def figures(self):
        """Return what the API has to say of it."""
        return {
            'clusters': 1,
            'nodes': self.nodes,
            'unmatched_nodes': self.nodes - self.servers,
            'floating_ips': self.floating_ips,
            'volumes': len(self.volumes),
            'capacity': {
                'vcpus': VCPUS * self.servers,
                'memory_mb': MEMORY * self.servers,
                'local_gb': (DISK + EPHEMERAL) * self.servers,
                'volume_gb': sum(self.volumes),
            },
        }


def add(figures):
    """Return the sum of several figures."""
    total = Cluster('', '', '', '', 0).figures() | {'clusters': 0}
    for one in figures:
        for name, value in one.items():
            if name == 'capacity':
                total[name] = {
                    each: total[name][each] + value[each] for each in value
                }
            else:
                total[name] += value
    return total


class Project:
    """One project of the cloud, with somebody for each role.

    :param name: of the project
    :param shared: what projects share
    :ivar people: {role: connection}
    :ivar connection: of its member, who makes all that is in it
    """

    def __init__(self, name, shared):
        self._shared = shared
        self._mark = shared.mark
        self._label = name
        self._users = []
        self.people = {}
        self._project = shared.admin.identity.create_project(
            name=name, domain_id=shared.domain_id
        )
        self.id = self._project.id
        self._network = self._subnet = self._router = self._template = None
        self._addresses = []
        self._servers = []
        self._volumes = []
        self._clusters = []

    def _join(self, role):
        """Return the connection of somebody new who has *role*."""
        admin = self._shared.admin
        password = uuid.uuid4().hex
        user = admin.identity.create_user(
            name=f'{self._label}-{role}',
            password=password,
            domain_id=self._shared.domain_id,
        )
        self._users.append(user)
        found = admin.identity.find_role(role, ignore_missing=False)
        admin.identity.assign_project_role_to_user(self._project, user, found)
        return openstack.connect(
            auth={
                'auth_url': admin.config.config['auth']['auth_url'],
                'user_id': user.id,
                'password': password,
                'project_id': self.id,
            },
            region_name=admin.config.region_name,
            interface=admin.config.get_interface(),
        )

    def prepare(self):
        """Make the network, the key and the template that clusters need."""
        self.people = {role: self._join(role) for role in ROLES}
        self.connection = here = self.people['member']
        label = self._label
        self._network = here.network.create_network(name=label).id
        self._subnet = here.network.create_subnet(
            name=label,
            network_id=self._network,
            ip_version=4,
            cidr='10.77.0.0/24',
            is_dhcp_enabled=False,
        ).id
        self._router = here.network.create_router(
            name=label,
            external_gateway_info={'network_id': self._shared.external},
        ).id
        here.network.add_interface_to_router(
            self._router, subnet_id=self._subnet
        )
        here.compute.create_keypair(name=label)
        self._template = self._magnum(
            'POST',
            '/clustertemplates',
            201,
            {
                'name': label,
                'image_id': self._shared.image,
                'external_network_id': self._shared.external,
                'flavor_id': self._shared.flavor,
                'master_flavor_id': self._shared.flavor,
                'keypair_id': label,
                'coe': 'kubernetes',
                'fixed_network': self._network,
                'fixed_subnet': self._subnet,
            },
        )['uuid']

    def _magnum(self, method, path, status, body=None):
        answer = self.connection.container_infrastructure_management.request(
            path, method, json=body, headers=_LATEST
        )
        if answer.status_code != status:
            raise AssertionError(f'{method} {path}: {answer.text}')
        return answer.json() if answer.content else None

    def cluster(self, name, workers):
        """Make a cluster of one master and some workers."""
        made = self._magnum(
            'POST',
            '/clusters',
            202,
            {
                'name': f'{self._mark}-{name}',
                'cluster_template_id': self._template,
                'node_count': workers,
                'master_count': 1,
            },
        )['uuid']
        self._clusters.append(made)
        found = cloud.until(lambda: self._complete(made), 120, 1)
        return Cluster(
            made,
            found['name'],
            self.id,
            found.get('cluster_id') or found['stack_id'],
            workers + 1,
        )

    def _complete(self, cluster_id):
        # 202 comes before there is a cluster to be found.
        api = self.connection.container_infrastructure_management
        answer = api.request(f'/clusters/{cluster_id}', 'GET', headers=_LATEST)
        found = answer.json() if answer.status_code == 200 else {}
        done = str(found.get('status')).endswith('_COMPLETE')
        return found if done else None

    def resize(self, cluster, workers):
        """Let a cluster have another number of workers."""
        self._magnum(
            'POST',
            f'/clusters/{cluster.id}/actions/resize',
            202,
            {'node_count': workers},
        )
        cloud.until(lambda: self._complete(cluster.id), 120, 1)
        cluster.nodes = workers + 1

    def server(self, name):
        """Make a server and return it, active."""
        compute = self.connection.compute
        server = compute.create_server(
            name=name,
            flavor_id=self._shared.flavor_id,
            image_id=self._shared.image_id,
            networks=[{'uuid': self._network}],
        )
        self._servers.append(server)
        return compute.wait_for_server(server, wait=180)

    def node(self, cluster, role='node'):
        """Make a server that is called like a node of *cluster*."""
        cluster.servers += 1
        return self.server(f'{cluster.stack_id}-{role}-{cluster.servers}')

    def volume(self, size, server=None, metadata=None):
        """Make a volume, attached to *server* if there is one."""
        storage = self.connection.block_storage
        volume = storage.create_volume(size=size, metadata=metadata or {})
        self._volumes.append(volume)
        storage.wait_for_status(volume, 'available', wait=120)
        if server is not None:
            self.connection.compute.create_volume_attachment(
                server.id, volume_id=volume.id
            )
            storage.wait_for_status(volume, 'in-use', wait=120)
        return volume

    def floating_ip(self, server=None, description=''):
        """Make a floating IP that leads to *server* if there is one."""
        network = self.connection.network
        port = None
        if server is not None:
            (port,) = network.ports(device_id=server.id)
        address = network.create_ip(
            floating_network_id=self._shared.external,
            port_id=port and port.id,
            description=description,
        )
        self._addresses.append(address)
        return address

    def clean(self):
        """Take away what was made, and nothing else."""
        if self.people:
            self._empty(self.connection)
        for user in self._users:
            self._shared.admin.identity.delete_user(user)
        self._shared.admin.identity.delete_project(self._project)

    def _empty(self, here):
        for address in self._addresses:
            here.network.delete_ip(address)
        for server in self._servers:
            here.compute.delete_server(server)
        for server in self._servers:
            here.compute.wait_for_delete(server, wait=120)
        for volume in self._volumes:
            here.block_storage.delete_volume(volume)
        for cluster_id in self._clusters:
            self._magnum('DELETE', f'/clusters/{cluster_id}', 204)
        for cluster_id in self._clusters:
            cloud.until(lambda one=cluster_id: self._gone(one), 120, 1)
        if self._template:
            self._magnum('DELETE', f'/clustertemplates/{self._template}', 204)
        if self._network:
            here.network.remove_interface_from_router(
                self._router, subnet_id=self._subnet
            )
            here.network.delete_router(self._router)
            here.network.delete_network(self._network)
        here.compute.delete_keypair(self._label)

    def _gone(self, cluster_id):
        api = self.connection.container_infrastructure_management
        path = f'/clusters/{cluster_id}'
        return api.request(path, 'GET', headers=_LATEST).status_code == 404


class Shared:
    """What projects share: a flavor, an image, a network to the outside."""

    def __init__(self, admin, mark):
        self.admin = admin
        self.mark = mark
        self.domain_id = admin.identity.get_project(
            admin.current_project_id
        ).domain_id
        self.flavor = self.image = mark
        self.flavor_id = admin.compute.create_flavor(
            name=mark,
            vcpus=VCPUS,
            ram=MEMORY,
            disk=DISK,
            ephemeral=EPHEMERAL,
        ).id
        self.image_id = admin.image.create_image(
            name=mark,
            disk_format='raw',
            container_format='bare',
            visibility='public',
            data=b'nothing',
            os_distro='fedora-coreos',
            wait=True,
        ).id
        self._networks = []
        self._users = []
        networks = list(admin.network.networks(is_router_external=True))
        if not networks:
            networks = [self._outside(mark)]
        self.external = networks[0].id

    def reader_of_the_system(self):
        password = uuid.uuid4().hex
        identity = self.admin.identity
        user = identity.create_user(
            name=f'{self.mark}-system',
            password=password,
            domain_id=self.domain_id,
        )
        self._users.append(user)
        role = identity.find_role('reader', ignore_missing=False)
        identity.assign_system_role_to_user(user, role, 'all')
        return openstack.connect(
            auth={
                'auth_url': self.admin.config.config['auth']['auth_url'],
                'user_id': user.id,
                'password': password,
                'system_scope': 'all',
            },
            region_name=self.admin.config.region_name,
            interface=self.admin.config.get_interface(),
        )

    def _outside(self, mark):
        network = self.admin.network.create_network(
            name=mark,
            is_router_external=True,
            provider_network_type='flat',
            provider_physical_network='physnet1',
        )
        self._networks.append(network)
        self.admin.network.create_subnet(
            network_id=network.id,
            ip_version=4,
            cidr='203.0.113.0/24',
            is_dhcp_enabled=False,
        )
        return network

    def clean(self):
        """Take away what was made, and nothing else."""
        self.admin.compute.delete_flavor(self.flavor_id)
        self.admin.image.delete_image(self.image_id)
        for user in self._users:
            self.admin.identity.delete_user(user)
        for network in self._networks:
            self.admin.network.delete_network(network)


class World:
    """Two projects with clusters; made once, as it takes minutes.

    ``first`` has a cluster with everything and a smaller one, ``second`` has
    one, and a server that is called like a node of the first one's.
    """

    def __init__(self):
        mark = f'talea{uuid.uuid4().hex[:6]}'
        admin = openstack.connect(cloud=os.environ[ADMIN])
        self._shared = Shared(admin, mark)
        self.first, self.second = (
            Project(f'{mark}-{number}', self._shared) for number in '12'
        )
        self.clusters = []
        try:
            self._make()
        except BaseException:
            self.clean()
            raise

    def _make(self):
        for project in (self.first, self.second):
            project.prepare()
        self.clusters = [*self._of_first(), *self._of_second()]
        # Not one of that cluster: it is in another project.
        self.second.server(f'{self.clusters[0].stack_id}-node-9')

    def _of_first(self):
        big = self.first.cluster('big', 2)
        master = self.first.node(big, 'master')
        worker = self.first.node(big)
        self.first.volume(3, worker)
        self.first.volume(5, metadata={CSI: big.stack_id})
        self.first.volume(11)
        self.first.floating_ip(master)
        self.first.floating_ip(
            description='Floating IP for Kubernetes external service '
            f'default/web from cluster {big.name}'
        )
        self.first.floating_ip()
        big.volumes, big.floating_ips = [3, 5], 2
        small = self.first.cluster('small', 1)
        self.first.resize(small, 3)
        return big, small

    def _of_second(self):
        # Called like one of the first project.
        only = self.second.cluster('small', 1)
        for role in ('master', 'node'):
            self.second.node(only, role)
        self.second.server('no node of anything')
        return (only,)

    def reader_of_the_system(self):
        """Return the connection of somebody who may read, in no project."""
        return self._shared.reader_of_the_system()

    def of(self, project_id=None):
        """Return the figures of one project, or of both."""
        return add(
            one.figures()
            for one in self.clusters
            if project_id in (None, one.project_id)
        )

    def clean(self):
        """Take away what was made, and nothing else."""
        for each in (self.first, self.second, self._shared):
            each.clean()
