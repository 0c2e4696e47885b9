# SPDX-License-Identifier: Apache-2.0
"""What entities tell of a cloud, as facts. Pure."""

from collections.abc import Iterable
from collections.abc import Sequence
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
    unknown = set()
    floating = []
    for one in things:
        if one.entity_type == 'instance':
            found.servers.append(_server(one))
            if one.attributes.get('vcpus') is None:
                unknown.add(one.entity_id)
        elif one.entity_type == 'volume':
            found.volumes.append(_volume(one))
        elif one.entity_type == 'floatingip':
            found.floating_ips.append(_floating_ip(one))
            floating.append(one)
        elif one.entity_type == 'cluster':
            found.clusters.append(_cluster(one))
    _add_floating(found.servers, floating)
    found.unknown = [one for one in found.servers if one.id in unknown]
    return found


def _add_floating(
    servers: list[facts.Server], floating: Sequence[present.Thing]
) -> None:
    """Add to the addresses of servers the floating ones that lead to them.

    Nova's messages tell only of fixed ones, Magnum of floating ones where the
    nodes of a cluster have them.
    """
    # An address or port of more than one server of a project leads nowhere.
    places: dict[tuple[str, str, str], int | None] = {}
    for number, server in enumerate(servers):
        for kind, texts in (
            ('port', server.ports),
            ('address', server.addresses),
        ):
            for text in texts:
                place = server.project_id, kind, text
                if places.setdefault(place, number) != number:
                    places[place] = None
    for one in floating:
        given = one.attributes
        place = one.project_id, 'port', given.get('port_id') or ''
        if place not in places:
            place = one.project_id, 'address', given.get('fixed_ip') or ''
        found = places.get(place)
        if found is not None and given.get('address'):
            server = servers[found]
            servers[found] = dataclasses.replace(
                server, addresses=(*server.addresses, given['address'])
            )


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
