# SPDX-License-Identifier: Apache-2.0
"""Entities as Almanach shows them."""

# Attributes of other kinds of resources, beside what all entities have; of
# kinds that plug-ins add, all that there are.
_SHOWN = {
    'snapshot': ('size', 'volume_id'),
    'floatingip': ('address', 'port_id', 'fixed_ip', 'router_id'),
    'image': ('size', 'visibility'),
    'cluster': (
        'state',
        'completed',
        'node_count',
        'master_count',
        'stack_id',
        'cluster_template_id',
        'node_addresses',
        'master_addresses',
    ),
}


def _date(moment):
    # str() of an aware UTC datetime is just Almanach's form.
    return None if moment is None else str(moment)


def show(entity, names):
    """Return *entity* as dict.

    :param names: volume_type.Names
    """
    attributes = entity.attributes
    shown = {
        'entity_id': entity.entity_id,
        'entity_type': entity.entity_type,
        'project_id': entity.project_id,
        'name': entity.name,
        'start': _date(entity.start),
        'end': _date(entity.end),
        'last_event': _date(entity.last_event),
        'processed': _date(entity.processed),
    }
    if entity.entity_type == 'instance':
        system = attributes.get('os') or {}
        shown['flavor'] = entity.flavor
        # Almanach shows it under both names.
        shown['os'] = shown['image_meta'] = system
        shown['metadata'] = attributes.get('metadata') or {}
    elif entity.entity_type == 'volume':
        shown['volume_type'] = names.of(entity.volume_type_id, entity.start)
        shown['size'] = attributes.get('size')
        shown['attached_to'] = attributes.get('attached_to') or []
    else:
        for name in _SHOWN.get(entity.entity_type, sorted(attributes)):
            shown.setdefault(name, attributes.get(name))
    return shown


def explain(entity, span, names):
    """Return *entity* as dict, with what is known of how it came about.

    :param span: timeline.Span that it was made of; None if it would be made
        otherwise now, because options have changed since
    """
    return {
        **show(entity, names),
        'source': entity.source,
        'attributes': dict(entity.attributes),
        'opened_by': span and span.opened_by,
        'changed_by': list(span.changed_by) if span else [],
        'closed_by': span and span.closed_by,
    }
