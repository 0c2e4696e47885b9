# SPDX-License-Identifier: Apache-2.0
"""Pages of scopes, in the order of their creation or of their state.

Reading is most of what answering for a page costs. So the statement for each
form of question is made once, and each scope comes as one text.
"""

import datetime
import functools
import json
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


_LINE = sa.func.json_row(
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


@functools.lru_cache(maxsize=256)
def _statement(
    names: tuple[str, ...], order: str, behind: bool, deep: bool
) -> sa.Select[Any]:
    """Return the statement for a form of question.

    :param names: of what is filtered by
    :param behind: whether it begins behind a position
    :param deep: whether rows are skipped
    """
    columns = _ORDERS[order]
    conditions: list[sa.ColumnElement[bool]] = [
        scope_filter.COLUMNS[name].in_(
            sa.bindparam(f'of_{name}', expanding=True)
        )
        for name in names
    ]
    if behind:
        last = [
            sa.bindparam(f'last_{one.name}', type_=one.type) for one in columns
        ]
        conditions.append(page.after(columns, last))
    most = sa.bindparam('most', type_=sa.Integer())
    if not deep:
        found = sa.select(_LINE).where(*conditions).limit(most)
        return found.order_by(*columns)
    # What is skipped is read from an index alone where that is possible.
    keys = sa.select(_S.id).where(*conditions).order_by(*columns)
    keys = keys.limit(most).offset(sa.bindparam('skip'))
    found = sa.select(_LINE).where(_S.id == keys.subquery('page').c.id)
    return found.order_by(*columns)


@db.reader.connection
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
    values['most'] = limit
    if offset:
        values['skip'] = offset
    if after is not None:
        names = [column.name for column in _ORDERS[order]]
        values |= {
            f'last_{name}': value
            for name, value in zip(names, after, strict=True)
        }
    form = (tuple(given), order, after is not None, offset > 0)
    rows = (
        context.connection.execute(_statement(*form), values).scalars().all()
    )
    return list(map(Line._make, json.loads(f'[{",".join(rows)}]')))


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
