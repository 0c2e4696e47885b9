# SPDX-License-Identifier: Apache-2.0
"""Frames as lists show them: in pieces, never all of them in memory."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from talea.db import api as db
from talea.db import models
from talea.db import types
from talea.objects import frame as frames
from talea.objects import vocabulary

Lines = Sequence[frames.Line]
Visit = Callable[[frames.Frame, Lines], object]

_C = models.FRAME.c
# In the order of periods; the index has it.
_ORDER = (_C.begin_at, _C.id)
# A frame may hold thousands of points.
_PARTITION = 100


def stream(context: Any, statement: Any) -> Iterator[frames.Frame]:
    """Yield the frames that *statement* selects; see frames.COLUMNS.

    The session must not be used for anything else in between.
    """
    result = context.session.execute(
        statement, execution_options={'yield_per': _PARTITION}
    )
    for row in result:
        yield frames.of(row)


def conditions(
    selection: vocabulary.Selection,
    words: vocabulary.Vocabulary,
    revisions: bool = False,
) -> Iterable[Any]:
    """Return what SQL can say of the frames that are asked for.

    :param revisions: whether those that were superseded count as well
    """
    yield _C.begin_at >= selection.begin
    yield _C.begin_at < selection.end
    # What is left of usage that was taken back.
    yield _C.number > 0
    if not revisions:
        yield _C.superseded_at == types.OPEN
    yield from words.conditions(selection, _C.scope_key, _C.scope_id)


@db.reader
def walk(
    context: Any,
    selection: vocabulary.Selection,
    offset: int,
    limit: int,
    visit: Visit,
    revisions: bool = False,
) -> int:
    """Call *visit* with frames and those of their lines that are asked for.

    In the order of their periods. Lines are what *offset* and *limit* count,
    so of the first and of the last frame some may be missing.

    :param visit: gets a Frame and a list of Lines; must not use the session
    :param revisions: whether frames that were superseded are shown as well
    :returns: how many lines there are on all pages
    """
    words = vocabulary.Vocabulary.of(context, selection.filters)
    wanted = list(conditions(selection, words, revisions))
    inside = words.inside(selection.filters)
    if inside:
        return _search(context, wanted, offset, limit, visit, inside, words)
    return _count(context, wanted, offset, limit, visit)


def _count(
    context: Any, wanted: Any, offset: int, limit: int, visit: Visit
) -> int:
    """Walk where a frame is shown with all of its lines, or not at all."""
    total = context.session.scalar(
        sa.select(sa.func.sum(_C.number)).where(*wanted)
    )
    # All in one statement: what is settled again meanwhile would else be
    # missing, or there twice. No frame is without lines.
    nearest = (
        sa.select(_C.begin_at, _C.id, _C.number)
        .where(*wanted)
        .order_by(*_ORDER)
        .limit(offset + limit)
        .subquery()
    )
    order = (nearest.c.begin_at, nearest.c.id)
    counted = sa.select(
        *order,
        nearest.c.number,
        sa.func.sum(nearest.c.number).over(order_by=order).label('upto'),
    ).subquery()
    upto = counted.c.upto
    statement = (
        sa.select(upto, *frames.COLUMNS)
        .join_from(counted, models.FRAME, _C.id == counted.c.id)
        .where(upto > offset, upto - counted.c.number < offset + limit)
        .order_by(counted.c.begin_at, counted.c.id)
    )
    result = context.session.execute(
        statement, execution_options={'yield_per': _PARTITION}
    )
    for last, *row in result:
        frame = frames.of(row)
        first = int(last) - len(frame.lines)
        visit(
            frame,
            frame.lines[max(offset - first, 0) : offset + limit - first],
        )
    return int(total or 0)


def _search(
    context: Any,
    wanted: Any,
    offset: int,
    limit: int,
    visit: Visit,
    filters: Mapping[str, frozenset[str]],
    words: vocabulary.Vocabulary,
) -> int:
    """Walk where every line has to be looked at."""
    statement = sa.select(*frames.COLUMNS).where(*wanted).order_by(*_ORDER)
    total = 0
    for frame in stream(context, statement):
        scope = (frame.scope_key, frame.scope_id)
        lines = [
            line
            for line in frame.lines
            if vocabulary.passes(filters, words, scope, line)
        ]
        shown = lines[max(offset - total, 0) : max(offset + limit - total, 0)]
        if shown:
            visit(frame, shown)
        total += len(lines)
    return total
