# SPDX-License-Identifier: Apache-2.0
"""What changes the spans of a resource that is there. Pure."""

from collections.abc import Mapping
import datetime
from typing import Any

from talea.objects import attributes
from talea.objects import event as events
from talea.objects import timeline

INFERRED = 'inferred'

SOURCES = {
    events.NOTIFICATION: 'notification',
    events.COARSE: 'notification',
    events.AUDIT: INFERRED,
    events.API: 'api',
}

_parse = datetime.datetime.fromisoformat


def _tells(event: events.Event, group: tuple[str, ...]) -> bool:
    """Whether *event* tells of a group; no project is no new owner."""
    given = event.attributes
    return group[0] in given and (
        group[0] != 'project_id' or bool(given['project_id'])
    )


class Changes:
    """A timeline with the rules that it is changed by."""

    def __init__(self, line: timeline.Timeline, rules: timeline.Rules) -> None:
        self.line = line
        self.rules = rules

    def know(self, event: events.Event, name: str, fact: bool) -> None:
        """Note that *event* told the value of a group, and for when."""
        when = event.fact_at
        end = event.attributes.get('period_end')
        if not fact and end:
            # An audit answers for its period, though it looks a bit later.
            when = min(when, _parse(end))
        known = self.line.evidence.get(name)
        if known is None or known[0] <= when:
            self.line.evidence[name] = (when, fact)

    def set(
        self, event: events.Event, name: str, group: tuple[str, ...]
    ) -> None:
        """Take a change of a *group* of attributes for a fact."""
        if not _tells(event, group):
            return
        values = {key: event.attributes.get(key) for key in group}
        self.assign(event, name, event.fact_at, values, group[0], fact=True)

    def observe(
        self, event: events.Event, name: str, group: tuple[str, ...]
    ) -> None:
        """Apply a change that was lost, if an audit shows one."""
        if not _tells(event, group):
            return
        tail = self.line.tail
        values = {key: event.attributes.get(key) for key in group}
        when = event.fact_at
        if (
            group[0] in tail.values
            and tail.values[group[0]] != values[group[0]]
        ):
            when = self.missed(event, name)
            if tail.end is not None and when >= tail.end:
                # Nobody knows when: what the service said of it stands.
                return
        self.assign(event, name, when, values, group[0], fact=False)

    def assign(
        self,
        event: events.Event,
        name: str,
        when: datetime.datetime,
        values: Mapping[str, Any],
        key: str,
        fact: bool,
    ) -> None:
        """Give a group of attributes its values from *when* on.

        :param name: of the group
        :param key: the attribute that tells whether it changed
        """
        line = self.line
        tail = line.tail
        if key not in tail.values and not fact:
            # An audit found it so: it has been so all the time.
            for span in line.lived():
                for attribute, value in values.items():
                    span.values.setdefault(attribute, value)
        elif key in tail.values and tail.values[key] == values[key]:
            tail.values.update(
                (attribute, value)
                for attribute, value in values.items()
                if value is not None
            )
        else:
            source = SOURCES[event.source] if fact else INFERRED
            span = line.split(when, event.message_id, source)
            self.touch(event, span, when, source)
            for later in line.following(span):
                later.values.update(values)
        self.know(event, name, fact)

    def missed(self, event: events.Event, name: str) -> datetime.datetime:
        """Return when a change happened that only an audit shows.

        At the begin of the audited period at the latest, but not before the
        old value was last seen. If a service itself set the old value within
        the period: when the instance was launched last, for a resize moves
        that time; or else when the audit looked.
        """
        known, fact = self.line.evidence.get(name, (event.fact_at, False))
        begin = event.attributes.get('period_begin')
        if begin and known <= _parse(begin):
            return _parse(begin)
        if not fact:
            return known
        launched = event.attributes.get('launched_at')
        if launched and known < _parse(launched) <= event.fact_at:
            return _parse(launched)
        return event.fact_at

    def touch(
        self,
        event: events.Event,
        span: timeline.Span,
        when: datetime.datetime,
        source: str,
    ) -> None:
        """Note that *event* changed *span*, or began it."""
        span.last_event = max(span.last_event, when)
        if span.opened_by != event.message_id:
            span.changed_by.append(event.message_id)
            if source == INFERRED:
                span.source = source
        elif source == INFERRED:
            place = self.line.place(span)
            if place and self.line.first + place > self.line.life:
                self.line.spans[place - 1].source = source

    def rebuild(
        self, event: events.Event, when: datetime.datetime, fact: bool
    ) -> None:
        """Compare the image; a change of what counts begins a new span."""
        image = attributes.image(event.attributes, self.rules)
        if not image:
            return
        line = self.line
        old = line.tail.values
        other = image.get('image_id') not in (None, old.get('image_id'))
        if 'os' not in old:
            for span in line.lived():
                attributes.fill(span, image)
        elif image['os_known'] and old['os_known']:
            changed = image['os'] != old['os']
            self.reimage(event, when, image, fact, changed)
        elif image['os_known'] and not other:
            # The properties of the image that it has become known.
            for span in line.following(line.tail):
                span.values.update(image)
        else:
            self.reimage(event, when, image, fact, other)
        self.know(event, 'image', fact)

    def reimage(
        self,
        event: events.Event,
        when: datetime.datetime,
        image: Mapping[str, Any],
        fact: bool,
        changed: bool,
    ) -> None:
        if not changed:
            if image['os_known'] or 'image_id' not in image:
                self.line.tail.values.update(image)
            return
        if not fact:
            when = self.missed(event, 'image')
            tail = self.line.tail
            if tail.end is not None and when >= tail.end:
                return
        source = SOURCES[event.source] if fact else INFERRED
        span = self.line.split(when, event.message_id, source)
        self.touch(event, span, when, source)
        for later in self.line.following(span):
            later.values.update(image)

    def state(self, event: events.Event) -> None:
        """Instances only: other states change in place."""
        if event.resource_type != 'instance':
            return
        state = event.attributes.get('state')
        tail = self.line.tail
        if state is None or tail.values.get('state') == state:
            return
        if self.rules.split_on_state:
            self.assign(
                event, 'state', event.fact_at, {'state': state}, 'state', True
            )
        else:
            tail.values['state'] = state
            tail.changed_by.append(event.message_id)

    def attach(
        self,
        event: events.Event,
        attached_to: list[str],
        when: datetime.datetime,
    ) -> None:
        """Attach or detach, by the 60 seconds rule of Almanach.

        A volume that stays attached to something, or whose span has just
        begun, is changed in place; otherwise a new span begins.
        """
        line = self.line
        tail = line.tail
        old = tail.values.get('attached_to') or []
        new = sorted(attached_to or [])
        if old == new:
            return
        threshold = datetime.timedelta(seconds=self.rules.volume_threshold)
        stays = old if event.kind == events.ATTACH else new
        if event.kind == events.EXISTS:
            stays = old and new
        inferred = event.kind == events.EXISTS
        source = INFERRED if inferred else SOURCES[event.source]
        span = tail
        if not stays and when - tail.start >= threshold:
            span = line.split(when, event.message_id, source)
        self.touch(event, span, when, source)
        for later in line.following(span):
            later.values['attached_to'] = new
        self.know(event, 'attachments', not inferred)

    def complete(self, event: events.Event) -> None:
        """Clusters only: begin a new span where its create had succeeded.

        Never taken back. If that was not told when it happened, it had by
        ``completed_at``.
        """
        given = event.attributes
        line = self.line
        if not given.get('completed') or line.tail.values.get('completed'):
            return
        when, source = event.fact_at, SOURCES[event.source]
        if given.get('completed_at'):
            when = min(when, _parse(given['completed_at']))
            source = INFERRED
        span = line.split(when, event.message_id, source)
        self.touch(event, span, when, source)
        for later in line.following(span):
            later.values['completed'] = True

    def plain(self, event: events.Event) -> None:
        given = event.attributes
        tail = self.line.tail
        new = attributes.plain(event.resource_type, given, self.rules)
        if all(
            name in tail.values and tail.values[name] == value
            for name, value in new.items()
        ):
            return
        tail.values.update(new)
        if event.message_id not in (tail.opened_by, *tail.changed_by[-1:]):
            tail.changed_by.append(event.message_id)
