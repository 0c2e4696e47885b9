# SPDX-License-Identifier: Apache-2.0
"""Which notification says what about which resource.

A definition is a pure function from a Notification to the events that it
tells of. Each service has a mapping from event type to definition, found
through the entry point ``talea.definitions``; deployers add their own, see
doc/source/contributor/definitions.rst.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
import datetime
import json
import logging
from typing import Any

from stevedore import extension

from talea import exception
from talea.objects import event
from talea.objects import notification

NAMESPACE = 'talea.definitions'

Definition = Callable[[notification.Notification], Iterable[event.Event]]
Definitions = Mapping[str, tuple[Definition, ...]]

LOG = logging.getLogger(__name__)

# As the columns of the database are.
_LONGEST = 255
_LONGEST_TYPE = 32
_LARGEST = 2**63 - 1

_SOURCES = frozenset(
    (event.NOTIFICATION, event.COARSE, event.AUDIT, event.API)
)
# The fold reads these.
_TIMES = frozenset(
    (
        'created_at',
        'ended_at',
        'period_begin',
        'period_end',
        'launched_at',
        'completed_at',
    )
)

_TYPES: dict[str, type] = {
    'project_id': str,
    'name': str,
    'state': str,
    'created_at': str,
    'begun': bool,
    'ended_at': str,
    'gone': bool,
    'period_begin': str,
    'period_end': str,
    'flavor': str,
    'flavor_id': str,
    'vcpus': int,
    'memory_mb': int,
    'disk_gb': int,
    'root_gb': int,
    'ephemeral_gb': int,
    'image_id': str,
    'image_meta': dict,
    'os_type': str,
    'metadata': dict,
    'display_name': str,
    'zone': str,
    'host': str,
    'launched_at': str,
    'size': int,
    'volume_type_id': str,
    'attached_to': list,
    'volume_id': str,
    'address': str,
    'network_id': str,
    'port_id': str,
    'fixed_ip': str,
    'router_id': str,
    'visibility': str,
    'addresses': list,
    'ports': list,
    'description': str,
    'node_count': int,
    'master_count': int,
    'stack_id': str,
    'node_addresses': list,
    'master_addresses': list,
    'cluster_template_id': str,
    'completed': bool,
    'completed_at': str,
}


def load() -> Definitions:
    """Return all definitions that are installed, by event type.

    One that cannot be loaded is logged as an error and left out.
    """
    found: dict[str, tuple[Definition, ...]] = {}
    manager = extension.ExtensionManager(
        NAMESPACE, on_load_failure_callback=_complain
    )
    for one in sorted(manager, key=lambda one: str(one.name)):
        if not isinstance(one.plugin, Mapping):
            _complain(manager, one.entry_point, 'it is not a mapping')
            continue
        for event_type, definition in one.plugin.items():
            found[event_type] = (*found.get(event_type, ()), definition)
    return found


def _complain(manager: Any, entry_point: Any, reason: Any) -> None:
    LOG.error(
        'The definitions "%s" (%s) cannot be loaded, what they define is not '
        'counted: %s',
        entry_point.name,
        entry_point.value,
        reason,
    )


def events(
    notification: notification.Notification, definitions: Definitions
) -> list[event.Event]:
    """Return what *notification* says, [] if it says nothing that counts.

    :param definitions: what load() gave
    :raises talea.exception.BadMessage: if a definition cannot make sense of
        it
    """
    if notification.fault is not None:
        return []
    found: list[event.Event] = []
    for definition in definitions.get(notification.event_type, ()):
        try:
            for one in definition(notification):
                _check(one)
                found.append(one)
        except Exception as error:
            # Whatever a plug-in raises: one message must not stop the others.
            raise exception.BadMessage(
                reason=f'{notification.event_type}: {_said(error)}'
            ) from error
    return found


def _said(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f'it has no {error}'
    return f'{type(error).__name__}: {error}'


def _check(one: event.Event) -> None:
    """Refuse what columns cannot hold or the fold cannot read.

    It would harm all the batch, and every rebuild.

    :raises ValueError: saying what is wrong
    """
    _check_text('resource_type', one.resource_type, _LONGEST_TYPE)
    _check_text('resource_id', one.resource_id, _LONGEST)
    if one.kind not in event.RANKS or one.kind == event.CORRECT:
        raise ValueError(f'there is no kind of event {one.kind!r}')
    if one.source not in _SOURCES:
        raise ValueError(f'there is no source {one.source!r}')
    if one.fact_at.tzinfo is None:
        raise ValueError('fact_at has no time zone')
    for name, value in one.attributes.items():
        if value is not None:
            _check_value(name, value)
    if one.attributes.get('project_id'):
        _check_text('project_id', one.attributes['project_id'], _LONGEST)


def _check_value(name: str, value: Any) -> None:
    wanted: Any = _TYPES.get(name)
    if wanted is None or wanted is dict:
        # Whatever it is, it has to be kept as JSON.
        json.dumps(value, allow_nan=False)
    if wanted is None:
        return
    if type(value) is not wanted:
        raise ValueError(f'{name} is {type(value).__name__}: {value!r}')
    if name in _TIMES and (
        datetime.datetime.fromisoformat(value).tzinfo is None
    ):
        raise ValueError(f'{name} has no time zone: {value!r}')
    if wanted is int and abs(value) > _LARGEST:
        raise ValueError(f'{name} is too large')
    if wanted is list and any(type(item) is not str for item in value):
        raise ValueError(f'{name} has something else than text: {value!r}')


def _check_text(name: str, value: Any, longest: int) -> None:
    if not isinstance(value, str):
        raise ValueError(f'{name} is {type(value).__name__}: {value!r}')
    if not value:
        raise ValueError(f'{name} is empty')
    if len(value) > longest:
        raise ValueError(f'{name} has more than {longest} characters')
