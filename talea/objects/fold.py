# SPDX-License-Identifier: Apache-2.0
"""What each kind of event does to a timeline. Pure, no clock, no database.

The entities of a resource are a function of the set of its events: fold()
sorts them by (time of the fact, rank of the kind, message id) and takes one
step for each. Because a step only looks back, folding can go on from where
it stopped as long as newer events arrive.
"""

from collections.abc import Iterable
from collections.abc import Mapping
import datetime
from typing import Any

from talea.objects import event as events
from talea.objects import timeline

INFERRED = 'inferred'

_PROJECT = ('project_id',)
_SIZE = ('size',)

# Attributes that move together and whose change begins a new entity; the
# first of each group tells whether it changed.
GROUPS: dict[str, dict[str, tuple[str, ...]]] = {
    'instance': {
        'flavor': (
            'flavor',
            'flavor_id',
            'vcpus',
            'memory_mb',
            'disk_gb',
            'root_gb',
            'ephemeral_gb',
        ),
        'project': _PROJECT,
    },
    'volume': {
        'size': _SIZE,
        'type': ('volume_type_id',),
        'project': _PROJECT,
    },
    'snapshot': {'size': _SIZE, 'project': _PROJECT},
    'floatingip': {'project': _PROJECT},
    'image': {'size': _SIZE, 'project': _PROJECT},
    'volume_type': {'name': ('name',)},
}

_STATE = ('state',)

# Attributes that change in place.
PLAIN: dict[str, tuple[str, ...]] = {
    'instance': ('name', 'display_name', 'zone', 'host'),
    'volume': ('name', 'zone', 'state'),
    'snapshot': ('name', 'volume_id', 'state'),
    'floatingip': (
        'name',
        'address',
        'network_id',
        'port_id',
        'fixed_ip',
        'router_id',
        'state',
    ),
    'image': ('name', 'visibility', 'state'),
    'volume_type': (),
}

# Groups that an event of this kind sets.
_SETS = {
    events.RESIZE: ('flavor', 'size'),
    events.RETYPE: ('type',),
    events.TRANSFER: ('project',),
    events.UPDATE: ('name',),
}

_SOURCES = {
    events.NOTIFICATION: 'notification',
    events.COARSE: 'notification',
    events.AUDIT: INFERRED,
    events.API: 'api',
}

_CERTAINTY = {
    events.NOTIFICATION: timeline.EXACT,
    events.API: timeline.EXACT,
    events.COARSE: timeline.COARSE,
    events.AUDIT: timeline.TOLD,
}

_parse = datetime.datetime.fromisoformat


def fold(
    history: Iterable[events.Event],
    rules: timeline.Rules,
    onto: timeline.Timeline | None = None,
) -> timeline.Timeline:
    """Return the timeline of one resource.

    :param history: all of its events, in any order and with repetitions; or,
        with *onto*, those that are newer than what *onto* was folded from
    :param onto: the timeline to go on from
    :raises talea.objects.timeline.Incomplete: *onto* does not reach back far
        enough: fold the whole history
    """
    line = timeline.Timeline() if onto is None else onto
    folder = _Folder(line, rules)
    late = []
    seen = set()
    for event in sorted(history, key=lambda event: event.sort_key):
        if event.message_id in seen:
            continue
        seen.add(event.message_id)
        if event.kind == events.CORRECT and event.attributes['target_end']:
            late.append(event)
        else:
            folder.step(event)
    if late and onto is not None:
        raise timeline.Incomplete
    for event in late:
        folder.correct(event)
        line.corrected = True
    return line


class _Folder:
    """One resource's timeline with the rules that it is folded by."""

    def __init__(self, line: timeline.Timeline, rules: timeline.Rules) -> None:
        self.line = line
        self.rules = rules

    def step(self, event: events.Event) -> None:
        """Take *event* in; it is not older than any before it."""
        if event.kind == events.CORRECT:
            self.correct(event)
        elif event.kind == events.CREATE:
            self._create(event)
        else:
            if not self.line.alive:
                self._revive(event)
            if event.kind == events.DELETE:
                self._close(event, event.fact_at, _CERTAINTY[event.source])
            elif self.line.alive or event.kind == events.EXISTS:
                self._live(event)

    def _live(self, event: events.Event) -> None:
        if event.kind == events.EXISTS:
            self._exists(event)
            return
        attributes = event.attributes
        groups = GROUPS[event.resource_type]
        for name in _SETS.get(event.kind, ()):
            if name in groups:
                self._set(event, name, groups[name])
        if event.kind == events.REBUILD:
            self._rebuild(event, event.fact_at, fact=True)
        elif event.kind in (events.ATTACH, events.DETACH):
            self._attach(event, attributes['attached_to'], event.fact_at)
        self._state(event)
        self._plain(event)

    # Beginning

    def _values(self, event: events.Event) -> dict[str, Any]:
        """Return everything that *event* says, white lists applied."""
        given = event.attributes
        kind = event.resource_type
        values = {'project_id': given.get('project_id') or ''}
        for names in GROUPS[kind].values():
            if names[0] in given:
                values.update((name, given.get(name)) for name in names)
        values.update(
            (name, given[name]) for name in PLAIN[kind] if name in given
        )
        if 'state' in given:
            values['state'] = given['state']
        if kind == 'instance':
            values.update(self._image(given))
            values['metadata'] = self._metadata(given)
        if kind == 'volume':
            values['attached_to'] = given.get('attached_to') or []
        return values

    def _image(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is known of the image, {} if nothing is.

        ``os`` holds the white-listed properties; ``os_known`` tells whether
        the message carried properties at all.
        """
        meta = given.get('image_meta')
        if meta is None and 'image_id' not in given:
            return {}
        known = meta is not None
        if meta is None:
            meta = {'os_type': given['os_type']} if 'os_type' in given else {}
        image = {
            'os': {
                name: meta[key]
                for name in self.rules.image_meta
                for key in (name, f'os_{name}')
                if key in meta
            },
            'os_known': known,
        }
        if 'image_id' in given:
            image['image_id'] = given['image_id']
        return image

    def _metadata(self, given: Mapping[str, Any]) -> dict[str, Any]:
        metadata = given.get('metadata') or {}
        return {
            name: metadata[name]
            for name in self.rules.metadata
            if name in metadata
        }

    def _open(
        self, event: events.Event, when: datetime.datetime, source: str
    ) -> None:
        line = self.line
        line.open(
            timeline.Span(
                when, None, when, source, self._values(event), event.message_id
            )
        )
        fact = event.kind == events.CREATE
        for name in (*GROUPS[event.resource_type], 'image', 'attachments'):
            self._know(event, name, fact)

    def _know(self, event: events.Event, name: str, fact: bool) -> None:
        """Note that *event* told the value of a group, and for when."""
        when = event.fact_at
        end = event.attributes.get('period_end')
        if not fact and end:
            # An audit answers for its period, though it looks a bit later.
            when = min(when, _parse(end))
        known = self.line.evidence.get(name)
        if known is None or known[0] <= when:
            self.line.evidence[name] = (when, fact)

    def _create(self, event: events.Event) -> None:
        line = self.line
        when = event.fact_at
        if line.empty:
            self._open(event, when, _SOURCES[event.source])
            return
        begun = line.begun() if line.life >= line.first else None
        if not line.alive:
            end = line.tail.end
            if (end is None or when >= end) and when != begun:
                self._open(event, when, _SOURCES[event.source])
        elif begun is None or when == begun:
            # The same fact in another format may know more.
            values = self._values(event)
            for span in line.lived():
                self._fill(span, values)

    def _revive(self, event: events.Event) -> None:
        """Begin a life whose create was lost, if *event* proves that."""
        given = event.attributes.get('created_at')
        if given is None:
            return
        when = min(_parse(given), event.fact_at)
        line = self.line
        if not line.empty:
            end = line.tail.end
            if end is None or when < end or when <= line.tail.start:
                # A late word about a life that has ended.
                return
        self._open(event, when, INFERRED)

    @staticmethod
    def _fill(span: timeline.Span, values: Mapping[str, Any]) -> None:
        """Add to *span* what it does not know yet."""
        if not span.values.get('os_known') and values.get('os_known'):
            same = span.values.get('image_id', values.get('image_id'))
            if same == values.get('image_id', same):
                for name in ('os', 'os_known'):
                    span.values[name] = values[name]
        for name, value in values.items():
            span.values.setdefault(name, value)

    # Changes that begin a new span

    def _set(
        self, event: events.Event, name: str, group: tuple[str, ...]
    ) -> None:
        """Take a change of a *group* of attributes for a fact."""
        if group[0] not in event.attributes:
            return
        values = {key: event.attributes.get(key) for key in group}
        self._assign(event, name, event.fact_at, values, group[0], fact=True)

    def _observe(
        self, event: events.Event, name: str, group: tuple[str, ...]
    ) -> None:
        """Apply a change that was lost, if an audit shows one."""
        if group[0] not in event.attributes:
            return
        tail = self.line.tail
        values = {key: event.attributes.get(key) for key in group}
        when = event.fact_at
        if (
            group[0] in tail.values
            and tail.values[group[0]] != values[group[0]]
        ):
            when = self._missed(event, name)
        self._assign(event, name, when, values, group[0], fact=False)

    def _missed(self, event: events.Event, name: str) -> datetime.datetime:
        """Return when a change happened that only an audit shows.

        At the begin of the audited period at the latest, but not before the
        old value was last seen. If a service itself set the old value within
        the period: when the instance was launched last, for a resize moves
        that time; or else when the audit looked.
        """
        known, fact = self.line.evidence.get(name, (None, False))
        begin = event.attributes.get('period_begin')
        when = _parse(begin) if begin else known or event.fact_at
        if known is None or known <= when:
            return when
        if not fact:
            return known
        launched = event.attributes.get('launched_at')
        if launched and known < _parse(launched) <= event.fact_at:
            return _parse(launched)
        return event.fact_at

    def _assign(
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
        if key not in tail.values:
            # Not known before: it has been so all the time.
            for span in line.lived():
                for attribute, value in values.items():
                    span.values.setdefault(attribute, value)
        elif tail.values[key] == values[key]:
            tail.values.update(
                (attribute, value)
                for attribute, value in values.items()
                if value is not None
            )
        else:
            source = _SOURCES[event.source] if fact else INFERRED
            span = line.split(when, event.message_id, source)
            self._touch(event, span, when, source)
            for later in line.following(span):
                later.values.update(values)
        self._know(event, name, fact)

    def _touch(
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
            place = self.line.spans.index(span)
            if place and self.line.first + place > self.line.life:
                self.line.spans[place - 1].source = source

    def _rebuild(
        self, event: events.Event, when: datetime.datetime, fact: bool
    ) -> None:
        """Compare the image; a change of what counts begins a new span."""
        image = self._image(event.attributes)
        if not image:
            return
        line = self.line
        old = line.tail.values
        other = image.get('image_id') not in (None, old.get('image_id'))
        if 'os' not in old:
            for span in line.lived():
                self._fill(span, image)
        elif image['os_known'] and old['os_known']:
            changed = image['os'] != old['os']
            self._reimage(event, when, image, fact, changed)
        elif image['os_known'] and not other:
            # The properties of the image that it has become known.
            for span in line.following(line.tail):
                span.values.update(image)
        else:
            self._reimage(event, when, image, fact, other)
        self._know(event, 'image', fact)

    def _reimage(
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
            when = self._missed(event, 'image')
        source = _SOURCES[event.source] if fact else INFERRED
        span = self.line.split(when, event.message_id, source)
        self._touch(event, span, when, source)
        for later in self.line.following(span):
            later.values.update(image)

    def _state(self, event: events.Event) -> None:
        """Instances only: other states change in place."""
        if event.resource_type != 'instance':
            return
        state = event.attributes.get('state')
        tail = self.line.tail
        if state is None or tail.values.get('state') == state:
            return
        if self.rules.split_on_state:
            self._assign(
                event, 'state', event.fact_at, {'state': state}, 'state', True
            )
        else:
            tail.values['state'] = state
            tail.changed_by.append(event.message_id)

    def _attach(
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
        source = INFERRED if inferred else _SOURCES[event.source]
        span = tail
        if not stays and when - tail.start >= threshold:
            span = line.split(when, event.message_id, source)
        self._touch(event, span, when, source)
        for later in line.following(span):
            later.values['attached_to'] = new
        self._know(event, 'attachments', not inferred)

    # Changes in place

    def _plain(self, event: events.Event) -> None:
        given = event.attributes
        tail = self.line.tail
        new = {
            name: given[name]
            for name in PLAIN[event.resource_type]
            if name in given
        }
        if event.resource_type == 'instance' and 'metadata' in given:
            new['metadata'] = self._metadata(given)
        if all(
            name in tail.values and tail.values[name] == value
            for name, value in new.items()
        ):
            return
        tail.values.update(new)
        if event.message_id != tail.opened_by and (
            event.message_id not in tail.changed_by
        ):
            tail.changed_by.append(event.message_id)

    # Audits

    def _exists(self, event: events.Event) -> None:
        given = event.attributes
        if self.line.alive:
            for name, group in GROUPS[event.resource_type].items():
                self._observe(event, name, group)
            if event.resource_type == 'instance':
                self._rebuild(event, event.fact_at, fact=False)
            if 'attached_to' in given:
                self._attach(
                    event,
                    given['attached_to'],
                    self._missed(event, 'attachments'),
                )
        if given.get('ended_at'):
            self._close(event, _parse(given['ended_at']), timeline.TOLD)
        elif given.get('gone'):
            end = given.get('period_end')
            when = min(_parse(end), event.fact_at) if end else event.fact_at
            self._close(event, when, timeline.GONE)
        elif self.line.alive:
            self._state(event)
            self._plain(event)

    # Ending

    def _close(
        self, event: events.Event, when: datetime.datetime, certainty: int
    ) -> None:
        if self.line.empty:
            return
        inferred = certainty < timeline.COARSE
        shortest = datetime.timedelta(
            seconds=self.rules.volume_threshold
            if event.resource_type == 'volume'
            else 0
        )
        self.line.close(
            when,
            certainty,
            event.message_id,
            INFERRED if inferred else _SOURCES[event.source],
            shortest,
        )

    # An operator's word

    def correct(self, event: events.Event) -> None:
        """Give the span that an operator saw the values that he gave.

        What later spans of an open life had only taken over from it is
        changed in them too.
        """
        line = self.line
        if line.first:
            raise timeline.Incomplete
        target = _parse(event.attributes['target_start'])
        span = next(
            (s for s in reversed(line.spans) if s.start == target), None
        ) or next((s for s in reversed(line.spans) if s.covers(target)), None)
        if span is None:
            return
        new = dict(event.attributes['set'])
        begin, end = new.pop('start', None), new.pop('end', None)
        if 'flavor' in new:
            group = GROUPS['instance']['flavor']
            new = {**dict.fromkeys(group), **new}
        if 'os' in new:
            new['os_known'] = True
        self._overwrite(event, span, new)
        if begin:
            span.start = _parse(begin)
        if end:
            span.end = _parse(end)
            span.closed_by = event.message_id
            if span is line.spans[-1]:
                line.certainty = timeline.ORDERED

    def _overwrite(
        self,
        event: events.Event,
        span: timeline.Span,
        new: Mapping[str, Any],
    ) -> None:
        line = self.line
        spans = line.following(span)
        if event.attributes['target_end']:
            spans = spans[:1]
        old = {name: span.values.get(name) for name in new}
        for later in spans:
            taken = {
                name: value
                for name, value in new.items()
                if later.values.get(name) == old[name]
            }
            old = {name: old[name] for name in taken}
            new = taken
            later.values.update(taken)
            if taken:
                later.source = 'api'
                later.changed_by.append(event.message_id)


def explain(
    history: Iterable[events.Event], rules: timeline.Rules
) -> list[timeline.Span]:
    """Return the spans of a resource with the events that made them."""
    return fold(history, rules).spans
