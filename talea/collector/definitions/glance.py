# SPDX-License-Identifier: Apache-2.0
"""Images of Glance, from the moment that they hold data.

Glance has no audit, sends no request context, and the payload of an error is
plain text.
"""

from collections.abc import Mapping
import datetime
from typing import Any

from talea.collector.definitions import moments
from talea.objects import event
from talea.objects import notification

_ALIVE = ('active', 'deactivated', 'pending_delete')
_UNBORN = ('queued', 'saving', 'uploading', 'importing')
_SECOND = datetime.timedelta(seconds=1)


def _attributes(said: Mapping[str, Any]) -> dict[str, Any]:
    attributes = {
        'project_id': said.get('owner'),
        'name': said.get('name'),
        'visibility': said.get('visibility'),
        'state': said['status'],
    }
    # A deleted image without a size has never held data.
    sized = said.get('size') is not None
    if sized:
        attributes['size'] = said['size']
    if said['status'] in _ALIVE or (said['status'] == 'deleted' and sized):
        created = moments.parse(said['created_at'])
        attributes['created_at'] = created.isoformat()
    return attributes


def _event(
    one: notification.Notification, kind: str, fact_at: datetime.datetime
) -> list[event.Event]:
    return [
        event.Event(
            one.message_id,
            'image',
            one.payload['id'],
            fact_at,
            kind,
            event.NOTIFICATION,
            _attributes(one.payload),
        )
    ]


def _activate(one: notification.Notification) -> list[event.Event]:
    """updated_at is of no use here: it tells when the upload began."""
    return _event(one, event.CREATE, one.fact_at)


def _update(one: notification.Notification) -> list[event.Event]:
    if one.payload['status'] in _UNBORN:
        return []
    return _event(one, event.UPDATE, one.fact_at)


def _delete(one: notification.Notification) -> list[event.Event]:
    """Glance writes the present, cut to whole seconds, into deleted_at.

    An image deleted in the second of its activation would end before it
    began: where both tell of the same second, the message's time counts.
    """
    when = moments.known(one.payload.get('deleted_at')) or one.fact_at
    if when <= one.fact_at < when + _SECOND:
        when = one.fact_at
    return _event(one, event.DELETE, when)


DEFINITIONS = {
    'image.activate': _activate,
    'image.update': _update,
    'image.delete': _delete,
}
