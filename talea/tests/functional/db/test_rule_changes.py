# SPDX-License-Identifier: Apache-2.0
"""What may become of a rule, and what is rated again because of it."""

from decimal import Decimal

import sqlalchemy as sa

from talea import exception
from talea.db import models
from talea.objects import hashmap
from talea.objects import pricing
from talea.objects import rule
from talea.objects import scope
from talea.rating import point
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
            [('p1', NOW - 5 * HOUR, None), ('p2', NOW - 5 * HOUR, None)],
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
        self.assertEqual([('p1', NOW - HOUR, None)], self.marks())

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
            [('p1', NOW - HOUR, None), ('p2', NOW - HOUR, None)],
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
                    f"'{name}': You are allowed to update only the attribute "
                    '[end] as this rule is already running as it started on '
                    '[2026-11-30T06:30:00+00:00]',
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
            [('p1', NOW - HOUR, None), ('p2', NOW - HOUR, None)],
            sorted(self.marks()),
        )

    def test_with_force_the_end_can_be_moved_and_taken_away(self):
        self.update(end=NOW - 3 * HOUR, force=True)
        self.update(end=NOW - 2 * HOUR, force=True)
        self.update(end=NOW - HOUR, force=True, now=NOW + HOUR)
        self.update(end=None, force=True, now=NOW + HOUR)
        self.assertEqual(
            [
                (NOW - 3 * HOUR, None),
                (NOW - 3 * HOUR, NOW - 2 * HOUR),
                (NOW - 2 * HOUR, NOW - HOUR),
                (NOW - HOUR, None),
            ],
            [mark[1:] for mark in self.marks() if mark[0] == 'p1'],
        )

    def test_not_even_with_force_does_it_end_before_it_starts(self):
        said = self.says(self.update, end=NOW - 4 * HOUR, force=True)
        self.assertIn("'end': must be after start", said)

    def test_to_delete_it_has_nothing_rated_again(self):
        self.delete()
        self.assertEqual([], self.marks())


@base.on_all_engines
class TestThreshold(ChangesTestCase):
    """A threshold can be changed while it is in force, from then on."""

    def setUp(self):
        super().setUp()
        self.scopes('p1', 'p2')
        self.create(threshold(start=NOW))
        self.later = NOW + 3 * HOUR

    def change(self, now=None, **kwargs):
        now = now or self.later
        return self.update('t1', now, rules.Threshold, **kwargs)

    def priced(self, at, quantity='5'):
        """Return (price, rules) of a quantity."""
        one = point.Point(
            'instance', 'hour', ((Decimal(0), Decimal(quantity)),), {}, {}
        )
        found = rule.load(self.context).chain(at).rate(one, 'p1')
        return str(found.price.normalize()), found.rules

    def test_what_was_before_stays_what_it_was(self):
        before = self.priced(NOW)
        self.assertEqual(('0.1', (('threshold', 't1', 1),)), before)
        changed = self.change(cost=Decimal('0.7'), level=Decimal(2))
        self.assertEqual(
            ('t1', 2, self.later, 'u2'),
            (changed.id, changed.version, changed.start, changed.updated_by),
        )
        self.assertEqual(before, self.priced(NOW))
        self.assertEqual(before, self.priced(self.later - TICK))
        after = ('0.7', (('threshold', 't1', 2),))
        self.assertEqual(after, self.priced(self.later))
        self.assertEqual(('0', ()), self.priced(self.later, '1'))
        self.assertEqual([], self.marks())

    def test_as_often_as_one_likes(self):
        for hour in range(1, 5):
            self.change(NOW + hour * HOUR, cost=Decimal(hour))
        self.assertEqual(
            [
                ('0.1', (('threshold', 't1', 1),)),
                *(
                    (str(hour), (('threshold', 't1', hour + 1),))
                    for hour in range(1, 5)
                ),
            ],
            [self.priced(NOW + hour * HOUR) for hour in range(5)],
        )

    def test_there_is_one_threshold_to_be_seen(self):
        self.change(cost=Decimal(1))
        self.assertEqual(['t1'], self.ids(rules.Threshold))
        (former,) = [
            one
            for one in pricing.list_(
                self.context, rules.Threshold, pricing.EVER
            )
            if one.id != 't1'
        ]
        for call in (self.update, self.delete):
            self.refused(
                exception.NotFound, call, former.id, kind=rules.Threshold
            )

    def test_before_a_moment_has_passed_nothing_is_kept(self):
        self.change(NOW, cost=Decimal(1))
        self.assertEqual(('1', (('threshold', 't1', 2),)), self.priced(NOW))

    def test_to_delete_it_deletes_what_it_was(self):
        self.change(cost=Decimal(1))
        self.delete('t1', rules.Threshold)
        self.assertEqual(('0', ()), self.priced(NOW))

    def test_its_start_stays(self):
        said = self.says(self.change, start=self.later + HOUR, cost=Decimal(1))
        self.assertIn("'cost': You are allowed to update only", said)

    def test_its_end_is_as_that_of_mappings(self):
        self.change(end=self.later + HOUR)
        self.says(self.change, end=self.later + 2 * HOUR)
        self.says(self.change, cost=Decimal(1), end=self.later + 2 * HOUR)
        self.change(cost=Decimal(1))
        self.assertEqual(('1', '0'), self._around(self.later + HOUR))

    def _around(self, at):
        return self.priced(at - TICK)[0], self.priced(at)[0]

    def test_one_that_has_ended_is_not_changed(self):
        self.change(NOW, end=NOW + HOUR)
        self.says(self.change, cost=Decimal(1))

    def test_another_one_cannot_be_where_it_was(self):
        self.change(level=Decimal(2))
        past = threshold('t2', start=NOW + HOUR, end=NOW + 2 * HOUR)
        said = self.refused(exception.Conflict, self.create, past, force=True)
        self.assertIn('(id: t1)', said)


@base.on_all_engines
class TestUngroup(ChangesTestCase):
    def test_what_a_group_has_made_stays(self):
        hour = [NOW + number * HOUR for number in range(6)]
        service = {'field_id': None, 'service_id': 's1', 'value': None}
        self.create(
            mapping('ends', 1, group_id='g1', end=hour[2], **service),
            mapping('runs', 2, group_id='g1', start=hour[2], **service),
            mapping('other', 5, **service),
            threshold('later', 0, 7, group_id='g1', start=hour[5]),
        )
        one = point.Point(
            'instance', 'hour', ((Decimal(0), Decimal(1)),), {}, {}
        )
        # In the default group only one of the two can be.
        self.update('other', end=hour[4])
        hashmap.delete_group(self.context, 'g1', False, 'u3', hour[4])
        book = rule.load(self.context)
        self.assertEqual(
            [6, 6, 7, 7, 2, 9],
            [int(book.chain(at).rate(one, 'p1').price) for at in hour],
        )
        self.assertEqual(
            {'ends': 'g1', 'runs': None, 'other': None},
            {
                found.id: found.group_id
                for found in pricing.list_(self.context, rules.Mapping)
            },
        )
        # It has ended in a group that is no more; that can be corrected.
        self.update('ends', end=hour[1], force=True)
