# SPDX-License-Identifier: Apache-2.0
"""Where a page of a list ends and the next one begins."""

import base64
import binascii
from collections.abc import Sequence
import datetime
import json
from typing import Any

import sqlalchemy as sa

from talea import exception

# start, id, type and place in the chain of an entity
Position = tuple[datetime.datetime, str, str, int]
_LAST_PLACE = 2**31 - 1


def marker(position: Position) -> str:
    """Return *position* as opaque text that fits into a URL."""
    start, *rest = position
    # Servers in front refuse URLs beyond four kilobytes; escapes of JSON would
    # make that of a long id alone.
    text = json.dumps([start.isoformat(), *rest], ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip('=')


def parse(text: str) -> Position:
    """Return the position that *text*, a marker, stands for.

    :raises talea.exception.InvalidValue: if it is no marker of ours
    """
    try:
        padded = text.encode('ascii') + b'=' * (-len(text) % 4)
        value = json.loads(base64.b64decode(padded, b'-_', validate=True))
        start, entity_id, entity_type, seq = value
        moment = datetime.datetime.fromisoformat(start)
        # What follows has to be something that databases can compare with.
        (entity_id + entity_type).encode()
        if (
            moment.utcoffset() != datetime.timedelta(0)
            or type(seq) is not int
            or not 0 <= seq <= _LAST_PLACE
            or '\0' in entity_id + entity_type
            or marker((moment, entity_id, entity_type, seq)) != text
        ):
            raise ValueError(value)
    except (
        AttributeError,
        ValueError,
        TypeError,
        RecursionError,
        binascii.Error,
    ) as error:
        raise exception.InvalidValue(
            name='marker', reason='not a marker from a "next" link'
        ) from error
    return moment, entity_id, entity_type, seq


def after(
    columns: Sequence[Any], position: Sequence[Any]
) -> sa.ColumnElement[bool]:
    """Return the condition "*columns*, as a tuple, are past *position*".

    Spelled out, for MariaDB does not use an index for a comparison of tuples;
    for the same reason the first column is compared on its own as well.
    """
    condition: sa.ColumnElement[bool] = sa.false()
    for column, value in reversed(list(zip(columns, position, strict=True))):
        condition = sa.or_(column > value, sa.and_(column == value, condition))
    return sa.and_(columns[0] >= position[0], condition)
