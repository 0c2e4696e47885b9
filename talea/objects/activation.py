# SPDX-License-Identifier: Apache-2.0
"""When a scope was switched on: only usage in such intervals is rated."""

from collections.abc import Collection
import datetime
from typing import Any

import sqlalchemy as sa

from talea.db import api as db
from talea.db import bulk
from talea.db import models
from talea.db import types
from talea.objects import period

# (begin, end), the end exclusive; None: it goes on
Interval = tuple[datetime.datetime, datetime.datetime | None]

_A = models.ACTIVATION.c


@db.reader
def of_scopes(
    context: Any,
    scope_pks: Collection[int],
    begin: datetime.datetime,
    end: datetime.datetime,
) -> dict[int, list[Interval]]:
    """Return {key of a scope: its intervals that overlap [begin, end)}.

    The intervals are whole, not clipped, disjoint and in order. Scopes
    without any have an empty list.
    """
    found: dict[int, list[Interval]] = {key: [] for key in scope_pks}
    rows = context.session.execute(
        sa.select(_A.scope_pk, _A.begin_at, _A.end_at)
        .where(
            _A.scope_pk.in_(scope_pks), _A.begin_at < end, _A.end_at > begin
        )
        .order_by(_A.scope_pk, _A.begin_at)
    )
    for key, start, stop in rows:
        found[key].append((start, stop))
    return found


def begin_ever(context: Any, scope_pks: Collection[int]) -> None:
    """Note that new scopes are active, as if they had ever been.

    Joins the transaction of *context*; those that are noted stay as they are.
    """
    bulk.insert_missing(
        context.session,
        models.ACTIVATION,
        ['scope_pk', 'begin_at'],
        [
            {'scope_pk': key, 'begin_at': period.EPOCH, 'end_at': None}
            for key in scope_pks
        ],
    )


def toggle(
    context: Any, scope_pk: int, active: bool, moment: datetime.datetime
) -> None:
    """Note that a scope is switched on or off.

    Joins the transaction of *context*, which holds the scope.

    :param moment: after the last time that it was
    """
    values = {'pk': scope_pk, 'moment': moment}
    context.session.execute(_BEGIN if active else _END, values)


_BEGIN = sa.insert(models.ACTIVATION).values(
    scope_pk=sa.bindparam('pk'),
    begin_at=sa.bindparam('moment'),
    end_at=types.OPEN,
)
_END = (
    sa.update(models.ACTIVATION)
    .where(_A.scope_pk == sa.bindparam('pk'), _A.end_at == types.OPEN)
    .values(end_at=sa.bindparam('moment'))
)
