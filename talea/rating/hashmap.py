# SPDX-License-Identifier: Apache-2.0
"""hashmap: prices by metric and by the values of its fields. Pure.

A service is a metric, by name; a field is a name in its groupby or metadata.
Mappings and thresholds belong to either. What they make, group by group:

* the flat cost: the largest of the mappings that match, and to it that of the
  field threshold that was reached;
* times the rates of all mappings that match and of the field threshold that
  was reached;
* times the quantity;
* and then what the service threshold says that the quantity has reached: its
  cost once if flat, times its cost if a rate.

Groups add up.
"""

import collections
from collections.abc import Iterable
from collections.abc import Mapping
import dataclasses
import decimal
import functools
from typing import Any

from talea.rating import base
from talea.rating import point as rating_point
from talea.rating import rules as rows

_ZERO = rating_point.ZERO
_ONE = decimal.Decimal(1)

# How many different prices of one service are kept, at most.
MEMORY = 10000


class Hashmap(base.Module):
    """The rating module."""

    description = 'Prices by metric and by the values of its attributes.'
    configurable = True
    # Rules that do nothing until a switch is found are a trap; without rules
    # there is no price anyway.
    enabled = True

    def rater(self, rules: rows.Rules) -> 'Rater':
        return Rater(rules)


class Rater:
    """Prices of one moment.

    :param rules: those that are valid then
    """

    def __init__(self, rules: rows.Rules) -> None:
        fields: dict[str, list[rows.Field]] = {}
        for field in rules.fields:
            fields.setdefault(field.service_id, []).append(field)
        mappings = _by_parent(rules.mappings)
        thresholds = _by_parent(rules.thresholds)
        self._services = {
            service.name: _Service(
                service, fields.get(service.id, ()), mappings, thresholds
            )
            for service in rules.services
        }

    def rate(
        self, point: rating_point.Point, scope_id: str
    ) -> rating_point.Point:
        service = self._services.get(point.metric)
        return point if service is None else service.rate(point, scope_id)


def _by_parent(rules: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for rule in rules:
        found.setdefault(rule.parent_id, []).append(rule)
    return found


# Why a point costs what it does, in an order that depends on nothing else.
_Reasons = tuple[rating_point.Rule, ...]


def _reasons(rules: Iterable[rows.Rule]) -> _Reasons:
    return tuple(
        sorted(
            (
                type(rule).__name__.lower(),
                rule.successor_id or rule.id,
                rule.version,
            )
            for rule in rules
        )
    )


def _text(value: Any) -> str | None:
    """Return *value* as rules have it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, decimal.Decimal):
        return format(value, 'f')
    return str(value)


def _number(text: str) -> decimal.Decimal | None:
    """Return the number that *text* is, None if it is none."""
    try:
        number = decimal.Decimal(text)
    except decimal.InvalidOperation:
        return None
    return number if number.is_finite() else None


def _product(factors: Iterable[decimal.Decimal]) -> decimal.Decimal:
    # Sorted: should the digits not suffice, they do so in any order.
    return functools.reduce(rating_point.EXACT.multiply, sorted(factors), _ONE)


def _sum(terms: Iterable[decimal.Decimal]) -> decimal.Decimal:
    return functools.reduce(rating_point.EXACT.add, sorted(terms), _ZERO)


@dataclasses.dataclass(frozen=True, slots=True)
class _Step:
    """What a service threshold does once its level is reached."""

    level: decimal.Decimal
    flat: decimal.Decimal
    rate: decimal.Decimal
    reasons: _Reasons


@dataclasses.dataclass(frozen=True, slots=True)
class _Price:
    """What points cost that have the same values.

    :ivar unit: price of a unit, of all groups without a service threshold
    :ivar stepped: of each other group, its unit price and its steps, the
        highest level first
    """

    unit: decimal.Decimal
    reasons: _Reasons
    stepped: tuple[tuple[decimal.Decimal, tuple[_Step, ...]], ...]

    def of(
        self, point: rating_point.Point
    ) -> tuple[decimal.Decimal, _Reasons]:
        """Return what *point* costs, and why."""
        if not self.stepped:
            return point.costs(self.unit), self.reasons
        context = rating_point.EXACT
        quantity = point.quantity
        unit, once, reasons = self.unit, _ZERO, list(self.reasons)
        for own, steps in self.stepped:
            for step in steps:
                if step.level <= quantity:
                    own = context.multiply(own, step.rate)
                    once = context.add(once, step.flat)
                    reasons += step.reasons
                    break
            unit = context.add(unit, own)
        cost = context.add(point.costs(unit), once)
        return cost, tuple(sorted(reasons))


class _Group:
    """The rules of one group that have a say in one price."""

    def __init__(self) -> None:
        self.mappings: list[rows.Mapping] = []
        # Of fields: those that were reached. Of the service: all.
        self.reached: list[rows.Threshold] = []
        self.steps: list[rows.Threshold] = []

    def unit(self) -> tuple[decimal.Decimal, list[rows.Rule]]:
        """Return the price of a unit, and the rules that make it."""
        flats = [one for one in self.mappings if one.type == rows.FLAT]
        # Of several that are as large always the same one.
        flats.sort(key=lambda one: one.id)
        flats = [max(flats, key=lambda one: one.cost)] if flats else []
        added = [one for one in self.reached if one.type == rows.FLAT]
        rates: list[rows.Rule] = [
            one
            for one in (*self.mappings, *self.reached)
            if one.type == rows.RATE
        ]
        unit = rating_point.EXACT.multiply(
            _sum(one.cost for one in (*flats, *added)),
            _product(one.cost for one in rates),
        )
        return unit, [*flats, *added, *rates]

    def stairs(self) -> tuple[_Step, ...]:
        """Return the steps, the highest level first."""
        levels: dict[decimal.Decimal, list[rows.Threshold]] = {}
        for one in self.steps:
            levels.setdefault(one.level, []).append(one)
        return tuple(
            _Step(
                level,
                _sum(one.cost for one in rules if one.type == rows.FLAT),
                _product(one.cost for one in rules if one.type == rows.RATE),
                _reasons(rules),
            )
            for level, rules in sorted(levels.items(), reverse=True)
        )


def _combine(groups: Iterable[_Group]) -> _Price:
    """Return what all groups make together."""
    units, stepped = [], []
    rules: list[rows.Rule] = []
    for group in groups:
        unit, used = group.unit()
        rules += used
        if group.steps:
            stepped.append((unit, group.stairs()))
        else:
            units.append(unit)
    return _Price(_sum(units), _reasons(rules), tuple(stepped))


def _kind(rule: Any) -> tuple[Any, ...]:
    """Return what a rule for one scope must share with one that it replaces.

    They are of the same parent and value already.
    """
    return rule.group_id, rule.type, getattr(rule, 'level', None)


def _effective(rules: Iterable[Any], tenant_id: str | None) -> list[Any]:
    """Return those of *rules* that count for a scope.

    Its own ones, and of the general ones those that they do not replace.
    """
    own = [
        rule
        for rule in rules
        if tenant_id is not None and rule.tenant_id == tenant_id
    ]
    replaced = {_kind(rule) for rule in own}
    general = [
        rule
        for rule in rules
        if rule.tenant_id is None and _kind(rule) not in replaced
    ]
    return own + general


def _reached(
    thresholds: Iterable[rows.Threshold], number: decimal.Decimal | None
) -> list[rows.Threshold]:
    """Return those with the highest level in reach, of each group."""
    if number is None:
        return []
    below = [one for one in thresholds if one.level <= number]
    highest: dict[str | None, decimal.Decimal] = {}
    for one in below:
        level = highest.get(one.group_id, one.level)
        highest[one.group_id] = max(level, one.level)
    return [one for one in below if one.level == highest[one.group_id]]


class _Place:
    """The rules of one field, or of the service itself."""

    def __init__(
        self,
        mappings: Iterable[rows.Mapping],
        thresholds: Iterable[rows.Threshold],
    ) -> None:
        self.mappings: dict[str | None, list[rows.Mapping]] = {}
        for one in mappings:
            self.mappings.setdefault(one.value, []).append(one)
        self.thresholds = tuple(thresholds)

    def matching(
        self, value: str | None, tenant_id: str | None
    ) -> list[rows.Mapping]:
        return _effective(self.mappings.get(value, ()), tenant_id)

    def steps(self, tenant_id: str | None) -> list[rows.Threshold]:
        return _effective(self.thresholds, tenant_id)


class _Service:
    """The prices of one metric, made when they are asked for."""

    def __init__(
        self,
        service: rows.Service,
        fields: Iterable[rows.Field],
        mappings: Mapping[str, list[rows.Mapping]],
        thresholds: Mapping[str, list[rows.Threshold]],
    ) -> None:
        # Fields without a rule have no say.
        known = sorted(
            (field.name, field.id)
            for field in fields
            if field.id in mappings or field.id in thresholds
        )
        self._names = tuple(name for name, _ in known)
        self._own, *self._fields = (
            _Place(mappings.get(one, ()), thresholds.get(one, ()))
            for one in (service.id, *(field_id for _, field_id in known))
        )
        self._tenants = frozenset(
            rule.tenant_id
            for one in (service.id, *(field_id for _, field_id in known))
            for rule in (*mappings.get(one, ()), *thresholds.get(one, ()))
        )
        self._memory: dict[tuple[str | None, ...], _Price] = {}

    def rate(
        self, point: rating_point.Point, scope_id: str
    ) -> rating_point.Point:
        """Return *point* with what it costs added to its price."""
        groupby, metadata = point.groupby, point.metadata
        key = [scope_id if scope_id in self._tenants else None]
        for name in self._names:
            value = groupby[name] if name in groupby else metadata.get(name)
            key.append(value if type(value) is str else _text(value))
        known = tuple(key)
        price = self._memory.get(known)
        if price is None:
            price = self._remember(known)
        cost, reasons = price.of(point)
        if not reasons:
            return point
        return rating_point.Point(
            point.metric,
            point.unit,
            point.readings,
            groupby,
            metadata,
            rating_point.EXACT.add(point.price, cost),
            point.rules + reasons,
        )

    def _remember(self, key: tuple[str | None, ...]) -> _Price:
        if len(self._memory) >= MEMORY:
            # A field with ever new values; whoever is needed comes back.
            self._memory.clear()
        price = self._memory[key] = self._price(*key)
        return price

    def _price(self, tenant_id: str | None, *values: str | None) -> _Price:
        groups: dict[str | None, _Group] = collections.defaultdict(_Group)
        for mapping in self._own.matching(None, tenant_id):
            groups[mapping.group_id].mappings.append(mapping)
        for threshold in self._own.steps(tenant_id):
            groups[threshold.group_id].steps.append(threshold)
        for field, value in zip(self._fields, values, strict=True):
            if value is None:
                # The point has no such attribute.
                continue
            for mapping in field.matching(value, tenant_id):
                groups[mapping.group_id].mappings.append(mapping)
            steps = field.steps(tenant_id)
            for threshold in _reached(steps, _number(value)):
                groups[threshold.group_id].reached.append(threshold)
        return _combine(groups.values())
