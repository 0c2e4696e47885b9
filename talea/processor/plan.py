# SPDX-License-Identifier: Apache-2.0
"""Which periods of a scope are to be settled now. Pure."""

from collections.abc import Iterable
from collections.abc import Sequence
import dataclasses
import datetime
import itertools

from talea.objects import due as dues
from talea.objects import period
from talea.objects import stale


@dataclasses.dataclass(frozen=True, slots=True)
class Cell:
    """A period of a scope that is settled.

    :ivar window: the period
    :ivar pieces: of it, in which the scope was active
    """

    due: dues.Due
    window: period.Window
    pieces: tuple[period.Window, ...]

    @property
    def again(self) -> bool:
        """Whether it may have been settled before."""
        return self.window[0] < self.due.rated_until


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """What is done with one scope in one go.

    :ivar cells: to settle
    :ivar state: of the scope afterwards
    :ivar done: ids of the marks that are honoured then
    :ivar left: ids of those of which something remains to be done
    :ivar next: from when on that is
    """

    due: dues.Due
    cells: tuple[Cell, ...]
    state: datetime.datetime
    done: tuple[int, ...] = ()
    left: tuple[int, ...] = ()
    next: datetime.datetime | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing would change."""
        return (
            not self.cells and not self.done and self.state == (self.due.state)
        )


def make(
    due: dues.Due,
    grid: period.Grid,
    end: datetime.datetime,
    ended: datetime.datetime,
    marks: Iterable[stale.Mark],
    active: Sequence[period.Window] | None,
    most: int,
) -> Plan:
    """Plan what to do with a scope.

    First what has changed of what is settled, oldest first; then what is due.

    :param end: exclusive end of what can be settled, on the grid
    :param ended: end of the last period that is over
    :param marks: of the scope
    :param active: when it was active, in order; None: always
    :param most: cells at most
    """
    mine = [mark for mark in marks if mark.scope_pk in (None, due.pk)]
    # A state may be in the future, if somebody has set it so.
    windows, following = _again(due, grid, min(due.state, ended), mine, most)
    if following is None:
        done, left = mine, []
    else:
        done = [mark for mark in mine if mark.end <= following]
        left = [mark for mark in mine if mark.begin < following < mark.end]
    cells = [cell(due, window, active) for window in windows]
    state = due.state
    if following is None:
        forward, state = _forward(due, grid, end, active, most - len(cells))
        cells += [cell(due, window, active) for window in forward]
    return Plan(
        due,
        tuple(cells),
        state,
        tuple(mark.id for mark in done),
        tuple(mark.id for mark in left),
        following,
    )


def cell(
    due: dues.Due,
    window: period.Window,
    active: Sequence[period.Window] | None,
) -> Cell:
    """Return the cell of a period.

    :param active: when the scope was active, in order; None: always
    """
    pieces = [window] if active is None else period.clip(active, window)
    return Cell(due, window, tuple(pieces))


def _again(
    due: dues.Due,
    grid: period.Grid,
    until: datetime.datetime,
    marks: Iterable[stale.Mark],
    most: int,
) -> tuple[list[period.Window], datetime.datetime | None]:
    """Return the first periods to settle again, and where to go on.

    :param until: exclusive end of what is settled
    """
    stretches = period.union(
        (
            grid.floor(max(mark.begin, due.rates_from)),
            min(grid.ceil(min(mark.end, until)), until),
        )
        for mark in marks
        if mark.begin < until and mark.end > due.rates_from
    )
    windows = itertools.chain.from_iterable(
        grid.periods(*stretch) for stretch in stretches
    )
    now = list(itertools.islice(windows, most))
    following = next(windows, None)
    return now, following and following[0]


def _forward(
    due: dues.Due,
    grid: period.Grid,
    end: datetime.datetime,
    active: Sequence[period.Window] | None,
    most: int,
) -> tuple[list[period.Window], datetime.datetime]:
    """Return the periods that are due, and the state after them."""
    if not due.active:
        # Nothing is owed after it was switched off.
        end = min(end, grid.ceil(due.toggled))
    windows: list[period.Window] = []
    state = due.state
    while state < end and len(windows) < most:
        window = (state, state + grid.length)
        if (
            active is None
            or period.clip(active, window)
            # What it was rated for then has to be withdrawn.
            or state < due.rated_until
        ):
            windows.append(window)
            state = window[1]
        else:
            # Over the time in which it was switched off at once.
            later = [one[0] for one in active if one[0] >= window[1]]
            state = min([end, *(grid.floor(one) for one in later)])
    return windows, state
