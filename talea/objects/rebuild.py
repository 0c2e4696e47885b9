# SPDX-License-Identifier: Apache-2.0
"""How far a rebuild has come: one that is interrupted goes on from there."""

import datetime
from typing import Any

import sqlalchemy as sa

from talea.db import api as db
from talea.db import bulk
from talea.db import models

_columns = models.REBUILD.c


@db.reader
def get(context: Any, name: str) -> tuple[int, datetime.datetime] | None:
    """Return (position, when it was started) of *name*, None if none is."""
    row = context.session.execute(
        sa.select(_columns.position, _columns.started_at).where(
            _columns.name == name
        )
    ).one_or_none()
    return None if row is None else (row.position, row.started_at)


@db.retry
@db.writer
def save(
    context: Any, name: str, position: int, started_at: datetime.datetime
) -> None:
    """Note that *name* is done up to and including *position*."""
    bulk.replace(
        context.session,
        models.REBUILD,
        ['name'],
        [{'name': name, 'position': position, 'started_at': started_at}],
    )


@db.retry
@db.writer
def forget(context: Any, name: str) -> None:
    """Note that *name* is finished, or shall begin anew."""
    context.session.execute(
        sa.delete(models.REBUILD).where(_columns.name == name)
    )
