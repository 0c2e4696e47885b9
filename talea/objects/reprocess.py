# SPDX-License-Identifier: Apache-2.0
"""Tasks that rate what was rated before once more.

A task is of one scope. What a processor has to do of it is a mark, as those
of late usage are; see talea.objects.stale. So it is done period by period:
readers see the old frame or the new one.
"""

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterator
import dataclasses
import datetime
import itertools
from typing import Any

import sqlalchemy as sa

from talea import exception
from talea.db import api as db
from talea.db import models
from talea.db import types
from talea.objects import generation
from talea.objects import period

WAITING = 'waiting'
RUNNING = 'running'
DONE = 'done'
CANCELLED = 'cancelled'
UNFINISHED = (WAITING, RUNNING)

# Two requests at once, for the same scopes, shall not both find none.
_LOCK = 'reprocess'
# Identifiers in one statement; tasks that are read at once.
_CHUNK = 1000

_TABLE = models.REPROCESS
_SCOPE = models.SCOPE
_STALE = models.STALE


@dataclasses.dataclass(frozen=True, slots=True)
class Task:
    """A task, of one scope.

    :ivar end: exclusive
    :ivar current: what begins before it is done; None: it has not begun
    :ivar status: one of the constants above
    """

    id: int
    scope_id: str
    begin: datetime.datetime
    end: datetime.datetime
    current: datetime.datetime | None
    status: str
    reason: str


_COLUMNS = (
    _TABLE.c.id,
    _TABLE.c.scope_id,
    _TABLE.c.begin_at,
    _TABLE.c.end_at,
    _TABLE.c.current_at,
    _TABLE.c.status,
    _TABLE.c.reason,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Order:
    """What is to be rated once more.

    :ivar scope_ids: identifiers; None: all scopes that there are
    :ivar end: exclusive
    """

    scope_ids: tuple[str, ...] | None
    begin: datetime.datetime
    end: datetime.datetime

    def check(self, grid: period.Grid) -> None:
        """Pass if whole periods are meant, and one at least.

        :raises talea.exception.InvalidValue: otherwise
        """
        begin, end = grid.floor(self.begin), grid.ceil(self.end)
        if self.end <= self.begin:
            raise exception.InvalidValue(
                name='end_reprocess_time',
                reason='must be later than start_reprocess_time',
            )
        if (begin, end) != (self.begin, self.end):
            raise exception.InvalidValue(
                name='start_reprocess_time'
                if begin != self.begin
                else 'end_reprocess_time',
                reason='periods of usage do not begin or end then; a valid '
                f'window is {begin.isoformat()} to {end.isoformat()}',
            )

    def chunks(self) -> Iterator[tuple[Any, frozenset[str]]]:
        """Yield (condition on scopes, identifiers that it names)."""
        if self.scope_ids is None:
            yield sa.true(), frozenset()
            return
        ids = iter(self.scope_ids)
        while part := list(itertools.islice(ids, _CHUNK)):
            yield _SCOPE.c.identifier.in_(part), frozenset(part)


@db.reader
def walk(
    context: Any,
    scope_ids: Collection[str] | None,
    newest_first: bool,
    offset: int,
    limit: int,
    visit: Callable[[Task], object],
) -> None:
    """Call *visit* with the tasks of a page, finished ones too.

    :param scope_ids: None: of all scopes
    :param visit: gets a Task; must not use the session
    """
    order = _TABLE.c.id.desc() if newest_first else _TABLE.c.id
    statement = (
        sa.select(*_COLUMNS).order_by(order).offset(offset).limit(limit)
    )
    if scope_ids is not None:
        statement = statement.where(_TABLE.c.scope_id.in_(scope_ids))
    result = context.session.execute(
        statement, execution_options={'yield_per': _CHUNK}
    )
    for row in result:
        visit(Task(*row))


@db.reader
def scopes(context: Any, order: Order) -> list[int]:
    """Return keys of the scopes that *order* is about.

    :raises talea.exception.InvalidValue: one is not known, or not yet rated
        to the end
    """
    pks: list[int] = []
    for condition, names in order.chunks():
        _check(context, order, condition, names)
        pks += context.session.scalars(
            sa.select(_SCOPE.c.id).where(condition).order_by(_SCOPE.c.id)
        )
    return pks


@db.retry
@db.writer
def schedule(
    context: Any, order: Order, reason: str, now: datetime.datetime
) -> None:
    """Make a task for each scope, or none at all.

    :param now: aware UTC
    :raises talea.exception.InvalidValue: a scope is not known, or not yet
        rated to the end, or has an unfinished task that overlaps
    """
    generation.raise_(context, _LOCK)
    for condition, names in order.chunks():
        _check(context, order, condition, names)
        _refuse_overlap(context, order, condition)
        found = sa.select(
            _SCOPE.c.id,
            _SCOPE.c.identifier,
            sa.literal(order.begin, types.UtcDateTime()),
            sa.literal(order.end, types.UtcDateTime()),
            sa.literal(WAITING),
            sa.literal(reason),
            sa.literal(now, types.UtcDateTime()),
        )
        columns = (
            'scope_pk',
            'scope_id',
            'begin_at',
            'end_at',
            'status',
            'reason',
            'requested_at',
        )
        context.session.execute(
            sa.insert(_TABLE).from_select(
                columns, found.where(condition).order_by(_SCOPE.c.id)
            )
        )
        _mark(context, order, condition)


def _mark(context: Any, order: Order, condition: Any) -> None:
    """Note for the processors what the new tasks are about."""
    # None of the others that wait overlaps.
    new = (
        sa.select(
            _TABLE.c.scope_id,
            _TABLE.c.scope_pk,
            _TABLE.c.begin_at,
            _TABLE.c.end_at,
            _TABLE.c.id,
        )
        .join_from(_TABLE, _SCOPE, _SCOPE.c.id == _TABLE.c.scope_pk)
        .where(
            condition,
            _TABLE.c.status == WAITING,
            _TABLE.c.begin_at == order.begin,
            _TABLE.c.end_at == order.end,
        )
        .order_by(_TABLE.c.id)
    )
    columns = ('scope_id', 'scope_pk', 'begin_at', 'end_at', 'reprocess_id')
    context.session.execute(sa.insert(_STALE).from_select(columns, new))


@db.retry
@db.writer
def cancel(context: Any, task_id: int) -> None:
    """End a task; what it has rated already stays.

    :raises talea.exception.NotFound: there is none with this id
    :raises talea.exception.Conflict: it is done
    """
    # In the order in which processors do it.
    context.session.execute(
        sa.delete(_STALE).where(_STALE.c.reprocess_id == task_id)
    )
    done = context.session.execute(
        sa.update(_TABLE)
        .where(_TABLE.c.id == task_id, _TABLE.c.status.in_(UNFINISHED))
        .values(status=CANCELLED)
    )
    if done.rowcount:
        return
    status = context.session.scalar(
        sa.select(_TABLE.c.status).where(_TABLE.c.id == task_id)
    )
    if status is None:
        raise exception.NotFound(f'Task {task_id} not found')
    if status != CANCELLED:
        raise exception.Conflict(f'Task {task_id} is done')


def _check(
    context: Any, order: Order, condition: Any, names: frozenset[str]
) -> None:
    known = context.session.scalars(
        sa.select(_SCOPE.c.identifier)
        .where(condition, sa.literal(bool(names)))
        .distinct()
    )
    unknown = sorted(names.difference(known))
    if unknown:
        raise exception.InvalidValue(
            name='scope_ids', reason=f'there is no scope {", ".join(unknown)}'
        )
    early = context.session.execute(
        sa.select(_SCOPE.c.identifier, _SCOPE.c.state)
        .where(condition, _SCOPE.c.state < order.end)
        .order_by(_SCOPE.c.id)
        .limit(1)
    ).first()
    if early is not None:
        raise exception.InvalidValue(
            name='end_reprocess_time',
            reason=f'scope {early.identifier} is rated until '
            f'{early.state.isoformat()} only',
        )


def _refuse_overlap(context: Any, order: Order, condition: Any) -> None:
    other = context.session.execute(
        sa.select(_TABLE.c.id, _TABLE.c.scope_id)
        .join_from(_TABLE, _SCOPE, _SCOPE.c.id == _TABLE.c.scope_pk)
        .where(
            condition,
            _TABLE.c.status.in_(UNFINISHED),
            _TABLE.c.begin_at < order.end,
            _TABLE.c.end_at > order.begin,
        )
        .order_by(_TABLE.c.id)
        .limit(1)
    ).first()
    if other is not None:
        raise exception.InvalidValue(
            name='scope_ids',
            reason=f'task {other.id} of scope {other.scope_id}, which is not '
            'finished, overlaps that window',
        )
