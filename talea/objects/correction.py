# SPDX-License-Identifier: Apache-2.0
"""An operator's word about one entity, and what it changes. Pure."""

from collections.abc import Mapping
from collections.abc import Sequence
import datetime
from typing import Any

from talea.objects import attributes
from talea.objects import event as events
from talea.objects import timeline

_parse = datetime.datetime.fromisoformat


def correct(line: timeline.Timeline, event: events.Event) -> None:
    """Give the span that an operator saw the values that he gave.

    What later spans of an open life had only taken over from it is
    changed in them too.
    """
    if line.first:
        raise timeline.Incomplete
    seen = _seen(line, event)
    if not seen:
        return
    new = dict(event.attributes['set'])
    begin, end = new.pop('start', None), new.pop('end', None)
    if 'flavor' in new:
        group = attributes.groups('instance')['flavor']
        new = {**dict.fromkeys(group), **new}
    if 'os' in new:
        new['os_known'] = True
    _overwrite(event, _changing(line, event, seen), new)
    if end:
        _end(line, seen, _parse(end), event.message_id)
    if begin:
        _begin(line, seen, _parse(begin))


def _seen(line: timeline.Timeline, event: events.Event) -> list[timeline.Span]:
    """Return what was one entity when the operator saw it.

    They are several if something became known later that happened in between.
    """
    target = _parse(event.attributes['target_start'])
    until = event.attributes['target_end']
    span = next(
        (s for s in reversed(line.spans) if s.start == target), None
    ) or next((s for s in reversed(line.spans) if s.covers(target)), None)
    if span is None:
        return []
    seen = [span]
    for later in line.following(span)[1:]:
        if later.start != seen[-1].end:
            break
        if until and later.start >= _parse(until):
            break
        seen.append(later)
    return seen


def _begin(
    line: timeline.Timeline,
    seen: list[timeline.Span],
    begin: datetime.datetime,
) -> None:
    """Let what the operator saw begin at *begin*, but not after its end."""
    while len(seen) > 1 and seen[0].end and seen[0].end <= begin:
        _drop(line, seen.pop(0))
    seen[0].start = min(begin, seen[0].end or begin)


def _end(
    line: timeline.Timeline,
    seen: list[timeline.Span],
    end: datetime.datetime,
    message_id: str,
) -> None:
    """Let what the operator saw end at *end*."""
    while len(seen) > 1 and seen[-1].start >= end:
        _drop(line, seen.pop())
    seen[-1].end = end
    seen[-1].closed_by = message_id
    if seen[-1] is line.spans[-1]:
        line.certainty = timeline.ORDERED


def _drop(line: timeline.Timeline, span: timeline.Span) -> None:
    place = len(line.spans) - len(line.following(span))
    del line.spans[place]
    if place < line.life:
        line.life -= 1


def _changing(
    line: timeline.Timeline,
    event: events.Event,
    seen: list[timeline.Span],
) -> list[timeline.Span]:
    """Return the spans that may have taken over what is corrected."""
    return seen if event.attributes['target_end'] else line.following(seen[0])


def _overwrite(
    event: events.Event,
    spans: Sequence[timeline.Span],
    new: Mapping[str, Any],
) -> None:
    old = {name: spans[0].values.get(name) for name in new}
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
