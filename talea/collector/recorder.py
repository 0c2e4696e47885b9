# SPDX-License-Identifier: Apache-2.0
"""A batch of notifications, stored in one transaction."""

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a batch, in numbers of messages and of events."""

    archived: int = 0
    repeated: int = 0
    faulty: int = 0
    events: int = 0


def record(context, notifications, rules, now):
    """Archive *notifications*, derive their events, fold their entities.

    One transaction, repeated on deadlocks and lost races. Notifications
    whose message id is archived drop out.

    :param context: DbContext without a transaction
    :param notifications: list of Notification, one batch
    :param rules: timeline.Rules
    :param now: aware UTC
    :returns: Outcome
    """
    raise NotImplementedError
