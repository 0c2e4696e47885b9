# SPDX-License-Identifier: Apache-2.0
"""What each kind of event does to a timeline. Pure, no clock, no database.

The entities of a resource are a function of the set of its events: fold()
sorts them by (time of the fact, rank of the kind, message id) and takes one
step for each. Because a step only looks back, folding can go on from where
it stopped as long as newer events arrive.
"""

from collections.abc import Iterable
import datetime

from talea.objects import attributes
from talea.objects import changes
from talea.objects import cluster
from talea.objects import correction
from talea.objects import event as events
from talea.objects import timeline

# Groups that an event of this kind sets.
_SETS = {
    events.RESIZE: ('flavor', 'size', 'nodes', 'masters'),
    events.RETYPE: ('type',),
    events.TRANSFER: ('project',),
    events.UPDATE: ('name',),
}

_ATTACHES = (events.ATTACH, events.DETACH)

_CERTAINTY = {
    events.NOTIFICATION: timeline.EXACT,
    events.API: timeline.EXACT,
    events.COARSE: timeline.COARSE,
    events.AUDIT: timeline.TOLD,
}

# The evidence that a resource was begun to be made.
_BEGUN = 'begun'

_parse = datetime.datetime.fromisoformat


def _found_gone(event: events.Event) -> bool:
    given = event.attributes
    return event.kind == events.EXISTS and bool(
        given.get('ended_at') or given.get('gone')
    )


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
        correction.correct(line, event)
        line.corrected = True
    return line


class _Folder:
    """One resource's timeline with the rules that it is folded by."""

    def __init__(self, line: timeline.Timeline, rules: timeline.Rules) -> None:
        self.line = line
        self.rules = rules
        self.changes = changes.Changes(line, rules)

    def step(self, event: events.Event) -> None:
        """Take *event* in; it is not older than any before it."""
        if event.kind == events.CORRECT:
            correction.correct(self.line, event)
        elif event.kind == events.CREATE:
            self._create(event)
        else:
            if not self.line.alive:
                self._revive(event)
            if event.kind == events.DELETE:
                self.line.reopen(_CERTAINTY[event.source])
                if self.line.alive:
                    self._observe(event)
                    self.changes.plain(event)
                self._close(event, event.fact_at, _CERTAINTY[event.source])
                self._fill(event, self.line.spans[-1:])
            elif self.line.alive or event.kind == events.EXISTS:
                self._live(event)

    def _live(self, event: events.Event) -> None:
        if event.kind == events.EXISTS:
            self._exists(event)
            return
        given = event.attributes
        groups = attributes.groups(event.resource_type)
        for name in _SETS.get(event.kind, ()):
            if name in groups:
                self.changes.set(event, name, groups[name])
        if event.kind == events.UPDATE and event.resource_type == 'image':
            # Glance has no other word for a new owner, and no audit.
            self.changes.set(event, 'project', groups['project'])
        if event.kind == events.REBUILD:
            self.changes.rebuild(event, event.fact_at, fact=True)
        elif event.kind in _ATTACHES and 'attached_to' in given:
            self.changes.attach(event, given['attached_to'], event.fact_at)
        if event.resource_type == cluster.KIND:
            self.changes.complete(event)
        self.changes.state(event)
        self.changes.plain(event)

    def _exists(self, event: events.Event) -> None:
        given = event.attributes
        end = None
        certainty = 0
        if given.get('ended_at'):
            end, certainty = _parse(given['ended_at']), timeline.TOLD
        elif given.get('gone'):
            asked = given.get('period_end')
            end = min(_parse(asked), event.fact_at) if asked else event.fact_at
            certainty = timeline.GONE
        self.line.reopen(certainty)
        self._observe(event)
        if self.line.alive and 'attached_to' in given:
            self.changes.attach(
                event,
                given['attached_to'],
                self.changes.missed(event, 'attachments'),
            )
        if end is not None:
            self._close(event, end, certainty)
        elif self.line.alive:
            self.changes.state(event)
            self.changes.plain(event)

    def _observe(self, event: events.Event) -> None:
        """Compare what an audit claims, or a delete shows, with the tail."""
        if self.line.empty:
            return
        created = event.attributes.get('created_at')
        if not self.line.alive and created is None:
            return
        for name, group in attributes.groups(event.resource_type).items():
            self.changes.observe(event, name, group)
        if event.resource_type == 'instance':
            self.changes.rebuild(event, event.fact_at, fact=False)

    def _open(
        self, event: events.Event, when: datetime.datetime, source: str
    ) -> None:
        line = self.line
        values = attributes.values(event, self.rules)
        groups = attributes.groups(event.resource_type)
        for name in _SETS.get(event.kind, ()):
            # It has just become so; what was before, nobody knows.
            for attribute in groups.get(name, ()):
                values.pop(attribute, None)
        line.open(
            timeline.Span(when, None, when, source, values, event.message_id)
        )
        fact = event.kind == events.CREATE
        for name in (
            *attributes.groups(event.resource_type),
            'image',
            'attachments',
        ):
            self.changes.know(event, name, fact)

    def _create(self, event: events.Event) -> None:
        line = self.line
        when = event.fact_at
        if line.empty:
            self._open(event, when, changes.SOURCES[event.source])
            return
        begun = line.begun() if line.life >= line.first else None
        if not line.alive:
            end = line.tail.end
            if (end is None or when >= end) and when != begun:
                self._open(event, when, changes.SOURCES[event.source])
        elif begun is None or when == begun:
            self._fill(event, line.lived())

    def _fill(self, event: events.Event, spans: list[timeline.Span]) -> None:
        """Add what *event* knows: a fact told in another format knows more."""
        values = attributes.values(event, self.rules)
        for span in spans:
            attributes.fill(span, values)

    def _revive(self, event: events.Event) -> None:
        """Begin a life whose create was lost, if *event* proves that."""
        given = event.attributes.get('created_at')
        line = self.line
        if given is None:
            if line.empty and event.attributes.get('begun'):
                self.changes.know(event, _BEGUN, fact=True)
            return
        if _BEGUN in line.evidence and _found_gone(event):
            # Only its begin was told, so it has failed.
            return
        when = min(_parse(given), event.fact_at)
        if not line.empty:
            end = line.tail.end
            if end is None or when < end or when <= line.tail.start:
                # A late word about a life that has ended.
                return
        self._open(event, when, changes.INFERRED)

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
            changes.INFERRED if inferred else changes.SOURCES[event.source],
            shortest,
        )
