# SPDX-License-Identifier: Apache-2.0
"""Frames for tests, and how they come into a database."""

import datetime
import decimal

from talea.db import api as db
from talea.objects import frame as frames
from talea.objects import posting

UTC = datetime.UTC
HOUR = datetime.timedelta(hours=1)


def at(*parts):
    """Return a moment, of year, month, day ..."""
    return datetime.datetime(*parts, tzinfo=UTC)


def line(
    metric='instance',
    quantity='1',
    price='0.5',
    resource='i1',
    unit='hour',
    metadata=None,
    rules=(),
    **groupby,
):
    """Return a Line; *groupby* is what it can be grouped by."""
    return frames.Line(
        metric,
        unit,
        decimal.Decimal(quantity),
        decimal.Decimal(price),
        {'id': resource, **groupby},
        metadata or {},
        rules,
    )


def frame(begin, lines, scope_id='p1', **kwargs):
    """Return the Frame of an hour, or of what *kwargs* say."""
    scope_key = kwargs.get('scope_key', 'project_id')
    given = {
        'id': None,
        'scope_pk': None,
        'scope_key': scope_key,
        'end': begin + HOUR,
        'usage_at': begin,
        'revision': 0,
        'settled': begin + HOUR,
        'superseded': None,
        **kwargs,
    }
    return frames.Frame(
        scope_id=scope_id,
        begin=begin,
        lines=tuple(
            frames.Line(
                one.metric,
                one.unit,
                one.quantity,
                one.price,
                {scope_key: scope_id, **one.groupby},
                one.metadata,
                one.rules,
            )
            for one in lines
        ),
        **given,
    )


@db.retry
@db.writer
def post(context, new, old=(), now=None):
    """Write frames down, in a transaction of its own."""
    posting.post(context, new, old, now or datetime.datetime.now(UTC))
