# SPDX-License-Identifier: Apache-2.0
"""How far a resource has been folded, and how to go on from there.

The memory of a resource's row is that of its timeline after the newest event,
and beside it a mark: the memory before the newest events. An event that comes
a bit late (the two formats of Nova travel in two queues) is folded from the
mark on; only one that is older than the mark needs the whole history.
"""

from collections.abc import Sequence
import dataclasses
import datetime
import json
from typing import Any

from talea.objects import chain
from talea.objects import event as events
from talea.objects import fold
from talea.objects import timeline

# (time of the fact, rank, message id), as in Event.sort_key
SortKey = tuple[datetime.datetime, int, str]

# A mark is set where nothing was told for so long, or after so many events:
# most resources live for a few, and need none.
_QUIET = datetime.timedelta(minutes=10)
_MANY = 100


@dataclasses.dataclass(frozen=True, slots=True)
class Resource:
    """A locked row.

    :ivar generation: how often it was folded; the compare of
        compare-and-swap
    :ivar last: sort key of the newest event that was folded, or None
    :ivar memory: JSON of what was folded up to there, '' before the first
        fold
    """

    id: int
    resource_type: str
    resource_id: str
    generation: int
    last: SortKey | None
    memory: str

    @property
    def key(self) -> tuple[str, str]:
        return (self.resource_type, self.resource_id)


@dataclasses.dataclass(frozen=True, slots=True)
class Folded:
    """What a fold made of a resource.

    :ivar last: sort key of the newest event in it, None if it has none
    :ivar old: {place: row} of the entities that the timeline replaces
    :ivar since: how many events were folded since the mark
    :ivar mark: as it is stored, None if there is none
    """

    resource: Resource
    line: timeline.Timeline
    last: SortKey | None
    old: chain.Rows
    since: int
    mark: Any = None

    @property
    def memory(self) -> str:
        return json.dumps(
            {
                **self.line.memory,
                'since': self.since,
                'mark': self.mark,
            },
            ensure_ascii=False,
        )


def go_on(
    context: Any,
    resource: Resource,
    new: Sequence[events.Event],
    rules: timeline.Rules,
) -> Folded | None:
    """Fold *new* events onto what there is; None if that cannot be done.

    :param new: Event objects, stored already
    """
    first = min(event.sort_key for event in new)
    newest = max(event.sort_key for event in new)
    if resource.last is None:
        return Folded(resource, fold.fold(new, rules), newest, {}, len(new))
    memory = json.loads(resource.memory)
    mark = memory.pop('mark', None)
    since = memory.pop('since', 0)
    try:
        if first > resource.last:
            line = timeline.Timeline.continued(memory)
            old: chain.Rows = chain.rows(resource.id, resource.key, line)
            line = fold.fold(new, rules, line)
            if first[0] - resource.last[0] >= _QUIET or since >= _MANY:
                mark, since = _mark(resource.last, memory), 0
            return Folded(resource, line, newest, old, since + len(new), mark)
        if mark is None or first <= _read(mark):
            return None
        line = timeline.Timeline.continued(mark['memory'])
        place = line.first
        later = events.after(context, resource.id, resource.key, _read(mark))
        line = fold.fold(later, rules, line)
    except timeline.Incomplete:
        return None
    present = chain.present(context, [resource.id])[resource.id]
    old = {seq: row for seq, row in present.items() if seq >= place}
    newest = max(newest, resource.last)
    return Folded(resource, line, newest, old, len(later), mark)


def from_start(
    context: Any, resources: Sequence[Resource], rules: timeline.Rules
) -> list[Folded]:
    """Fold all events of *resources*."""
    if not resources:
        return []
    named = {resource.id: resource.key for resource in resources}
    histories = events.of_resources(context, named)
    old = chain.present(context, named)
    return [
        Folded(
            resource,
            fold.fold(histories[resource.id], rules),
            max((e.sort_key for e in histories[resource.id]), default=None),
            old[resource.id],
            len(histories[resource.id]),
        )
        for resource in resources
    ]


def _mark(last: SortKey, memory: Any) -> Any:
    return {'last': [last[0].isoformat(), *last[1:]], 'memory': memory}


def _read(mark: Any) -> SortKey:
    when, rank, message_id = mark['last']
    return (datetime.datetime.fromisoformat(when), rank, message_id)
