# SPDX-License-Identifier: Apache-2.0
"""Time that was skipped: a reset moved the state over it, nobody owes it.

What becomes known of it late is not rated either. A reset to a moment before
it takes it back.
"""

from collections.abc import Collection
from collections.abc import Iterable
import datetime
from typing import Any

import sqlalchemy as sa

from talea.db import bulk
from talea.db import models
from talea.objects import period

_TABLE = models.SKIP


def add(context: Any, skips: Iterable[tuple[int, period.Window]]) -> None:
    """Skip time of scopes, each given by its key.

    Joins the transaction of *context*.
    """
    bulk.replace(
        context.session,
        _TABLE,
        ['scope_pk', 'begin_at'],
        [
            {'scope_pk': pk, 'begin_at': begin, 'end_at': end}
            for pk, (begin, end) in skips
        ],
    )


def take_back(
    context: Any, scope_pks: Collection[int], moment: datetime.datetime
) -> None:
    """Skip nothing of some scopes from *moment* on.

    Joins the transaction of *context*.
    """
    theirs = _TABLE.c.scope_pk.in_(scope_pks)
    context.session.execute(
        sa.delete(_TABLE).where(theirs, _TABLE.c.begin_at >= moment)
    )
    context.session.execute(
        sa.update(_TABLE)
        .where(theirs, _TABLE.c.end_at > moment)
        .values(end_at=moment)
    )


def of_scopes(
    context: Any, scope_pks: Collection[int]
) -> dict[int, list[period.Window]]:
    """Return {key: what is skipped} of those scopes that skip anything.

    Joins the transaction of *context*.
    """
    rows = context.session.execute(
        sa.select(_TABLE.c.scope_pk, _TABLE.c.begin_at, _TABLE.c.end_at)
        .where(_TABLE.c.scope_pk.in_(scope_pks))
        .order_by(_TABLE.c.scope_pk, _TABLE.c.begin_at)
    )
    found: dict[int, list[period.Window]] = {}
    for pk, begin, end in rows:
        found.setdefault(pk, []).append((begin, end))
    return found
