# SPDX-License-Identifier: Apache-2.0
"""Scopes set to another state, as many as one likes.

Asked for through the API and carried out by processors, chunk by chunk. How
far it has come is kept in the row that asks for it, so that each scope is
set once, however often a processor has to begin again.
"""

from collections.abc import Sequence
import dataclasses
import datetime
import json
from typing import Any

import sqlalchemy as sa

from talea import exception
from talea.db import api as db
from talea.db import models
from talea.objects import period
from talea.objects import scope
from talea.objects import scope_filter
from talea.objects import skip

_S = models.SCOPE.c
_R = models.SCOPE_RESET.c

# Of scopes that are set in one transaction.
_CHUNK = 1000
# Where the filters in the row say how far it has come.
_AFTER = 'after'


@dataclasses.dataclass(frozen=True, slots=True)
class Reset:
    """A reset that is still to be carried out, at least for some scopes."""

    id: int
    state: datetime.datetime
    requested: datetime.datetime


@db.retry
@db.writer
def request(
    context: Any,
    wanted: scope_filter.Filter,
    state: datetime.datetime,
    now: datetime.datetime,
    open_from: datetime.datetime | None = None,
) -> int:
    """Ask for a reset and return how many scopes match.

    :param state: what they are to have
    :param open_from: begin of the first period that is not closed, if rated
        ones before it are not to be touched
    :raises talea.exception.NotFound: if no scope matches
    :raises talea.exception.Conflict: if *open_from* does not allow it
    """
    given = wanted.given()
    number, last = context.session.execute(
        sa.select(sa.func.count(), sa.func.max(_S.state)).where(
            *scope_filter.conditions(given)
        )
    ).one()
    if not number:
        raise exception.NotFound(scope_filter.NOT_FOUND)
    if open_from is not None and state < min(open_from, last):
        raise exception.Conflict(
            f'What was rated before {open_from.isoformat()} is closed. With '
            '"force": true it is rated again, and what is another amount then '
            'becomes a correction in the period that is open.'
        )
    context.session.execute(
        sa.insert(models.SCOPE_RESET),
        {'state': state, 'filters': json.dumps(given), 'requested_at': now},
    )
    return int(number)


@db.reader
def pending(context: Any) -> list[Reset]:
    """Return the resets that wait, in the order to carry them out."""
    rows = context.session.execute(
        sa.select(_R.id, _R.state, _R.requested_at).order_by(_R.id)
    )
    return [Reset(*row) for row in rows]


def carry_out(context: Any, reset_id: int, period_seconds: int) -> int:
    """Set the scopes that a reset is about; return how many this call did.

    The state they get is the begin of the period that the wanted one is in.
    Several processors may do it at once; when a call returns, it is done.
    Resets have to be carried out in the order of pending().
    """
    grid = period.Grid.of(period_seconds)
    number = 0
    while (done := _set_some(context, reset_id, grid)) is not None:
        number += done
    return number


@db.retry
@db.writer
def _set_some(context: Any, reset_id: int, grid: period.Grid) -> int | None:
    """Set some scopes and return how many; None: there are no more."""
    row = context.session.execute(
        sa.select(_R.state, _R.filters)
        .where(_R.id == reset_id)
        .with_for_update()
    ).first()
    if row is None:
        return None
    given = json.loads(row.filters)
    after = given.pop(_AFTER, 0)
    found = context.session.execute(
        sa.select(
            _S.id,
            _S.active,
            _S.scope_activation_toggle_date,
            _S.state,
            _S.rated_until,
        )
        .where(*scope_filter.conditions(given), _S.id > after)
        .order_by(_S.id)
        .limit(_CHUNK)
        .with_for_update()
    ).all()
    this = sa.and_(_R.id == reset_id, _R.filters == row.filters)
    if found:
        given[_AFTER] = found[-1].id
        step: Any = sa.update(models.SCOPE_RESET).values(
            filters=json.dumps(given)
        )
    else:
        step = sa.delete(models.SCOPE_RESET)
    if context.session.execute(step.where(this)).rowcount != 1:
        raise exception.ConcurrentUpdate(what=f'Reset {reset_id}')
    _set(context, found, grid.floor(row.state))
    return len(found) or None


def _set(context: Any, found: Sequence[Any], state: datetime.datetime) -> None:
    """Set scopes, those with and those without anything to rate."""
    outcomes: dict[datetime.datetime | None, list[int]] = {}
    skips = []
    for key, active, toggled, *reached in found:
        due_at = scope.due(state, active, toggled)
        outcomes.setdefault(due_at, []).append(key)
        if max(reached) < state:
            skips.append((key, (max(reached), state)))
    if found:
        skip.take_back(context, [row.id for row in found], state)
        skip.add(context, skips)
    for due_at, keys in outcomes.items():
        context.session.execute(
            sa.update(models.SCOPE)
            .where(_S.id.in_(keys))
            .values(
                state=state,
                rates_from=sa.case(
                    (_S.rates_from > state, state), else_=_S.rates_from
                ),
                rated_until=sa.case(
                    (_S.rated_until < state, state), else_=_S.rated_until
                ),
                due_at=due_at,
                generation=_S.generation + 1,
                retry_at=None,
                failures=0,
            )
        )
