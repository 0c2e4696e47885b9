# SPDX-License-Identifier: Apache-2.0
"""An operator's word about one entity, and what it changes. Pure."""

from collections.abc import Mapping
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
    target = _parse(event.attributes['target_start'])
    span = next(
        (s for s in reversed(line.spans) if s.start == target), None
    ) or next((s for s in reversed(line.spans) if s.covers(target)), None)
    if span is None:
        return
    new = dict(event.attributes['set'])
    begin, end = new.pop('start', None), new.pop('end', None)
    if 'flavor' in new:
        group = attributes.groups('instance')['flavor']
        new = {**dict.fromkeys(group), **new}
    if 'os' in new:
        new['os_known'] = True
    _overwrite(line, event, span, new)
    if begin:
        span.start = _parse(begin)
    if end:
        span.end = _parse(end)
        span.closed_by = event.message_id
        if span is line.spans[-1]:
            line.certainty = timeline.ORDERED


def _overwrite(
    line: timeline.Timeline,
    event: events.Event,
    span: timeline.Span,
    new: Mapping[str, Any],
) -> None:
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
