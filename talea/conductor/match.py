# SPDX-License-Identifier: Apache-2.0
"""Which servers, volumes and floating IPs belong to which cluster. Pure.

Nothing in Nova, Cinder or Neutron says so for certain: names and metadata can
be written by any member of a project. Hence a cluster only ever claims what
is in its own project, each thing belongs to one cluster at most, and what two
clusters claim with the same right belongs to neither.
"""

import collections
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
import re
from typing import TypeGuard

from talea.conductor import facts

ADDRESSES = 'addresses'
PREFIX = 'prefix'
HEAT = 'heat'
METADATA = 'metadata'

# In the order in which they are tried.
STRATEGIES = (ADDRESSES, PREFIX, HEAT, METADATA)

# Magnum's Heat driver calls a stack by the first 30 characters of the name of
# the cluster and twelve random ones, and a server by that and its role.
_HEAT = re.compile(r'(.+)-[0-9a-z]{12}-(?:master|node|minion)-[0-9]+')
_HEAT_STEM = 30

# A stack of a further group of nodes is called by less of the name of the
# cluster, the begin of that of the group, and twelve random ones.
_HEAT_SHORT_STEM = 20
_HEAT_GROUP = 9

# What openstack-cloud-controller-manager writes on a floating IP.
_CLOUD_CONTROLLER = re.compile(
    r'Floating IP for Kubernetes external service \S+ from cluster (.+)'
)

# Stands for the claimants of what more than one claims; nothing has this id.
_SEVERAL = ''


def cloud_controller(description: str | None) -> str | None:
    """Return what the cloud controller that wrote it calls its cluster.

    :param description: of a floating IP
    """
    found = _CLOUD_CONTROLLER.fullmatch(description or '')
    return found[1] if found else None


class Matcher:
    """The clusters of some projects, and what they claim.

    Strategies are tried in their order, and the first that names a cluster
    wins. But for one thing: networks of a project may share addresses, so
    that an address may be that of another one's node. A server whose name
    begins with the stack of another cluster is not claimed by its address,
    if both of these strategies are tried at all, whichever comes first.

    :param clusters: all of those projects, whatever their status
    :param strategies: of STRATEGIES, in the order in which they are tried
    """

    def __init__(
        self,
        clusters: Iterable[facts.Cluster],
        strategies: Iterable[str] = STRATEGIES,
    ) -> None:
        self._strategies = tuple(strategies)
        self._addresses = _Claims()
        self._stacks = _Claims()
        self._stems = _Claims()
        self._short_stems = _Claims()
        self._ids = _Claims()
        self._names = _Claims()
        for one in clusters:
            for address in one.addresses:
                self._addresses.add(one.project_id, address, one.id)
            if one.stack_id:
                self._stacks.add(one.project_id, one.stack_id, one.id)
            self._stems.add(
                one.project_id, _stem(one.name, _HEAT_STEM), one.id
            )
            self._short_stems.add(
                one.project_id, _stem(one.name, _HEAT_SHORT_STEM), one.id
            )
            self._ids.add(one.project_id, one.id, one.id)
            self._names.add(one.project_id, one.name, one.id)

    def server(self, server: facts.Server) -> str | None:
        """Return the id of the cluster that *server* is a node of, if any."""
        for strategy in self._strategies:
            found = self._node(strategy, server)
            if found is not None:
                return found
        return None

    def _node(self, strategy: str, server: facts.Server) -> str | None:
        project = server.project_id
        if strategy == ADDRESSES:
            found = self._addresses.one(project, server.addresses)
            if found is not None and PREFIX in self._strategies:
                named = self._prefix(server)
                return found if named in (None, found) else None
            return found
        if strategy == PREFIX:
            return self._prefix(server)
        if strategy == HEAT:
            name = _HEAT.fullmatch(server.name)
            if name and self._stems.claimed(project, name[1]):
                return self._stems.one(project, (name[1],))
            if name:
                # Groups may have dashes in their names: each place is tried,
                # and if that means several clusters it means none.
                return self._short_stems.one(
                    project,
                    (
                        stem
                        for stem in _stems(name[1])
                        if 1 < len(name[1]) - len(stem) <= _HEAT_GROUP + 1
                    ),
                )
        return None

    def _prefix(self, server: facts.Server) -> str | None:
        # The longest first: a stack may be called like the begin of another
        # one.
        for stem in _stems(server.name):
            found = self._stacks.one(server.project_id, (stem,))
            if found is not None:
                return found
        return None

    def named(self, project_id: str, name: str | None) -> str | None:
        """Return the id of the cluster that calls itself *name*.

        That is what it told the drivers that run in it: its id, its stack or
        its name. Nothing but the strategy METADATA asks for it.
        """
        if not name or METADATA not in self._strategies:
            return None
        for claims in (self._ids, self._stacks, self._names):
            found = claims.one(project_id, (name,))
            if found is not None:
                return found
        return None


class _Claims:
    """Who claims what within a project.

    One text for each claim: there are as many as servers.
    """

    def __init__(self) -> None:
        self._found: dict[str, dict[str, str]] = {}

    def add(self, project_id: str, what: str, claimant: str) -> None:
        found = self._found.setdefault(project_id, {})
        if found.setdefault(what, claimant) != claimant:
            found[what] = _SEVERAL

    def claimed(self, project_id: str, what: str) -> bool:
        """Return whether anybody claims it, be it several."""
        return what in self._found.get(project_id, ())

    def one(self, project_id: str, whats: Iterable[str]) -> str | None:
        """Return the only one that claims any of *whats*, or None."""
        found = self._found.get(project_id)
        if found is None:
            return None
        claimant = None
        for what in whats:
            other = found.get(what, claimant)
            if other is _SEVERAL or (claimant or other) != other:
                return None
            claimant = other
        return claimant


def _stem(name: str, length: int) -> str:
    return name[:length].replace('.', '-').replace('_', '-').lower()


def _stems(name: str) -> Iterator[str]:
    """Yield what comes before a dash in *name*, the longest first."""
    end = name.rfind('-')
    while end > 0:
        yield name[:end]
        end = name.rfind('-', 0, end)


class Holdings:
    """What each cluster holds, summed up while things are told.

    :param clusters: as of a Matcher
    :param matcher: of the same clusters
    """

    def __init__(
        self, clusters: Iterable[facts.Cluster], matcher: Matcher
    ) -> None:
        self._matcher = matcher
        clusters = list(clusters)
        self._nodes = {one.id: one.nodes for one in clusters}
        self._projects = {one.id: one.project_id for one in clusters}
        self._servers: dict[str, str] = {}
        self._ports: dict[str, str] = {}
        self._fixed = _Claims()
        self._sums: dict[str, collections.Counter[str]] = {
            cluster_id: collections.Counter() for cluster_id in self._nodes
        }

    def add_servers(self, servers: Iterable[facts.Server]) -> None:
        """Take the servers in; before the volumes and floating IPs."""
        for server in servers:
            found = self._matcher.server(server)
            # Floating ones do no harm: no port has them as its own.
            for address in server.addresses:
                self._fixed.add(server.project_id, address, server.id)
            if found is None:
                continue
            self._servers[server.id] = found
            for port in server.ports:
                self._ports[port] = found
            sums = self._sums[found]
            sums['servers'] += 1
            sums['vcpus'] += server.vcpus
            sums['memory_mb'] += server.memory_mb
            sums['local_gb'] += server.local_gb

    def add_volumes(self, volumes: Iterable[facts.Volume]) -> None:
        """Take the volumes in: attached to a node, or made by a cluster."""
        for volume in volumes:
            found = self._only(
                self._servers.get(one) for one in volume.servers
            )
            if found is None:
                found = self._matcher.named(volume.project_id, volume.cluster)
            if self._owns(found, volume.project_id):
                self._sums[found]['volumes'] += 1
                self._sums[found]['volume_gb'] += volume.size

    def add_floating_ips(self, addresses: Iterable[facts.FloatingIp]) -> None:
        """Take the floating IPs in: of a node's port, or made by a cluster."""
        for address in addresses:
            found = self._leads_to(address)
            if found is None:
                found = self._matcher.named(
                    address.project_id, address.cluster
                )
            if self._owns(found, address.project_id):
                self._sums[found]['floating_ips'] += 1

    def _owns(self, cluster_id: str | None, project_id: str) -> TypeGuard[str]:
        return (
            cluster_id is not None and self._projects[cluster_id] == project_id
        )

    def _leads_to(self, address: facts.FloatingIp) -> str | None:
        if address.server:
            return self._servers.get(address.server)
        if address.port_id in self._ports:
            return self._ports[address.port_id]
        if address.fixed_ip:
            # Networks of a project may share addresses.
            server = self._fixed.one(address.project_id, (address.fixed_ip,))
            if server is not None:
                return self._servers.get(server)
        return None

    @staticmethod
    def _only(found: Iterable[str | None]) -> str | None:
        clusters = {one for one in found if one is not None}
        return clusters.pop() if len(clusters) == 1 else None

    def figures(self) -> Mapping[str, facts.Figures]:
        """Return {cluster id: figures}, as if everything had been told."""
        return {
            cluster_id: facts.Figures(
                clusters=1,
                nodes=nodes,
                unmatched_nodes=max(
                    0, nodes - self._sums[cluster_id]['servers']
                ),
                **{
                    name: self._sums[cluster_id][name]
                    for name in (
                        'floating_ips',
                        'volumes',
                        'vcpus',
                        'memory_mb',
                        'local_gb',
                        'volume_gb',
                    )
                },
            )
            for cluster_id, nodes in self._nodes.items()
        }
