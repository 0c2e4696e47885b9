# SPDX-License-Identifier: Apache-2.0
"""Days, weeks, months and years, and how a window is cut into them. Pure.

All of them are those of UTC; weeks begin on Sunday, as CloudKitty's do.
"""

from collections.abc import Callable
import dataclasses
import datetime

# What is not a whole day: only the frames themselves know about it.
FRAMES = 0
# Spans of which there are sums.
DAY = 1
MONTH = 2

# (begin, end), the end exclusive
Bounds = tuple[datetime.datetime, datetime.datetime]

_ONE_DAY = datetime.timedelta(days=1)
# Nothing that is kept begins after it.
_LAST = datetime.datetime.max.replace(tzinfo=datetime.UTC)


@dataclasses.dataclass(frozen=True, slots=True)
class Piece:
    """A part of a window.

    :ivar span: FRAMES, or DAY or MONTH if it is made of whole ones
    :ivar end: exclusive
    """

    span: int
    begin: datetime.datetime
    end: datetime.datetime


def _later(moment: datetime.datetime, days: int) -> datetime.datetime:
    span = datetime.timedelta(days=days)
    return _LAST if moment > _LAST - span else moment + span


def day(moment: datetime.datetime) -> Bounds:
    """Return begin and end of the day that *moment* is in."""
    begin = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return begin, _later(begin, 1)


def week(moment: datetime.datetime) -> Bounds:
    """Return begin and end of the week that *moment* is in."""
    begin = day(moment)[0] - _ONE_DAY * ((moment.weekday() + 1) % 7)
    return begin, _later(begin, 7)


def month(moment: datetime.datetime) -> Bounds:
    """Return begin and end of the month that *moment* is in."""
    begin = day(moment)[0].replace(day=1)
    # Wherever it is in the next month, that begins on its first day.
    end = _later(begin, 31)
    return begin, end if end == _LAST else end.replace(day=1)


def year(moment: datetime.datetime) -> Bounds:
    """Return begin and end of the year that *moment* is in."""
    begin = day(moment)[0].replace(month=1, day=1)
    end = _later(begin, 366)
    return begin, end if end == _LAST else end.replace(day=1)


def _rounded_up(
    span: Callable[[datetime.datetime], Bounds], moment: datetime.datetime
) -> datetime.datetime:
    begin, end = span(moment)
    return begin if begin == moment else end


def cut(
    begin: datetime.datetime, end: datetime.datetime, months: bool = True
) -> list[Piece]:
    """Return the pieces of [begin, end), in order: as large as they can be.

    :param months: whether there may be months; otherwise days at most
    """
    pieces = _whole(begin, end, day, FRAMES, DAY)
    if months:
        pieces = [
            part
            for piece in pieces
            for part in (
                _whole(piece.begin, piece.end, month, DAY, MONTH)
                if piece.span == DAY
                else [piece]
            )
        ]
    return pieces


def _whole(
    begin: datetime.datetime,
    end: datetime.datetime,
    span: Callable[[datetime.datetime], Bounds],
    small: int,
    large: int,
) -> list[Piece]:
    """Cut out what is made of whole *span*s; the rest is *small*."""
    first, last = _rounded_up(span, begin), span(end)[0]
    if first >= last:
        pieces = [Piece(small, begin, end)]
    else:
        pieces = [
            Piece(small, begin, first),
            Piece(large, first, last),
            Piece(small, last, end),
        ]
    return [piece for piece in pieces if piece.begin < piece.end]
