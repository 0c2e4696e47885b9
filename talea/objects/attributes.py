# SPDX-License-Identifier: Apache-2.0
"""What an event says of a resource's attributes. Pure.

The names are those of talea.objects.timeline.
"""

from collections.abc import Mapping
from typing import Any

from talea.objects import cluster
from talea.objects import event as events
from talea.objects import timeline

_PROJECT = ('project_id',)
_SIZE = ('size',)

_GROUPS: dict[str, dict[str, tuple[str, ...]]] = {
    'instance': {
        'flavor': (
            'flavor',
            'flavor_id',
            'vcpus',
            'memory_mb',
            'disk_gb',
            'root_gb',
            'ephemeral_gb',
        ),
        'project': _PROJECT,
    },
    'volume': {
        'size': _SIZE,
        'type': ('volume_type_id',),
        'project': _PROJECT,
    },
    'snapshot': {'size': _SIZE, 'project': _PROJECT},
    'floatingip': {'project': _PROJECT},
    'image': {'size': _SIZE, 'project': _PROJECT},
    'volume_type': {'name': ('name',)},
    cluster.KIND: {
        'nodes': ('node_count',),
        'masters': ('master_count',),
        'project': _PROJECT,
    },
}

_PLAIN: dict[str, tuple[str, ...]] = {
    'instance': (
        'name',
        'display_name',
        'zone',
        'host',
        'addresses',
        'ports',
    ),
    'volume': ('name', 'zone', 'state'),
    'snapshot': ('name', 'volume_id', 'state'),
    'floatingip': (
        'name',
        'address',
        'network_id',
        'port_id',
        'fixed_ip',
        'router_id',
        'state',
        'description',
    ),
    'image': ('name', 'visibility', 'state'),
    'volume_type': (),
    cluster.KIND: (
        'name',
        'state',
        'stack_id',
        'node_addresses',
        'master_addresses',
        'cluster_template_id',
    ),
}
# Kinds with metadata, of which white-listed keys are kept.
_TAGGED = frozenset(('instance', 'volume'))


# Kinds that plug-ins add: all else that they say changes in place.
_OTHER_GROUPS: dict[str, tuple[str, ...]] = {
    'flavor': ('flavor',),
    'size': _SIZE,
    'project': _PROJECT,
}
_NOT_KEPT = frozenset(
    (
        'created_at',
        'begun',
        'ended_at',
        'gone',
        'period_begin',
        'period_end',
        'launched_at',
        'caller',
        'flavor',
        'size',
        'project_id',
    )
)


def groups(kind: str) -> dict[str, tuple[str, ...]]:
    """Return the groups of attributes of a kind of resource.

    Those of a group move together, and their change begins a new entity; the
    first of each tells whether it changed.
    """
    return _GROUPS.get(kind, _OTHER_GROUPS)


def plain(
    kind: str, given: Mapping[str, Any], rules: timeline.Rules
) -> dict[str, Any]:
    """Return those of the attributes *given* that change in place.

    The state of an instance is none of them: see [entities] split_on_state.
    """
    names = _PLAIN.get(kind)
    if names is None:
        names = tuple(name for name in given if name not in _NOT_KEPT)
    found = {name: given[name] for name in names if name in given}
    if kind in _TAGGED and 'metadata' in given:
        found['metadata'] = metadata(kind, given, rules)
    return found


def values(event: events.Event, rules: timeline.Rules) -> dict[str, Any]:
    """Return everything that *event* says, white lists applied."""
    given = event.attributes
    kind = event.resource_type
    found: dict[str, Any] = {}
    for names in groups(kind).values():
        if names[0] in given:
            found.update((name, given.get(name)) for name in names)
    if not found.get('project_id'):
        # Who said nothing of it may still be completed.
        found.pop('project_id', None)
    found.update(plain(kind, given, rules))
    if 'state' in given:
        found['state'] = given['state']
    if kind == 'instance':
        found.update(image(given, rules))
    if kind == 'volume':
        found['attached_to'] = given.get('attached_to') or []
    if kind in _TAGGED:
        found['metadata'] = metadata(kind, given, rules)
    if kind == cluster.KIND:
        # Until something tells that it is.
        found['completed'] = False
    return found


def image(given: Mapping[str, Any], rules: timeline.Rules) -> dict[str, Any]:
    """Return what is known of the image, {} if nothing is.

    ``os`` holds the white-listed properties; ``os_known`` tells whether
    the message carried properties at all.
    """
    meta = given.get('image_meta')
    if meta is None and 'image_id' not in given:
        return {}
    known = meta is not None
    if meta is None:
        meta = {'os_type': given['os_type']} if 'os_type' in given else {}
    found = {
        'os': {
            name: meta[key]
            for name in rules.image_meta
            for key in (name, f'os_{name}')
            if key in meta
        },
        'os_known': known,
    }
    if 'image_id' in given:
        found['image_id'] = given['image_id']
    return found


def metadata(
    kind: str, given: Mapping[str, Any], rules: timeline.Rules
) -> dict[str, Any]:
    """Return the white-listed metadata of an instance or a volume."""
    found = given.get('metadata') or {}
    kept = rules.metadata if kind == 'instance' else rules.volume_metadata
    return {name: found[name] for name in kept if name in found}


def fill(span: timeline.Span, found: Mapping[str, Any]) -> None:
    """Add to *span* what it does not know yet."""
    if not span.values.get('os_known') and found.get('os_known'):
        same = span.values.get('image_id', found.get('image_id'))
        if same == found.get('image_id', same):
            for name in ('os', 'os_known'):
                span.values[name] = found[name]
    for name, value in found.items():
        span.values.setdefault(name, value)
