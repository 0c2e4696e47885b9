# SPDX-License-Identifier: Apache-2.0
"""Prices of whatever rules, against the text of the manual read plainly."""

from decimal import Decimal
import fractions

from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from oslotest import base

from talea.rating import point
from talea.rating import rules as rows
from talea.tests.unit.rating import rules

PLACES = 10**28


def _exactly(value):
    return fractions.Fraction(value)


def _round(value):
    """Round to 28 places, half to even, as Fractions do it."""
    return fractions.Fraction(round(value * PLACES), PLACES)


class Manual:
    """Prices one point for one scope by reading the manual line by line."""

    def __init__(self, given, one, scope_id):
        self.rules = [*given.mappings, *given.thresholds]
        self.scope_id = scope_id
        self.names = {
            field.id: field.name
            for field in given.fields
            for service in given.services
            if service.id == field.service_id and service.name == one.metric
        }
        self.services = {
            one_.id for one_ in given.services if one_.name == one.metric
        }
        self.values = {**one.metadata, **one.groupby}
        self.quantity = sum(
            _exactly(end) - _exactly(begin) for begin, end in one.readings
        )

    def _counts(self, rule):
        """Of this metric, for this scope, and not replaced for it."""
        if rule.field_id not in self.names and (
            rule.service_id not in self.services
        ):
            return False
        if rule.tenant_id is not None:
            return rule.tenant_id == self.scope_id
        return not any(
            other.tenant_id == self.scope_id
            and type(other) is type(rule)
            and all(
                getattr(other, name, None) == getattr(rule, name, None)
                for name in (
                    'service_id',
                    'field_id',
                    'group_id',
                    'type',
                    'value',
                    'level',
                )
            )
            for other in self.rules
        )

    def _value(self, rule):
        value = self.values.get(self.names[rule.field_id])
        return None if value is None else str(value)

    def _level(self, rule):
        """Return what is compared with the level of *rule*, or None."""
        if rule.service_id:
            return self.quantity
        try:
            return _exactly(self._value(rule) or 'none')
        except ValueError:
            return None

    def _matches(self, rule):
        if isinstance(rule, rows.Threshold):
            level = self._level(rule)
            return level is not None and rule.level <= level
        return bool(rule.service_id) or rule.value == self._value(rule)

    def price(self, cost):
        """Return the price; *cost* is that of the quantity at unit prices."""
        counting = [
            rule
            for rule in self.rules
            if self._counts(rule) and self._matches(rule)
        ]
        total = once = fractions.Fraction(0)
        for group in {rule.group_id for rule in counting}:
            members = [rule for rule in counting if rule.group_id == group]
            unit, more = self._group(members)
            total += unit
            once += more
        return cost(total) + once

    def _group(self, members):
        flats, rate = [], fractions.Fraction(1)
        for rule in members:
            if isinstance(rule, rows.Mapping) and rule.type == 'flat':
                flats.append(_exactly(rule.cost))
            elif isinstance(rule, rows.Mapping):
                rate *= _exactly(rule.cost)
        flat = max(flats) if flats else fractions.Fraction(0)
        once = fractions.Fraction(0)
        after = fractions.Fraction(1)
        thresholds = [
            one for one in members if isinstance(one, rows.Threshold)
        ]
        for rule in thresholds:
            if any(
                other.parent_id == rule.parent_id and other.level > rule.level
                for other in thresholds
            ):
                continue
            cost = _exactly(rule.cost)
            if rule.service_id and rule.type == 'flat':
                once += cost
            elif rule.service_id:
                after *= cost
            elif rule.type == 'flat':
                flat += cost
            else:
                rate *= cost
        return flat * rate * after, once


class PricesTestCase(base.BaseTestCase):
    @settings(max_examples=300)
    @given(rules.some_rules(), rules.points(), st.sampled_from(('p1', 'p9')))
    def test_they_are_what_the_manual_says(self, some, one, scope_id):
        given = rules.collection(*some)

        def cost(unit):
            return sum(
                _round(unit * _exactly(end)) - _round(unit * _exactly(begin))
                for begin, end in one.readings
            )

        priced = rules.rate(given, one, scope_id)
        expected = Manual(given, one, scope_id).price(cost)
        self.assertEqual(
            expected + _exactly(one.price), _exactly(priced.price)
        )

    @given(rules.some_rules(), rules.points(), st.randoms())
    def test_the_order_of_rules_does_not_matter(self, some, one, random):
        expected = rules.rate(rules.collection(*some), one)
        random.shuffle(some)
        given = rules.collection(*some)
        shuffled = rows.Rules(
            given.services[::-1],
            given.fields[::-1],
            given.mappings,
            given.thresholds,
        )
        self.assertEqual(expected, rules.rate(shuffled, one))

    @given(
        rules.some_rules(),
        rules.points(),
        st.lists(rules.NUMBERS, min_size=2, max_size=8),
    )
    def test_the_parts_of_a_period_add_up_to_the_whole(
        self, some, one, readings
    ):
        # A service threshold looks at how much a period has in it.
        some = [
            rule
            for rule in some
            if isinstance(rule, rows.Mapping) or rule.field_id
        ]
        given = rules.collection(*some)

        def part(begin, end):
            return rules.rate(
                given,
                point.Point(
                    one.metric,
                    one.unit,
                    ((begin, end),),
                    one.groupby,
                    one.metadata,
                ),
            )

        edges = sorted(readings)
        parts = [part(*pair) for pair in zip(edges, edges[1:], strict=False)]
        whole = part(edges[0], edges[-1])
        with_all_digits = point.EXACT
        price = quantity = Decimal(0)
        for each in parts:
            price = with_all_digits.add(price, each.price)
            quantity = with_all_digits.add(quantity, each.quantity)
        self.assertEqual(whole.price, price)
        self.assertEqual(whole.quantity, quantity)
        self.assertEqual({whole.rules}, {each.rules for each in parts})

    @given(rules.some_rules(), rules.points())
    def test_asking_again_gives_the_same(self, some, one):
        given = rules.collection(*some)
        self.assertEqual(rules.rate(given, one), rules.rate(given, one))

    @given(rules.some_rules(), rules.points())
    def test_no_price_has_more_places_than_columns(self, some, one):
        priced = rules.rate(rules.collection(*some), one)
        self.assertGreaterEqual(
            priced.price.as_tuple().exponent, -point.PLACES
        )
