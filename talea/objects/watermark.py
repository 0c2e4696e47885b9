# SPDX-License-Identifier: Apache-2.0
"""How far each service of each deployment was heard.

Services that never said anything about usage do not count. The newest message
of a service is no proof that none before it is still under way; what comes
late is rated again.
"""

from collections.abc import Collection
from collections.abc import Iterable
import dataclasses
import datetime
from typing import Any

import sqlalchemy as sa

from talea.db import api as db
from talea.db import bulk
from talea.db import models
from talea.objects import notification

_TABLE = models.WATERMARK

# A mark that many collectors move is moved in steps.
_STEP = datetime.timedelta(seconds=1)

# (deployment, service)
_Service = tuple[str, str]


@dataclasses.dataclass(frozen=True, slots=True)
class Watermark:
    """How far one service was heard.

    :ivar sent: time of its newest message, by its own clock
    :ivar received: when that message came
    """

    deployment: str
    service: str
    sent: datetime.datetime
    received: datetime.datetime


@db.reader
def list_(context: Any) -> list[Watermark]:
    """Return all watermarks, in order of deployment and service."""
    rows = context.session.execute(
        sa.select(
            _TABLE.c.deployment,
            _TABLE.c.service,
            _TABLE.c.sent_at,
            _TABLE.c.received_at,
        ).order_by(_TABLE.c.deployment, _TABLE.c.service)
    )
    return [Watermark(*row) for row in rows]


def horizon(
    marks: Iterable[Watermark],
    now: datetime.datetime,
    timeout: datetime.timedelta | None = None,
) -> datetime.datetime | None:
    """Return until when all services were heard; None if none ever spoke.

    :param timeout: a service from which nothing came for so long has nothing
        to say, until so long ago. None: only what was heard counts
    """
    limits = []
    for mark in marks:
        limit = mark.sent
        if timeout is not None and now - mark.received >= timeout:
            limit = max(limit, now - timeout)
        limits.append(limit)
    return min(limits, default=None)


def hear(
    context: Any,
    notifications: Iterable[notification.Notification],
    telling: Collection[str],
) -> None:
    """Move the marks of those who sent *notifications*.

    Joins the transaction of *context*.

    :param telling: message ids of those that told of an event: their senders
        count from now on
    """
    newest: dict[_Service, notification.Notification] = {}
    tellers = set()
    for one in notifications:
        service = (one.deployment, one.service)
        last = newest.get(service)
        if last is None or one.sent_at > last.sent_at:
            newest[service] = one
        if one.message_id in telling:
            tellers.add(service)
    if not newest:
        return
    known = {
        (row.deployment, row.service): row.sent_at
        for row in context.session.execute(
            sa.select(
                _TABLE.c.deployment, _TABLE.c.service, _TABLE.c.sent_at
            ).where(
                _TABLE.c.deployment.in_({service[0] for service in newest})
            )
        )
    }
    # In one order, so that two collectors do not embrace.
    for service, last in sorted(newest.items()):
        if service not in known:
            if service in tellers:
                _begin(context, service, last)
        elif _sent(last) - known[service] >= _STEP:
            _move(context, service, last)


def _sent(last: notification.Notification) -> datetime.datetime:
    # The clock of a service may be wrong; nothing is heard before it is sent.
    return min(last.sent_at, last.received_at)


def _begin(
    context: Any, service: _Service, last: notification.Notification
) -> None:
    bulk.insert_missing(
        context.session,
        _TABLE,
        ['deployment', 'service'],
        [
            {
                'deployment': service[0],
                'service': service[1],
                'sent_at': _sent(last),
                'received_at': last.received_at,
            }
        ],
    )


def _move(
    context: Any, service: _Service, last: notification.Notification
) -> None:
    context.session.execute(
        sa.update(_TABLE)
        .where(
            _TABLE.c.deployment == service[0],
            _TABLE.c.service == service[1],
            _TABLE.c.sent_at < _sent(last),
        )
        .values(sent_at=_sent(last), received_at=last.received_at)
    )
