# SPDX-License-Identifier: Apache-2.0
"""A batch of notifications, stored in one transaction."""

import dataclasses
import logging

from talea import exception
from talea.collector import definitions
from talea.db import api as db
from talea.objects import notification
from talea.objects import resource
from talea.objects import watermark

LOG = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a batch, in numbers of messages and of events."""

    archived: int = 0
    repeated: int = 0
    faulty: int = 0
    events: int = 0

    def __add__(self, other):
        return Outcome(
            self.archived + other.archived,
            self.repeated + other.repeated,
            self.faulty + other.faulty,
            self.events + other.events,
        )


def record(context, notifications, known_types, rules, now):
    """Archive *notifications*, derive their events, fold their entities.

    One transaction, repeated on deadlocks and lost races. Notifications
    whose message id is archived drop out.

    :param context: DbContext without a transaction
    :param notifications: list of Notification, one batch
    :param known_types: what definitions.load() gave
    :param rules: timeline.Rules
    :param now: aware UTC
    :returns: Outcome
    """
    archive, events = _derive(notifications, known_types)
    return _store(context, archive, events, rules, now)


def _derive(notifications, known_types):
    """Return the notifications to archive, one of each id, and their events.

    :returns: ([Notification], {message_id: [Event]})
    """
    archive = {}
    events = {}
    for one in notifications:
        if one.message_id in archive:
            continue
        try:
            events[one.message_id] = definitions.events(one, known_types)
        except exception.BadMessage as error:
            LOG.warning('Message %s: %s', one.message_id, error)
            one = dataclasses.replace(one, fault=str(error))
        archive[one.message_id] = one
    return list(archive.values()), events


@db.retry
@db.writer
def _store(context, archive, events, rules, now):
    new = notification.insert(context, archive)
    given = [
        event for message_id in new for event in events.get(message_id, ())
    ]
    resource.apply(context, given, rules, now)
    watermark.hear(
        context, archive, {one for one, told in events.items() if told}
    )
    return Outcome(
        archived=len(new),
        repeated=len(archive) - len(new),
        faulty=sum(
            one.fault is not None for one in archive if one.message_id in new
        ),
        events=len(given),
    )
