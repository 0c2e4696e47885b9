# SPDX-License-Identifier: Apache-2.0
"""Scopes as whoever settles them sees them: what is due, locked, moved on."""

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import datetime
from typing import Any

import sqlalchemy as sa

from talea import exception
from talea.db import api as db
from talea.db import models
from talea.db import types

_TABLE = models.SCOPE
_STALE = models.STALE

# Scopes are shared out in so many parts among the processors.
PARTS = 64

_FIRST_PAUSE = datetime.timedelta(seconds=30)
_LONGEST_PAUSE = datetime.timedelta(hours=1)
_LONGEST_ERROR = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class Due:
    """A scope that may have to be settled.

    :ivar state: exclusive end of what is settled
    :ivar toggled: when it was switched on or off last
    :ivar generation: the compare of compare-and-swap
    :ivar rates_from: nothing before it is rated
    :ivar rated_until: the largest state that it has ever had
    """

    pk: int
    scope_id: str
    scope_key: str
    collector: str
    state: datetime.datetime
    active: bool
    toggled: datetime.datetime
    generation: int
    rates_from: datetime.datetime
    rated_until: datetime.datetime
    failures: int


_COLUMNS = (
    _TABLE.c.id,
    _TABLE.c.identifier,
    _TABLE.c.scope_key,
    _TABLE.c.collector,
    _TABLE.c.state,
    _TABLE.c.active,
    _TABLE.c.scope_activation_toggle_date,
    _TABLE.c.generation,
    _TABLE.c.rates_from,
    _TABLE.c.rated_until,
    _TABLE.c.failures,
)


def _ready(
    now: datetime.datetime, parts: Collection[int] | None
) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that all scopes to work on have to meet."""
    conditions: list[sa.ColumnElement[bool]] = [
        sa.or_(_TABLE.c.retry_at.is_(None), _TABLE.c.retry_at <= now)
    ]
    if parts is not None:
        conditions.append((_TABLE.c.id % PARTS).in_(sorted(parts)))
    return conditions


@db.reader
def find(
    context: Any,
    collector: str,
    latest: datetime.datetime,
    now: datetime.datetime,
    limit: int,
    parts: Collection[int] | None = None,
) -> list[int]:
    """Return the keys of scopes whose next period can be settled.

    Those that are furthest behind come first.

    :param collector: of the scopes
    :param latest: begin of the last period that can be settled
    :param limit: at most so many
    :param parts: only scopes of these parts; None: all
    """
    return list(
        context.session.scalars(
            sa.select(_TABLE.c.id)
            .where(
                _TABLE.c.due_at <= latest,
                _TABLE.c.collector == collector,
                *_ready(now, parts),
            )
            .order_by(_TABLE.c.due_at, _TABLE.c.id)
            .limit(limit)
        )
    )


@db.reader
def strange(
    context: Any,
    collectors: Collection[str],
    now: datetime.datetime,
    limit: int,
) -> list[int]:
    """Return the keys of scopes that none of *collectors* measures."""
    return list(
        context.session.scalars(
            sa.select(_TABLE.c.id)
            .where(
                _TABLE.c.due_at <= now,
                _TABLE.c.collector.not_in(collectors),
                *_ready(now, None),
            )
            .order_by(_TABLE.c.due_at, _TABLE.c.id)
            .limit(limit)
        )
    )


@db.reader
def stale(
    context: Any,
    collectors: Collection[str],
    now: datetime.datetime,
    limit: int,
    parts: Collection[int] | None = None,
) -> list[int]:
    """Return the keys of scopes of which something settled has changed."""
    return list(
        context.session.scalars(
            sa.select(_TABLE.c.id)
            .join(_STALE, _STALE.c.scope_id == _TABLE.c.identifier)
            .where(
                _STALE.c.begin_at < _TABLE.c.state,
                sa.or_(
                    _STALE.c.scope_pk.is_(None),
                    _STALE.c.scope_pk == _TABLE.c.id,
                ),
                _TABLE.c.collector.in_(collectors),
                *_ready(now, parts),
            )
            .distinct()
            .order_by(_TABLE.c.id)
            .limit(limit)
        )
    )


@db.reader
def resting(context: Any, now: datetime.datetime, limit: int) -> list[int]:
    """Return the keys of scopes with marks, but nothing to settle.

    They are switched off; what is marked comes after that.
    """
    return list(
        context.session.scalars(
            sa.select(_TABLE.c.id)
            .join(_STALE, _STALE.c.scope_id == _TABLE.c.identifier)
            .where(
                _TABLE.c.due_at == types.OPEN,
                _STALE.c.begin_at >= _TABLE.c.state,
                sa.or_(
                    _STALE.c.scope_pk.is_(None),
                    _STALE.c.scope_pk == _TABLE.c.id,
                ),
                *_ready(now, None),
            )
            .distinct()
            .order_by(_TABLE.c.id)
            .limit(limit)
        )
    )


def shared(context: Any, identifiers: Collection[str]) -> set[str]:
    """Return those of *identifiers* that several scopes have.

    Joins the transaction of *context*.
    """
    return set(
        context.session.scalars(
            sa.select(_TABLE.c.identifier)
            .where(_TABLE.c.identifier.in_(identifiers))
            .group_by(_TABLE.c.identifier)
            .having(sa.func.count() > 1)
        )
    )


def lock(context: Any, pks: Collection[int]) -> list[Due]:
    """Lock those of some scopes that nobody else works on, and return them.

    Joins the transaction of *context*.
    """
    rows = context.session.execute(
        sa.select(*_COLUMNS)
        .where(_TABLE.c.id.in_(pks))
        .order_by(_TABLE.c.id)
        .with_for_update(of=_TABLE, skip_locked=True)
    )
    return [Due(*row) for row in rows]


@db.reader
def get(context: Any, pks: Collection[int]) -> list[Due]:
    """Return scopes as they are, without locking them."""
    rows = context.session.execute(
        sa.select(*_COLUMNS).where(_TABLE.c.id.in_(pks)).order_by(_TABLE.c.id)
    )
    return [Due(*row) for row in rows]


def move(
    context: Any,
    moves: Sequence[tuple[Due, datetime.datetime]],
    revised: Collection[int],
    now: datetime.datetime,
) -> None:
    """Move scopes on, all or none, and clear what had gone wrong with them.

    Joins the transaction of *context*.

    :param moves: scopes, each with its new state
    :param revised: keys of those of which something settled was revised
    :raises talea.exception.ConcurrentUpdate: one was changed in between
    """
    groups: dict[Any, list[Due]] = {}
    for due, state in moves:
        until = max(due.rated_until, state)
        goes_on = due.active or state < due.toggled
        values = (state, until, state if goes_on else None, due.pk in revised)
        groups.setdefault(values, []).append(due)
    # In one order, so that two processors do not embrace.
    for values in sorted(groups, key=lambda key: groups[key][0].pk):
        state, until, due_at, is_revised = values
        new = {
            'state': state,
            'rated_until': until,
            'due_at': due_at,
            'generation': _TABLE.c.generation + 1,
            'failures': 0,
            'retry_at': None,
            'last_error': None,
        }
        if is_revised:
            new['revised_at'] = now
        _swap(context, groups[values], new)


def _swap(
    context: Any, given: Iterable[Due], values: Mapping[str, Any]
) -> None:
    seen = [(due.pk, due.generation) for due in given]
    done = context.session.execute(
        sa.update(_TABLE)
        .where(
            # Not every engine finds rows by pairs with an index.
            _TABLE.c.id.in_([pk for pk, _ in seen]),
            sa.tuple_(_TABLE.c.id, _TABLE.c.generation).in_(seen),
        )
        .values(**values)
    )
    if done.rowcount != len(seen):
        raise exception.ConcurrentUpdate(what='A scope')


@db.retry
@db.writer
def fail(context: Any, pk: int, reason: str, now: datetime.datetime) -> None:
    """Note why a scope cannot be settled; it is left alone for a while.

    The pause doubles with each failure in a row, up to an hour.
    """
    for due in lock(context, [pk]):
        pause = min(_FIRST_PAUSE * 2 ** min(due.failures, 10), _LONGEST_PAUSE)
        _swap(
            context,
            [due],
            {
                'generation': _TABLE.c.generation + 1,
                'failures': due.failures + 1,
                'retry_at': now + pause,
                'last_error': reason[:_LONGEST_ERROR],
            },
        )
