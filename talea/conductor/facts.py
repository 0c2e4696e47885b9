# SPDX-License-Identifier: Apache-2.0
"""What drivers tell of a cloud, as little of it as is needed. Plain data."""

from collections.abc import Mapping
import dataclasses
import operator

# What a driver can tell of, and a question can need.
CLUSTERS = 'clusters'
SERVERS = 'servers'
VOLUMES = 'volumes'
FLOATING_IPS = 'floating_ips'
DISABLED_PROJECTS = 'disabled_projects'


@dataclasses.dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster as Magnum has it.

    :ivar status: Magnum's word, like CREATE_COMPLETE
    :ivar nodes: how many are wanted, masters and workers together
    :ivar stack_id: what the cluster's driver calls it; None if it has not
        said so yet
    :ivar addresses: of its nodes, as far as Magnum knows them
    """

    id: str
    name: str
    project_id: str
    status: str
    nodes: int
    stack_id: str | None = None
    addresses: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Server:
    """A server that has come to life and is not deleted.

    :ivar addresses: of all of its ports, floating ones that lead there too
    :ivar ports: ids of its ports, as far as they are known
    :ivar local_gb: root and ephemeral disks of the flavor, GiB
    """

    id: str
    name: str
    project_id: str
    vcpus: int
    memory_mb: int
    local_gb: int
    addresses: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Volume:
    """A volume.

    :ivar size: GiB
    :ivar servers: ids of the servers that it is attached to
    :ivar cluster: what the CSI driver that made it calls its cluster
    """

    id: str
    project_id: str
    size: int
    servers: tuple[str, ...] = ()
    cluster: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class FloatingIp:
    """A floating IP.

    :ivar server: id of the server that it leads to, if that is known
    :ivar port_id: the port that it leads to
    :ivar fixed_ip: the address that it leads to
    :ivar cluster: what the cloud controller that made it calls its cluster
    """

    id: str
    project_id: str
    server: str | None = None
    port_id: str | None = None
    fixed_ip: str | None = None
    cluster: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Figures:
    """What one cluster, or several, hold.

    None is what nobody could tell; never 0.

    :ivar nodes: wanted ones
    :ivar unmatched_nodes: wanted ones without a server that is known
    :ivar vcpus, memory_mb, local_gb: of the flavors of the servers; MiB, GiB
    :ivar volume_gb: GiB
    """

    clusters: int | None = 0
    nodes: int | None = 0
    unmatched_nodes: int | None = 0
    floating_ips: int | None = 0
    volumes: int | None = 0
    vcpus: int | None = 0
    memory_mb: int | None = 0
    local_gb: int | None = 0
    volume_gb: int | None = 0

    def __add__(self, other: 'Figures') -> 'Figures':
        """Return the sum; what one does not know the sum does not know."""
        return Figures(
            *(
                None if mine is None or yours is None else mine + yours
                for mine, yours in zip(
                    _values(self), _values(other), strict=True
                )
            )
        )

    @classmethod
    def of(cls, given: Mapping[str, int | None]) -> 'Figures':
        """Return what dataclasses.asdict() was made of.

        Be it in another release: what that does not have is not known, and
        what only that has is left out.
        """
        return cls(**{name: given.get(name) for name in _NAMES})


_NAMES = tuple(one.name for one in dataclasses.fields(Figures))
_values = operator.attrgetter(*_NAMES)
