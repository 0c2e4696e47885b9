# SPDX-License-Identifier: Apache-2.0
"""What mappings, thresholds and groups make of a quantity."""

import datetime
from decimal import Decimal

from oslotest import base

from talea.rating import hashmap
from talea.rating import point
from talea.rating import rules as rows
from talea.tests.unit.rating import rules

RATE = rows.RATE


class PriceTestCase(base.BaseTestCase):
    """What two hours of a large server with two CPUs cost."""

    def price(self, *given, quantity=2, scope_id='p1', **fields):
        fields = {'flavor': 'large', 'vcpus': 2, **fields}
        one = rules.usage(quantity, **fields)
        return rules.rate(rules.collection(*given), one, scope_id).price

    def assertPrice(self, expected, *given, **kwargs):
        self.assertEqual(Decimal(expected), self.price(*given, **kwargs))


class MappingTestCase(PriceTestCase):
    def test_without_rules_nothing_costs_anything(self):
        self.assertPrice(0)

    def test_a_flat_cost_is_per_unit(self):
        self.assertPrice('0.50', rules.mapping('0.25', 'large'))
        self.assertPrice('0.50', rules.mapping('0.25'))

    def test_the_value_must_match_exactly(self):
        for value in ('Large', 'large ', 'larg', 'small'):
            self.assertPrice(0, rules.mapping(1, value))

    def test_numbers_are_compared_as_text(self):
        two = rules.mapping(1, '2', parent='f-vcpus')
        self.assertPrice(2, two, vcpus=2)
        self.assertPrice(2, two, vcpus='2')
        self.assertPrice(2, two, vcpus=Decimal(2))
        self.assertPrice(0, two, vcpus=Decimal('2.0'))
        self.assertPrice(
            0, rules.mapping(1, '1', parent='f-vcpus'), vcpus=True
        )

    def test_what_is_not_known_matches_nothing(self):
        self.assertPrice(0, rules.mapping(1, 'None'), flavor=None)
        self.assertPrice(0, rules.threshold(-5, 1), vcpus=None)

    def test_groupby_comes_before_metadata(self):
        one = point.Point(
            'instance',
            'hour',
            ((Decimal(0), Decimal(1)),),
            {'flavor': 'large'},
            {'flavor': 'small', 'vcpus': 4},
        )
        given = rules.collection(
            rules.mapping(1, 'large'),
            rules.mapping(5, 'small'),
            rules.mapping(10, '4', parent='f-vcpus', type=RATE),
        )
        self.assertEqual(10, rules.rate(given, one).price)

    def test_the_largest_flat_cost_counts(self):
        self.assertPrice(
            6,
            rules.mapping(1),
            rules.mapping(3, 'large'),
            rules.mapping(2, '2', parent='f-vcpus'),
        )

    def test_the_largest_by_its_last_digit(self):
        # The operators of Decimal would round both to 28 digits.
        small = '123456789012.1234567890123456789012345671'
        large = '123456789012.1234567890123456789012345672'
        for one, other in ((small, large), (large, small)):
            self.assertPrice(
                large,
                rules.mapping(one, id='a'),
                rules.mapping(other, 'large', id='b'),
                quantity=1,
            )

    def test_a_discount_alone_is_a_cost_below_zero(self):
        self.assertPrice(-2, rules.mapping(-1, 'large'))

    def test_all_rates_count(self):
        self.assertPrice(
            '0.75',
            rules.mapping(1),
            rules.mapping('0.5', 'large', type=RATE),
            rules.mapping('0.75', '2', parent='f-vcpus', type=RATE),
        )

    def test_a_flat_and_a_rate_on_one_value_both_hold(self):
        self.assertPrice(
            1,
            rules.mapping(1, 'large'),
            rules.mapping('0.5', 'large', type=RATE),
        )

    def test_a_rate_without_a_flat_cost_is_nothing(self):
        self.assertPrice(0, rules.mapping(5, 'large', type=RATE))

    def test_groups_add_up(self):
        self.assertPrice(
            # 2 * (1 * 0.5) + 2 * 3 + 0 + 2 * 0.25
            '7.5',
            rules.mapping(1),
            rules.mapping('0.5', '2', parent='f-vcpus', type=RATE),
            rules.mapping(3, 'large', group_id='g'),
            rules.mapping('0.5', 'small', type=RATE, group_id='g'),
            rules.mapping(9, type=RATE, group_id='rate alone'),
            rules.mapping('0.25', 'large', group_id='h'),
        )

    def test_what_it_cost_before_is_added_to(self):
        one = rules.usage(2, flavor='large')
        given = rules.collection(rules.mapping(1, 'large'))
        twice = rules.rate(given, rules.rate(given, one))
        self.assertEqual(4, twice.price)
        self.assertEqual(2, len(twice.rules))


class TenantTestCase(PriceTestCase):
    def test_a_rule_for_one_scope_is_for_no_other(self):
        own = rules.mapping(1, 'large', tenant_id='p1')
        self.assertPrice(2, own)
        self.assertPrice(0, own, scope_id='p2')

    def test_it_replaces_the_general_one(self):
        given = (
            rules.mapping(3, 'large'),
            rules.mapping(1, 'large', tenant_id='p1'),
        )
        self.assertPrice(2, *given)
        self.assertPrice(6, *given, scope_id='p2')

    def test_it_replaces_none_of_another_value_group_or_type(self):
        self.assertPrice(
            # 2 * (3 * 0.5) + 2 * 4
            11,
            rules.mapping(3),
            rules.mapping('0.5', 'large', type=RATE),
            rules.mapping(2, 'large', tenant_id='p1'),
            rules.mapping(4, 'large', group_id='g'),
        )

    def test_a_threshold_replaces_that_of_its_level(self):
        given = (
            rules.threshold(1, 1),
            rules.threshold(2, 5),
            rules.threshold(2, 3, tenant_id='p1'),
        )
        self.assertPrice(6, *given)
        self.assertPrice(10, *given, scope_id='p2')
        self.assertPrice(2, *given, vcpus=1)


class ThresholdTestCase(PriceTestCase):
    def test_the_highest_level_in_reach_counts(self):
        given = (
            rules.threshold(1, 1),
            rules.threshold(2, 2),
            rules.threshold(4, 4),
        )
        self.assertPrice(0, *given, vcpus=0)
        self.assertPrice(2, *given, vcpus=1)
        self.assertPrice(4, *given, vcpus=2)
        self.assertPrice(4, *given, vcpus='3.99')
        self.assertPrice(8, *given, vcpus=Decimal(4))

    def test_flat_adds_and_rate_multiplies(self):
        self.assertPrice(6, rules.mapping(1), rules.threshold(1, 2))
        self.assertPrice(4, rules.mapping(1), rules.threshold(1, 2, type=RATE))

    def test_both_of_one_level_hold(self):
        self.assertPrice(
            18,
            rules.mapping(1),
            rules.threshold(2, 2),
            rules.threshold(2, 3, type=RATE),
            rules.threshold(1, 100, type=RATE),
        )

    def test_each_field_has_a_level_of_its_own(self):
        self.assertPrice(
            6,
            rules.threshold(1, 1),
            rules.threshold(100, 2, parent='f-flavor'),
            flavor='200',
        )

    def test_what_is_no_number_reaches_no_level(self):
        for value in ('many', '', 'NaN', 'Infinity', True):
            self.assertPrice(0, rules.threshold(-5, 1), vcpus=value)

    def test_that_of_a_service_is_reached_by_the_quantity(self):
        given = (
            rules.mapping(1),
            rules.threshold(2, '0.5', parent=None),
            rules.threshold(10, 100, parent=None),
        )
        self.assertPrice(1, *given, quantity=1)
        self.assertPrice('2.5', *given, quantity=2)
        self.assertPrice('9.5', *given, quantity=9)
        self.assertPrice(110, *given, quantity=10)

    def test_its_rate_multiplies_and_its_flat_is_added_once(self):
        self.assertPrice(
            '3.25',
            rules.mapping(2),
            rules.threshold(2, '0.75', parent=None, type=RATE),
            rules.threshold(2, '0.25', parent=None),
        )

    def test_it_is_of_its_group_alone(self):
        self.assertPrice(
            5,
            rules.mapping(2),
            rules.mapping(1, group_id='g'),
            rules.threshold(2, '0.5', parent=None, type=RATE, group_id='g'),
        )

    def test_it_needs_no_mapping(self):
        self.assertPrice(3, rules.threshold(2, 3, parent=None))


class ReasonTestCase(base.BaseTestCase):
    def reasons(self, *given, **fields):
        fields = {'flavor': 'large', 'vcpus': 2, **fields}
        one = rules.usage(2, **fields)
        return rules.rate(rules.collection(*given), one).rules

    def test_a_price_names_the_rules_that_made_it(self):
        self.assertEqual(
            (
                ('mapping', 'a', 3),
                ('mapping', 'c', 1),
                ('threshold', 'd', 1),
                ('threshold', 'f', 1),
            ),
            self.reasons(
                rules.mapping(2, 'large', id='a', version=3),
                rules.mapping(1, id='b'),
                rules.mapping(2, type=RATE, id='c'),
                rules.threshold(2, 2, id='d'),
                rules.threshold(1, 2, id='e'),
                rules.threshold(2, 2, parent=None, id='f'),
                rules.threshold(9, 2, parent=None, id='g'),
                rules.mapping(9, 'small', id='h'),
            ),
        )

    def test_of_two_that_are_as_large_it_is_always_the_same(self):
        given = [rules.mapping(2, id='b'), rules.mapping(2, 'large', id='a')]
        self.assertEqual((('mapping', 'a', 1),), self.reasons(*given))
        self.assertEqual((('mapping', 'a', 1),), self.reasons(*given[::-1]))

    def test_what_no_rule_prices_stays_as_it_is(self):
        one = rules.usage(2, flavor='small')
        given = rules.collection(rules.mapping(1, 'large'))
        self.assertIs(one, rules.rate(given, one))


class ValidityTestCase(base.BaseTestCase):
    def test_a_rule_is_valid_from_its_start_until_before_its_end(self):
        hour = datetime.timedelta(hours=1)
        tick = datetime.timedelta(microseconds=1)
        start, end = rules.START, rules.START + hour
        given = rules.collection(
            rules.mapping(1, start=start, end=end),
            rules.threshold(1, 1, start=start, end=end),
            rules.mapping(2, start=end),
        )
        for at, expected in (
            (start - tick, (0, 0)),
            (start, (1, 1)),
            (end - tick, (1, 1)),
            (end, (1, 0)),
            (end + 1000 * hour, (1, 0)),
        ):
            then = given.at(at)
            found = (len(then.mappings), len(then.thresholds))
            self.assertEqual(expected, found, at)
        self.assertEqual(2, given.at(end).mappings[0].cost)


class MemoryTestCase(base.BaseTestCase):
    def test_it_does_not_grow_for_ever(self):
        given = rules.collection(rules.threshold(5, 1))
        rater = hashmap.Hashmap().rater(given)
        for number in range(hashmap.MEMORY * 2):
            priced = rater.rate(rules.usage(1, vcpus=number), 'p1')
            self.assertEqual(int(number >= 5), priced.price)
        (memory,) = [
            one._memory for one in rater._services.values() if one._memory
        ]
        self.assertLessEqual(len(memory), hashmap.MEMORY)
