# SPDX-License-Identifier: Apache-2.0
"""Half-open periods, and the grid by which usage is rated. Pure."""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
import dataclasses
import datetime

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)

# (begin, end), the end exclusive
Window = tuple[datetime.datetime, datetime.datetime]


@dataclasses.dataclass(frozen=True, slots=True)
class Grid:
    """Periods of equal length, the first of which began with 1970 UTC.

    :ivar length: of a period
    """

    length: datetime.timedelta

    @classmethod
    def of(cls, seconds: int) -> 'Grid':
        """Return the grid whose periods take so many seconds."""
        return cls(datetime.timedelta(seconds=seconds))

    def floor(self, moment: datetime.datetime) -> datetime.datetime:
        """Return the begin of the period that *moment* is in."""
        return moment - (moment - EPOCH) % self.length

    def ceil(self, moment: datetime.datetime) -> datetime.datetime:
        """Return *moment* if a period begins then, or else when one does."""
        below = self.floor(moment)
        return below if below == moment else below + self.length

    def periods(
        self, begin: datetime.datetime, end: datetime.datetime
    ) -> Iterator[Window]:
        """Yield the periods that overlap [begin, end), in order."""
        start = self.floor(begin)
        while start < end:
            yield (start, start + self.length)
            start += self.length


def clip(pieces: Iterable[Window], window: Window) -> list[Window]:
    """Return what of *pieces* lies in *window*."""
    begin, end = window
    return [
        (max(start, begin), min(stop, end))
        for start, stop in pieces
        if start < end and stop > begin
    ]


def union(pieces: Iterable[Window]) -> list[Window]:
    """Return the same time as disjoint pieces in order, none adjoining."""
    joined: list[Window] = []
    for begin, end in sorted(pieces):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        elif begin < end:
            joined.append((begin, end))
    return joined


def subtract(
    pieces: Iterable[Window], others: Iterable[Window]
) -> list[Window]:
    """Return what of *pieces* is in none of *others*."""
    left = list(pieces)
    for begin, end in others:
        left = [
            window
            for start, stop in left
            for window in ((start, min(stop, begin)), (max(start, end), stop))
            if window[0] < window[1]
        ]
    return left


def hull(pieces: Sequence[Window]) -> Window:
    """Return the shortest window that has all of *pieces* in it."""
    return min(one[0] for one in pieces), max(one[1] for one in pieces)


def groups(
    pieces: Sequence[Window], gap: datetime.timedelta
) -> list[list[int]]:
    """Return the places of *pieces* in groups, those of one close together.

    :param gap: between two groups there is more time than that
    """
    found: list[list[int]] = []
    reached = None
    for place in sorted(range(len(pieces)), key=pieces.__getitem__):
        begin, end = pieces[place]
        if reached is None or begin - reached > gap:
            found.append([])
            reached = end
        found[-1].append(place)
        reached = max(reached, end)
    return found
