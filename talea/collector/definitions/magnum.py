# SPDX-License-Identifier: Apache-2.0
"""Clusters of Magnum.

Messages have the form of CADF; the cluster, as it was when the message was
made, is in the first attachment of the target. ``outcome`` tells whether
something was asked for (pending), or how it ended (success, failure).

Magnum looks from time to time how far its clusters have come, and tells of
what it finds finished. Hence the end of a create may be told before its begin,
and never, if something else was asked for in between. Of a node group that
was removed no message has the new count.
"""

from collections.abc import Mapping
import datetime
from typing import Any

from talea.collector.definitions import moments
from talea.objects import cluster
from talea.objects import event
from talea.objects import notification

_PENDING = 'pending'
_SUCCESS = 'success'
# What Magnum does with none but clusters that are complete.
_AFTERWARDS = (
    'UPDATE_',
    'ROLLBACK_',
    'RESUME_',
    'RESTORE_',
    'SNAPSHOT_',
    'CHECK_',
    'ADOPT_',
)


def _content(one: notification.Notification) -> Mapping[str, Any]:
    content: Mapping[str, Any] = one.payload['target']['attachments'][0][
        'content'
    ]
    return content


def _attributes(one: notification.Notification) -> dict[str, Any]:
    content = _content(one)
    return {
        'project_id': content['project_id'],
        'name': one.payload['target'].get('name'),
        'state': content['status'],
        'created_at': moments.parse(content['created_at']).isoformat(),
        'node_count': content['node_count'],
        'master_count': content['master_count'],
        'stack_id': content.get('stack_id'),
        'node_addresses': _addresses(content, 'node_addresses'),
        'master_addresses': _addresses(content, 'master_addresses'),
        'cluster_template_id': content.get('cluster_template_id'),
    }


def _addresses(content: Mapping[str, Any], name: str) -> list[str]:
    given = content.get(name) or []
    if not isinstance(given, list):
        raise ValueError(f'{name} is no list: {given!r}')
    return sorted(given)


def _completed(content: Mapping[str, Any]) -> bool:
    """Return whether its status proves that its create has succeeded.

    One that failed can be deleted, but nothing else.
    """
    status: str = content['status']
    return status == 'CREATE_COMPLETE' or status.startswith(_AFTERWARDS)


def _event(
    one: notification.Notification,
    kind: str,
    said: dict[str, Any],
    fact_at: datetime.datetime | None = None,
) -> list[event.Event]:
    return [
        event.Event(
            one.message_id,
            cluster.KIND,
            one.payload['target']['id'],
            fact_at or moments.parse(one.payload['eventTime']),
            kind,
            event.NOTIFICATION,
            said,
        )
    ]


def _create(one: notification.Notification) -> list[event.Event]:
    """Its row exists already; the begin is told once it is in progress."""
    said = _attributes(one)
    if one.payload['outcome'] == _PENDING:
        created = datetime.datetime.fromisoformat(said['created_at'])
        return _event(one, event.CREATE, said, created)
    if one.payload['outcome'] == _SUCCESS:
        said['completed'] = True
    return _event(one, event.UPDATE, said)


def _known_completed(one: notification.Notification, said: Any) -> None:
    """Add to *said* that the create succeeded, if that shows.

    Its row was written last when that became known, or later.
    """
    content = _content(one)
    if _completed(content):
        said['completed'] = True
        written = moments.known(content.get('updated_at'))
        if written is not None:
            said['completed_at'] = written.isoformat()


def _update(one: notification.Notification) -> list[event.Event]:
    """Asked for, the new counts hold at once.

    Of new node groups only the success is told.
    """
    said = _attributes(one)
    _known_completed(one, said)
    if one.payload['outcome'] == _PENDING:
        # The message was made just before Magnum wrote that down.
        said['state'] = 'UPDATE_IN_PROGRESS'
    return _event(one, event.RESIZE, said)


def _delete(one: notification.Notification) -> list[event.Event]:
    said = _attributes(one)
    if one.payload['outcome'] == _SUCCESS:
        return _event(one, event.DELETE, said)
    _known_completed(one, said)
    if one.payload['outcome'] == _PENDING:
        said['state'] = 'DELETE_IN_PROGRESS'
    return _event(one, event.UPDATE, said)


DEFINITIONS = {
    'magnum.cluster.create': _create,
    'magnum.cluster.update': _update,
    'magnum.cluster.delete': _delete,
}
