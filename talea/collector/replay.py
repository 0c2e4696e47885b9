# SPDX-License-Identifier: Apache-2.0
"""Notifications from a file, stored as those from a bus are; or a rehearsal.

The path is that of the collector: a bus gives batches, the envelope opens
them, the recorder stores them.
"""

import collections
import itertools

from talea import exception
from talea.collector import definitions
from talea.collector import envelope
from talea.collector import recorder
from talea.objects import notification
from talea.objects import preview

# Resources that a rehearsal looks up in one query.
_TOGETHER = 200


def replay(context, bus, limits, known_types, rules, clock):
    """Store what *bus* gives, yielding the Outcome of each batch.

    :param context: DbContext without a transaction
    :param limits: the options of [collector]
    :param known_types: what definitions.load() gave
    :param rules: timeline.Rules
    :param clock: function that returns the present, aware UTC
    """
    for batch in bus.batches():
        opened = [envelope.open(one, limits) for one in batch.deliveries]
        outcome = recorder.record(context, opened, known_types, rules, clock())
        batch.ack()
        yield outcome


class Rehearsal:
    """A replay that writes nothing and tells what would change.

    Keeps the ids and the events of all messages in memory: that of some
    thousand messages takes as many MB of them as the archive grows by.

    :ivar outcome: recorder.Outcome, as the replay would have it
    """

    def __init__(self, context, limits, known_types, rules):
        self._context = context
        self._limits = limits
        self._known_types = known_types
        self._rules = rules
        self._seen = set()
        self._events = collections.defaultdict(list)
        self.outcome = recorder.Outcome()

    def run(self, bus):
        """Take all that *bus* gives, yielding the Outcome of each batch."""
        for batch in bus.batches():
            outcome = self._take(batch.deliveries)
            self.outcome += outcome
            batch.ack()
            yield outcome

    def _take(self, deliveries):
        opened = {}
        for delivery in deliveries:
            one = envelope.open(delivery, self._limits)
            if one.message_id not in self._seen:
                opened.setdefault(one.message_id, one)
        repeated = notification.known(self._context, list(opened))
        self._seen |= opened.keys()
        faulty = derived = 0
        for message_id in opened.keys() - repeated:
            one = self._derive(opened[message_id])
            faulty += one is None
            derived += len(one or ())
        return recorder.Outcome(
            archived=len(opened) - len(repeated),
            repeated=len(repeated),
            faulty=faulty,
            events=derived,
        )

    def _derive(self, one):
        """Keep the events of a Notification; None if it has a fault."""
        if one.fault is not None:
            return None
        try:
            events = definitions.events(one, self._known_types)
        except exception.BadMessage:
            return None
        for event in events:
            key = (event.resource_type, event.resource_id)
            self._events[key].append(event)
        return events

    def preview(self):
        """Return the Preview of all that was taken."""
        found = preview.Preview()
        waiting = iter(self._events.values())
        while some := list(itertools.islice(waiting, _TOGETHER)):
            found += preview.of(
                self._context,
                list(itertools.chain.from_iterable(some)),
                self._rules,
            )
        return found
