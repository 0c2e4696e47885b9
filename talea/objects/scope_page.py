# SPDX-License-Identifier: Apache-2.0
"""Pages of scopes, in the order of their creation or of their state.

The statement for each form of question is made once, and moments are read as
text: reading a page is most of what answering for it costs.
"""

import datetime
import functools
from typing import Any
from typing import NamedTuple

import sqlalchemy as sa

from talea.db import api as db
from talea.db import models
from talea.objects import page
from talea.objects import scope
from talea.objects import scope_filter

_S = models.SCOPE.c


class Line(NamedTuple):
    """A scope as lists show it; moments are "2026-01-31 10:00:00.000000"."""

    id: int
    identifier: str
    scope_key: str
    fetcher: str
    collector: str
    state: str
    active: bool
    toggled: str
    last_error: str | None
    revised_at: str | None


_COLUMNS = (
    _S.id,
    _S.identifier,
    _S.scope_key,
    _S.fetcher,
    _S.collector,
    sa.func.moment_text(_S.state),
    _S.active,
    sa.func.moment_text(_S.scope_activation_toggle_date),
    _S.last_error,
    sa.func.moment_text(_S.revised_at),
)
# {name of an order: its columns}
_ORDERS = {'id': (_S.id,), 'state': (_S.state, _S.id)}
ORDERS = tuple(_ORDERS)

# The last scope of a page, by the columns of the order.
Position = tuple[datetime.datetime, int] | tuple[int]


@functools.lru_cache(maxsize=128)
def _statement(
    names: tuple[str, ...], order: str, behind: bool
) -> sa.Select[Any]:
    """Return the statement for a form of question.

    :param names: of what is filtered by
    :param behind: whether it begins behind a position
    """
    columns = _ORDERS[order]
    statement = (
        sa.select(*_COLUMNS)
        .where(
            *(
                scope_filter.COLUMNS[name].in_(
                    sa.bindparam(f'of_{name}', expanding=True)
                )
                for name in names
            )
        )
        .order_by(*columns)
        .limit(sa.bindparam('most'))
        .offset(sa.bindparam('skip'))
    )
    if not behind:
        return statement
    last = [
        sa.bindparam(f'last_{one.name}', type_=one.type) for one in columns
    ]
    return statement.where(page.after(columns, last))


@db.reader
def read(
    context: Any,
    wanted: scope_filter.Filter,
    limit: int,
    offset: int = 0,
    order: str = 'id',
    after: Position | None = None,
) -> list[Line]:
    """Return a page of those scopes that pass a filter.

    :param offset: so many are skipped
    :param order: one of ORDERS
    :param after: the last scope that was seen already
    """
    given = wanted.given()
    values: dict[str, Any] = {f'of_{name}': given[name] for name in given}
    values |= {'most': limit, 'skip': offset}
    if after is not None:
        names = [column.name for column in _ORDERS[order]]
        values |= {
            f'last_{name}': value
            for name, value in zip(names, after, strict=True)
        }
    statement = _statement(tuple(given), order, after is not None)
    rows = context.session.execute(statement, values)
    return [Line._make(row) for row in rows]


def of(one: scope.Scope) -> Line:
    """Return a scope as lists show it."""
    return Line(
        one.id,
        one.identifier,
        one.scope_key,
        one.fetcher,
        one.collector,
        text(one.state),
        one.active,
        text(one.toggled),
        one.last_error,
        None if one.revised_at is None else text(one.revised_at),
    )


def text(moment: datetime.datetime) -> str:
    """Return an aware UTC moment as a Line has it."""
    return f'{moment:%Y-%m-%d %H:%M:%S.%f}'
