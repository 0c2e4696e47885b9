# SPDX-License-Identifier: Apache-2.0
"""Whose tallies may be others than those that are kept.

A mark says: since a moment, what the clusters of this project hold may be
another thing than what its tallies say. Marks are only ever inserted, by
whoever writes entities and in the same transaction. Whoever counts again takes
the marks of a project away first and reads the entities afterwards, so that
all that they stand for is among what is read; and nobody counts the same
project at the same time, for only one of two can take the same mark away.
"""

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
import datetime
import json
from typing import Any

import sqlalchemy as sa

from talea import exception
from talea.db import api as db
from talea.db import models
from talea.db import types
from talea.objects import chain

_TABLE = models.TALLY_MARK
_ENTITY = models.ENTITY

# What tallies depend on, of what is open: columns and other attributes.
_COLUMNS = ('project_id', 'name')
_ATTRIBUTES = {
    'cluster': (
        'state',
        'node_count',
        'master_count',
        'stack_id',
        'node_addresses',
        'master_addresses',
    ),
    'instance': (
        'display_name',
        'vcpus',
        'memory_mb',
        'disk_gb',
        'root_gb',
        'ephemeral_gb',
        'addresses',
        'ports',
    ),
    'volume': ('size', 'attached_to', 'metadata'),
    'floatingip': ('port_id', 'fixed_ip', 'description'),
}
KINDS = tuple(_ATTRIBUTES)

# So many marks are taken away by one statement.
_BLOCK = 1000

# A project with more marks than that gets one in their place.
_MANY = 10


def changed(changes: Iterable[tuple[chain.Rows, chain.Rows]]) -> set[str]:
    """Return the projects whose clusters may hold something else. Pure.

    :param changes: rows of a resource before and after a fold
    """
    found: set[str] = set()
    for rows in changes:
        before, after = map(_open, rows)
        if not _same(before, after):
            found.update(row['project_id'] for row in (before, after) if row)
    found.discard('')
    return found


def _open(rows: chain.Rows) -> chain.Row | None:
    row = rows[max(rows)] if rows else None
    if row is None or row['end_at'] or row['entity_type'] not in KINDS:
        return None
    return row


def _same(before: chain.Row | None, after: chain.Row | None) -> bool:
    if before is None or after is None:
        return before is after
    if any(before[name] != after[name] for name in _COLUMNS):
        return False
    if before['attributes'] == after['attributes']:
        return True
    old, new = (json.loads(row['attributes']) for row in (before, after))
    names = _ATTRIBUTES[before['entity_type']]
    return all(old.get(name) == new.get(name) for name in names)


def mark(
    context: Any, project_ids: Collection[str], now: datetime.datetime
) -> None:
    """Note that the clusters of projects may hold something else.

    Joins the transaction of *context*.

    :param now: aware UTC
    """
    if project_ids:
        context.session.execute(
            sa.insert(_TABLE),
            [
                {'project_id': project_id, 'marked_at': now}
                for project_id in sorted(project_ids)
            ],
        )


def mark_all(context: Any, now: datetime.datetime) -> None:
    """Mark all projects that have a cluster, or a tally of one.

    Joins the transaction of *context*.
    """
    rows = sa.union(
        sa.select(_ENTITY.c.project_id).where(
            _ENTITY.c.entity_type == 'cluster', _ENTITY.c.end_at == types.OPEN
        ),
        sa.select(models.TALLY.c.project_id),
    )
    mark(context, set(context.session.scalars(rows)) - {''}, now)


@db.reader
def waiting(
    context: Any, project_id: str | None = None
) -> dict[str, datetime.datetime]:
    """Return {project: since when}, of those that have a mark.

    :param project_id: only this one; None: all
    """
    statement = sa.select(
        _TABLE.c.project_id, sa.func.min(_TABLE.c.marked_at)
    ).group_by(_TABLE.c.project_id)
    if project_id is not None:
        statement = statement.where(_TABLE.c.project_id == project_id)
    return {
        project: since for project, since in context.session.execute(statement)
    }


def take(
    context: Any, project_ids: Collection[str]
) -> Mapping[str, datetime.datetime]:
    """Take the marks of some projects away.

    Joins the transaction of *context*. Until its end others that want one of
    them wait, or, where locks do not reach, fail when they commit.

    :returns: {project: since when}, of those that had any: the others are in
        the hands of somebody else
    :raises talea.exception.ConcurrentUpdate: somebody else was faster; try
        again
    """
    rows = context.session.execute(
        sa.select(_TABLE.c.id, _TABLE.c.project_id, _TABLE.c.marked_at).where(
            _TABLE.c.project_id.in_(sorted(project_ids))
        )
    ).all()
    # In one order, so that two do not embrace.
    ids = sorted(row.id for row in rows)
    gone = 0
    for first in range(0, len(ids), _BLOCK):
        gone += context.session.execute(
            sa.delete(_TABLE).where(
                _TABLE.c.id.in_(ids[first : first + _BLOCK])
            )
        ).rowcount
    if gone != len(ids):
        raise exception.ConcurrentUpdate(what='A mark')
    found: dict[str, datetime.datetime] = {}
    for row in rows:
        since = found.get(row.project_id, row.marked_at)
        found[row.project_id] = min(since, row.marked_at)
    return found


def sweep(context: Any) -> int:
    """Make one mark of many, for each project that has many.

    Where nobody counts, marks would pile up.

    :returns: how many projects had many
    """
    many = _crowded(context)
    for project_id in many:
        _unite(context, project_id)
    return len(many)


@db.reader
def _crowded(context: Any) -> list[str]:
    return list(
        context.session.scalars(
            sa.select(_TABLE.c.project_id)
            .group_by(_TABLE.c.project_id)
            .having(sa.func.count() > _MANY)
        )
    )


@db.retry
@db.writer
def _unite(context: Any, project_id: str) -> None:
    # A new one in the place of all: if one of the old ones stayed, somebody
    # might take that one away who has not seen what the others stand for.
    for since in take(context, [project_id]).values():
        mark(context, [project_id], since)
