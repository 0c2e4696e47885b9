# SPDX-License-Identifier: Apache-2.0
"""One message as a service emitted it: archived, searchable, never changed."""

from collections.abc import Mapping
import dataclasses
import datetime
from typing import Any


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
