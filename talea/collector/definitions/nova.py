# SPDX-License-Identifier: Apache-2.0
"""Servers, in both formats of Nova.

``compute.instance.*`` is the old format, ``instance.*`` the versioned one.
They say the same some milliseconds apart, under different message ids, and
the versioned one cuts all times to whole seconds. Both are read into a
_Server; what follows from that is defined once.
"""

from collections.abc import Callable
from collections.abc import Mapping
import dataclasses
import datetime
from typing import Any

from talea.collector.definitions import moments
from talea.objects import event
from talea.objects import notification

# The flavor is already the new one, but the resize may still be reverted.
_RESIZING = frozenset(
    (
        'resize_migrating',
        'resize_migrated',
        'resize_finish',
        'resize_confirming',
        'resize_reverting',
    )
)
# The image is already the new one in one format and still the old one in the
# other (rebuild), or for some moments the shelved one (unshelve).
_REIMAGING = frozenset(
    (
        'rebuilding',
        'rebuild_block_device_mapping',
        'rebuild_spawning',
        'unshelving',
        'spawning',
    )
)


@dataclasses.dataclass(frozen=True, slots=True)
class _Server:
    """What a message says about its server, the same for both formats.

    :ivar task: what is being done with it, None if nothing is
    :ivar old_state: its state before, in an update; None elsewhere
    :ivar renamed: whether an update says that the display name changed
    :ivar ended_at: when it was terminated, or else deleted
    :ivar period: what an audit looks back on, (begin, end)
    :ivar source: of events that this format tells of
    :ivar plain: what can always be trusted, by the names of attributes
    :ivar flavor: the flavor group
    :ivar image: what there is of image_id, image_meta and os_type
    """

    id: str
    state: str
    task: str | None
    old_state: str | None
    renamed: bool
    created_at: datetime.datetime
    launched_at: datetime.datetime | None
    ended_at: datetime.datetime | None
    period: tuple[Any, Any] | None
    source: str
    plain: dict[str, Any]
    flavor: dict[str, Any]
    image: dict[str, Any]


_Reader = Callable[[Mapping[str, Any]], _Server]
_Rule = Callable[[_Server, datetime.datetime], tuple[str, dict[str, Any]]]


def _legacy(payload: Mapping[str, Any]) -> _Server:
    image = {
        'image_id': _image_id(payload),
        'image_meta': payload.get('image_meta'),
        'os_type': payload.get('os_type'),
    }
    if image['image_meta'] is None:
        del image['image_meta']
    return _Server(
        id=payload['instance_id'],
        state=payload['state'],
        task=payload.get('state_description') or None,
        old_state=payload.get('old_state'),
        renamed=bool(payload.get('old_display_name')),
        created_at=moments.parse(payload['created_at']),
        launched_at=moments.known(payload['launched_at']),
        ended_at=moments.known(payload.get('terminated_at'))
        or moments.known(payload.get('deleted_at')),
        period=_period(payload),
        source=event.NOTIFICATION,
        plain=_plain(payload, payload['hostname'])
        | _addresses(payload.get('fixed_ips'), payload),
        flavor={
            'flavor': payload['instance_type'],
            'flavor_id': payload.get('instance_flavor_id'),
            'vcpus': payload['vcpus'],
            'memory_mb': payload['memory_mb'],
            'disk_gb': payload['disk_gb'],
            'root_gb': payload['root_gb'],
            'ephemeral_gb': payload['ephemeral_gb'],
        },
        image=image,
    )


def _versioned(payload: Mapping[str, Any]) -> _Server:
    data = payload['nova_object.data']
    flavor = data['flavor']['nova_object.data']
    update = _inner(data, 'state_update')
    return _Server(
        id=data['uuid'],
        state=data['state'],
        task=data.get('task_state'),
        old_state=update.get('old_state'),
        renamed=bool(data.get('old_display_name')),
        created_at=moments.parse(data['created_at']),
        launched_at=moments.known(data['launched_at']),
        ended_at=moments.known(data.get('terminated_at'))
        or moments.known(data.get('deleted_at')),
        period=_period(_inner(data, 'audit_period')),
        source=event.COARSE,
        plain=_plain(data, data['host_name']) | _ports(data),
        flavor={
            'flavor': flavor['name'],
            'flavor_id': flavor['flavorid'],
            'vcpus': flavor['vcpus'],
            'memory_mb': flavor['memory_mb'],
            'disk_gb': flavor['root_gb'] + flavor['ephemeral_gb'],
            'root_gb': flavor['root_gb'],
            'ephemeral_gb': flavor['ephemeral_gb'],
        },
        # null and "" both mean a server that boots from a volume.
        image={
            'image_id': data.get('image_uuid') or '',
            'os_type': data.get('os_type'),
        },
    )


def _inner(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = data.get(name)
    return value['nova_object.data'] if value else {}


def _image_id(payload: Mapping[str, Any]) -> str:
    """Return the id of the image, '' if the server boots from a volume.

    image_ref_url is a URL that ends with it, or the id alone where Nova does
    not know the URL of Glance.
    """
    url = payload.get('image_ref_url') or ''
    return str(url).rstrip('/').rpartition('/')[2] if _has_id(url) else ''


def _has_id(url: str) -> bool:
    return bool(url) and not url.endswith('/')


def _plain(data: Mapping[str, Any], hostname: Any) -> dict[str, Any]:
    metadata = data.get('metadata')
    return {
        'project_id': data['tenant_id'],
        'name': hostname,
        'display_name': data.get('display_name'),
        'state': data['state'],
        'zone': data.get('availability_zone') or None,
        'host': data.get('host') or None,
        # The old format has had "" or a list where there is none.
        'metadata': metadata or {},
    }


def _addresses(given: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return its addresses, {} where it does not say which it has.

    A server that is deleted has none any more; until when it had them is not
    said.
    """
    ending = data.get('task_state') == 'deleting'
    if given is None or ending or data['state'] == 'deleted':
        return {}
    return {'addresses': sorted({one['address'] for one in given})}


def _ports(data: Mapping[str, Any]) -> dict[str, Any]:
    given = data.get('ip_addresses')
    if given is not None:
        given = [one['nova_object.data'] for one in given]
    found = _addresses(given, data)
    if found:
        ports = {one.get('port_uuid') for one in given or ()}
        found['ports'] = sorted(ports - {None})
    return found


def _period(data: Mapping[str, Any]) -> tuple[Any, Any] | None:
    begin = data.get('audit_period_beginning')
    end = data.get('audit_period_ending')
    return (begin, end) if begin and end else None


def _attributes(
    server: _Server, flavor: bool = False, image: bool = False
) -> dict[str, Any]:
    """Return what *server* says and can be trusted now.

    :param flavor: trust the flavor in any case
    :param image: trust the image in any case
    """
    said = dict(server.plain)
    if server.launched_at:
        said['created_at'] = server.created_at.isoformat()
        said['launched_at'] = server.launched_at.isoformat()
    resizing = server.state == 'resized' or server.task in _RESIZING
    if flavor or not resizing:
        said.update(server.flavor)
    if image or server.task not in _REIMAGING:
        said.update(server.image)
    return said


def _definition(
    read: _Reader,
    define: Callable[
        [_Server, notification.Notification], tuple[event.Event, ...]
    ],
) -> Callable[[notification.Notification], tuple[event.Event, ...]]:
    def of(one: notification.Notification) -> tuple[event.Event, ...]:
        return define(read(one.payload), one)

    return of


def _event(
    server: _Server,
    one: notification.Notification,
    kind: str,
    fact_at: datetime.datetime,
    attributes: dict[str, Any],
) -> tuple[event.Event, ...]:
    source = event.AUDIT if kind == event.EXISTS else server.source
    return (
        event.Event(
            one.message_id,
            'instance',
            server.id,
            fact_at,
            kind,
            source,
            attributes,
        ),
    )


def _create(
    server: _Server, one: notification.Notification
) -> tuple[event.Event, ...]:
    said = _attributes(server, flavor=True, image=True)
    return _event(server, one, event.CREATE, server.created_at, said)


def _resize(
    server: _Server, one: notification.Notification
) -> tuple[event.Event, ...]:
    said = _attributes(server, flavor=True)
    return _event(server, one, event.RESIZE, one.fact_at, said)


def _rebuild(
    server: _Server, one: notification.Notification
) -> tuple[event.Event, ...]:
    said = _attributes(server, image=True)
    return _event(server, one, event.REBUILD, one.fact_at, said)


def _delete(
    server: _Server, one: notification.Notification
) -> tuple[event.Event, ...]:
    """Nova sends delete.end also when the deletion has failed."""
    if server.ended_at is None and server.state != 'deleted':
        return _change(server, one)
    when = server.ended_at or one.fact_at
    return _event(server, one, event.DELETE, when, _attributes(server))


def _change(
    server: _Server, one: notification.Notification
) -> tuple[event.Event, ...]:
    """Something else than flavor and image changed; or nothing did."""
    if server.launched_at is None:
        return ()
    said = _attributes(server)
    return _event(server, one, event.UPDATE, one.fact_at, said)


def _update(
    server: _Server, one: notification.Notification
) -> tuple[event.Event, ...]:
    """compute.instance.update comes at each step of each task.

    Left out are steps within a task: the next message, at the latest the one
    that ends the task, has all that may have changed besides.
    """
    same = server.old_state in (None, server.state)
    if server.state == 'deleted':
        # Most come long after the end; the first one may stand in for a
        # delete.end that was lost, though it knows whole seconds only.
        if same or server.ended_at is None:
            return ()
        coarse = dataclasses.replace(server, source=event.COARSE)
        return _delete(coarse, one)
    if same and server.task and not server.renamed:
        return ()
    return _change(server, one)


def _exists(
    server: _Server, one: notification.Notification
) -> tuple[event.Event, ...]:
    said = _attributes(server)
    if server.period:
        begin, end = server.period
        # The period is an hour, also of a server that is younger.
        begin = max(moments.parse(begin), server.created_at)
        said['period_begin'] = begin.isoformat()
        said['period_end'] = moments.parse(end).isoformat()
    if server.ended_at:
        said['ended_at'] = server.ended_at.isoformat()
    elif server.state == 'deleted':
        said['gone'] = True
    return _event(server, one, event.EXISTS, one.fact_at, said)


# States, hosts and the like. Most of it is in compute.instance.update too,
# but that is only sent if notify_on_state_change is set. The old format has
# no word for interfaces.
_CHANGES = (
    'power_off',
    'power_on',
    'pause',
    'unpause',
    'suspend',
    'resume',
    'rescue',
    'unrescue',
    'shelve',
    'shelve_offload',
    'unshelve',
    'soft_delete',
    'restore',
    'interface_attach',
    'interface_detach',
)

DEFINITIONS = {
    'compute.instance.create.end': _definition(_legacy, _create),
    'compute.instance.resize.confirm.end': _definition(_legacy, _resize),
    'compute.instance.resize.revert.end': _definition(_legacy, _change),
    'compute.instance.rebuild.end': _definition(_legacy, _rebuild),
    'compute.instance.live_migration.post.dest.end': _definition(
        _legacy, _change
    ),
    'compute.instance.update': _definition(_legacy, _update),
    'compute.instance.exists': _definition(_legacy, _exists),
    'compute.instance.delete.end': _definition(_legacy, _delete),
    # By the API itself, while the host is down or the server has none.
    'compute.instance.force_delete.end': _definition(_legacy, _delete),
    'instance.create.end': _definition(_versioned, _create),
    'instance.resize_confirm.end': _definition(_versioned, _resize),
    'instance.resize_revert.end': _definition(_versioned, _change),
    'instance.rebuild.end': _definition(_versioned, _rebuild),
    'instance.live_migration_post_dest.end': _definition(_versioned, _change),
    'instance.update': _definition(_versioned, _update),
    'instance.exists': _definition(_versioned, _exists),
    'instance.delete.end': _definition(_versioned, _delete),
    **{
        f'{prefix}.{action}.end': _definition(read, _change)
        for prefix, read in (
            ('compute.instance', _legacy),
            ('instance', _versioned),
        )
        for action in _CHANGES
    },
}
