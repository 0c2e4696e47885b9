# SPDX-License-Identifier: Apache-2.0
"""Frames written down, and the sums that summaries read, in one step.

Sums are kept by day and by month for each scope and cell: what points have in
common, but for the resource. They change by what a frame adds, less what the
one that it supersedes had added.
"""

import base64
from collections.abc import Sequence
import datetime
import decimal
import functools
import hashlib
import json
from typing import Any

import sqlalchemy as sa

from talea.db import bulk
from talea.db import models
from talea.objects import frame as frames
from talea.rating import point as rating_point

# Spans of sums.
DAY = 1
MONTH = 2

# The member of groupby that tells resources apart.
RESOURCE = 'id'

_FRAME = models.FRAME
_CELL = models.CELL
_ROLLUP = models.ROLLUP

# (span, begin, scope id, cell id)
_Key = tuple[int, datetime.datetime, str, str]


class _Sums:
    """What frames add to the sums."""

    def __init__(self) -> None:
        self.totals: dict[_Key, list[decimal.Decimal]] = {}
        self.cells: dict[str, dict[str, str]] = {}

    def add(self, frame: frames.Frame, sign: int) -> None:
        """Count the lines of *frame*, or with a *sign* of -1 take them off."""
        day = frame.begin.replace(hour=0, minute=0, second=0, microsecond=0)
        add = rating_point.EXACT.add
        for line in frame.lines:
            cell = self._cell(frame, line)
            quantity, price = line.quantity, line.price
            if sign < 0:
                # Unlike a minus sign this rounds nothing.
                quantity = quantity.copy_negate()
                price = price.copy_negate()
            for key in (
                (DAY, day, frame.scope_id, cell),
                (MONTH, day.replace(day=1), frame.scope_id, cell),
            ):
                total = self.totals.get(key)
                if total is None:
                    self.totals[key] = [quantity, price]
                else:
                    total[0] = add(total[0], quantity)
                    total[1] = add(total[1], price)

    def _cell(self, frame: frames.Frame, line: frames.Line) -> str:
        shared = tuple(
            # To Python, 1 and True are the same key.
            (name, value, type(value))
            for name, value in line.groupby.items()
            if name not in (RESOURCE, frame.scope_key)
        )
        cell, row = _cell(frame.scope_key, line.metric, line.unit, shared)
        self.cells[cell] = row
        return cell


@functools.lru_cache(maxsize=10000)
def _cell(
    scope_key: str,
    metric: str,
    unit: str,
    shared: tuple[tuple[str, Any, type], ...],
) -> tuple[str, dict[str, str]]:
    """Return (id, row) of a cell; the id is a digest of all the rest."""
    attributes = {name: value for name, value, _ in shared}
    text = json.dumps(attributes, sort_keys=True, ensure_ascii=False)
    whole = json.dumps([scope_key, metric, unit, text])
    digest = hashlib.sha256(whole.encode()).digest()[:16]
    cell = base64.urlsafe_b64encode(digest).decode().rstrip('=')
    return cell, {
        'id': cell,
        'scope_key': scope_key,
        'metric': metric,
        'unit': unit,
        'groupby': text,
    }


def post(
    context: Any,
    new: Sequence[frames.Frame],
    old: Sequence[frames.Frame],
    now: datetime.datetime,
) -> None:
    """Insert frames and supersede others, in the transaction of *context*.

    :param new: Frame objects without id
    :param old: those that they take the place of, or that are withdrawn
    :param now: aware UTC
    """
    sums = _Sums()
    for frame in old:
        sums.add(frame, -1)
    for frame in new:
        sums.add(frame, 1)
    if old:
        context.session.execute(
            sa.update(_FRAME)
            .where(_FRAME.c.id.in_([frame.id for frame in old]))
            .values(superseded_at=now)
        )
    if new:
        context.session.execute(
            sa.insert(_FRAME), [_row(frame) for frame in new]
        )
    _know(context, sums.cells)
    _roll(context, sums.totals)


def _row(frame: frames.Frame) -> dict[str, Any]:
    return {
        'scope_pk': frame.scope_pk,
        'scope_key': frame.scope_key,
        'scope_id': frame.scope_id,
        'begin_at': frame.begin,
        'end_at': frame.end,
        'usage_at': frame.usage_at,
        'revision': frame.revision,
        'settled_at': frame.settled,
        'superseded_at': frame.superseded,
        'number': len(frame.lines),
        'points': frames.encode(frame.lines),
    }


def _know(context: Any, cells: dict[str, dict[str, str]]) -> None:
    """See that *cells* are in their table.

    What was found there once by this engine is not looked for again: cells
    are never deleted.
    """
    known = _known(context.session.get_bind())
    missing = cells.keys() - known
    if not missing:
        return
    bulk.insert_missing(
        context.session,
        _CELL,
        ['id'],
        [cells[cell] for cell in sorted(missing)],
    )
    # Not before it is sure that they stay there.
    sa.event.listen(
        context.session,
        'after_commit',
        lambda session: known.update(missing),
        once=True,
    )


@functools.lru_cache(maxsize=8)
def _known(engine: Any) -> set[str]:
    return set()


def _roll(context: Any, totals: dict[_Key, list[decimal.Decimal]]) -> None:
    # In one order, so that two writers do not embrace.
    rows = [
        {
            'span': key[0],
            'begin_at': key[1],
            'scope_id': key[2],
            'cell_id': key[3],
            'quantity': quantity,
            'price': price,
        }
        for key, (quantity, price) in sorted(totals.items())
        if quantity or price
    ]
    bulk.add(
        context.session,
        _ROLLUP,
        ['span', 'begin_at', 'scope_id', 'cell_id'],
        rows,
    )
