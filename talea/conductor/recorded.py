# SPDX-License-Identifier: Apache-2.0
"""What entities tell of a cloud, as facts. Pure."""

from collections.abc import Iterable
import dataclasses
from typing import Any

from talea.conductor import facts
from talea.conductor import match
from talea.objects import present
from talea.objects import timeline


@dataclasses.dataclass(slots=True)
class Recorded:
    """What there is.

    :ivar unknown: those of the servers whose flavor is not known; their
        capacity is 0 here
    """

    clusters: list[facts.Cluster] = dataclasses.field(default_factory=list)
    servers: list[facts.Server] = dataclasses.field(default_factory=list)
    volumes: list[facts.Volume] = dataclasses.field(default_factory=list)
    floating_ips: list[facts.FloatingIp] = dataclasses.field(
        default_factory=list
    )
    unknown: list[facts.Server] = dataclasses.field(default_factory=list)


def of(things: Iterable[present.Thing]) -> Recorded:
    """Return what *things* tell; other kinds of them tell nothing."""
    found = Recorded()
    for one in things:
        if one.entity_type == 'instance':
            server = _server(one)
            found.servers.append(server)
            if one.attributes.get('vcpus') is None:
                found.unknown.append(server)
        elif one.entity_type == 'volume':
            found.volumes.append(_volume(one))
        elif one.entity_type == 'floatingip':
            found.floating_ips.append(_floating_ip(one))
        elif one.entity_type == 'cluster':
            found.clusters.append(_cluster(one))
    return found


def _cluster(one: present.Thing) -> facts.Cluster:
    given = one.attributes
    return facts.Cluster(
        id=one.entity_id,
        name=one.name or '',
        project_id=one.project_id,
        status=given.get('state') or '',
        nodes=_number(given.get('node_count'))
        + _number(given.get('master_count')),
        stack_id=given.get('stack_id') or None,
        addresses=(
            *_texts(given.get('node_addresses')),
            *_texts(given.get('master_addresses')),
        ),
    )


def _server(one: present.Thing) -> facts.Server:
    given = one.attributes
    local = given.get('disk_gb')
    if local is None:
        local = _number(given.get('root_gb')) + _number(
            given.get('ephemeral_gb')
        )
    return facts.Server(
        id=one.entity_id,
        # What Nova calls its name; that of an entity is its host name.
        name=given.get('display_name') or one.name or '',
        project_id=one.project_id,
        vcpus=_number(given.get('vcpus')),
        memory_mb=_number(given.get('memory_mb')),
        local_gb=_number(local),
        addresses=_texts(given.get('addresses')),
        ports=_texts(given.get('ports')),
    )


def _volume(one: present.Thing) -> facts.Volume:
    given = one.attributes
    return facts.Volume(
        id=one.entity_id,
        project_id=one.project_id,
        size=_number(given.get('size')),
        servers=_texts(given.get('attached_to')),
        cluster=(given.get('metadata') or {}).get(timeline.CSI_CLUSTER),
    )


def _floating_ip(one: present.Thing) -> facts.FloatingIp:
    given = one.attributes
    return facts.FloatingIp(
        id=one.entity_id,
        project_id=one.project_id,
        port_id=given.get('port_id') or None,
        fixed_ip=given.get('fixed_ip') or None,
        cluster=match.cloud_controller(given.get('description') or ''),
    )


def _number(given: Any) -> int:
    return given if type(given) is int else 0


def _texts(given: Any) -> tuple[str, ...]:
    return tuple(given or ())
