# SPDX-License-Identifier: Apache-2.0
"""Two who write rules at the same time."""

from concurrent import futures
import dataclasses
from decimal import Decimal
import threading

from talea import exception
from talea.db import api as db
from talea.objects import hashmap
from talea.objects import price_change
from talea.objects import pricing
from talea.rating import rules
from talea.tests import base
from talea.tests.functional.db import test_rules
from talea.tests.functional.db.test_rules import HOUR
from talea.tests.functional.db.test_rules import NOW
from talea.tests.functional.db.test_rules import mapping
from talea.tests.functional.db.test_rules import threshold

CREATED = 'created'


@base.on_all_engines
class TestRaces(test_rules.RulesTestCase):
    def race(self, *calls):
        """Return what became of each: CREATED, or the type of an error."""
        start = threading.Barrier(len(calls))

        def run(call):
            start.wait()
            try:
                call(db.DbContext())
            except exception.TaleaError as error:
                return type(error)
            return CREATED

        with futures.ThreadPoolExecutor(len(calls)) as pool:
            return sorted(pool.map(run, calls), key=str)

    def test_one_of_two_rules_in_the_same_place_is_refused(self):
        for number in range(10):
            for make in (mapping, threshold):
                rivals = [
                    make(f'{name}{number}', **_place(make, number))
                    for name in 'ab'
                ]
                done = self.race(
                    *(
                        lambda context, one=one: price_change.create(
                            context, one, NOW
                        )
                        for one in rivals
                    )
                )
                self.assertEqual([exception.Conflict, CREATED], done)
        self.assertEqual(10, len(self.ids()))
        self.assertEqual(10, len(self.ids(rules.Threshold)))

    def test_one_of_two_names_is_refused(self):
        for number in range(10):
            done = self.race(
                *(
                    lambda context, one=one: hashmap.create(context, one)
                    for one in (
                        dataclasses.replace(
                            test_rules.SERVICE,
                            id=f'{name}{number}',
                            name=f'n{number}',
                        )
                        for name in 'ab'
                    )
                )
            )
            self.assertEqual([exception.Conflict, CREATED], done)

    def test_two_changes_do_not_meet(self):
        for number in range(10):
            value = f'v{number}'
            ids = (f'a{number}', f'b{number}')
            self.create(
                *(
                    mapping(id_, start=NOW + HOUR, value=f'{id_}-{value}')
                    for id_ in ids
                )
            )
            done = self.race(
                *(
                    lambda context, id_=id_, value=value: price_change.update(
                        context,
                        rules.Mapping,
                        id_,
                        {'value': value},
                        None,
                        NOW,
                    )
                    for id_ in ids
                )
            )
            self.assertEqual([exception.Conflict, CREATED], done)

    def test_of_two_changes_of_a_version_one_is_told(self):
        self.create(mapping(start=NOW + HOUR))
        for version in range(1, 10):
            done = self.race(
                *(
                    lambda context, cost=cost, version=version: (
                        price_change.update(
                            context,
                            rules.Mapping,
                            'm1',
                            {'cost': Decimal(cost), 'version': version},
                            None,
                            NOW,
                        )
                    )
                    for cost in (2 * version, 2 * version + 1)
                )
            )
            self.assertEqual([exception.Conflict, CREATED], done)
        found = pricing.get(self.context, rules.Mapping, 'm1')
        self.assertEqual(10, found.version)

    def test_nothing_is_made_of_what_is_being_deleted(self):
        for number in range(10):
            field = dataclasses.replace(
                test_rules.FIELD, id=f'x{number}', name=f'x{number}'
            )
            hashmap.create(self.context, field)
            self.race(
                lambda context, field=field: hashmap.delete_field(
                    context, field.id, None, NOW
                ),
                lambda context, field=field: price_change.create(
                    context, mapping(field.id, field_id=field.id), NOW
                ),
            )
            self.assertEqual([], self.ids(field_id=field.id))


def _place(make, number):
    if make is mapping:
        return {'value': f'v{number}'}
    return {'level': number}
