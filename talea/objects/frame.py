# SPDX-License-Identifier: Apache-2.0
"""A dataframe: the rated usage of a scope in a period, in revisions.

Frames are never changed. What is rated again is a new revision, and the old
one is superseded. What becomes known of a closed period is a frame of the
period that is open then, which names the one that it corrects.
"""

from collections.abc import Iterable
from collections.abc import Mapping
import dataclasses
import datetime
import decimal
import json
from typing import Any

from talea.db import models
from talea.rating import point as rating_point


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """A point as it is kept in a frame.

    :ivar quantity: in *unit*
    :ivar groupby: {name: text, number or None}
    :ivar metadata: likewise
    :ivar rules: what priced it: [kind, id, version]
    """

    metric: str
    unit: str
    quantity: decimal.Decimal
    price: decimal.Decimal
    groupby: Mapping[str, Any]
    metadata: Mapping[str, Any]
    rules: tuple[rating_point.Rule, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Frame:
    """Rated usage of one scope in one period.

    :ivar scope_pk: key of the scope; None: pushed through the API
    :ivar scope_key: what the identifier is, "project_id"
    :ivar scope_id: the identifier
    :ivar begin: of the period that it is billed in
    :ivar end: exclusive
    :ivar usage_at: begin of the period in which it was used; other than
        *begin*: a correction of that period, which was closed
    :ivar revision: from 0
    :ivar settled: when it was made
    :ivar superseded: when a later revision took its place, or None
    """

    id: int | None
    scope_pk: int | None
    scope_key: str
    scope_id: str
    begin: datetime.datetime
    end: datetime.datetime
    usage_at: datetime.datetime
    revision: int
    settled: datetime.datetime
    superseded: datetime.datetime | None
    lines: tuple[Line, ...]


COLUMNS = tuple(
    models.FRAME.c[name]
    for name in (
        'id',
        'scope_pk',
        'scope_key',
        'scope_id',
        'begin_at',
        'end_at',
        'usage_at',
        'revision',
        'settled_at',
        'superseded_at',
        'points',
    )
)


def encode(lines: Iterable[Line]) -> str:
    """Return *lines* as JSON text; decimals are text in it."""
    return json.dumps(
        [
            {
                'metric': line.metric,
                'unit': line.unit,
                'qty': _plain(line.quantity),
                'price': _plain(line.price),
                'groupby': line.groupby,
                'metadata': line.metadata,
                'rules': line.rules,
            }
            for line in lines
        ],
        ensure_ascii=False,
    )


def _plain(number: decimal.Decimal) -> str:
    """Return *number* without an exponent, and without zeros at its end."""
    text = format(number, 'f')
    return text.rstrip('0').rstrip('.') if '.' in text else text


def decode(text: str) -> tuple[Line, ...]:
    """Return the lines that encode() was given."""
    return tuple(
        Line(
            one['metric'],
            one['unit'],
            decimal.Decimal(one['qty']),
            decimal.Decimal(one['price']),
            one['groupby'],
            one['metadata'],
            tuple(tuple(rule) for rule in one['rules']),
        )
        for one in json.loads(text)
    )


def of(row: Any) -> Frame:
    """Return the frame that a row of COLUMNS is."""
    values: Any = (*row[:-1], decode(row[-1]))
    return Frame(*values)
