# SPDX-License-Identifier: Apache-2.0
"""What one notification says about one resource, normalised."""

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
import dataclasses
import datetime
import json
import types
from typing import Any

import sqlalchemy as sa

from talea.db import api as db
from talea.db import bulk
from talea.db import models

# Kinds. The comment says which attributes the fold takes for true.
CREATE = 'create'  # all of them; fact_at is the creation time
RESIZE = 'resize'  # instance: the flavor group; volume: size; cluster: nodes
REBUILD = 'rebuild'  # image_id, image_meta
RETYPE = 'retype'  # volume_type_id
TRANSFER = 'transfer'  # project_id
ATTACH = 'attach'  # attached_to: all attachments that there are now
DETACH = 'detach'  # attached_to: those that remain
UPDATE = 'update'  # whatever does not start a new entity; state
EXISTS = 'exists'  # a claim of an audit about what was true when it was sent
DELETE = 'delete'  # nothing; fact_at is the end
CORRECT = 'correct'  # an operator's word about one entity; see entity.py

# Facts of the same moment happened in this order.
RANKS = {
    CREATE: 0,
    RESIZE: 10,
    REBUILD: 10,
    RETYPE: 10,
    TRANSFER: 10,
    ATTACH: 10,
    DETACH: 10,
    UPDATE: 20,
    EXISTS: 30,
    DELETE: 40,
    CORRECT: 50,
}

# Sources: who said it.
NOTIFICATION = 'notification'  # the service, when it did it
COARSE = 'coarse'  # the same, in a format that cuts times to whole seconds
AUDIT = 'audit'  # the service, when it was asked later
API = 'api'  # an operator, through the REST API


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """One fact about one resource, as the service said it, unfiltered.

    :ivar message_id: of the notification; unique together with the resource
    :ivar resource_type: instance, volume, snapshot, floatingip, image,
        cluster or volume_type
    :ivar resource_id: any text of up to 255 characters
    :ivar fact_at: when it became so by the service's own account, aware UTC.
        For EXISTS: when the audit looked
    :ivar kind: one of the constants above
    :ivar source: one of the constants above
    :ivar attributes: what was said, JSON-able; see the module documentation
        of talea.objects.timeline for the names and what they mean
    """

    message_id: str
    resource_type: str
    resource_id: str
    fact_at: datetime.datetime
    kind: str
    source: str
    attributes: Mapping[str, Any] = dataclasses.field(
        default_factory=lambda: types.MappingProxyType({})
    )

    @property
    def sort_key(self) -> tuple[datetime.datetime, int, str]:
        """The one order in which events are folded."""
        return (self.fact_at, RANKS[self.kind], self.message_id)


def insert(
    context: Any,
    events: Iterable[Event],
    pks: Mapping[tuple[str, str], int],
) -> None:
    """Store *events*, those known by (message id, resource) left as they are.

    :param pks: maps (resource_type, resource_id) to the resource's key
    """
    bulk.insert_missing(
        context.session,
        models.EVENT,
        ['message_id', 'resource_pk'],
        [
            _row(event, pks[event.resource_type, event.resource_id])
            for event in events
        ],
    )


def _row(event: Event, pk: int) -> dict[str, Any]:
    return {
        'message_id': event.message_id,
        'resource_pk': pk,
        'fact_at': event.fact_at,
        'kind': event.kind,
        'source': event.source,
        'attributes': json.dumps(dict(event.attributes), ensure_ascii=False),
    }


_COLUMNS = (
    models.EVENT.c.message_id,
    models.EVENT.c.resource_pk,
    models.EVENT.c.fact_at,
    models.EVENT.c.kind,
    models.EVENT.c.source,
    models.EVENT.c.attributes,
)


@db.reader
def of_resources(
    context: Any, resources: Mapping[int, tuple[str, str]]
) -> dict[int, list[Event]]:
    """Return {pk: [Event, ...]} of *resources*, each list in fold order.

    :param resources: maps the key of a resource to (type, id)
    """
    found: dict[int, list[Event]] = {pk: [] for pk in resources}
    rows = context.session.execute(
        sa.select(*_COLUMNS).where(models.EVENT.c.resource_pk.in_(found))
    )
    for row in rows:
        found[row.resource_pk].append(_of(row, resources[row.resource_pk]))
    for events in found.values():
        events.sort(key=lambda event: event.sort_key)
    return found


def after(
    context: Any,
    pk: int,
    key: tuple[str, str],
    last: tuple[datetime.datetime, int, str],
) -> list[Event]:
    """Return the events of a resource that follow one, in any order.

    :param pk: key of the resource
    :param key: its (type, id)
    :param last: sort key
    """
    rows = context.session.execute(
        sa.select(*_COLUMNS).where(
            models.EVENT.c.resource_pk == pk,
            models.EVENT.c.fact_at >= last[0],
        )
    )
    found = (_of(row, key) for row in rows)
    return [event for event in found if event.sort_key > last]


def _of(row: Any, key: tuple[str, str]) -> Event:
    return Event(
        row.message_id,
        *key,
        row.fact_at,
        row.kind,
        row.source,
        json.loads(row.attributes),
    )


@db.reader
def latest(
    context: Any, resource_type: str, resource_id: str
) -> datetime.datetime | None:
    """Return the time of the latest fact of a resource; None if it has none.

    It may lie in the future.
    """
    pk = sa.select(models.RESOURCE.c.id).where(
        models.RESOURCE.c.resource_type == resource_type,
        models.RESOURCE.c.resource_id == resource_id,
    )
    last: datetime.datetime | None = context.session.execute(
        sa.select(sa.func.max(models.EVENT.c.fact_at)).where(
            models.EVENT.c.resource_pk == pk.scalar_subquery()
        )
    ).scalar_one()
    return last


def rewrite(
    context: Any,
    message_ids: Collection[str],
    events: Iterable[Event],
    pks: Mapping[tuple[str, str], int],
) -> set[int]:
    """Make *events* all that there are of some messages.

    :param message_ids: of the messages; those that have no event any more
        too
    :param pks: maps (resource_type, resource_id) to the resource's key
    :returns: keys of the resources whose events are other than before
    """
    wanted = {}
    for event in events:
        row = _row(event, pks[event.resource_type, event.resource_id])
        wanted[row['message_id'], row['resource_pk']] = row
    present = {
        (row.message_id, row.resource_pk): row
        for row in context.session.execute(
            sa.select(models.EVENT.c.id, *_COLUMNS).where(
                models.EVENT.c.message_id.in_(message_ids)
            )
        )
    }
    other = [
        row
        for key, row in wanted.items()
        if key not in present or not _same(row, present[key])
    ]
    gone = present.keys() - wanted.keys()
    bulk.replace(
        context.session, models.EVENT, ['message_id', 'resource_pk'], other
    )
    if gone:
        context.session.execute(
            sa.delete(models.EVENT).where(
                models.EVENT.c.id.in_([present[key].id for key in gone])
            )
        )
    return {row['resource_pk'] for row in other} | {pk for _, pk in gone}


def _same(row: Mapping[str, Any], present: Any) -> bool:
    return all(
        getattr(present, name) == value
        for name, value in row.items()
        if name != 'attributes'
    ) and json.loads(present.attributes) == json.loads(row['attributes'])
