# SPDX-License-Identifier: Apache-2.0
"""What becomes of the frames of a period that is settled again. Pure."""

import collections
from collections.abc import Iterable
from collections.abc import Sequence
import dataclasses
import datetime
import json
from typing import Any

from talea.objects import frame as frames
from talea.objects import period
from talea.processor import plan
from talea.rating import point


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """Frames to make, and those that they take the place of."""

    new: tuple[frames.Frame, ...] = ()
    old: tuple[frames.Frame, ...] = ()


def first(
    cell: plan.Cell, lines: Sequence[frames.Line], now: datetime.datetime
) -> Change:
    """Return the change for a period that was never settled."""
    if not lines:
        return Change()
    return Change((_frame(cell, cell.window, 0, lines, now),))


def again(
    cell: plan.Cell,
    lines: Sequence[frames.Line],
    found: Iterable[frames.Frame],
    closed_before: datetime.datetime,
    open_: period.Window,
    now: datetime.datetime,
) -> Change:
    """Return the change for a period that was settled before, or not.

    The same lines again change nothing. Other ones are a new revision; of a
    period that is closed, what they differ by is a frame of the open one.

    :param found: all frames of the usage of this period, superseded or not
    :param closed_before: periods that ended before it are closed
    :param open_: the period that is open now
    """
    found = list(found)
    current = [one for one in found if one.superseded is None]
    settled = [line for one in current for line in one.lines]
    if _same(settled, lines):
        return Change()
    if cell.window[1] <= closed_before:
        delta = _delta(settled, lines)
        if not delta:
            # What priced it has another name, the sum is the same.
            return Change()
        revision = _next(found, open_[0])
        return Change((_frame(cell, open_, revision, delta, now),))
    # Frames of other periods that correct this one stay what they are.
    old = [one for one in current if one.begin == cell.window[0]]
    others = [line for one in current if one not in old for line in one.lines]
    if others:
        lines = _delta(others, lines)
        if _same([line for one in old for line in one.lines], lines):
            return Change()
    revision = _next(found, cell.window[0])
    new = (_frame(cell, cell.window, revision, lines, now),) if lines else ()
    return Change(new, tuple(old))


def _frame(
    cell: plan.Cell,
    window: period.Window,
    revision: int,
    lines: Sequence[frames.Line],
    now: datetime.datetime,
) -> frames.Frame:
    return frames.Frame(
        None,
        cell.due.pk,
        cell.due.scope_key,
        cell.due.scope_id,
        *window,
        cell.window[0],
        revision,
        now,
        None,
        tuple(lines),
    )


def _next(found: Iterable[frames.Frame], begin: datetime.datetime) -> int:
    return 1 + max(
        (one.revision for one in found if one.begin == begin), default=-1
    )


def _key(line: frames.Line) -> str:
    """Return what makes two lines one and the same thing, priced."""
    return json.dumps(
        [line.metric, line.unit, line.groupby, line.metadata],
        sort_keys=True,
    )


def _same(left: Iterable[frames.Line], right: Iterable[frames.Line]) -> bool:
    def count(lines: Iterable[frames.Line]) -> collections.Counter[Any]:
        return collections.Counter(
            (_key(line), line.quantity, line.price, line.rules)
            for line in lines
        )

    return count(left) == count(right)


def _delta(
    before: Iterable[frames.Line], after: Iterable[frames.Line]
) -> list[frames.Line]:
    """Return lines that make *before* amount to *after*."""
    sums: dict[str, frames.Line] = {}
    add = point.EXACT.add
    minus = [_negative(line) for line in before]
    for line in (*minus, *after):
        key = _key(line)
        last = sums.get(key)
        if last is not None:
            line = dataclasses.replace(
                line,
                quantity=add(last.quantity, line.quantity),
                price=add(last.price, line.price),
            )
        sums[key] = line
    return [line for line in sums.values() if line.quantity or line.price]


def _negative(line: frames.Line) -> frames.Line:
    # Unlike a minus sign this rounds nothing.
    return dataclasses.replace(
        line,
        quantity=line.quantity.copy_negate(),
        price=line.price.copy_negate(),
    )
