# SPDX-License-Identifier: Apache-2.0
"""The frames that there are of periods which are settled again."""

from collections.abc import Collection
import datetime
from typing import Any

import sqlalchemy as sa

from talea.db import models
from talea.objects import frame
from talea.objects import period

_TABLE = models.FRAME

# (key of the scope, begin of the period)
Key = tuple[int, datetime.datetime]


def of_periods(
    context: Any, pks: Collection[int], windows: Collection[period.Window]
) -> dict[Key, list[frame.Frame]]:
    """Return all frames about what scopes used in some periods.

    All revisions, and those of other periods that correct them. Joins the
    transaction of *context*.

    :param pks: keys of scopes
    """
    if not windows:
        return {}
    begin, end = period.hull(list(windows))
    rows = context.session.execute(
        sa.select(*frame.COLUMNS).where(
            _TABLE.c.scope_pk.in_(pks),
            _TABLE.c.usage_at >= begin,
            _TABLE.c.usage_at < end,
        )
    )
    found: dict[Key, list[frame.Frame]] = {}
    for row in rows:
        key = (row.scope_pk, row.usage_at)
        found.setdefault(key, []).append(frame.of(row))
    return found
