# SPDX-License-Identifier: Apache-2.0
"""Where a rated line comes from: rules, entities, events, message ids."""

from collections.abc import Iterable
from collections.abc import Mapping
import dataclasses
import datetime
from typing import Any

import sqlalchemy as sa

from talea.db import api as db
from talea.db import models
from talea.objects import entity as entities
from talea.objects import frame as frames
from talea.objects import frame_list
from talea.objects import posting
from talea.objects import resource
from talea.objects import timeline
from talea.objects import vocabulary
from talea.rating import point as rating_point

PROJECT = 'project_id'

_SERVICE = models.HASHMAP_SERVICE
_FIELD = models.HASHMAP_FIELD
_GROUP = models.HASHMAP_GROUP
_RULES = {
    'mapping': (models.HASHMAP_MAPPING, 'value'),
    'threshold': (models.HASHMAP_THRESHOLD, 'level'),
}
# Ids in one statement.
_CHUNK = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """A rule of hashmap, as it is now or as it was in a former version.

    :ivar value: of the field, or the level of a threshold
    :ivar service: name of the metric
    :ivar field: name of the attribute; None: it is of the service itself
    :ivar group: name; None: the default group
    :ivar tenant_id: the only scope that it is for; None: all of them
    :ivar deleted: when, or None
    """

    version: int
    type: str
    cost: Any
    value: Any
    service: str | None
    field: str | None
    group: str | None
    tenant_id: str | None
    start: datetime.datetime
    end: datetime.datetime | None
    deleted: datetime.datetime | None


@dataclasses.dataclass(frozen=True, slots=True)
class Cause:
    """An event that an entity was made of.

    :ivar effect: "opened", "changed" or "closed"
    :ivar kind: see talea.objects.event
    """

    effect: str
    message_id: str
    kind: str
    fact_at: datetime.datetime


@dataclasses.dataclass(frozen=True, slots=True)
class Used:
    """An entity that was there in the period of a line.

    :ivar causes: none if it would be made otherwise now, because options have
        changed since
    """

    entity: entities.Entity
    causes: tuple[Cause, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Origin:
    """Where a line comes from.

    :ivar rules: by (kind, id), as they are now; without those that nobody
        knows any more
    :ivar former: by (kind, id, version), as they were; of those that have
        changed what they price
    :ivar used: entities of its resource, oldest first
    """

    frame: frames.Frame
    line: frames.Line
    rules: Mapping[tuple[str, str], Rule]
    former: Mapping[rating_point.Rule, Rule]
    used: tuple[Used, ...]


@db.reader
def trace(
    context: Any,
    selection: vocabulary.Selection,
    offset: int,
    limit: int,
    rules: timeline.Rules,
) -> tuple[int, list[Origin]]:
    """Return (number of lines on all pages, a page of them).

    :param rules: by which entities are made of events
    """
    lines: list[tuple[frames.Frame, frames.Line]] = []
    total = frame_list.walk(
        context,
        selection,
        offset,
        limit,
        lambda frame, shown: lines.extend((frame, line) for line in shown),
    )
    priced, former = _rules(
        context, {rule[:2] for _, line in lines for rule in line.rules}
    )
    names = {_resource(line) for _, line in lines}
    used = {name: _used(context, name, rules) for name in names}
    return total, [
        Origin(
            frame,
            line,
            priced,
            former,
            tuple(
                one
                for one in used[_resource(line)]
                if _counts(one.entity, frame)
            ),
        )
        for frame, line in lines
    ]


def _resource(line: frames.Line) -> str:
    return str(line.groupby.get(posting.RESOURCE, ''))


def _counts(entity: entities.Entity, frame: frames.Frame) -> bool:
    """Return whether *entity* was used in the period, by the scope."""
    begin = frame.usage_at
    end = begin + (frame.end - frame.begin)
    if frame.scope_key == PROJECT and entity.project_id != frame.scope_id:
        return False
    return entity.start < end and (entity.end is None or entity.end > begin)


def _used(context: Any, name: str, rules: timeline.Rules) -> list[Used]:
    """Return all entities of the resources called *name*."""
    spans = resource.explain(context, name, rules)
    events = _events(context, name)
    return [
        Used(one, tuple(_causes(one, spans, events)))
        for one in entities.of_id(context, name)
    ]


def _causes(
    entity: entities.Entity,
    spans: Mapping[tuple[str, int], timeline.Span],
    events: Mapping[tuple[str, str], Any],
) -> Iterable[Cause]:
    span = spans.get((entity.entity_type, entity.seq))
    if span is None or (span.start, span.end) != (entity.start, entity.end):
        return
    told = [
        ('opened', span.opened_by),
        *(('changed', one) for one in span.changed_by),
        ('closed', span.closed_by),
    ]
    for effect, message_id in told:
        event = events.get((entity.entity_type, message_id or ''))
        if event is not None:
            yield Cause(effect, event.message_id, event.kind, event.fact_at)


def _events(context: Any, name: str) -> dict[tuple[str, str], Any]:
    rows = context.session.execute(
        sa.select(
            models.RESOURCE.c.resource_type,
            models.EVENT.c.message_id,
            models.EVENT.c.kind,
            models.EVENT.c.fact_at,
        )
        .join_from(
            models.RESOURCE,
            models.EVENT,
            models.EVENT.c.resource_pk == models.RESOURCE.c.id,
        )
        .where(
            models.RESOURCE.c.id.in_(
                sa.select(models.ENTITY.c.resource_pk).where(
                    models.ENTITY.c.entity_id == name
                )
            )
        )
    )
    return {(row.resource_type, row.message_id): row for row in rows}


def _rules(
    context: Any, wanted: Iterable[tuple[str, str]]
) -> tuple[dict[tuple[str, str], Rule], dict[rating_point.Rule, Rule]]:
    """Return (rules as they are now, rules as they were)."""
    by_kind: dict[str, list[str]] = {}
    for kind, rule_id in sorted(wanted):
        by_kind.setdefault(kind, []).append(rule_id)
    present, former = {}, {}
    for kind, ids in by_kind.items():
        if kind not in _RULES:
            # Of a module that others have written.
            continue
        for first in range(0, len(ids), _CHUNK):
            statement = _statement(kind, ids[first : first + _CHUNK])
            for rule_id, successor_id, *row in context.session.execute(
                statement
            ):
                found = Rule(*row)
                if successor_id is None:
                    present[kind, rule_id] = found
                else:
                    former[kind, successor_id, found.version] = found
    return present, former


def _statement(kind: str, ids: list[str]) -> Any:
    table, value = _RULES[kind]
    rule = table.c
    # A field knows its service; a rule of a service has no field.
    service_id = sa.func.coalesce(rule.service_id, _FIELD.c.service_id)
    return (
        sa.select(
            rule.id,
            rule.successor_id,
            rule.version,
            rule.type,
            rule.cost,
            rule[value],
            _SERVICE.c.name,
            _FIELD.c.name,
            _GROUP.c.name,
            rule.tenant_id,
            rule.start_at,
            rule.end_at,
            rule.deleted_at,
        )
        .select_from(
            table.outerjoin(_FIELD, _FIELD.c.id == rule.field_id)
            .outerjoin(_SERVICE, _SERVICE.c.id == service_id)
            .outerjoin(_GROUP, _GROUP.c.id == rule.group_id)
        )
        .where(rule.id.in_(ids) | rule.successor_id.in_(ids))
    )
