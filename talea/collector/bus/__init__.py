# SPDX-License-Identifier: Apache-2.0
"""Where notifications come from: batches in, ack or requeue out.

Whoever takes from a bus writes this, whatever the bus is::

    for batch in bus.batches():
        try:
            store(batch.deliveries)
        except DatabaseAway:
            batch.requeue()
        else:
            batch.ack()
"""

from collections.abc import Iterator
from collections.abc import Sequence
import dataclasses
import datetime
from typing import Protocol


@dataclasses.dataclass(frozen=True, slots=True)
class Delivery:
    """One message as the bus handed it over: nothing is read in it yet.

    It is not masked: its body belongs neither on the disk nor in the log.

    :ivar deployment: name of the deployment that the bus belongs to
    :ivar exchange: where it was published; '' if the bus does not tell
    :ivar routing_key: topic and priority, such as ``notifications.info``;
        '' if the bus does not tell
    :ivar body: the bytes as they came
    :ivar received_at: when it reached Talea, aware UTC
    :ivar redelivered: whether the bus says that it may have come before
    :ivar origin: where to look for it, for messages to people: a queue, or a
        file and line
    """

    deployment: str
    exchange: str
    routing_key: str
    body: bytes = dataclasses.field(repr=False)
    received_at: datetime.datetime
    redelivered: bool = False
    origin: str = ''


class Batch(Protocol):
    """Deliveries that are stored, and settled, together.

    Exactly one of :meth:`ack` and :meth:`requeue` is called, by the thread
    that iterates over the batches. A bus may only notice a lost connection
    there; it then gives the same deliveries again and raises nothing.
    """

    deliveries: Sequence[Delivery]

    def ack(self) -> None:
        """Tell the bus that all of it is stored and never needed again."""

    def requeue(self) -> None:
        """Give all of it back: it will be delivered again."""


class Bus(Protocol):
    """A source of batches."""

    def batches(self) -> Iterator[Batch]:
        """Yield batches, none of them empty, until :meth:`stop`.

        Blocks while there is nothing to take. A lost connection is made
        again inside. After :meth:`stop` the batch in hand may still be
        settled; then the generator ends, giving back what it had taken but
        not yielded, and lets go of its connection.

        :raises talea.exception.BusError: if the bus cannot be used as it is
            configured, however often one tries
        """

    def stop(self) -> None:
        """Let :meth:`batches` take nothing new and end, at once.

        May be called from any thread, and more than once; wakes a blocked
        :meth:`batches`.
        """
