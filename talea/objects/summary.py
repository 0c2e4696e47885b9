# SPDX-License-Identifier: Apache-2.0
"""What was used and what it costs, added up in groups.

Most of it has been added up before, by day and by month, when frames were
written: see talea.objects.posting. Frames themselves are only read for days
that a window cuts in two, and for what the sums do not tell apart.
"""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
import dataclasses
import datetime
import decimal
import functools
import json
from typing import Any

import sqlalchemy as sa

from talea.db import api as db
from talea.db import models
from talea.objects import frame as frames
from talea.objects import frame_list
from talea.objects import spans
from talea.objects import vocabulary
from talea.rating import point as rating_point

PERIOD = 'time'
# Words that group by time, and of what.
TIMES: dict[str, Callable[[datetime.datetime], spans.Bounds] | None] = {
    PERIOD: None,
    'time-d': spans.day,
    'time-w': spans.week,
    'time-m': spans.month,
    'time-y': spans.year,
}

_ROLLUP = models.ROLLUP.c
_CELL = models.CELL.c
_NOTHING = frames.Line('', '', rating_point.ZERO, rating_point.ZERO, {}, {})
# Rows that are read at once; a frame may hold thousands of points.
_PARTITION = 1000
_FRAMES = 100


@dataclasses.dataclass(frozen=True, slots=True)
class Question:
    """What is to be added up.

    :ivar group_by: words: see talea.objects.vocabulary; and those of TIMES
    :ivar offset: how many groups to skip
    :ivar limit: how many to show at most
    """

    selection: vocabulary.Selection
    group_by: tuple[str, ...] = ()
    offset: int = 0
    limit: int = 100

    @property
    def times(self) -> tuple[str, ...]:
        """Those words that group by time."""
        return tuple(word for word in self.group_by if word in TIMES)

    @property
    def names(self) -> tuple[str, ...]:
        """Those that do not."""
        return tuple(word for word in self.group_by if word not in TIMES)


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """What a group amounts to.

    :ivar begin: of the window; or of the period, day, week ... of the group
    :ivar end: exclusive
    :ivar quantity: a sum over whatever the points are counted in
    :ivar values: of the names that the question groups by, in their order
    """

    begin: datetime.datetime
    end: datetime.datetime
    quantity: decimal.Decimal
    price: decimal.Decimal
    values: tuple[Any, ...]


# A sum, or a point, on its way into a group: scope (key, identifier), begin
# and end of its period or span, what it is a point of, quantity, price.
_Part = tuple[
    tuple[str, str],
    datetime.datetime,
    datetime.datetime,
    frames.Line,
    decimal.Decimal,
    decimal.Decimal,
]


@db.reader
def walk(
    context: Any, question: Question, visit: Callable[[Row], object]
) -> int:
    """Call *visit* with the rows of a page.

    In the order of time, if grouped by it, and of the values. Groups that
    amount to nothing are left out. What is in memory at once are the groups
    of one period, day, week ... if grouped by time, otherwise all of them.

    :param visit: gets a Row; must not use the session
    :returns: how many rows there are on all pages
    """
    selection = question.selection
    asked = {*question.names, *selection.filters}
    words = vocabulary.Vocabulary.of(context, asked)
    groups = _Groups(question, words, visit)
    in_sums = PERIOD not in question.times and words.in_sums(asked)
    months = not {'time-d', 'time-w'} & {*question.times}
    pieces = [spans.Piece(spans.FRAMES, selection.begin, selection.end)]
    if in_sums:
        pieces = spans.cut(selection.begin, selection.end, months)
    for piece in pieces if words.keys else ():
        parts = _frames if piece.span == spans.FRAMES else _sums
        for part in parts(context, piece, question, words):
            groups.add(*part)
    return groups.end()


def _frames(
    context: Any,
    piece: spans.Piece,
    question: Question,
    words: vocabulary.Vocabulary,
) -> Iterator[_Part]:
    """Yield the points of the frames that begin within *piece*."""
    selection = dataclasses.replace(
        question.selection, begin=piece.begin, end=piece.end
    )
    frame = models.FRAME.c
    # Moments are what takes longest to read.
    moments = (frame.begin_at, frame.end_at) if question.times else ()
    statement = sa.select(
        frame.scope_key, frame.scope_id, frame.points, *moments
    ).where(*frame_list.conditions(selection, words))
    if question.times:
        statement = statement.order_by(frame.begin_at)
    inside = words.inside(selection.filters)
    result = context.session.execute(
        statement, execution_options={'yield_per': _FRAMES}
    )
    for key, name, points, *bounds in result:
        scope = (key, name)
        begin, end = bounds or (piece.begin, piece.end)
        for line in frames.decode(points):
            if not inside or vocabulary.passes(inside, words, scope, line):
                yield scope, begin, end, line, line.quantity, line.price


def _sums(
    context: Any,
    piece: spans.Piece,
    question: Question,
    words: vocabulary.Vocabulary,
) -> Iterator[_Part]:
    """Yield the sums of *piece*, as coarse as the question allows."""
    selection = question.selection
    inside = words.inside(selection.filters)
    # Of one key alone nothing has to be looked up to tell scopes apart.
    alone = len(words.keys) == 1
    by_cell = (
        not alone
        or bool(inside)
        or any(name not in words.keys for name in question.names)
    )
    by_scope = not alone or words.keys[0] in question.names
    statement = _statement(piece, question, words, by_scope, by_cell)
    result = context.session.execute(
        statement, execution_options={'yield_per': _PARTITION}
    )
    for row in result:
        if row.quantity is None:
            # The sum of no rows at all.
            continue
        found = row._mapping
        line = _line(row.metric, row.groupby) if by_cell else _NOTHING
        scope = (
            row.scope_key if by_cell else words.keys[0],
            found.get('scope_id', ''),
        )
        if not inside or vocabulary.passes(inside, words, scope, line):
            begin = found.get('begin_at', piece.begin)
            yield scope, begin, begin, line, row.quantity, row.price


def _statement(
    piece: spans.Piece,
    question: Question,
    words: vocabulary.Vocabulary,
    by_scope: bool,
    by_cell: bool,
) -> Any:
    selection = question.selection
    alone = len(words.keys) == 1
    columns = [
        column
        for column, wanted in (
            (_ROLLUP.begin_at, question.times),
            (_ROLLUP.scope_id, by_scope),
            (_ROLLUP.cell_id, by_cell),
        )
        if wanted
    ]
    sums = sa.select(
        *columns,
        sa.func.exact_sum(_ROLLUP.quantity).label('quantity'),
        sa.func.exact_sum(_ROLLUP.price).label('price'),
    ).where(
        _ROLLUP.span == piece.span,
        _ROLLUP.begin_at >= piece.begin,
        _ROLLUP.begin_at < piece.end,
    )
    sums = sums.group_by(*columns)
    metrics = selection.filters.get(vocabulary.TYPE)
    if metrics is not None:
        cells = sa.select(_CELL.id).where(_CELL.metric.in_(sorted(metrics)))
        sums = sums.where(_ROLLUP.cell_id.in_(cells))
    if alone:
        key = sa.literal(words.keys[0])
        sums = sums.where(*words.conditions(selection, key, _ROLLUP.scope_id))
    if not by_cell:
        return sums.order_by(_ROLLUP.begin_at) if question.times else sums
    found = sums.subquery()
    statement = sa.select(
        found, _CELL.scope_key, _CELL.metric, _CELL.groupby
    ).join_from(found, models.CELL, _CELL.id == found.c.cell_id)
    if not alone:
        statement = statement.where(
            *words.conditions(selection, _CELL.scope_key, found.c.scope_id)
        )
    if question.times:
        statement = statement.order_by(found.c.begin_at)
    return statement


@functools.lru_cache(maxsize=10000)
def _line(metric: str, groupby: str) -> frames.Line:
    """Return a point that stands for all those of a cell."""
    zero = rating_point.ZERO
    return frames.Line(metric, '', zero, zero, json.loads(groupby), {})


class _Groups:
    """Adds up what comes in the order of time, and shows a page of it."""

    def __init__(
        self,
        question: Question,
        words: vocabulary.Vocabulary,
        visit: Callable[[Row], object],
    ) -> None:
        self._question = question
        self._words = words
        self._visit = visit
        self._names = question.names
        self._times = question.times
        self._window = question.selection.begin, question.selection.end
        self._sums: dict[Any, list[decimal.Decimal]] = {}
        # What is being added up: nothing of before can come any more.
        self._begin: datetime.datetime | None = None
        self._number = 0

    def add(
        self,
        scope: tuple[str, str],
        begin: datetime.datetime,
        end: datetime.datetime,
        line: frames.Line,
        quantity: decimal.Decimal,
        price: decimal.Decimal,
    ) -> None:
        """Count a _Part; they come in the order of time, if that counts."""
        bounds = self._window
        if self._times:
            bounds = (begin, end)
            if PERIOD not in self._times:
                bounds = _common(self._times, begin)
            if bounds[0] != self._begin:
                self._show()
                self._begin = bounds[0]
        value = self._words.value
        values = tuple([value(name, scope, line) for name in self._names])
        # To Python, 1 and True are the same key.
        kinds = tuple([type(value) is bool for value in values])
        total = self._sums.get((bounds, values, kinds))
        if total is None:
            total = [quantity, price]
            self._sums[bounds, values, kinds] = total
        else:
            total[0] = rating_point.EXACT.add(total[0], quantity)
            total[1] = rating_point.EXACT.add(total[1], price)

    def end(self) -> int:
        """Show what is left; return how many groups there were."""
        self._show()
        return self._number

    def _show(self) -> None:
        first, limit = self._question.offset, self._question.limit
        for key in sorted(self._sums, key=_place):
            quantity, price = self._sums[key]
            (begin, end), values, _ = key
            if not quantity and not price:
                continue
            if first <= self._number < first + limit:
                self._visit(Row(begin, end, quantity, price, values))
            self._number += 1
        self._sums.clear()


@functools.lru_cache(maxsize=1000)
def _common(times: tuple[str, ...], moment: datetime.datetime) -> spans.Bounds:
    """Return what the days, weeks ... around *moment* have in common."""
    begins, ends = zip(
        *(span(moment) for word in times if (span := TIMES[word])),
        strict=True,
    )
    return max(begins), min(ends)


def _place(key: tuple[spans.Bounds, Sequence[Any], Any]) -> Any:
    bounds, values, _ = key
    # What is not known comes last, numbers before texts.
    return bounds, [
        (
            value is None,
            isinstance(value, str),
            value if isinstance(value, (int, float)) else 0,
            str(value),
        )
        for value in values
    ]


# What CloudKitty calls the days, weeks ... and how it numbers them.
_LABELS: dict[str, tuple[str, Callable[[datetime.datetime], int]]] = {
    'time-d': ('day_of_the_year', lambda day: day.timetuple().tm_yday),
    # Sunday is the first day of a week.
    'time-w': ('week_of_the_year', lambda day: int(day.strftime('%U'))),
    'time-m': ('month', lambda day: day.month),
    'time-y': ('year', lambda day: day.year),
}


def columns(group_by: Sequence[str]) -> list[str]:
    """Return the names of what cells() returns."""
    return [
        _LABELS[word][0] if word in _LABELS else word
        for word in group_by
        if word != PERIOD
    ]


def cells(row: Row, group_by: Sequence[str]) -> list[Any]:
    """Return what *row* is about, in the order of the words.

    Of days, weeks ... the number in the year, as text. Of a period there is
    no more to say than its begin and end.
    """
    values = iter(row.values)
    return [
        str(_LABELS[word][1](row.begin)) if word in _LABELS else next(values)
        for word in group_by
        if word != PERIOD
    ]
