# SPDX-License-Identifier: Apache-2.0
"""Services, fields and groups: what mappings and thresholds belong to.

Nothing is deleted but marked so, with all that belongs to it; then its name
is free again. Writers come one after the other; see talea.objects.generation.
"""

from collections.abc import Iterable
import dataclasses
import datetime
from typing import Any

import sqlalchemy as sa

from talea import exception
from talea.db import api as db
from talea.db import models
from talea.db import types
from talea.objects import generation
from talea.objects import price_change
from talea.rating import rules

_SERVICE = models.HASHMAP_SERVICE
_FIELD = models.HASHMAP_FIELD
_GROUP = models.HASHMAP_GROUP

_TABLES: dict[type[rules.Named], sa.Table] = {
    rules.Service: _SERVICE,
    rules.Field: _FIELD,
    rules.Group: _GROUP,
}

# The group of rules that name none.
DEFAULT_GROUP = '_DEFAULT_'


def _columns(table: sa.Table) -> list[sa.ColumnElement[Any]]:
    """Return the columns of *table* by the names of the attributes."""
    names = {
        'created_at': 'created',
        'deleted_at': 'deleted',
    }
    return [
        column.label(names.get(column.name, column.name)) for column in table.c
    ]


def _read(
    context: Any, kind: type[Any], *conditions: sa.ColumnElement[bool]
) -> list[Any]:
    """Return what there is of *kind*, oldest first."""
    table = _TABLES[kind]
    rows = context.session.execute(
        sa.select(*_columns(table))
        .where(table.c.deleted_at == types.OPEN, *conditions)
        .order_by(table.c.created_at, table.c.id)
    )
    return [kind(**row) for row in rows.mappings()]


def _one(context: Any, kind: type[Any], id_: str) -> Any:
    """Return the one of *kind* with *id_*.

    :raises talea.exception.NotFound: if there is none
    """
    for one in _read(context, kind, _TABLES[kind].c.id == id_):
        return one
    raise exception.NotFound(f'No such {kind.__name__.lower()}: {id_}')


@db.reader
def services(context: Any) -> list[rules.Service]:
    """Return all services, oldest first."""
    return _read(context, rules.Service)


@db.reader
def fields(context: Any, service_id: str | None = None) -> list[rules.Field]:
    """Return all fields, oldest first.

    :param service_id: only those of this service
    """
    if service_id is None:
        return _read(context, rules.Field)
    return _read(context, rules.Field, _FIELD.c.service_id == service_id)


@db.reader
def groups(context: Any) -> list[rules.Group]:
    """Return all groups, oldest first."""
    return _read(context, rules.Group)


@db.reader
def service(context: Any, service_id: str) -> rules.Service:
    """Return a service.

    :raises talea.exception.NotFound: if there is none of that id
    """
    found: rules.Service = _one(context, rules.Service, service_id)
    return found


@db.reader
def field(context: Any, field_id: str) -> rules.Field:
    """Return a field.

    :raises talea.exception.NotFound: if there is none of that id
    """
    found: rules.Field = _one(context, rules.Field, field_id)
    return found


@db.reader
def group(context: Any, group_id: str) -> rules.Group:
    """Return a group.

    :raises talea.exception.NotFound: if there is none of that id
    """
    found: rules.Group = _one(context, rules.Group, group_id)
    return found


@db.retry
@db.writer
def create(context: Any, new: rules.Named) -> None:
    """Keep a new service, field or group.

    :raises talea.exception.Conflict: if the name is taken
    :raises talea.exception.InvalidValue: a field of a service that there is
        not, or the name of the default group
    """
    generation.raise_(context, generation.RULES)
    table = _TABLES[type(new)]
    taken = [table.c.name == new.name]
    if isinstance(new, rules.Field):
        taken.append(_FIELD.c.service_id == new.service_id)
        if not _read(context, rules.Service, _SERVICE.c.id == new.service_id):
            raise exception.InvalidValue(
                name='service_id', reason='there is no such service'
            )
    if isinstance(new, rules.Group) and new.name == DEFAULT_GROUP:
        raise exception.InvalidValue(
            name='name', reason='it is the group of rules that name none'
        )
    for other in _read(context, type(new), *taken):
        raise exception.Conflict(
            f'{type(new).__name__} "{new.name}" already exists '
            f'(id: {other.id})'
        )
    values = {
        attribute.name: getattr(new, attribute.name)
        for attribute in dataclasses.fields(new)
    }
    context.session.execute(
        sa.insert(table).values(
            created_at=values.pop('created'),
            deleted_at=values.pop('deleted'),
            **values,
        )
    )


@db.retry
@db.writer
def delete_service(
    context: Any, service_id: str, who: str | None, now: datetime.datetime
) -> None:
    """Delete a service with its fields and all of their rules.

    :param who: deletes it
    :param now: aware UTC
    :raises talea.exception.NotFound: if there is none of that id
    """
    generation.raise_(context, generation.RULES)
    service(context, service_id)
    _delete_fields(
        context, [one.id for one in fields(context, service_id)], who, now
    )
    price_change.delete_all(context, 'service_id', [service_id], who, now)
    _delete(context, _SERVICE, [service_id], who, now)


@db.retry
@db.writer
def delete_field(
    context: Any, field_id: str, who: str | None, now: datetime.datetime
) -> None:
    """Delete a field with its rules.

    :param who: deletes it
    :param now: aware UTC
    :raises talea.exception.NotFound: if there is none of that id
    """
    generation.raise_(context, generation.RULES)
    field(context, field_id)
    _delete_fields(context, [field_id], who, now)


@db.retry
@db.writer
def delete_group(
    context: Any,
    group_id: str,
    recursive: bool,
    who: str | None,
    now: datetime.datetime,
) -> None:
    """Delete a group.

    :param recursive: with its rules; otherwise they come into the default
        group
    :param who: deletes it
    :param now: aware UTC
    :raises talea.exception.NotFound: if there is none of that id
    :raises talea.exception.Conflict: if one of its rules cannot be in the
        default group
    """
    generation.raise_(context, generation.RULES)
    group(context, group_id)
    if recursive:
        price_change.delete_all(context, 'group_id', [group_id], who, now)
    else:
        price_change.ungroup(context, group_id, who, now)
    _delete(context, _GROUP, [group_id], who, now)


def _delete_fields(
    context: Any,
    field_ids: Iterable[str],
    who: str | None,
    now: datetime.datetime,
) -> None:
    ids = list(field_ids)
    price_change.delete_all(context, 'field_id', ids, who, now)
    _delete(context, _FIELD, ids, who, now)


def _delete(
    context: Any,
    table: sa.Table,
    ids: list[str],
    who: str | None,
    now: datetime.datetime,
) -> None:
    context.session.execute(
        sa.update(table)
        .where(table.c.id.in_(ids), table.c.deleted_at == types.OPEN)
        .values(deleted_at=now, deleted_by=who)
    )
