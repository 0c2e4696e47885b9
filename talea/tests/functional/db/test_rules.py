# SPDX-License-Identifier: Apache-2.0
"""Rules in the database, and who writes them at the same time."""

import dataclasses
import datetime
from decimal import Decimal

from talea import exception
from talea.objects import hashmap
from talea.objects import price_change
from talea.objects import pricing
from talea.rating import rules
from talea.tests import base

NOW = datetime.datetime(2026, 11, 30, 10, 30, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)
TICK = datetime.timedelta(microseconds=1)
SERVICE = rules.Service(id='s1', name='instance', created=NOW)
FIELD = rules.Field(id='f1', name='flavor_name', service_id='s1', created=NOW)
SERVICE_2 = dataclasses.replace(SERVICE, id='s2', name='volume.size')
GROUP = rules.Group(id='g1', name='extra', created=NOW)


def mapping(id_='m1', cost='0.1', **kwargs):
    given = {
        'type': rules.FLAT,
        'service_id': None,
        'field_id': 'f1',
        'group_id': None,
        'tenant_id': None,
        'value': 'small',
        'start': NOW,
        'created': NOW,
        **kwargs,
    }
    return rules.Mapping(id=id_, cost=Decimal(cost), **given)


def threshold(id_='t1', level='1', cost='0.1', **kwargs):
    given = {
        'type': rules.FLAT,
        'service_id': 's1',
        'field_id': None,
        'group_id': None,
        'tenant_id': None,
        'start': NOW,
        'created': NOW,
        **kwargs,
    }
    return rules.Threshold(
        id=id_, cost=Decimal(cost), level=Decimal(level), **given
    )


class RulesTestCase(base.DatabaseTestCase):
    def setUp(self):
        super().setUp()
        for one in (SERVICE, FIELD, GROUP):
            hashmap.create(self.context, one)

    def create(self, *given, **kwargs):
        for one in given:
            price_change.create(self.context, one, NOW, **kwargs)

    def update(self, id_='m1', now=NOW, kind=rules.Mapping, **kwargs):
        force = kwargs.pop('force', False)
        return price_change.update(
            self.context, kind, id_, kwargs, 'u2', now, force
        )

    def delete(self, id_='m1', kind=rules.Mapping):
        price_change.delete(self.context, kind, id_, 'u3', NOW)

    def ids(self, kind=rules.Mapping, **kwargs):
        wanted = pricing.Filter(**kwargs)
        return [one.id for one in pricing.list_(self.context, kind, wanted)]

    def refused(self, error, *args, **kwargs):
        return str(self.assertRaises(error, *args, **kwargs))


@base.on_all_engines
class TestKeeping(RulesTestCase):
    def test_a_rule_comes_back_as_it_was_made(self):
        made = mapping(
            cost='123456789012.1234567890123456789012345678',
            tenant_id='p1',
            group_id='g1',
            end=NOW + HOUR,
            name='winter',
            description='of 2026',
            created_by='u1',
        )
        self.create(made)
        self.assertEqual(made, pricing.get(self.context, rules.Mapping, 'm1'))
        one = threshold(level='0.5', type=rules.RATE)
        self.create(one)
        self.assertEqual(one, pricing.get(self.context, rules.Threshold, 't1'))

    def test_it_has_one_parent_and_the_value_that_goes_with_it(self):
        for name, one in (
            ('service_id', mapping(service_id='s1')),
            ('service_id', mapping(field_id=None)),
            ('service_id', threshold(service_id=None)),
            ('value', mapping(value=None)),
            ('value', mapping(value='')),
            ('value', mapping(field_id=None, service_id='s1')),
        ):
            said = self.refused(exception.InvalidValue, self.create, one)
            self.assertIn(f"'{name}'", said)
        self.create(mapping(start=NOW + HOUR))
        said = self.refused(exception.InvalidValue, self.update, value=None)
        self.assertIn("'value'", said)

    def test_one_that_there_is_not_is_not_found(self):
        for kind in (rules.Mapping, rules.Threshold):
            self.refused(
                exception.NotFound, pricing.get, self.context, kind, 'x'
            )
            self.refused(exception.NotFound, self.delete, 'x', kind)
            self.refused(exception.NotFound, self.update, 'x', kind=kind)

    def test_lists_are_filtered(self):
        self.create(
            mapping('a'),
            mapping('b', value='large', created=NOW + TICK),
            mapping('c', tenant_id='p1', created=NOW + 2 * TICK),
            mapping('d', group_id='g1', created=NOW + 3 * TICK),
            mapping(
                'e',
                field_id=None,
                service_id='s1',
                value=None,
                created=NOW + 4 * TICK,
            ),
        )
        self.assertEqual(['a', 'b', 'c', 'd', 'e'], self.ids())
        self.assertEqual(['a', 'b', 'c', 'd'], self.ids(field_id='f1'))
        self.assertEqual(['e'], self.ids(service_id='s1'))
        self.assertEqual(['d'], self.ids(group_id='g1'))
        self.assertEqual(['a', 'b', 'c', 'e'], self.ids(grouped=False))
        self.assertEqual(['c'], self.ids(tenant_id='p1'))
        self.assertEqual(['c'], self.ids(tenant_id='p1', general=True))
        self.assertEqual(['a', 'b', 'd', 'e'], self.ids(general=True))
        self.delete('b')
        self.assertEqual(['a', 'c', 'd'], self.ids(field_id='f1'))
        self.assertEqual(
            ['a', 'b', 'c', 'd'], self.ids(field_id='f1', deleted=True)
        )

    def test_what_is_deleted_is_kept(self):
        self.create(mapping())
        self.delete()
        found = pricing.get(self.context, rules.Mapping, 'm1')
        self.assertEqual((NOW, 'u3'), (found.deleted, found.deleted_by))
        self.refused(exception.NotFound, self.delete)
        self.refused(exception.NotFound, self.update, cost=Decimal(2))

    def test_a_name_is_free_again_once_it_is_deleted(self):
        for one in (SERVICE, FIELD, GROUP):
            again = dataclasses.replace(one, id='again')
            said = self.refused(
                exception.Conflict, hashmap.create, self.context, again
            )
            self.assertIn(f'"{one.name}" already exists (id: {one.id})', said)
        hashmap.delete_field(self.context, 'f1', 'u3', NOW)
        hashmap.create(self.context, dataclasses.replace(FIELD, id='f2'))
        hashmap.delete_group(self.context, 'g1', False, 'u3', NOW)
        hashmap.create(self.context, dataclasses.replace(GROUP, id='g2'))
        hashmap.delete_service(self.context, 's1', 'u3', NOW + TICK)
        hashmap.create(self.context, dataclasses.replace(SERVICE, id='s2'))
        self.assertEqual(
            (['s2'], [], ['g2']),
            tuple(
                [one.id for one in found(self.context)]
                for found in (hashmap.services, hashmap.fields, hashmap.groups)
            ),
        )
        # And so it goes a second time.
        hashmap.delete_service(self.context, 's2', 'u3', NOW + 2 * TICK)
        hashmap.create(self.context, dataclasses.replace(SERVICE, id='s3'))

    def test_another_service_may_have_a_field_of_that_name(self):
        other = dataclasses.replace(SERVICE, id='s2', name='volume.size')
        hashmap.create(self.context, other)
        field = dataclasses.replace(FIELD, id='f2', service_id='s2')
        hashmap.create(self.context, field)
        self.assertEqual([field], hashmap.fields(self.context, 's2'))

    def test_names_differ_by_case(self):
        other = dataclasses.replace(SERVICE, id='s2', name='Instance')
        hashmap.create(self.context, other)

    def test_what_a_rule_belongs_to_must_be_there(self):
        for name, id_, rest in (
            ('field_id', 'f9', {}),
            ('field_id', 's1', {}),
            ('service_id', 'f1', {'field_id': None, 'value': None}),
            ('group_id', 'g9', {}),
        ):
            one = mapping(**{name: id_}, **rest)
            said = self.refused(exception.InvalidValue, self.create, one)
            self.assertIn(f"'{name}': there is no such {name[:-3]}", said)
        hashmap.delete_field(self.context, 'f1', 'u3', NOW)
        self.refused(exception.InvalidValue, self.create, mapping())
        self.refused(
            exception.InvalidValue,
            hashmap.create,
            self.context,
            dataclasses.replace(FIELD, id='f2', service_id='s9'),
        )


@base.on_all_engines
class TestMeeting(RulesTestCase):
    """Of two rules in one place only one is valid at a time."""

    def meet(self, one, other):
        """Return whether *other* is refused where *one* is."""
        self.create(one)
        try:
            self.create(other)
        except exception.Conflict as error:
            self.assertIn(f'(id: {one.id})', str(error))
            return True
        return False

    def test_the_same_again(self):
        self.assertTrue(self.meet(mapping('a'), mapping('b', cost=2)))
        self.assertTrue(self.meet(threshold('a'), threshold('b', cost=2)))

    def test_another_value_type_scope_group_or_parent(self):
        self.create(mapping('a'), threshold('t'))
        self.create(
            mapping('b', value='large'),
            mapping('c', value='Small'),
            mapping('d', type=rules.RATE),
            mapping('e', tenant_id='p1'),
            mapping('f', group_id='g1'),
            mapping('g', field_id=None, service_id='s1', value=None),
            threshold('u', level='1.5'),
            threshold('v', type=rules.RATE),
            threshold('w', tenant_id='p1'),
            threshold('x', group_id='g1'),
            threshold('y', service_id=None, field_id='f1'),
        )
        for one in (
            mapping('z', type=rules.RATE),
            mapping('z', tenant_id='p1'),
            mapping('z', group_id='g1'),
            mapping('z', field_id=None, service_id='s1', value=None),
            threshold('z', tenant_id='p1'),
            threshold('z', level='1.50'),
        ):
            self.refused(exception.Conflict, self.create, one)

    def test_one_after_the_other(self):
        until = mapping('a', end=NOW + HOUR)
        self.assertFalse(self.meet(until, mapping('b', start=NOW + HOUR)))

    def test_one_that_begins_before_the_other_ends(self):
        until = mapping('a', end=NOW + HOUR)
        then = mapping('b', start=NOW + HOUR - TICK)
        self.assertTrue(self.meet(until, then))

    def test_one_inside_of_the_other(self):
        one = mapping('a', start=NOW + HOUR, end=NOW + 2 * HOUR)
        self.assertTrue(self.meet(one, mapping('b')))

    def test_a_deleted_one_is_in_nobodys_way(self):
        self.create(mapping('a'))
        self.delete('a')
        self.create(mapping('b'))

    def test_a_change_must_not_lead_there(self):
        self.create(
            mapping('a', start=NOW + HOUR, end=NOW + 2 * HOUR),
            mapping('b', start=NOW + 2 * HOUR),
            mapping('c', start=NOW + HOUR, value='large'),
        )
        self.refused(
            exception.Conflict, self.update, 'a', end=NOW + 2 * HOUR + TICK
        )
        self.refused(exception.Conflict, self.update, 'c', value='small')
        self.update('a', end=NOW + 2 * HOUR - TICK)
        self.update('b', start=NOW + 2 * HOUR - TICK)

    def test_without_their_group_rules_must_not_meet_either(self):
        self.create(mapping('a', group_id='g1'), mapping('b'))
        self.refused(
            exception.Conflict,
            hashmap.delete_group,
            self.context,
            'g1',
            False,
            'u3',
            NOW,
        )
        self.assertEqual(['a'], self.ids(group_id='g1'))
        hashmap.delete_group(self.context, 'g1', True, 'u3', NOW)
        self.assertEqual(['b'], self.ids())


@base.on_all_engines
class TestCascade(RulesTestCase):
    def setUp(self):
        super().setUp()
        other = rules.Service(id='s2', name='volume.size', created=NOW)
        hashmap.create(self.context, other)
        self.create(
            mapping('field'),
            mapping('service', field_id=None, service_id='s1', value=None),
            mapping('other', field_id=None, service_id='s2', value=None),
            mapping('group', group_id='g1', value='large'),
            threshold('field', service_id=None, field_id='f1'),
            threshold('service'),
            threshold('other', service_id='s2'),
            threshold('group', service_id='s2', group_id='g1'),
        )

    def left(self):
        return [
            sorted(self.ids(kind)) for kind in (rules.Mapping, rules.Threshold)
        ]

    def test_a_field_takes_its_rules_with_it(self):
        hashmap.delete_field(self.context, 'f1', 'u3', NOW)
        self.assertEqual(
            [['other', 'service'], ['group', 'other', 'service']], self.left()
        )
        gone = pricing.get(self.context, rules.Threshold, 'field')
        self.assertEqual((NOW, 'u3'), (gone.deleted, gone.deleted_by))

    def test_a_service_takes_its_fields_and_all_of_their_rules_with_it(self):
        hashmap.delete_service(self.context, 's1', 'u3', NOW)
        self.assertEqual([['other'], ['group', 'other']], self.left())
        self.refused(exception.NotFound, hashmap.field, self.context, 'f1')
        self.refused(exception.NotFound, hashmap.service, self.context, 's1')

    def test_a_group_takes_its_rules_with_it_if_that_is_wanted(self):
        hashmap.delete_group(self.context, 'g1', True, 'u3', NOW)
        self.assertEqual(
            [['field', 'other', 'service'], ['field', 'other', 'service']],
            self.left(),
        )

    def test_without_it_they_are_of_the_default_group(self):
        # Two thresholds of one level cannot be there at the same time.
        self.delete('other', rules.Threshold)
        hashmap.delete_group(self.context, 'g1', False, 'u3', NOW)
        for kind in (rules.Mapping, rules.Threshold):
            one = pricing.get(self.context, kind, 'group')
            self.assertEqual(
                (None, 2, 'u3'), (one.group_id, one.version, one.updated_by)
            )
        self.refused(exception.NotFound, hashmap.group, self.context, 'g1')
