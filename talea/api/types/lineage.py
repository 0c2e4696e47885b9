# SPDX-License-Identifier: Apache-2.0
"""Where rated usage comes from, as it is shown."""

from talea.rating import point


def _date(moment):
    return None if moment is None else moment.isoformat()


def _exact(number):
    """Return a Decimal without zeros at its end."""
    return number.normalize(point.EXACT)


def show(origin):
    """Return a lineage.Origin as dict."""
    frame, line = origin.frame, origin.line
    return {
        'period': {'begin': _date(frame.begin), 'end': _date(frame.end)},
        'corrects': None
        if frame.usage_at == frame.begin
        else _date(frame.usage_at),
        'revision': frame.revision,
        'settled_at': _date(frame.settled),
        'source': 'settled' if frame.scope_pk is not None else 'pushed',
        'metric': line.metric,
        'vol': {'unit': line.unit, 'qty': _exact(line.quantity)},
        'rating': {'price': _exact(line.price)},
        'groupby': dict(line.groupby),
        'metadata': dict(line.metadata),
        'rules': [_rule(rule, origin) for rule in line.rules],
        'entities': [_entity(one) for one in origin.used],
    }


def _rule(priced, origin):
    kind, rule_id, version = priced
    return {
        'kind': kind,
        'id': rule_id,
        'version': version,
        'present': _shown(kind, origin.rules.get((kind, rule_id))),
        'former': _shown(kind, origin.former.get(priced)),
    }


def _shown(kind, rule):
    return rule and {
        'version': rule.version,
        'service': rule.service,
        'field': rule.field,
        'value' if kind == 'mapping' else 'level': rule.value,
        'group': rule.group,
        'tenant_id': rule.tenant_id,
        'type': rule.type,
        'cost': rule.cost,
        'start': _date(rule.start),
        'end': _date(rule.end),
        'deleted_at': _date(rule.deleted),
    }


def _entity(used):
    entity = used.entity
    return {
        'entity_id': entity.entity_id,
        'entity_type': entity.entity_type,
        'project_id': entity.project_id,
        'name': entity.name,
        'start': _date(entity.start),
        'end': _date(entity.end),
        'source': entity.source,
        'flavor': entity.flavor,
        'volume_type_id': entity.volume_type_id,
        'attributes': dict(entity.attributes),
        'events': [
            {
                'effect': cause.effect,
                'message_id': cause.message_id,
                'kind': cause.kind,
                'fact_at': _date(cause.fact_at),
            }
            for cause in used.causes
        ],
    }
