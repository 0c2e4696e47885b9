# SPDX-License-Identifier: Apache-2.0
"""What may become of a rule, and what is rated again because of it."""

from decimal import Decimal

import sqlalchemy as sa

from talea import exception
from talea.db import models
from talea.objects import pricing
from talea.objects import scope
from talea.rating import rules
from talea.tests import base
from talea.tests.functional.db import test_rules
from talea.tests.functional.db.test_rules import HOUR
from talea.tests.functional.db.test_rules import NOW
from talea.tests.functional.db.test_rules import TICK
from talea.tests.functional.db.test_rules import mapping
from talea.tests.functional.db.test_rules import threshold


class ChangesTestCase(test_rules.RulesTestCase):
    def scopes(self, *identifiers):
        found = [
            # Two of the same identifier are two scopes.
            (identifier, f'key{number}', 'ledger', 'ledger', NOW, NOW)
            for number, identifier in enumerate(identifiers)
        ]
        scope.discover(self.context, found, NOW)

    def marks(self):
        """Return [(identifier, begin, end)] of what is rated again."""
        columns = models.STALE.c
        with self.database.engine.begin() as connection:
            rows = connection.execute(
                sa.select(
                    columns.scope_id, columns.begin_at, columns.end_at
                ).order_by(columns.id)
            ).all()
        return [tuple(row) for row in rows]

    def says(self, *args, **kwargs):
        return self.refused(exception.InvalidValue, *args, **kwargs)

    def get(self, id_='m1'):
        return pricing.get(self.context, rules.Mapping, id_)


@base.on_all_engines
class TestStart(ChangesTestCase):
    def setUp(self):
        super().setUp()
        self.scopes('p1', 'p2', 'p2')

    def test_now_is_not_the_past(self):
        self.create(mapping(start=NOW))
        self.assertEqual([], self.marks())

    def test_it_is_not_in_the_past(self):
        for one in (
            mapping(start=NOW - TICK),
            threshold(start=NOW - TICK),
            mapping(start=NOW - 2 * HOUR, end=NOW - HOUR),
        ):
            said = self.says(self.create, one)
            self.assertIn("'start': is in the past", said)
        self.assertEqual([], self.ids())

    def test_with_force_it_may_be_and_all_is_rated_again_since(self):
        self.create(mapping(start=NOW - 5 * HOUR), force=True)
        self.assertEqual(
            [('p1', NOW - 5 * HOUR, NOW), ('p2', NOW - 5 * HOUR, NOW)],
            sorted(self.marks()),
        )

    def test_up_to_its_end(self):
        one = threshold(start=NOW - 5 * HOUR, end=NOW - HOUR)
        self.create(one, force=True)
        self.assertEqual(
            {(NOW - 5 * HOUR, NOW - HOUR)}, {mark[1:] for mark in self.marks()}
        )

    def test_of_one_scope_only_that_is(self):
        one = mapping(start=NOW - HOUR, tenant_id='p1')
        self.create(one, force=True)
        self.assertEqual([('p1', NOW - HOUR, NOW)], self.marks())

    def test_a_rule_ends_after_it_begins(self):
        for end in (NOW, NOW - TICK):
            said = self.says(self.create, mapping(end=end), force=True)
            self.assertIn("'end': must be after start", said)


@base.on_all_engines
class TestChange(ChangesTestCase):
    """Before a rule is in force everything about it can be changed."""

    def setUp(self):
        super().setUp()
        self.scopes('p1', 'p2')
        self.create(mapping(start=NOW + HOUR))

    def test_everything_can_be_changed(self):
        new = mapping(
            start=NOW + 2 * HOUR,
            end=NOW + 3 * HOUR,
            cost='0.7',
            type=rules.RATE,
            value='large',
            tenant_id='p1',
            group_id='g1',
            name='n',
            description='d',
        )
        names = (
            *('start', 'end', 'cost', 'type', 'value'),
            *('tenant_id', 'group_id', 'name', 'description'),
        )
        self.update(**{name: getattr(new, name) for name in names})
        found = self.get()
        for name in names:
            self.assertEqual(getattr(new, name), getattr(found, name), name)
        self.assertEqual((2, 'u2'), (found.version, found.updated_by))
        self.update(end=None, tenant_id=None)
        found = self.get()
        self.assertEqual(
            (None, None, 3), (found.end, found.tenant_id, found.version)
        )
        self.assertEqual([], self.marks())

    def test_what_is_the_same_is_no_change(self):
        same = self.update(value='small', cost=Decimal('0.10'), end=None)
        self.assertEqual(self.get(), same)
        self.assertEqual(1, same.version)

    def test_digits_that_a_float_has_lost_are_no_change(self):
        cost = '0.1234567890123456789012345678'
        self.create(mapping('m2', cost, start=NOW + HOUR, value='x'))
        self.update('m2', cost=Decimal(repr(float(cost))), value='y')
        found = self.get('m2')
        self.assertEqual((Decimal(cost), 'y'), (found.cost, found.value))
        self.update('m2', cost=Decimal('0.12345678901234569'))
        self.assertEqual(Decimal('0.12345678901234569'), self.get('m2').cost)

    def test_a_change_can_be_of_a_version(self):
        self.update(cost=Decimal(1), version=1)
        self.refused(
            exception.Conflict, self.update, cost=Decimal(2), version=1
        )
        self.update(cost=Decimal(2), version=2)
        self.assertEqual((2, 3), (self.get().cost, self.get().version))

    def test_it_must_not_start_in_the_past(self):
        said = self.says(self.update, start=NOW - HOUR)
        self.assertIn("'start': is in the past", said)
        self.update(start=NOW - HOUR, force=True)
        self.assertEqual(
            [('p1', NOW - HOUR, NOW), ('p2', NOW - HOUR, NOW)],
            sorted(self.marks()),
        )

    def test_it_must_not_end_before_it_starts(self):
        said = self.says(self.update, end=NOW + HOUR)
        self.assertIn("'end': must be after start", said)

    def test_what_it_belongs_to_must_be_there(self):
        self.says(self.update, group_id='g9')


@base.on_all_engines
class TestRunning(ChangesTestCase):
    """What is in force has prices to its name."""

    def setUp(self):
        super().setUp()
        self.scopes('p1', 'p2')
        self.create(mapping(start=NOW - 4 * HOUR), force=True)
        with self.database.engine.begin() as connection:
            connection.execute(sa.delete(models.STALE))

    def test_nothing_of_it_can_be_changed_but_its_end(self):
        for force in (False, True):
            for name, value in (
                ('cost', Decimal(5)),
                ('start', NOW + HOUR),
                ('value', 'large'),
                ('type', rules.RATE),
                ('name', 'n'),
            ):
                said = self.says(self.update, force=force, **{name: value})
                self.assertIn(
                    f"'{name}': the rule is in force since "
                    '2026-11-30T06:30:00+00:00: only its end',
                    said,
                )
        self.assertEqual(1, self.get().version)

    def test_even_if_it_starts_just_now(self):
        self.create(mapping('m2', value='x'))
        self.says(self.update, 'm2', cost=Decimal(5))

    def test_it_gets_an_end_in_the_future_once(self):
        self.update(end=NOW + HOUR)
        found = self.get()
        self.assertEqual((NOW + HOUR, 2), (found.end, found.version))
        said = self.says(self.update, end=NOW + 2 * HOUR)
        self.assertIn("'end': it has one already", said)
        self.says(self.update, end=None)
        self.update(end=NOW + HOUR)
        self.assertEqual([], self.marks())

    def test_an_end_in_the_past_takes_force(self):
        said = self.says(self.update, end=NOW - TICK)
        self.assertIn("'end': is in the past", said)
        self.update(end=NOW - HOUR, force=True)
        self.assertEqual(
            [('p1', NOW - HOUR, NOW), ('p2', NOW - HOUR, NOW)],
            sorted(self.marks()),
        )

    def test_with_force_the_end_can_be_moved_and_taken_away(self):
        self.update(end=NOW - 3 * HOUR, force=True)
        self.update(end=NOW - 2 * HOUR, force=True)
        self.update(end=NOW - HOUR, force=True, now=NOW + HOUR)
        self.update(end=None, force=True, now=NOW + HOUR)
        self.assertEqual(
            [
                (NOW - 3 * HOUR, NOW),
                (NOW - 3 * HOUR, NOW - 2 * HOUR),
                (NOW - 2 * HOUR, NOW - HOUR),
                (NOW - HOUR, NOW + HOUR),
            ],
            [mark[1:] for mark in self.marks() if mark[0] == 'p1'],
        )

    def test_not_even_with_force_does_it_end_before_it_starts(self):
        said = self.says(self.update, end=NOW - 4 * HOUR, force=True)
        self.assertIn("'end': must be after start", said)

    def test_to_delete_it_has_nothing_rated_again(self):
        self.delete()
        self.assertEqual([], self.marks())
