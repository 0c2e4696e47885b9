# SPDX-License-Identifier: Apache-2.0
"""A scope: what is billed as one, and until when it is rated.

Each write of a row counts its generation up, and those that depend on what
was read compare it: processors and operators write the same rows.
"""

from collections.abc import Sequence
import dataclasses
import datetime
from typing import Any

import sqlalchemy as sa

from talea import exception
from talea.db import api as db
from talea.db import bulk
from talea.db import models
from talea.objects import activation
from talea.objects import generation
from talea.objects import scope_filter
from talea.objects import stale

_S = models.SCOPE.c

AMBIGUOUS = 'Too many resources found with the same scope_id: %s.'
EXISTS = 'Cannot create a scope with an already existing scope_id: %s.'

_KEY = ('identifier', 'scope_key', 'fetcher', 'collector')
# The shortest time there is.
_NEXT = datetime.timedelta(microseconds=1)
# Of identifiers that are asked for in one statement.
_CHUNK = 1000

# (identifier, scope_key, fetcher, collector, state, nothing is rated before)
Found = tuple[str, str, str, str, datetime.datetime, datetime.datetime]


@dataclasses.dataclass(frozen=True, slots=True)
class Scope:
    """A row of the table.

    :ivar identifier: of the project, or whatever else *scope_key* names
    :ivar state: exclusive end of what is rated
    :ivar active: whether it is rated at all
    :ivar toggled: when *active* last changed
    :ivar generation: how often the row was written
    :ivar rates_from: nothing before it is rated
    :ivar rated_until: the largest *state* that there has ever been
    :ivar due_at: begin of the next period to rate; None: nothing to do
    :ivar retry_at: not before is rated again what has failed
    :ivar failures: in a row
    :ivar last_error: why it could not be rated; None: it could
    :ivar revised_at: when a period was last rated again
    """

    id: int
    identifier: str
    scope_key: str
    fetcher: str
    collector: str
    state: datetime.datetime
    active: bool
    toggled: datetime.datetime
    generation: int
    rates_from: datetime.datetime
    rated_until: datetime.datetime
    due_at: datetime.datetime | None
    retry_at: datetime.datetime | None
    failures: int
    last_error: str | None
    revised_at: datetime.datetime | None


COLUMNS = (
    _S.id,
    _S.identifier,
    _S.scope_key,
    _S.fetcher,
    _S.collector,
    _S.state,
    _S.active,
    _S.scope_activation_toggle_date,
    _S.generation,
    _S.rates_from,
    _S.rated_until,
    _S.due_at,
    _S.retry_at,
    _S.failures,
    _S.last_error,
    _S.revised_at,
)


def due(
    state: datetime.datetime, active: bool, toggled: datetime.datetime
) -> datetime.datetime | None:
    """Return the begin of the next period to rate, None if there is none.

    One that is switched off and rated up to that moment costs nothing.
    """
    return state if active or state < toggled else None


@db.reader
def get(context: Any, identifier: str) -> Scope:
    """Return the one scope of that identifier.

    :raises talea.exception.NotFound: if there is none, or more than one
    """
    return _one(context, _OF_IDENTIFIER, identifier)


_OF_IDENTIFIER = (
    sa.select(*COLUMNS)
    .where(_S.identifier == sa.bindparam('wanted'))
    .order_by(_S.id)
    .limit(2)
)
_LOCKED = _OF_IDENTIFIER.with_for_update()


def _one(context: Any, statement: sa.Select[Any], identifier: str) -> Scope:
    rows = context.session.execute(statement, {'wanted': identifier}).all()
    if not rows:
        raise exception.NotFound(scope_filter.NOT_FOUND)
    if len(rows) > 1:
        raise exception.NotFound(AMBIGUOUS % identifier)
    return Scope(*rows[0])


@db.retry
@db.writer
def create(
    context: Any,
    identifier: str,
    scope_key: str,
    fetcher: str,
    collector: str,
    state: datetime.datetime,
    active: bool,
    now: datetime.datetime,
) -> Scope:
    """Make a scope and return it.

    :param state: begin of the first period to rate
    :raises talea.exception.NotFound: if there is one of that identifier:
        that is how the API has always put it
    """
    # See _discover().
    generation.raise_(context, generation.RULES)
    known = sa.select(_S.id).where(_S.identifier == identifier).limit(1)
    if context.session.execute(known).first() is not None:
        raise exception.NotFound(EXISTS % identifier)
    found = (identifier, scope_key, fetcher, collector, state, state)
    row = _row(found, active, now)
    result = context.session.execute(sa.insert(models.SCOPE), row)
    if active:
        activation.begin_ever(context, result.inserted_primary_key)
    return _one(context, _OF_IDENTIFIER, identifier)


def _row(found: Found, active: bool, now: datetime.datetime) -> dict[str, Any]:
    *key, state, rates_from = found
    return {
        **dict(zip(_KEY, key, strict=True)),
        'state': state,
        'active': active,
        'scope_activation_toggle_date': now,
        'generation': 0,
        'rates_from': rates_from,
        'rated_until': state,
        'due_at': due(state, active, now),
        'failures': 0,
    }


def discover(
    context: Any, found: Sequence[Found], now: datetime.datetime
) -> int:
    """Make those scopes that are missing, active; leave others alone.

    One is not missing if its usage is measured by that collector already,
    whoever found it: it would be billed twice.

    :param found: what there should be
    :returns: how many were missing
    """
    return sum(
        _discover(context, found[place : place + _CHUNK], now)
        for place in range(0, len(found), _CHUNK)
    )


@db.retry
@db.writer
def _discover(
    context: Any, found: Sequence[Found], now: datetime.datetime
) -> int:
    if not _missing(context, found):
        return 0
    # One after the other, so that none is found twice; and either whoever
    # changes prices sees the new scopes, or they see the new prices.
    generation.raise_(context, generation.RULES)
    missing = _missing(context, found)
    bulk.insert_missing(
        context.session,
        models.SCOPE,
        _KEY,
        # In one order, so that two processors do not embrace.
        [_row(one, True, now) for one in missing],
    )
    # Another one may have made some of them at the same time, even inactive,
    # or have switched them off by now.
    new = context.session.execute(
        sa.select(_S.id).where(
            _S.identifier.in_([one[0] for one in missing]),
            _S.active.is_(True),
            _S.generation == 0,
        )
    )
    activation.begin_ever(context, new.scalars().all())
    return len(missing)


def _missing(context: Any, found: Sequence[Found]) -> list[Found]:
    rows = context.session.execute(
        sa.select(_S.identifier, _S.collector).where(
            _S.identifier.in_([one[0] for one in found])
        )
    )
    known = {tuple(row) for row in rows}
    missing = {one[:-2]: one for one in found if (one[0], one[3]) not in known}
    return [missing[key] for key in sorted(missing)]


@db.retry
@db.writer
def patch(
    context: Any,
    identifier: str,
    changes: dict[str, Any],
    now: datetime.datetime,
) -> Scope:
    """Change a scope and return it.

    When it is switched on or off, its intervals say so from *now* on, and
    what was rated beyond is to be rated again.

    :param changes: {scope_key, fetcher, collector or active: value}
    :raises talea.exception.NotFound: if there is none, or more than one
    """
    before = _one(context, _LOCKED, identifier)
    after = dataclasses.replace(before, **changes)
    if after == before:
        return before
    if after.active != before.active:
        # Clocks of two machines may differ, and so may the order in which
        # requests come and the order in which they get hold of the scope.
        moment = max(now, before.toggled + _NEXT)
        after = dataclasses.replace(
            after,
            toggled=moment,
            due_at=due(after.state, after.active, moment),
        )
        activation.toggle(context, before.id, after.active, moment)
        if moment < before.state:
            stale.mark(context, [(identifier, (moment, before.state))])
    return _update(context, after)


_UPDATE = (
    sa.update(models.SCOPE)
    .where(
        _S.id == sa.bindparam('key'), _S.generation == sa.bindparam('before')
    )
    .values(
        scope_key=sa.bindparam('scope_key'),
        fetcher=sa.bindparam('fetcher'),
        collector=sa.bindparam('collector'),
        active=sa.bindparam('active'),
        scope_activation_toggle_date=sa.bindparam('toggled'),
        due_at=sa.bindparam('due_at'),
        generation=sa.bindparam('before') + 1,
    )
)


def _update(context: Any, after: Scope) -> Scope:
    """Write what patch() may have changed, and return the new generation.

    :raises talea.exception.ConcurrentUpdate: if another one was faster
    """
    result = context.session.execute(
        _UPDATE,
        {
            'key': after.id,
            'before': after.generation,
            'scope_key': after.scope_key,
            'fetcher': after.fetcher,
            'collector': after.collector,
            'active': after.active,
            'toggled': after.toggled,
            'due_at': after.due_at,
        },
    )
    if result.rowcount != 1:
        raise exception.ConcurrentUpdate(what=f'Scope {after.identifier}')
    return dataclasses.replace(after, generation=after.generation + 1)
