# SPDX-License-Identifier: Apache-2.0
"""Settling: the usage of scopes in periods becomes frames, in one transaction.

Frames, sums, marks and the state of the scopes move together or not at all.
The scopes are locked, and moved on by compare-and-swap: where row locks are
not replicated (Galera) the second of two processors fails and starts again.
What is read comes in this order: marks, generations, facts. So whatever a
mark stands for is among the facts.
"""

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Sequence
import dataclasses
import datetime
from typing import Any

from talea.db import api as db
from talea.objects import counted as counted_time
from talea.objects import due as dues
from talea.objects import frame
from talea.objects import period
from talea.objects import posting
from talea.objects import settled
from talea.objects import stale
from talea.processor import plan
from talea.processor import rater as raters
from talea.processor import revise

# A chunk of scopes settles so many periods of each, or more of fewer scopes.
_PERIODS = 4
# But not more than that of one, which may have any number of resources.
_ALONE = 24


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """What the options say about settling.

    :ivar wait: after the end of a period
    :ivar close_after: after the end of a period
    :ivar inactive_too: whether time counts in which a scope was switched off
    :ivar most: cells in one transaction
    :ivar chunk: scopes in one transaction
    """

    grid: period.Grid
    wait: datetime.timedelta
    close_after: datetime.timedelta
    inactive_too: bool
    chunk: int
    most: int

    @classmethod
    def of(cls, conf: Any) -> 'Settings':
        """Read them from the options of *conf*."""
        group = conf.processor
        return cls(
            period.Grid.of(group.period),
            datetime.timedelta(seconds=group.wait),
            datetime.timedelta(days=group.close_after),
            group.rate_inactive_time,
            group.chunk,
            group.chunk * _PERIODS,
        )

    def end(
        self, heard: datetime.datetime, now: datetime.datetime
    ) -> datetime.datetime:
        """Return the exclusive end of what can be settled."""
        return self.grid.floor(min(heard, now - self.wait))

    def after(self, done: 'Outcome', points: int) -> 'Settings':
        """Return those for the next transaction.

        :param done: what the last one did
        :param points: that one should have, more or less
        """
        if not done.periods:
            return self
        most = points * done.periods // max(done.points, 1)
        return dataclasses.replace(
            self, most=min(max(most, 1), self.chunk * _PERIODS)
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What was done, in numbers.

    :ivar periods: of scopes that were settled, once more or for the first time
    :ivar frames: made
    :ivar revisions: of them, those of periods settled before
    :ivar points: that were measured
    """

    scopes: int = 0
    periods: int = 0
    frames: int = 0
    revisions: int = 0
    points: int = 0

    def __add__(self, other: 'Outcome') -> 'Outcome':
        return Outcome(
            self.scopes + other.scopes,
            self.periods + other.periods,
            self.frames + other.frames,
            self.revisions + other.revisions,
            self.points + other.points,
        )


@db.retry
@db.writer
def settle(
    context: Any,
    rater: raters.Rater,
    settings: Settings,
    pks: Collection[int],
    ends: dict[str, datetime.datetime],
    now: datetime.datetime,
) -> Outcome:
    """Settle what is due of some scopes, and what has changed of them.

    Scopes that another processor works on are left to it. One call does a
    part; call again until nothing is left.

    :param pks: keys of scopes
    :param ends: {collector: exclusive end of what can be settled}
    :param now: aware UTC
    :raises talea.exception.TaleaError: if a scope cannot be settled
    """
    locked = dues.lock(context, pks)
    if not locked:
        return Outcome()
    marks = _marks(context, {due.scope_id for due in locked})
    rater.refresh(context)
    plans = _plans(context, locked, marks, settings, ends, now)
    cells = [cell for one in plans for cell in one.cells]
    lines = rater.lines(context, cells)
    changes = _changes(context, settings, cells, lines, now)
    revised = {
        cell.due.pk
        for cell, change in zip(cells, changes, strict=True)
        if cell.again and (change.new or change.old)
    }
    dues.move(context, [(one.due, one.state) for one in plans], revised, now)
    new = [one for change in changes for one in change.new]
    old = [one for change in changes for one in change.old]
    if new or old:
        posting.post(context, new, old, now)
    _honour(context, plans, marks)
    return Outcome(
        scopes=len(plans),
        periods=len(cells),
        frames=len(new),
        revisions=sum(
            len(change.new)
            for cell, change in zip(cells, changes, strict=True)
            if cell.again
        ),
        points=sum(map(len, lines)),
    )


def _marks(
    context: Any, scope_ids: Collection[str]
) -> dict[str, list[stale.Mark]]:
    """Return {identifier: marks}, each of one scope alone."""
    marks = stale.of_scopes(context, scope_ids)
    if not marks:
        return marks
    # Not before the marks are read: a scope that is not seen here is made
    # later, and settles what they stand for by itself.
    shared = dues.shared(context, marks)
    if not shared:
        return marks
    stale.divide(context, shared)
    marks = stale.of_scopes(context, scope_ids)
    return {
        # Those that came in between are left for the next time.
        scope_id: [
            mark
            for mark in some
            if mark.scope_pk is not None or scope_id not in shared
        ]
        for scope_id, some in marks.items()
    }


def _plans(
    context: Any,
    locked: Sequence[dues.Due],
    marks: dict[str, list[stale.Mark]],
    settings: Settings,
    ends: dict[str, datetime.datetime],
    now: datetime.datetime,
) -> list[plan.Plan]:
    """Return the plans of the scopes with anything to do."""
    counted = _counted(context, locked, marks, settings)
    most = max(1, min(settings.most // len(locked), _ALONE))
    plans = [
        plan.make(
            due,
            settings.grid,
            # Of an unknown collector nothing can be settled; asking it tells.
            ends.get(due.collector, due.state + settings.grid.length),
            settings.grid.floor(now),
            marks.get(due.scope_id, ()),
            counted.get(due.pk),
            most,
        )
        for due in locked
    ]
    return [one for one in plans if not one.idle]


def _counted(
    context: Any,
    locked: Sequence[dues.Due],
    marks: dict[str, list[stale.Mark]],
    settings: Settings,
) -> dict[int, list[period.Window]]:
    """Return what time counts, of those scopes of which not all does."""
    again = {
        due.pk
        for due in locked
        if any(mark.begin < due.state for mark in marks.get(due.scope_id, ()))
    }
    switched = {
        due.pk for due in locked if not due.active or due.toggled > due.state
    }
    if settings.inactive_too:
        # Nothing is skipped of what comes.
        switched = set()
    return counted_time.of_scopes(
        context, again | switched, settings.inactive_too
    )


def _changes(
    context: Any,
    settings: Settings,
    cells: Sequence[plan.Cell],
    lines: Sequence[Sequence[frame.Line]],
    now: datetime.datetime,
) -> list[revise.Change]:
    """Return what becomes of the frames of each cell.

    :param lines: of each cell, as they are now
    """
    found = settled.of_periods(
        context,
        [(cell.due.pk, cell.window[0]) for cell in cells if cell.again],
    )
    start = settings.grid.floor(now)
    open_ = (start, start + settings.grid.length)
    return [
        revise.again(
            cell,
            some,
            found.get((cell.due.pk, cell.window[0]), ()),
            now - settings.close_after,
            open_,
            now,
        )
        if cell.again
        else revise.first(cell, some, now)
        for cell, some in zip(cells, lines, strict=True)
    ]


def _honour(
    context: Any,
    plans: Iterable[plan.Plan],
    marks: dict[str, list[stale.Mark]],
) -> None:
    """Take away what of the marks was honoured."""
    known = {mark.id: mark for some in marks.values() for mark in some}
    done: list[stale.Mark] = []
    left: list[tuple[stale.Mark, datetime.datetime]] = []
    for one in plans:
        done += [known[pk] for pk in one.done]
        if one.next is not None:
            left += [(known[pk], one.next) for pk in one.left]
    stale.forget(context, done)
    stale.shrink(context, left)
