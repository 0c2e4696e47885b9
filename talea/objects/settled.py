# SPDX-License-Identifier: Apache-2.0
"""The frames that there are of periods which are settled again."""

from collections.abc import Collection
import datetime
from typing import Any

import sqlalchemy as sa

from talea.db import api as db
from talea.db import models
from talea.objects import frame

_TABLE = models.FRAME

# (key of the scope, begin of the period)
Key = tuple[int, datetime.datetime]


def of_periods(
    context: Any, keys: Collection[Key]
) -> dict[Key, list[frame.Frame]]:
    """Return all frames about what scopes used in some periods.

    All revisions, and those of other periods that correct them. Joins the
    transaction of *context*.
    """
    if not keys:
        return {}
    rows = context.session.execute(
        sa.select(*frame.COLUMNS).where(
            # Not every engine finds rows by pairs with an index.
            _TABLE.c.scope_pk.in_({pk for pk, _ in keys}),
            _TABLE.c.usage_at.in_({begin for _, begin in keys}),
            sa.tuple_(_TABLE.c.scope_pk, _TABLE.c.usage_at).in_(keys),
        )
    )
    found: dict[Key, list[frame.Frame]] = {}
    for row in rows:
        key = (row.scope_pk, row.usage_at)
        found.setdefault(key, []).append(frame.of(row))
    return found


@db.reader
def length(context: Any) -> datetime.timedelta | None:
    """Return how long the periods are that were settled, None if none was."""
    row = context.session.execute(
        sa.select(_TABLE.c.begin_at, _TABLE.c.end_at)
        .where(_TABLE.c.scope_pk.is_not(None))
        .order_by(_TABLE.c.scope_pk.desc())
        .limit(1)
    ).first()
    return None if row is None else row.end_at - row.begin_at
