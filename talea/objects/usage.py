# SPDX-License-Identifier: Apache-2.0
"""What the entities of a project amount to in a window.

Sums are kept in whole byte-microseconds (or microseconds, for what has no
size), so that they are exact and do not depend on the order of adding; only
what is shown is divided into hours.
"""

import collections
from collections.abc import Callable
from collections.abc import Iterable
import dataclasses
import datetime
import decimal
from typing import Any

from talea.db import api as db
from talea.objects import cluster
from talea.objects import entity
from talea.objects import volume_type

HOUR = 'hour'
GIB_HOUR = 'GiB.hour'
GIB = 2**30

# What the nodes of clusters are counted under.
NODE = 'node'

UNITS = {
    'instance': HOUR,
    'volume': GIB_HOUR,
    'snapshot': GIB_HOUR,
    'floatingip': HOUR,
    'image': GIB_HOUR,
    cluster.KIND: HOUR,
    NODE: HOUR,
}

_MICROSECOND = datetime.timedelta(microseconds=1)
# An hour is no finite decimal number of seconds the other way round: 1 s is
# 0.000277... hours. Twelve places tell every single microsecond apart.
_PLACES = decimal.Decimal(1).scaleb(-12)
# Wide enough that nothing is rounded before the last step.
_EXACT = decimal.Context(prec=200, rounding=decimal.ROUND_HALF_EVEN)


@dataclasses.dataclass(frozen=True, slots=True)
class UsageRow:
    """Usage of one kind of resource by one project in a window.

    :ivar resource: instance, volume, snapshot, floatingip, image, cluster or
        node
    :ivar group: name of the flavor or volume type; '' where there is none
    :ivar quantity: in *unit*, rounded half to even at the twelfth place
    :ivar unit: "hour" or "GiB.hour" (GiB = 2**30 bytes)
    :ivar seconds: the same in seconds or GiB-seconds, not rounded
    """

    project_id: str
    resource: str
    group: str
    quantity: decimal.Decimal
    unit: str
    seconds: decimal.Decimal


def by_type(item: entity.Entity, names: volume_type.Names) -> str:
    """Flavor of an instance, name of the type of a volume, else ''."""
    if item.entity_type == 'volume':
        return names.of(item.volume_type_id, item.start) or ''
    return item.flavor or ''


def by_entity(item: entity.Entity, names: volume_type.Names) -> str:
    """Id of the resource."""
    return item.entity_id


def by_state(item: entity.Entity, names: volume_type.Names) -> str:
    """State of the resource; of use with [entities] split_on_state."""
    return str(item.attributes.get('state') or '')


def by_nothing(item: entity.Entity, names: volume_type.Names) -> str:
    """One row for each kind of resource."""
    return ''


GROUPINGS: dict[str, Callable[[entity.Entity, volume_type.Names], str]] = {
    'type': by_type,
    'entity': by_entity,
    'state': by_state,
    'resource': by_nothing,
}


def unit(resource: str) -> str:
    """Return what a kind of resource is counted in; by time, if unknown."""
    return UNITS.get(resource, HOUR)


def _place(key: tuple[str, str, str]) -> tuple[str, int, tuple[str, ...]]:
    # Kinds that plug-ins add come last.
    kinds = list(UNITS)
    known = key[1] in UNITS
    return key[0], kinds.index(key[1]) if known else len(kinds), key


def _weight(item: entity.Entity, resource: str) -> int:
    """Bytes that *item* holds; 1 for what is counted by time alone.

    Of a cluster as many as it has nodes, if it is asked for those.
    """
    if item.entity_type == cluster.KIND:
        if not cluster.counts(item.attributes):
            return 0
        if resource == NODE:
            return cluster.nodes(item.attributes) or 0
    if unit(item.entity_type) == HOUR:
        return 1
    size = item.attributes.get('size') or 0
    # Images are measured in bytes, volumes and snapshots in GiB.
    return int(size) if item.entity_type == 'image' else int(size) * GIB


def resources(entity_type: str) -> tuple[str, ...]:
    """Return what entities of a kind are counted as."""
    if entity_type == cluster.KIND:
        return entity_type, NODE
    return (entity_type,)


def amount(
    items: Iterable[entity.Entity],
    begin: datetime.datetime,
    end: datetime.datetime,
    resource: str | None = None,
) -> int:
    """Sum up what *items* used in [begin, end).

    Periods are half-open and clipped to the window; an open one lasts until
    its end. Additive: [a, c) is [a, b) plus [b, c), exactly.

    :param resource: NODE for the nodes of clusters; default: their own kind
    :returns: microseconds times bytes; microseconds for what has no size
    """
    total = 0
    for item in items:
        last = end if item.end is None else min(item.end, end)
        span = last - max(item.start, begin)
        if span > datetime.timedelta(0):
            weight = _weight(item, resource or item.entity_type)
            total += span // _MICROSECOND * weight
    return total


def seconds(total: int, unit: str) -> decimal.Decimal:
    """Turn an *amount* into seconds or GiB-seconds, exactly."""
    divisor = 10**6 if unit == HOUR else 10**6 * GIB
    return _EXACT.divide(decimal.Decimal(total), decimal.Decimal(divisor))


def hours(total: int, unit: str) -> decimal.Decimal:
    """Turn an *amount* into hours or GiB-hours, rounded at twelve places."""
    exact = _EXACT.divide(seconds(total, unit), decimal.Decimal(3600))
    rounded = exact.quantize(_PLACES, context=_EXACT)
    whole = rounded.to_integral_value()
    # normalize() alone would write ten as 1E+1.
    return whole if whole == rounded else rounded.normalize(_EXACT)


def row(project_id: str, resource: str, group: str, total: int) -> UsageRow:
    """Make the row that shows *total*, an amount."""
    measure = unit(resource)
    return UsageRow(
        project_id,
        resource,
        group,
        hours(total, measure),
        measure,
        seconds(total, measure),
    )


@db.reader
def show(
    context: Any,
    begin: datetime.datetime,
    end: datetime.datetime,
    project_id: str | None = None,
    group_by: str = 'type',
) -> list[UsageRow]:
    """Return what was used in [begin, end), of one project or of all.

    :param begin: aware UTC
    :param end: aware UTC; open entities count until here, so give at most
        the present
    :param group_by: a key of GROUPINGS
    :returns: list of UsageRow in the order (project, resource as in UNITS,
        group), without those that amount to nothing
    """
    names = volume_type.names(context)
    grouping = GROUPINGS[group_by]
    totals: collections.Counter[tuple[str, str, str]] = collections.Counter()

    def add(items: list[entity.Entity]) -> None:
        for item in items:
            for resource in resources(item.entity_type):
                total = amount([item], begin, end, resource)
                if total:
                    group = grouping(item, names)
                    totals[item.project_id, resource, group] += total

    entity.overlapping(context, begin, end, add, project_id=project_id)
    keys = sorted(totals, key=_place)
    return [row(*key, totals[key]) for key in keys]
