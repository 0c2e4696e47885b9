# SPDX-License-Identifier: Apache-2.0
"""Notifications and resources that are no usage, and why."""

from typing import Any

import sqlalchemy as sa

from talea.db import api as db
from talea.db import models
from talea.objects import notification

COLUMNS = ('number', 'of', 'why')

_N = models.NOTIFICATION.c
_R = models.RESOURCE.c


@db.reader
def show(context: Any) -> list[tuple[int, str, str]]:
    """Return [(number, of what, why), ...], reasons of one kind together.

    Reads the archive as a whole: a matter of seconds for each million of
    notifications.
    """
    return (
        [
            (number, f'{service} {event_type}', fault)
            for service, event_type, fault, number in notification.faults(
                context
            )
        ]
        + _without_event(context)
        + _without_entity(context)
    )


def _without_event(context: Any) -> list[tuple[int, str, str]]:
    """Count what was understood but says nothing about a resource."""
    event = models.EVENT.c.message_id == _N.message_id
    number = sa.func.count()
    rows = context.session.execute(
        sa.select(_N.service, number)
        .where(_N.faulty.is_(False), ~sa.exists().where(event))
        .group_by(_N.service)
        .order_by(number.desc(), _N.service)
    )
    return [
        (row[1], f'{row[0]} notifications', 'say nothing about usage')
        for row in rows
    ]


def _without_entity(context: Any) -> list[tuple[int, str, str]]:
    """Count resources that are known, but never came to life."""
    entity = models.ENTITY.c.resource_pk == _R.id
    number = sa.func.count()
    rows = context.session.execute(
        sa.select(_R.resource_type, number)
        .where(~sa.exists().where(entity))
        .group_by(_R.resource_type)
        .order_by(number.desc(), _R.resource_type)
    )
    return [
        (row[1], f'{row[0]} resources', 'never came to life') for row in rows
    ]
