# SPDX-License-Identifier: Apache-2.0
"""Stories of single resources, told event by event."""

import datetime
import itertools

from talea.objects import event as events
from talea.objects import fold
from talea.objects import timeline

UTC = datetime.UTC
DAY = datetime.datetime(2026, 11, 21, tzinfo=UTC)

SMALL = {'flavor': 'm1.small', 'flavor_id': '1', 'vcpus': 1}
LARGE = {'flavor': 'm1.large', 'flavor_id': '2', 'vcpus': 4}
DEBIAN = {'image_id': 'i-1', 'image_meta': {'os_distro': 'debian'}}
FEDORA = {'image_id': 'i-2', 'image_meta': {'os_distro': 'fedora'}}


def at(clock):
    """Return the moment of 2026-11-21 that *clock* ("10:30") names."""
    return datetime.datetime.combine(
        DAY, datetime.time.fromisoformat(clock), UTC
    )


class Story:
    """Events of one resource, told one after another."""

    def __init__(self, resource_type, **attributes):
        self.resource_type = resource_type
        self.attributes = {'project_id': 'p', **attributes}
        self.events = []

    def tell(self, clock, kind, source=events.NOTIFICATION, **attributes):
        number = len(self.events)
        self.events.append(
            events.Event(
                f'm-{number}',
                self.resource_type,
                'r',
                at(clock),
                kind,
                source,
                attributes,
            )
        )
        return self

    def create(self, clock, **attributes):
        return self.tell(
            clock, events.CREATE, **{**self.attributes, **attributes}
        )

    def exists(self, clock, begin='00:00', created=None, **attributes):
        given = {**self.attributes, **attributes}
        if created:
            given['created_at'] = at(created).isoformat()
        return self.tell(
            clock,
            events.EXISTS,
            events.AUDIT,
            period_begin=at(begin).isoformat(),
            **given,
        )

    def spans(self, *names, **rules):
        """Return [(start, end, value...)] whatever the order of arrival."""
        settings = timeline.Rules(**rules)
        results = set()
        for order in itertools.islice(
            itertools.permutations(self.events), 120
        ):
            results.add(
                tuple(
                    (
                        f'{span.start:%H:%M}',
                        span.end and f'{span.end:%H:%M}',
                        *(str(span.values.get(name)) for name in names),
                    )
                    for span in self._fold(order, settings).spans
                )
            )
        assert len(results) == 1, results
        return list(results.pop())

    def _fold(self, order, rules):
        """Fold event by event, the way that they arrive."""
        line = None
        seen = []
        for event in order:
            newer = all(event.sort_key > other.sort_key for other in seen)
            seen.append(event)
            try:
                if line is None or not newer:
                    raise timeline.Incomplete
                line = timeline.Timeline.continued(line.memory)
                line = fold.fold([event], rules, line)
            except timeline.Incomplete:
                line = None
            if line is not None:
                # What continues from memory ends as all of it would.
                whole = fold.fold(seen, rules)
                assert line.memory == whole.memory, (line.memory, whole.memory)
            line = fold.fold(seen, rules)
        return line
