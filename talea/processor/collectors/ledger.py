# SPDX-License-Identifier: Apache-2.0
"""Usage as the entities have it, exact to the microsecond."""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import datetime
import fractions
import json
from typing import Any

from talea.objects import cluster
from talea.objects import entity
from talea.objects import period
from talea.objects import volume_type
from talea.objects import watermark
from talea.processor.collectors import base
from talea.rating import metrics
from talea.rating import point

_LEVELS = 10000
# What a measured value is, or nothing, where nothing is measured.
_MEASURED = (int, float, type(None))
# What lies farther apart is read apart, without all that lies between.
_FAR = datetime.timedelta(days=1)
_MICROSECOND = datetime.timedelta(microseconds=1)


@dataclasses.dataclass(frozen=True, slots=True)
class _Meter:
    """One metric of one entity."""

    metric: metrics.Metric
    level: fractions.Fraction
    groupby: Mapping[str, Any]
    metadata: Mapping[str, Any]

    def point(self, pieces: Iterable[period.Window]) -> point.Point:
        return point.Point(
            self.metric.name,
            self.metric.unit,
            tuple(
                (
                    metrics.reading(self.level, _since(begin)),
                    metrics.reading(self.level, _since(end)),
                )
                for begin, end in pieces
            ),
            self.groupby,
            self.metadata,
        )


def _since(moment: datetime.datetime) -> int:
    return (moment - period.EPOCH) // _MICROSECOND


class Ledger(base.Collector):
    """The scope's identifier is the project of the entities."""

    def __init__(self, conf: Any, wanted: Mapping[str, metrics.Metric]):
        super().__init__(conf, wanted)
        # Most resources have one of a few sizes.
        self._levels: dict[Any, fractions.Fraction | None] = {}
        self._by_kind: dict[str, list[metrics.Metric]] = {}
        for metric in wanted.values():
            self._by_kind.setdefault(metric.entity, []).append(metric)

    def heard(self, context: Any, now: datetime.datetime) -> datetime.datetime:
        seconds = self.conf.processor.silence_timeout
        timeout = datetime.timedelta(seconds=seconds) if seconds else None
        marks = watermark.list_(context)
        return watermark.horizon(marks, now, timeout) or now

    def collect(
        self, context: Any, questions: Sequence[base.Question]
    ) -> list[list[point.Point]]:
        answers: list[list[point.Point]] = [[] for _ in questions]
        for places in period.groups([one.window for one in questions], _FAR):
            some = [questions[place] for place in places]
            found = self._collect(context, some)
            for place, points in zip(places, found, strict=True):
                answers[place] = points
        return answers

    def _collect(
        self, context: Any, questions: Sequence[base.Question]
    ) -> Iterator[list[point.Point]]:
        """Yield the points of questions about much the same time."""
        begin, end = period.hull([one.window for one in questions])
        found = entity.metered(
            context, begin, end, {one.scope_id for one in questions}
        )
        names = None
        if any(
            item.entity_type == 'volume'
            for items in found.values()
            for item in items
        ):
            names = volume_type.names(context)
        meters: dict[
            tuple[str, str], list[tuple[entity.Metered, list[_Meter]]]
        ] = {}
        for question in questions:
            scope_id, scope_key = question.scope_id, question.scope_key
            if (scope_id, scope_key) not in meters:
                meters[scope_id, scope_key] = [
                    (item, self._meters(item, scope_key, names))
                    for item in sorted(found.get(scope_id, ()), key=_place)
                ]
            yield _answer(question, meters[scope_id, scope_key])

    def _level(
        self, metric: metrics.Metric, value: Any
    ) -> fractions.Fraction | None:
        if type(value) not in _MEASURED:
            return None
        key = (metric.name, value)
        if key not in self._levels:
            if len(self._levels) >= _LEVELS:
                self._levels.clear()
            self._levels[key] = metric.level(value)
        return self._levels[key]

    def _meters(
        self,
        item: entity.Metered,
        scope_key: str,
        names: volume_type.Names | None,
    ) -> list[_Meter]:
        def value(attribute: str) -> Any:
            if attribute.startswith(metrics.IMAGE):
                system = item.attributes.get('os') or {}
                return system.get(attribute.removeprefix(metrics.IMAGE))
            if attribute == 'flavor':
                return item.flavor
            if attribute == 'volume_type_id':
                return item.volume_type_id
            if attribute == 'volume_type' and names is not None:
                return names.of(item.volume_type_id, item.start)
            if attribute == 'nodes' and item.entity_type == cluster.KIND:
                return cluster.nodes(item.attributes)
            return item.attributes.get(attribute)

        if item.entity_type == cluster.KIND and not cluster.counts(
            item.attributes
        ):
            return []
        meters = []
        for metric in self._by_kind.get(item.entity_type, ()):
            level = self._level(
                metric, metric.measure and value(metric.measure)
            )
            if not level:
                continue
            groupby = {
                name: _plain(value(attribute))
                for name, attribute in metric.groupby.items()
            }
            # Whatever a metric calls so, these tell whose it is.
            groupby['id'] = item.entity_id
            groupby[scope_key] = item.project_id
            metadata = {
                name: _plain(value(attribute))
                for name, attribute in metric.metadata.items()
            }
            meters.append(_Meter(metric, level, groupby, metadata))
        return meters


def _plain(value: Any) -> Any:
    """Return *value*, as text if it is neither text nor number nor None."""
    if value is None or isinstance(value, str | int | float):
        return value
    return json.dumps(value, sort_keys=True)


def _place(item: entity.Metered) -> tuple[Any, ...]:
    return (item.entity_type, item.start, item.entity_id)


def _answer(
    question: base.Question,
    metered: Iterable[tuple[entity.Metered, list[_Meter]]],
) -> list[point.Point]:
    begin, end = question.window
    points: dict[tuple[str, str], list[point.Point]] = {}
    for item, meters in metered:
        if item.start >= end or (item.end and item.end <= begin):
            continue
        life = (item.start, item.end or end)
        pieces = period.clip(question.pieces, life)
        if not pieces:
            continue
        for meter in meters:
            new = meter.point(pieces)
            if new.quantity:
                key = (meter.metric.name, item.entity_id)
                _add(points.setdefault(key, []), new)
    return [one for some in points.values() for one in some]


def _add(points: list[point.Point], new: point.Point) -> None:
    """Add *new* to points of its metric and resource.

    Where nothing that is seen of a resource has changed it stays one point.
    """
    for place, one in enumerate(points):
        if one.groupby == new.groupby and one.metadata == new.metadata:
            points[place] = dataclasses.replace(
                one, readings=one.readings + new.readings
            )
            return
    points.append(new)
