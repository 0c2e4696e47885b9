# SPDX-License-Identifier: Apache-2.0
"""What settling periods again would change, without doing it."""

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
import dataclasses
import datetime
import decimal
import itertools
from typing import Any

from talea.db import api as db
from talea.objects import counted
from talea.objects import due as dues
from talea.objects import frame
from talea.objects import settled
from talea.processor import plan
from talea.processor import rater as raters
from talea.processor import settle
from talea.rating import point

# (quantity, price)
_Sum = tuple[decimal.Decimal, decimal.Decimal]
_NOTHING: _Sum = (point.ZERO, point.ZERO)


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """What would change of one metric of a scope in a period.

    :ivar begin: of the period
    :ivar end: exclusive
    """

    scope_id: str
    begin: datetime.datetime
    end: datetime.datetime
    metric: str
    old_quantity: decimal.Decimal
    new_quantity: decimal.Decimal
    old_price: decimal.Decimal
    new_price: decimal.Decimal


@db.reader
def preview(
    context: Any,
    conf: Any,
    scope_pks: Collection[int],
    begin: datetime.datetime,
    end: datetime.datetime,
) -> list[Difference]:
    """Return what settling [begin, end) of some scopes again would change.

    In order of scope and period; metrics that stay what they are are left
    out.

    :param conf: ConfigOpts
    :param scope_pks: keys of scopes
    :raises talea.exception.TaleaError: if it cannot be measured
    """
    settings = settle.Settings.of(conf)
    rater = _rater(conf)
    rater.refresh(context)
    found = dues.get(context, scope_pks)
    counts = counted.of_scopes(context, scope_pks, settings.inactive_too)
    cells = (
        plan.cell(due, window, counts[due.pk])
        for due in found
        for window in settings.grid.periods(
            max(begin, due.rates_from), min(end, due.state)
        )
    )
    differences: list[Difference] = []
    while some := list(itertools.islice(cells, settings.most)):
        differences += _compare(context, rater, some)
    return differences


def _compare(
    context: Any, rater: raters.Rater, cells: Sequence[plan.Cell]
) -> Iterator[Difference]:
    """Yield what would change of some cells, few enough for the memory."""
    lines = rater.lines(context, cells)
    frames = settled.of_periods(
        context, [(cell.due.pk, cell.window[0]) for cell in cells]
    )
    for cell, new in zip(cells, lines, strict=True):
        old = [
            line
            for one in frames.get((cell.due.pk, cell.window[0]), ())
            if one.superseded is None
            for line in one.lines
        ]
        yield from _differences(cell, _sums(old), _sums(new))


# The last one that was made, and of which options: these have no hash.
_last: list[tuple[Any, raters.Rater]] = []


def _rater(conf: Any) -> raters.Rater:
    for known, rater in _last:
        if known is conf:
            return rater
    rater = raters.Rater.of(conf)
    _last[:] = [(conf, rater)]
    return rater


def _sums(lines: Iterable[frame.Line]) -> dict[str, _Sum]:
    sums: dict[str, _Sum] = {}
    add = point.EXACT.add
    for line in lines:
        quantity, price = sums.get(line.metric, _NOTHING)
        sums[line.metric] = (
            add(quantity, line.quantity),
            add(price, line.price),
        )
    return sums


def _differences(
    cell: plan.Cell, old: dict[str, _Sum], new: dict[str, _Sum]
) -> list[Difference]:
    found = []
    for metric in sorted(old.keys() | new.keys()):
        before = old.get(metric, _NOTHING)
        after = new.get(metric, _NOTHING)
        if before != after:
            found.append(
                Difference(
                    cell.due.scope_id,
                    *cell.window,
                    metric,
                    before[0],
                    after[0],
                    before[1],
                    after[1],
                )
            )
    return found
