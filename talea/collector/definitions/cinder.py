# SPDX-License-Identifier: Apache-2.0
"""Volumes, snapshots and volume types of Cinder.

Messages with ``audit_period_beginning`` come from the audit. With
--send_actions it repeats the create and delete messages of its period, with
today's timestamp: old stories, told apart only by that member.
"""

from collections.abc import Callable
from collections.abc import Mapping
import datetime
from typing import Any

from talea.collector.definitions import moments
from talea.objects import event
from talea.objects import notification

_AUDITED = 'audit_period_beginning'
_SECOND = datetime.timedelta(seconds=1)

# A snapshot in one of these has really been taken. One that is being deleted,
# or has been, may have failed before: nothing in its messages tells.
_TAKEN = frozenset(
    ('available', 'backing-up', 'restoring', 'unmanaging', 'error_deleting')
)
_GONE = frozenset(('deleted', 'deleting'))

_Define = Callable[[notification.Notification], list[event.Event]]


def _event(
    one: notification.Notification,
    resource_type: str,
    kind: str,
    attributes: dict[str, Any],
    fact_at: datetime.datetime | None = None,
) -> list[event.Event]:
    return [
        event.Event(
            one.message_id,
            resource_type,
            one.payload[f'{resource_type}_id'],
            fact_at or one.fact_at,
            kind,
            event.AUDIT if kind == event.EXISTS else event.NOTIFICATION,
            attributes,
        )
    ]


# Volumes


def _launched(one: notification.Notification) -> bool:
    """Return whether the volume has really come to life.

    Where launched_at is null, Cinder fills in the present, with fractions of
    a second that a time from the database does not have.
    """
    launched = moments.known(one.payload.get('launched_at'))
    if launched is None:
        return False
    return not launched.microsecond or abs(one.sent_at - launched) > _SECOND


def _attached_to(payload: Mapping[str, Any]) -> list[str]:
    """Return the servers that it is attached to.

    Attachments that are only reserved belong to servers that are being
    attached, or are shelved; those without a server to hosts.
    """
    if 'volume_attachment' not in payload:
        # So did old releases.
        server = payload.get('instance_uuid')
        return [server] if server else []
    return sorted(
        attachment['instance_uuid']
        for attachment in payload['volume_attachment']
        if attachment.get('attach_status', 'attached') == 'attached'
        and attachment.get('instance_uuid')
    )


def _volume(
    one: notification.Notification, launched: bool | None = None
) -> dict[str, Any]:
    """Return what a message says about its volume.

    :param launched: True, False, or None for as the message says
    """
    payload = one.payload
    said = {
        'project_id': payload['tenant_id'],
        'name': payload.get('display_name'),
        'size': payload['size'],
        'volume_type_id': payload.get('volume_type'),
        'zone': payload.get('availability_zone'),
        'state': payload.get('status'),
        'metadata': _metadata(payload),
        'attached_to': _attached_to(payload),
    }
    if _launched(one) if launched is None else launched:
        said['created_at'] = moments.parse(payload['created_at']).isoformat()
    return said


def _metadata(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata, which Cinder gives as a list of {key, value}."""
    given = payload.get('metadata') or {}
    if isinstance(given, Mapping):
        return dict(given)
    return {item['key']: item['value'] for item in given}


def _volume_create(one: notification.Notification) -> list[event.Event]:
    if _AUDITED in one.payload:
        return _volume_exists(one, told=True)
    created = moments.parse(one.payload['created_at'])
    said = _volume(one, launched=True)
    return _event(one, 'volume', event.CREATE, said, created)


def _volume_delete(one: notification.Notification) -> list[event.Event]:
    if _AUDITED in one.payload:
        return _volume_exists(one, told=True)
    return _event(one, 'volume', event.DELETE, _volume(one))


def _volume_exists(
    one: notification.Notification, told: bool = False
) -> list[event.Event]:
    """An audit, or an old story: what is true when it is told.

    :param told: the story of a create or delete, whose period is its moment
    """
    said = _audited(one, _volume(one), told)
    if one.payload.get('status') in _GONE:
        # Nothing is attached any more; until when it was is not said.
        del said['attached_to']
    return _event(one, 'volume', event.EXISTS, said)


def _volume_unchanged(one: notification.Notification) -> list[event.Event]:
    """What a volume is like before it is resized, if its create was lost."""
    said = _volume(one)
    # It is "extending", and nothing would tell if that fails.
    del said['state']
    return _event(one, 'volume', event.UPDATE, said)


def _volume_changed(kind: str) -> _Define:
    def define(one: notification.Notification) -> list[event.Event]:
        return _event(one, 'volume', kind, _volume(one))

    return define


def _audited(
    one: notification.Notification, said: dict[str, Any], told: bool
) -> dict[str, Any]:
    """Add to *said* what an audit looks back on, and the end."""
    payload = one.payload
    if told and '.delete.' in one.event_type:
        said['ended_at'] = moments.parse(payload[_AUDITED]).isoformat()
    elif payload.get('status') == 'deleted':
        said['gone'] = True
    if not told:
        begin = max(
            moments.parse(payload[_AUDITED]),
            moments.parse(payload['created_at']),
        )
        end = moments.parse(payload['audit_period_ending'])
        said['period_begin'] = begin.isoformat()
        said['period_end'] = end.isoformat()
    return said


# Snapshots


def _snapshot(
    one: notification.Notification, taken: bool | None = None
) -> dict[str, Any]:
    """Return what a message says about its snapshot.

    :param taken: True, False, or None for as its status says
    """
    payload = one.payload
    said = {
        'project_id': payload['tenant_id'],
        'name': payload.get('display_name'),
        'size': payload['volume_size'],
        'volume_id': payload['volume_id'],
        'state': payload.get('status'),
    }
    if payload.get('status') in _TAKEN if taken is None else taken:
        said['created_at'] = moments.parse(payload['created_at']).isoformat()
    return said


def _snapshot_begin(one: notification.Notification) -> list[event.Event]:
    """It may still fail, and no message would tell that."""
    if _AUDITED in one.payload:
        return []
    return _event(one, 'snapshot', event.UPDATE, {'begun': True})


def _snapshot_create(one: notification.Notification) -> list[event.Event]:
    if _AUDITED in one.payload:
        return _snapshot_exists(one, told=True)
    created = moments.parse(one.payload['created_at'])
    said = _snapshot(one, taken=True)
    return _event(one, 'snapshot', event.CREATE, said, created)


def _snapshot_delete(one: notification.Notification) -> list[event.Event]:
    if _AUDITED in one.payload:
        return _snapshot_exists(one, told=True)
    return _event(one, 'snapshot', event.DELETE, _snapshot(one))


def _snapshot_exists(
    one: notification.Notification, told: bool = False
) -> list[event.Event]:
    # One that is deleted may have failed before; the fold knows if its begin
    # was told but not its end. If neither was, it is more likely that they
    # were lost.
    taken = one.payload.get('status') == 'deleted' or None
    said = _audited(one, _snapshot(one, taken), told)
    return _event(one, 'snapshot', event.EXISTS, said)


def _snapshot_update(one: notification.Notification) -> list[event.Event]:
    return _event(one, 'snapshot', event.UPDATE, _snapshot(one))


# Volume types


def _type_event(
    one: notification.Notification,
    kind: str,
    fact_at: datetime.datetime | None = None,
) -> list[event.Event]:
    if one.priority.lower() == 'error':
        # It was only tried.
        return []
    volume_type = one.payload['volume_types']
    return [
        event.Event(
            one.message_id,
            'volume_type',
            volume_type['id'],
            fact_at or one.fact_at,
            kind,
            event.NOTIFICATION,
            {'name': volume_type.get('name')},
        )
    ]


def _type_create(one: notification.Notification) -> list[event.Event]:
    created = one.payload.get('volume_types', {}).get('created_at')
    return _type_event(one, event.CREATE, moments.known(created))


def _type_update(one: notification.Notification) -> list[event.Event]:
    return _type_event(one, event.UPDATE)


def _type_delete(one: notification.Notification) -> list[event.Event]:
    return _type_event(one, event.DELETE)


DEFINITIONS = {
    'volume.create.end': _volume_create,
    'volume.manage_existing.end': _volume_create,
    'volume.resize.start': _volume_unchanged,
    'volume.resize.end': _volume_changed(event.RESIZE),
    'volume.retype': _volume_changed(event.RETYPE),
    'volume.transfer.accept.end': _volume_changed(event.TRANSFER),
    'volume.attach.end': _volume_changed(event.ATTACH),
    'volume.detach.end': _volume_changed(event.DETACH),
    # Detaches without a word of its own.
    'volume.reset_status.end': _volume_changed(event.DETACH),
    'volume.update.end': _volume_changed(event.UPDATE),
    'volume.exists': _volume_exists,
    'volume.unmanage.end': _volume_delete,
    'volume.delete.end': _volume_delete,
    'snapshot.create.start': _snapshot_begin,
    'snapshot.create.end': _snapshot_create,
    'snapshot.manage_existing_snapshot.start': _snapshot_begin,
    'snapshot.manage_existing_snapshot.end': _snapshot_create,
    'snapshot.update.end': _snapshot_update,
    'snapshot.reset_status.end': _snapshot_update,
    'snapshot.exists': _snapshot_exists,
    'snapshot.delete.end': _snapshot_delete,
    'volume_type.create': _type_create,
    'volume_type.update': _type_update,
    'volume_type.delete': _type_delete,
}
