# SPDX-License-Identifier: Apache-2.0
"""How often something has changed that many read and few change.

Whoever keeps a copy in memory compares one number to see whether it is still
good. Raised in the transaction of the change itself.
"""

from typing import Any

import sqlalchemy as sa

from talea.db import bulk
from talea.db import models

RULES = 'rules'
VOLUME_TYPES = 'volume_types'
# Not how often, but which one of all ways it is: see become().
TALLIES = 'tallies'

_TABLE = models.GENERATION


def raise_(context: Any, name: str) -> None:
    """Count one more change; joins the transaction of *context*.

    Locks the row until its end: two changes of the same thing come one after
    the other.
    """
    bulk.insert_missing(
        context.session, _TABLE, ['name'], [{'name': name, 'number': 0}]
    )
    context.session.execute(
        sa.update(_TABLE)
        .where(_TABLE.c.name == name)
        .values(number=_TABLE.c.number + 1)
    )


def become(context: Any, name: str, number: int) -> bool:
    """Let the number of *name* be this one; return whether it was another.

    Joins the transaction of *context*, and locks the row until its end if it
    was.

    :param number: not 0, which is what there is before
    """
    bulk.insert_missing(
        context.session, _TABLE, ['name'], [{'name': name, 'number': 0}]
    )
    done = context.session.execute(
        sa.update(_TABLE)
        .where(_TABLE.c.name == name, _TABLE.c.number != number)
        .values(number=number)
    )
    return bool(done.rowcount)


def numbers(context: Any) -> dict[str, int]:
    """Return {name: number} of all that has ever changed.

    Joins the transaction of *context*, or reads in one of its own.
    """
    rows = context.session.execute(sa.select(_TABLE.c.name, _TABLE.c.number))
    return {row.name: row.number for row in rows}
