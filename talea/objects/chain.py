# SPDX-License-Identifier: Apache-2.0
"""The entities of resources as rows: read, compared, replaced."""

from collections.abc import Collection
from collections.abc import Mapping
import datetime
import json
from typing import Any

import sqlalchemy as sa

from talea.db import bulk
from talea.db import models
from talea.objects import timeline

_ENTITY = models.ENTITY

Row = dict[str, Any]
# {place in the chain: row}
Rows = Mapping[int, Row]

# Attributes with a column of their own; the rest is JSON.
_OWN = ('project_id', 'name', 'flavor', 'volume_type_id')


def rows(
    pk: int, key: tuple[str, str], line: timeline.Timeline
) -> dict[int, Row]:
    """Return the rows of the spans that *line* has at hand.

    :param pk: key of the resource
    :param key: its (type, id)
    """
    return {
        place: _row(pk, key, place, span)
        for place, span in enumerate(line.spans, line.first)
    }


def present(context: Any, pks: Collection[int]) -> dict[int, dict[int, Row]]:
    """Return {resource: {place: row}} as the database has it."""
    found: dict[int, dict[int, Row]] = {pk: {} for pk in pks}
    columns = [
        column
        for column in _ENTITY.c
        if column.name not in ('id', 'processed_at')
    ]
    result = context.session.execute(
        sa.select(*columns).where(_ENTITY.c.resource_pk.in_(pks))
    )
    for row in result:
        found[row.resource_pk][row.seq] = dict(row._mapping)
    return found


def replace(
    context: Any,
    changes: Mapping[int, tuple[Rows, Rows]],
    now: datetime.datetime,
) -> None:
    """Write rows that differ; equal ones stay as they are.

    :param changes: {key of the resource: (rows as they are, as they should
        be)}
    """
    other = []
    for pk, (old, new) in changes.items():
        other += [
            {**row, 'processed_at': now}
            for place, row in new.items()
            if old.get(place) != row
        ]
        gone = old.keys() - new.keys()
        if gone:
            context.session.execute(
                sa.delete(_ENTITY).where(
                    _ENTITY.c.resource_pk == pk, _ENTITY.c.seq.in_(gone)
                )
            )
    bulk.replace(context.session, _ENTITY, ['resource_pk', 'seq'], other)


def _row(
    pk: int, key: tuple[str, str], place: int, span: timeline.Span
) -> Row:
    values = span.values
    return {
        'resource_pk': pk,
        'seq': place,
        'entity_type': key[0],
        'entity_id': key[1],
        'project_id': values.get('project_id') or '',
        'start_at': span.start,
        'end_at': span.end,
        'last_event_at': span.last_event,
        'name': values.get('name'),
        'flavor': values.get('flavor'),
        'volume_type_id': values.get('volume_type_id'),
        'attributes': json.dumps(
            {
                name: value
                for name, value in values.items()
                if name not in _OWN
            },
            ensure_ascii=False,
            sort_keys=True,
        ),
        'source': span.source,
    }
