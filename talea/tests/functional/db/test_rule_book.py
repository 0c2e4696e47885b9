# SPDX-License-Identifier: Apache-2.0
"""All rules in memory, and modules: when they change, and what they price."""

from concurrent import futures
from decimal import Decimal
from unittest import mock

import sqlalchemy as sa

from talea import exception
from talea.db import api as db
from talea.objects import hashmap
from talea.objects import module
from talea.objects import price_change
from talea.objects import rule
from talea.rating import base as rating_base
from talea.rating import point
from talea.rating import rules
from talea.tests import base
from talea.tests.functional.db import test_rules
from talea.tests.functional.db.test_rules import HOUR
from talea.tests.functional.db.test_rules import NOW
from talea.tests.functional.db.test_rules import TICK
from talea.tests.functional.db.test_rules import mapping
from talea.tests.functional.db.test_rules import threshold

POINT = point.Point(
    'instance',
    'hour',
    ((Decimal(5), Decimal(7)),),
    {'flavor_name': 'small'},
    {},
)


class Tenfold(rating_base.Module):
    """A module that somebody else has written."""

    def rater(self, given):
        return self

    def rate(self, one, scope_id):
        return point.Point(
            one.metric,
            one.unit,
            one.readings,
            one.groupby,
            one.metadata,
            one.price * 10,
            (*one.rules, ('tenfold', scope_id, 1)),
        )


class BookTestCase(test_rules.RulesTestCase):
    def price(self, at=NOW, scope_id='p1', book=None):
        book = book or rule.load(self.context)
        return book.chain(at).rate(POINT, scope_id).price


@base.on_all_engines
class TestGeneration(BookTestCase):
    def test_every_change_raises_it(self):
        changes = (
            lambda: self.create(mapping(start=NOW + HOUR)),
            lambda: self.create(threshold()),
            lambda: self.update(cost=Decimal(1)),
            lambda: self.delete(),
            lambda: self.delete('t1', rules.Threshold),
            lambda: module.update(self.context, 'hashmap', enabled=False),
            lambda: hashmap.delete_field(self.context, 'f1', None, NOW),
            lambda: hashmap.delete_group(self.context, 'g1', False, None, NOW),
            lambda: hashmap.delete_service(self.context, 's1', None, NOW),
            lambda: hashmap.create(self.context, test_rules.SERVICE_2),
        )
        for number, change in enumerate(changes):
            before = rule.generation(self.context)
            change()
            self.assertEqual(before + 1, rule.generation(self.context), number)
            self.assertEqual(before + 1, rule.load(self.context).generation)

    def test_what_is_refused_does_not(self):
        self.create(mapping())
        before = rule.generation(self.context)
        self.refused(exception.Conflict, self.create, mapping('m2'))
        self.refused(exception.NotFound, self.delete, 'x')
        self.assertEqual(before, rule.generation(self.context))


@base.on_all_engines
class TestBook(BookTestCase):
    def test_it_prices_by_what_is_valid_then(self):
        self.create(
            mapping('a', 1, end=NOW + HOUR),
            mapping('b', 2, start=NOW + 2 * HOUR),
            threshold('t', 2, 5, start=NOW + 3 * HOUR, tenant_id='p1'),
        )
        book = rule.load(self.context)
        for at, expected in (
            (NOW - TICK, 0),
            (NOW, 2),
            (NOW + HOUR - TICK, 2),
            (NOW + HOUR, 0),
            (NOW + 2 * HOUR, 4),
            (NOW + 3 * HOUR, 9),
            (NOW + 1000 * HOUR, 9),
        ):
            self.assertEqual(expected, self.price(at, book=book), at)
        self.assertEqual(4, self.price(NOW + 3 * HOUR, 'p2', book))

    def test_what_is_deleted_prices_nothing_of_any_time(self):
        self.create(mapping('a', 1))
        self.delete('a')
        self.assertEqual(0, self.price(NOW))

    def test_between_changes_it_is_the_same_chain(self):
        self.create(mapping(end=NOW + 5 * HOUR))
        book = rule.load(self.context)
        chain = book.chain(NOW)
        self.assertIs(chain, book.chain(NOW + 4 * HOUR))
        self.assertIsNot(chain, book.chain(NOW + 5 * HOUR))
        self.assertIsNot(chain, book.chain(NOW - HOUR))
        self.assertIs(chain, book.chain(NOW + HOUR))

    def test_it_keeps_a_limited_number_of_chains(self):
        number = 2 * rule.MEMORY
        given = tuple(
            mapping(str(hour), hour, value=str(hour), start=NOW + hour * HOUR)
            for hour in range(number)
        )
        every = rules.Rules((test_rules.SERVICE,), (test_rules.FIELD,), given)
        book = rule.RuleBook(1, every, [rating_base.modules()['hashmap']])
        for hour in range(number):
            self.assertEqual(0, self.price(NOW + hour * HOUR, book=book))
        self.assertLessEqual(len(book._chains), rule.MEMORY)

    def test_it_takes_a_handful_of_statements_whatever_their_number(self):
        def count():
            said = []
            engine = self.database.engine
            sa.event.listen(
                engine, 'before_cursor_execute', lambda *args: said.append(1)
            )
            rule.load(self.context)
            return len(said)

        few = count()
        self.create(
            *(mapping(f'm{n}', value=f'v{n}') for n in range(20)),
            *(threshold(f't{n}', level=n) for n in range(20)),
        )
        self.assertEqual(few, count())
        self.assertLess(few, 9)

    def test_it_is_all_of_one_generation_while_rules_change(self):
        """Of two rules one is always there, never both, never none."""
        self.create(mapping('0', 1))
        delete = price_change.delete.__wrapped__
        create = price_change.create.__wrapped__

        def swap():
            context = db.DbContext()
            for number in range(1, 60):
                # In two tables, which are read one after the other.
                old, new = rules.Threshold, mapping(str(number), 1)
                if number % 2:
                    old, new = rules.Mapping, threshold(str(number), 0, 2)
                with db.writer.using(context):
                    delete(context, old, str(number - 1), None, NOW)
                    create(context, new, NOW)

        with futures.ThreadPoolExecutor(1) as pool:
            done = pool.submit(swap)
            prices = set()
            while not done.done():
                prices.add(self.price(book=rule.load(db.DbContext())))
            done.result()
        self.assertEqual({2}, prices)


@base.on_all_engines
class TestModules(BookTestCase):
    def states(self):
        return {
            one.name: (one.enabled, one.priority)
            for one in module.list_(self.context)
        }

    def test_those_that_are_installed_are_there(self):
        self.assertEqual(
            {'hashmap': (True, 1), 'noop': (True, 1)}, self.states()
        )

    def test_they_are_switched_and_sorted(self):
        module.update(self.context, 'hashmap', enabled=False)
        self.assertEqual((False, 1), self.states()['hashmap'])
        module.update(self.context, 'hashmap', priority=7)
        self.assertEqual((False, 7), self.states()['hashmap'])
        module.update(self.context, 'hashmap', enabled=True, priority=3)
        self.assertEqual((True, 3), self.states()['hashmap'])
        module.update(self.context, 'hashmap')
        self.assertEqual((True, 3), self.states()['hashmap'])

    def test_noop_is_always_on(self):
        self.refused(
            exception.InvalidValue,
            module.update,
            self.context,
            'noop',
            enabled=False,
        )
        module.update(self.context, 'noop', enabled=True, priority=2)
        self.assertEqual((True, 2), self.states()['noop'])

    def test_one_that_there_is_not(self):
        for call in (module.get, module.update):
            said = self.refused(
                exception.NotFound, call, self.context, 'pyscripts'
            )
            self.assertEqual("Module 'pyscripts' not found", said)

    def test_one_that_is_off_prices_nothing(self):
        self.create(mapping(cost=1))
        self.assertEqual(2, self.price())
        module.update(self.context, 'hashmap', enabled=False)
        self.assertEqual(0, self.price())

    def test_the_highest_priority_comes_first(self):
        self.create(mapping(cost=1))
        installed = {**rating_base.modules(), 'tenfold': Tenfold()}
        with mock.patch.object(rating_base, 'modules', return_value=installed):
            self.assertEqual((False, 1), self.states()['tenfold'])
            self.assertEqual(2, self.price())
            module.update(self.context, 'tenfold', enabled=True)
            self.assertEqual(20, self.price())
            module.update(self.context, 'tenfold', priority=2)
            self.assertEqual(2, self.price())
            module.update(self.context, 'hashmap', priority=3)
            self.assertEqual(20, self.price())
