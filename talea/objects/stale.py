# SPDX-License-Identifier: Apache-2.0
"""What has changed of the usage or the prices of scopes, and when.

A mark says: from begin to end the usage of this scope, or its price, may be
another one than before. Marks are only ever inserted, by whoever makes the
change and in the same transaction. A processor that settles a scope reads its
marks first and the facts afterwards, so every mark that it saw is honoured by
what it settles; in the same transaction it takes those away. One that it did
not see stays, and what was settled of that time is settled again.
"""

from collections.abc import Collection
from collections.abc import Iterable
import dataclasses
import datetime
import itertools
from typing import Any

import sqlalchemy as sa

from talea.db import api as db
from talea.db import models
from talea.db import types
from talea.objects import period

_TABLE = models.STALE
_SCOPE = models.SCOPE
_REPROCESS = models.REPROCESS

FOREVER = types.OPEN

# Marks that are swept away in one transaction.
_SWEPT = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class Mark:
    """A piece of time of a scope that is to be settled again.

    :ivar scope_id: identifier
    :ivar scope_pk: of one scope; None: of all that have this identifier
    :ivar end: exclusive; FOREVER if it goes on
    :ivar reprocess_id: of the task that asked for it, or None
    """

    id: int
    scope_id: str
    scope_pk: int | None
    begin: datetime.datetime
    end: datetime.datetime
    reprocess_id: int | None


def mark(context: Any, pieces: Iterable[tuple[str, period.Window]]) -> None:
    """Note that the usage of scopes has changed.

    Joins the transaction of *context*.

    :param pieces: (identifier, (begin, end))
    """
    rows = [
        {'scope_id': scope_id, 'begin_at': begin, 'end_at': end}
        for scope_id, (begin, end) in pieces
    ]
    if rows:
        context.session.execute(sa.insert(_TABLE), rows)


def mark_all(
    context: Any,
    begin: datetime.datetime,
    end: datetime.datetime | None,
    scope_id: str | None = None,
) -> None:
    """Note that prices have changed.

    Joins the transaction of *context*.

    :param end: None: for ever
    :param scope_id: only for scopes with this identifier
    """
    found = sa.select(
        _SCOPE.c.identifier,
        sa.literal(begin, types.UtcDateTime()),
        sa.literal(end, types.OpenEnd()),
    ).distinct()
    if scope_id is not None:
        found = found.where(_SCOPE.c.identifier == scope_id)
    context.session.execute(
        sa.insert(_TABLE).from_select(
            ['scope_id', 'begin_at', 'end_at'], found
        )
    )


def of_scopes(
    context: Any, scope_ids: Collection[str]
) -> dict[str, list[Mark]]:
    """Return {identifier: marks} of those that have any."""
    columns = _TABLE.c
    rows = context.session.execute(
        sa.select(
            columns.id,
            columns.scope_id,
            columns.scope_pk,
            columns.begin_at,
            # A Mark has a moment at its end, whatever becomes of it.
            sa.type_coerce(columns.end_at, types.UtcDateTime()),
            columns.reprocess_id,
        ).where(columns.scope_id.in_(scope_ids))
    )
    found: dict[str, list[Mark]] = {}
    for row in rows:
        found.setdefault(row.scope_id, []).append(Mark(*row))
    return found


def sweep(context: Any) -> int:
    """Take away the marks of identifiers that no scope has.

    A scope that is made later settles what they stand for all the same.

    :returns: how many there were
    """
    number = 0
    while some := _sweep(context):
        number += some
    return number


@db.retry
@db.writer
def _sweep(context: Any) -> int:
    ids = list(
        context.session.scalars(
            sa.select(_TABLE.c.id)
            .where(
                ~sa.exists().where(_SCOPE.c.identifier == _TABLE.c.scope_id)
            )
            .limit(_SWEPT)
        )
    )
    # Not in one statement: on MariaDB that would lock the scopes.
    if ids:
        context.session.execute(sa.delete(_TABLE).where(_TABLE.c.id.in_(ids)))
    return len(ids)


def divide(context: Any, scope_ids: Collection[str]) -> None:
    """Make of each mark of some identifiers one for each of their scopes.

    For identifiers that several scopes have: each honours its own.
    """
    ids = list(
        context.session.scalars(
            sa.select(_TABLE.c.id).where(
                _TABLE.c.scope_id.in_(scope_ids), _TABLE.c.scope_pk.is_(None)
            )
        )
    )
    if not ids:
        return
    context.session.execute(
        sa.insert(_TABLE).from_select(
            ['scope_id', 'scope_pk', 'begin_at', 'end_at'],
            sa.select(
                _TABLE.c.scope_id,
                _SCOPE.c.id,
                _TABLE.c.begin_at,
                _TABLE.c.end_at,
            )
            .join(_SCOPE, _SCOPE.c.identifier == _TABLE.c.scope_id)
            .where(_TABLE.c.id.in_(ids)),
        )
    )
    context.session.execute(sa.delete(_TABLE).where(_TABLE.c.id.in_(ids)))


def forget(context: Any, marks: Collection[Mark]) -> None:
    """Take marks away; the tasks that asked for them are done."""
    if not marks:
        return
    context.session.execute(
        sa.delete(_TABLE).where(_TABLE.c.id.in_([mark.id for mark in marks]))
    )
    for mark in marks:
        if mark.reprocess_id is not None:
            _progress(context, mark.reprocess_id, _REPROCESS.c.end_at, 'done')


def shrink(
    context: Any, marks: Collection[tuple[Mark, datetime.datetime]]
) -> None:
    """Note from when on there is still something to do of some marks."""
    for begin, some in itertools.groupby(marks, lambda pair: pair[1]):
        ids = []
        for mark, _ in some:
            ids.append(mark.id)
            if mark.reprocess_id is not None:
                _progress(context, mark.reprocess_id, begin, 'running')
        context.session.execute(
            sa.update(_TABLE)
            .where(_TABLE.c.id.in_(ids))
            .values(begin_at=begin)
        )


def _progress(
    context: Any, reprocess_id: int, current: Any, status: str
) -> None:
    """Tell a task how far it is, unless it was cancelled."""
    context.session.execute(
        sa.update(_REPROCESS)
        .where(
            _REPROCESS.c.id == reprocess_id,
            _REPROCESS.c.status.in_(('waiting', 'running')),
        )
        .values(current_at=current, status=status)
    )
