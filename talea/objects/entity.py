# SPDX-License-Identifier: Apache-2.0
"""A period [start, end) in which a resource had one set of attributes."""

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Mapping
import dataclasses
import datetime
import json
from typing import Any

import sqlalchemy as sa

from talea.db import api as db
from talea.db import models
from talea.db import types
from talea.objects import page

# Volume types are kept as entities, for their names change over time, but
# they are no usage: nobody pays for them.
NO_USAGE = 'volume_type'


@dataclasses.dataclass(frozen=True, slots=True)
class Entity:
    """Usage of one resource over one period of unchanged attributes.

    :ivar entity_id: id of the resource, shared by all of its entities
    :ivar entity_type: instance, volume, snapshot, floatingip, image, cluster
    :ivar seq: place in the chain of the resource's entities, from 0
    :ivar end: exclusive; None while it goes on
    :ivar last_event: time of the last event that was applied to it
    :ivar processed: when Talea last wrote it
    :ivar source: "notification", "api", or "inferred" when begin or end are
        known from an audit only
    :ivar flavor: name of the flavor; instances only
    :ivar volume_type_id: id of the volume type; volumes only
    :ivar attributes: the rest, by the names in talea.objects.timeline
    """

    entity_id: str
    entity_type: str
    project_id: str
    seq: int
    start: datetime.datetime
    end: datetime.datetime | None
    last_event: datetime.datetime
    processed: datetime.datetime
    name: str | None
    flavor: str | None
    volume_type_id: str | None
    source: str
    attributes: Mapping[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Filter:
    """Which entities a list shows; None means any.

    :ivar begin: entities that ended before are left out; one that ended at
        this very moment is in
    :ivar end: entities that start after are left out; one that starts at
        this very moment is in
    """

    begin: datetime.datetime
    end: datetime.datetime
    project_id: str | None = None
    entity_type: str | None = None
    flavor: str | None = None
    name: str | None = None


_E = models.ENTITY.c
# What an Entity is made of, in the order of its fields.
_COLUMNS = (
    _E.entity_id,
    _E.entity_type,
    _E.project_id,
    _E.seq,
    _E.start_at,
    _E.end_at,
    _E.last_event_at,
    _E.processed_at,
    _E.name,
    _E.flavor,
    _E.volume_type_id,
    _E.source,
    _E.attributes,
)
# The order of lists. It stays the same when a fold writes rows anew.
_ORDER = (_E.start_at, _E.entity_id, _E.entity_type, _E.seq)
_PARTITION = 1000


def _of(row: Any) -> Entity:
    values: Any = (*row[:-1], json.loads(row[-1]))
    return Entity(*values)


def position(entity: Entity) -> page.Position:
    """Return where *entity* stands in the order of lists."""
    return (
        entity.start,
        entity.entity_id,
        entity.entity_type,
        entity.seq,
    )


def _select(entity_type: str | None = None) -> sa.Select[Any]:
    statement = sa.select(*_COLUMNS)
    if entity_type is None:
        return statement.where(_E.entity_type != NO_USAGE)
    return statement.where(_E.entity_type == entity_type)


def _partitions(
    context: Any, statement: sa.Select[Any]
) -> Iterator[list[Entity]]:
    """Yield lists of entities, never the whole answer in memory at once."""
    result = context.session.execute(
        statement, execution_options={'yield_per': _PARTITION}
    )
    for rows in result.partitions():
        yield [_of(row) for row in rows]


@db.reader
def walk(
    context: Any,
    wanted: Filter,
    visit: Callable[[list[Entity]], object],
    limit: int | None = None,
    after: page.Position | None = None,
) -> None:
    """Call *visit* with lists of those entities that pass a filter, in order.

    The order is (start, id, type, place in the chain). Read in pieces: the
    session must not be used for anything else while visiting.

    :param wanted: Filter
    :param limit: at most so many
    :param after: position of the last entity that was seen already
    """
    statement = (
        _select(wanted.entity_type)
        .where(_E.start_at <= wanted.end, _E.end_at >= wanted.begin)
        .order_by(*_ORDER)
    )
    for name in ('project_id', 'flavor', 'name'):
        value = getattr(wanted, name)
        if value is not None:
            statement = statement.where(_E[name] == value)
    if after is not None:
        statement = statement.where(page.after(_ORDER, after))
    if limit is not None:
        statement = statement.limit(limit)
    for entities in _partitions(context, statement):
        visit(entities)


@db.reader
def overlapping(
    context: Any,
    begin: datetime.datetime,
    end: datetime.datetime,
    visit: Callable[[list[Entity]], object],
    project_id: str | None = None,
) -> None:
    """Call *visit* with lists of the entities that overlap [begin, end).

    In no order, read in pieces as by walk().
    """
    statement = _select().where(_E.start_at < end, _E.end_at > begin)
    if project_id is not None:
        statement = statement.where(_E.project_id == project_id)
    for entities in _partitions(context, statement):
        visit(entities)


@db.reader
def of_id(
    context: Any, entity_id: str, entity_type: str | None = None
) -> list[Entity]:
    """Return the entities of the resource *entity_id*, oldest first."""
    rows = context.session.execute(
        _select(entity_type).where(_E.entity_id == entity_id).order_by(*_ORDER)
    )
    return [_of(row) for row in rows]


@db.reader
def active(
    context: Any, entity_id: str, entity_type: str | None = None
) -> Entity | None:
    """Return the entity of *entity_id* that goes on, or None."""
    row = context.session.execute(
        _select(entity_type)
        .where(_E.entity_id == entity_id, _E.end_at == types.OPEN)
        .order_by(*_ORDER)
    ).first()
    return None if row is None else _of(row)


@dataclasses.dataclass(frozen=True, slots=True)
class Metered:
    """What rating looks at of an entity."""

    entity_type: str
    entity_id: str
    project_id: str
    start: datetime.datetime
    end: datetime.datetime | None
    flavor: str | None
    volume_type_id: str | None
    attributes: Mapping[str, Any]


_METERED = sa.select(
    _E.entity_type,
    _E.entity_id,
    _E.project_id,
    _E.start_at,
    _E.end_at,
    _E.flavor,
    _E.volume_type_id,
    _E.attributes,
).where(_E.entity_type != NO_USAGE)


@db.reader
def metered(
    context: Any,
    begin: datetime.datetime,
    end: datetime.datetime,
    project_ids: Collection[str],
) -> dict[str, list[Metered]]:
    """Return {project: entities that overlap [begin, end)}, in no order."""
    rows = context.session.execute(
        _METERED.where(
            _E.start_at < end,
            _E.end_at > begin,
            _E.project_id.in_(sorted(project_ids)),
        )
    )
    found: dict[str, list[Metered]] = {}
    for row in rows:
        values: Any = (*row[:-1], json.loads(row[-1]))
        one = Metered(*values)
        found.setdefault(one.project_id, []).append(one)
    return found


@db.reader
def projects(context: Any) -> list[tuple[str, datetime.datetime]]:
    """Return (project, when its first entity began), in order of project."""
    rows = context.session.execute(
        sa.select(_E.project_id, sa.func.min(_E.start_at))
        # Volume types belong to nobody.
        .where(_E.project_id != '')
        .group_by(_E.project_id)
        .order_by(_E.project_id)
    )
    return [(project, first) for project, first in rows]


@db.reader
def count(context: Any) -> tuple[int, int]:
    """Return (number of all entities, number of those that go on)."""
    statement = sa.select(sa.func.count()).where(_E.entity_type != NO_USAGE)
    return (
        context.session.execute(statement).scalar_one(),
        context.session.execute(
            statement.where(_E.end_at == types.OPEN)
        ).scalar_one(),
    )
