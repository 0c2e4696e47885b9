# SPDX-License-Identifier: Apache-2.0
"""Mappings and thresholds: what is kept of them."""

from collections.abc import Iterable
import dataclasses
from typing import Any
from typing import TypeVar

import sqlalchemy as sa

from talea import exception
from talea.db import api as db
from talea.db import models
from talea.db import types
from talea.rating import rules

TABLES: dict[type[rules.Rule], sa.Table] = {
    rules.Mapping: models.HASHMAP_MAPPING,
    rules.Threshold: models.HASHMAP_THRESHOLD,
}
# Attributes that are not named like their columns.
RENAMED = {
    'start': 'start_at',
    'end': 'end_at',
    'created': 'created_at',
    'deleted': 'deleted_at',
}
R = TypeVar('R', bound=rules.Rule)


@dataclasses.dataclass(frozen=True, slots=True)
class Filter:
    """Which rules to list.

    :ivar group_id: of this group; see *grouped*
    :ivar grouped: False: only those of the default group
    :ivar tenant_id: for this scope only; see *general*
    :ivar general: whether those for all scopes are meant if *tenant_id* is
        None; otherwise all
    :ivar deleted: whether those that are deleted are listed too
    :ivar former: whether what rules were before they changed is listed too
    """

    service_id: str | None = None
    field_id: str | None = None
    group_id: str | None = None
    grouped: bool = True
    tenant_id: str | None = None
    general: bool = False
    deleted: bool = False
    former: bool = False


ALL = Filter()
# What prices anything of any time.
EVER = Filter(former=True)


def _column(kind: type[rules.Rule], name: str) -> sa.Column[Any]:
    column: sa.Column[Any] = TABLES[kind].c[RENAMED.get(name, name)]
    return column


def _select(kind: type[rules.Rule]) -> sa.Select[Any]:
    return sa.select(
        *(
            _column(kind, attribute.name).label(attribute.name)
            for attribute in dataclasses.fields(kind)
        )
    )


def _conditions(
    kind: type[rules.Rule], wanted: Filter
) -> Iterable[sa.ColumnElement[bool]]:
    table = TABLES[kind].c
    for name in ('service_id', 'field_id', 'group_id', 'tenant_id'):
        value = getattr(wanted, name)
        if value is not None:
            yield table[name] == value
    if not wanted.grouped:
        yield table.group_id.is_(None)
    if wanted.general and wanted.tenant_id is None:
        yield table.tenant_id.is_(None)
    if not wanted.former:
        yield table.successor_id.is_(None)
    if not wanted.deleted:
        yield table.deleted_at == types.OPEN


@db.reader
def list_(context: Any, kind: type[R], wanted: Filter = ALL) -> list[R]:
    """Return the rules that are *wanted*, oldest first.

    :param kind: Mapping or Threshold
    """
    table = TABLES[kind].c
    rows = context.session.execute(
        _select(kind)
        .where(*_conditions(kind, wanted))
        .order_by(table.created_at, table.id)
    )
    return [kind(**row) for row in rows.mappings()]


@db.reader
def get(context: Any, kind: type[R], id_: str) -> R:
    """Return a rule, deleted or not.

    :param kind: Mapping or Threshold
    :raises talea.exception.NotFound: if there has never been one of that id
    """
    row = (
        context.session.execute(_select(kind).where(TABLES[kind].c.id == id_))
        .mappings()
        .first()
    )
    if row is None:
        raise exception.NotFound(f'No such {kind.__name__.lower()}: {id_}')
    return kind(**row)
