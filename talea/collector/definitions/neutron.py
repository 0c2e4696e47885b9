# SPDX-License-Identifier: Apache-2.0
"""Floating IPs of Neutron.

``.start`` messages carry the body of the request, without id and project;
only ``.end`` counts.
"""

from collections.abc import Mapping
import datetime
from typing import Any

from talea.collector.definitions import moments
from talea.objects import event
from talea.objects import notification


def _attributes(said: Mapping[str, Any]) -> dict[str, Any]:
    created = moments.known(said.get('created_at'))
    attributes = {
        'project_id': said.get('project_id') or said.get('tenant_id'),
        'address': said.get('floating_ip_address'),
        'network_id': said.get('floating_network_id'),
        'port_id': said.get('port_id'),
        'fixed_ip': said.get('fixed_ip_address'),
        'router_id': said.get('router_id'),
        'state': said.get('status'),
        'description': said.get('description'),
    }
    if created:
        attributes['created_at'] = created.isoformat()
    return attributes


def _event(
    one: notification.Notification,
    said: Mapping[str, Any],
    kind: str,
    fact_at: datetime.datetime | None = None,
    source: str = event.NOTIFICATION,
) -> event.Event:
    return event.Event(
        one.message_id,
        'floatingip',
        said['id'],
        fact_at or one.fact_at,
        kind,
        source,
        _attributes(said),
    )


def _create(one: notification.Notification) -> list[event.Event]:
    """One, or several that were asked for in one request."""
    if 'floatingips' in one.payload:
        created = one.payload['floatingips']
    else:
        created = [one.payload['floatingip']]
    return [
        _event(one, said, event.CREATE, moments.known(said.get('created_at')))
        for said in created
    ]


def _update(one: notification.Notification) -> list[event.Event]:
    return [_event(one, one.payload['floatingip'], event.UPDATE)]


def _exists(one: notification.Notification) -> list[event.Event]:
    """The audit has no period and tells only of what exists right now."""
    said = one.payload['floatingip']
    return [_event(one, said, event.EXISTS, source=event.AUDIT)]


def _delete(one: notification.Notification) -> list[event.Event]:
    """The whole object comes along, where Neutron still had it."""
    said = one.payload.get('floatingip')
    if said:
        return [_event(one, said, event.DELETE)]
    return [
        event.Event(
            one.message_id,
            'floatingip',
            one.payload['floatingip_id'],
            one.fact_at,
            event.DELETE,
            event.NOTIFICATION,
        )
    ]


DEFINITIONS = {
    'floatingip.create.end': _create,
    'floatingip.update.end': _update,
    'floatingip.exists': _exists,
    'floatingip.delete.end': _delete,
}
