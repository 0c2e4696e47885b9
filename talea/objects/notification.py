# SPDX-License-Identifier: Apache-2.0
"""One message as a service emitted it: archived, searchable, never changed."""

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
import dataclasses
import datetime
from typing import Any
import zlib

import sqlalchemy as sa

from talea import exception
from talea.db import api as db
from talea.db import bulk
from talea.db import models
from talea.db import types


@dataclasses.dataclass(frozen=True, slots=True)
class Notification:
    """A message, masked, with what is searched by in columns of its own.

    :ivar message_id: the sender's; for a body without one a digest of body
        and origin, so that a redelivery has the same
    :ivar service: the exchange it came from; on replay of plain lists the
        service that emits such event types
    :ivar host: what follows the first ``.`` or ``:`` of the publisher
    :ivar fact_at: when it happened by the service's own account
    :ivar sent_at: time of the envelope
    :ivar received_at: when it reached Talea
    :ivar fault: why it could not be understood, None if it could
    :ivar body: the message, masked, as UTF-8 JSON (the inner message of the
        oslo envelope); for a body that is not JSON the bytes as they came,
        secrets masked as far as they can be seen
    :ivar payload: the payload, masked; {} if it is not an object
    :ivar context: the ``_context_*`` members without that prefix

    ``state`` to ``old_task``, ``project_id``, ``user_id``, ``request_id`` and
    ``resource_id`` are what the message said of them, or None.
    """

    message_id: str
    deployment: str
    exchange: str
    routing_key: str
    priority: str
    event_type: str
    publisher_id: str
    service: str
    host: str | None
    request_id: str | None
    project_id: str | None
    user_id: str | None
    resource_id: str | None
    state: str | None
    old_state: str | None
    task: str | None
    old_task: str | None
    fact_at: datetime.datetime
    sent_at: datetime.datetime
    received_at: datetime.datetime
    fault: str | None
    body: bytes
    payload: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    context: Mapping[str, Any] = dataclasses.field(default_factory=dict)


_columns: Any = models.NOTIFICATION.c

# Columns that stand in the table as they stand in the dataclass, and how many
# characters of a text fit. Each is cut to its column, so that no message can
# harm its neighbours in the batch where the engine refuses what is too long.
_TEXTS: dict[str, int] = {
    column.name: column.type.impl.length  # type: ignore[misc]
    for column in _columns
    if isinstance(column.type, types.Name)
}
_TIMES = ('fact_at', 'sent_at', 'received_at')
_HEAD = tuple(
    column
    for column in _columns
    if column.name not in ('id', 'faulty', 'body')
)

# The fastest level of zlib makes a third of a message in 0.03 ms; the best
# one saves another 5 % and takes five times as long.
_LEVEL = 1


def _row(notification: Notification) -> dict[str, Any]:
    row = {name: getattr(notification, name) for name in _TIMES}
    for name, length in _TEXTS.items():
        text = getattr(notification, name)
        row[name] = text and text[:length]
    row['fault'] = notification.fault
    row['faulty'] = notification.fault is not None
    row['body'] = zlib.compress(notification.body, _LEVEL)
    return row


def _of(row: Any, body: bytes = b'') -> Notification:
    values = {column.name: getattr(row, column.name) for column in _HEAD}
    return Notification(body=body, **values)


@db.reader
def known(context: Any, message_ids: Collection[str]) -> set[str]:
    """Return the set of those *message_ids* that are archived."""
    return set(
        context.session.scalars(
            sa.select(_columns.message_id).where(
                _columns.message_id.in_(message_ids)
            )
        )
    )


@db.writer
def insert(context: Any, notifications: Iterable[Notification]) -> set[str]:
    """Archive *notifications*, those archived already left as they are.

    Of several with one message id the first counts. The body is stored
    compressed by zlib.

    :returns: the set of message ids that were new. Another process may
        archive one of them at the same moment: then it is new to both
    """
    wanted: dict[str, Notification] = {}
    for notification in notifications:
        wanted.setdefault(notification.message_id, notification)
    new = wanted.keys() - known(context, list(wanted))
    bulk.insert_missing(
        context.session,
        models.NOTIFICATION,
        ['message_id'],
        [_row(wanted[key]) for key in wanted if key in new],
    )
    return set(new)


@db.reader
def get(context: Any, message_id: str) -> Notification:
    """Return the Notification with *message_id*.

    Its ``payload`` and ``context`` are left empty: they are in the body.

    :raises talea.exception.NotFound: if it is not archived
    """
    row = context.session.execute(
        sa.select(*_HEAD, _columns.body).where(
            _columns.message_id == message_id
        )
    ).one_or_none()
    if row is None:
        raise exception.NotFound(f'No notification {message_id} is archived.')
    return _of(row, zlib.decompress(row.body))


@db.reader
def page(
    context: Any,
    faulty: bool = False,
    marker: str | None = None,
    limit: int = 100,
) -> list[Notification]:
    """Return up to *limit* Notifications without body, newest first.

    :param faulty: only those that could not be understood
    :param marker: message id of the last one of the page before
    :raises talea.exception.NotFound: if the marker is not archived
    """
    query = sa.select(*_HEAD).order_by(_columns.id.desc()).limit(limit)
    if faulty:
        query = query.where(_columns.faulty.is_(True))
    if marker is not None:
        last = context.session.scalar(
            sa.select(_columns.id).where(_columns.message_id == marker)
        )
        if last is None:
            raise exception.NotFound(f'No notification {marker} is archived.')
        query = query.where(_columns.id < last)
    return [_of(row) for row in context.session.execute(query)]


@db.reader
def position(context: Any, since: datetime.datetime) -> int:
    """Return the position right before what arrived at or after *since*."""
    first = context.session.scalar(
        sa.select(sa.func.min(_columns.id)).where(
            _columns.received_at >= since
        )
    )
    if first is None:
        newest = sa.select(sa.func.coalesce(sa.func.max(_columns.id), 0))
        return int(context.session.scalar(newest))
    return int(first) - 1


@db.reader
def after(
    context: Any, position: int, limit: int = 200
) -> list[tuple[int, Notification]]:
    """Return [(position, Notification), ...], the next *limit* in the archive.

    Like those of :func:`get` their ``payload`` and ``context`` are empty.

    :param position: 0, or the position of the last one that was handled
    """
    rows = context.session.execute(
        sa.select(_columns.id, *_HEAD, _columns.body)
        .where(_columns.id > position)
        .order_by(_columns.id)
        .limit(limit)
    )
    return [(row.id, _of(row, zlib.decompress(row.body))) for row in rows]


@db.reader
def count(
    context: Any, before: datetime.datetime | None = None, position: int = 0
) -> int:
    """Return how many are archived after *position*.

    :param before: only those that arrived before this moment
    """
    query = sa.select(sa.func.count()).where(_columns.id > position)
    if before is not None:
        query = query.where(_columns.received_at < before)
    return int(context.session.scalar(query))


@db.reader
def newest(context: Any) -> datetime.datetime | None:
    """Return when the newest message was sent, None in an empty archive."""
    newest: datetime.datetime | None = context.session.scalar(
        sa.select(sa.func.max(_columns.sent_at))
    )
    return newest


@db.reader
def faults(context: Any) -> list[tuple[str, str, str, int]]:
    """Return [(service, event type, fault, number), ...], commonest first."""
    columns = (
        _columns.service,
        _columns.event_type,
        _columns.fault,
    )
    number = sa.func.count()
    return [
        tuple(row)
        for row in context.session.execute(
            sa.select(*columns, number)
            .where(_columns.faulty.is_(True))
            .group_by(*columns)
            .order_by(number.desc(), *columns)
        )
    ]


@db.retry
@db.writer
def purge(context: Any, before: datetime.datetime, limit: int = 1000) -> int:
    """Forget up to *limit* that arrived before *before*, the oldest first.

    One small transaction of its own; call it until it returns 0. Events and
    entities stay, and with them the knowledge of what was seen.

    :returns: how many were deleted
    """
    doomed = context.session.scalars(
        sa.select(_columns.id)
        .where(_columns.received_at < before)
        .order_by(_columns.received_at, _columns.id)
        .limit(limit)
    ).all()
    if doomed:
        context.session.execute(
            sa.delete(models.NOTIFICATION).where(_columns.id.in_(doomed))
        )
    return len(doomed)
