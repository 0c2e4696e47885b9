# SPDX-License-Identifier: Apache-2.0
"""The recorded cloud and a made-up month, billed to the last digit."""

import collections
import datetime
import decimal
import fractions
import json
import random

import sqlalchemy as sa

from talea.collector import definitions
from talea.collector import envelope
from talea.collector import recorder
from talea.db import api as db
from talea.db import models
from talea.objects import event
from talea.objects import resource
from talea.objects import timeline
from talea.tests import base as tests_base
from talea.tests import billing
from talea.tests.functional.flows import cloud
from talea.tests.functional.flows import journal
from talea.tests.functional.flows import rated
from talea.tests.functional.flows import test_recording

UTC = datetime.UTC
BEGIN = datetime.datetime(2026, 11, 1, tzinfo=UTC)
CHANGE = datetime.datetime(2026, 11, 21, 6, 32, 30, tzinfo=UTC)
MONTH = datetime.datetime(2026, 12, 1, tzinfo=UTC)
NOTHING = decimal.Decimal(0)

# What a unit costs an hour: by flavor, by volume type, and for all.
FLAVORS = {
    'm1.tiny': '0.0125',
    'm1.small': '0.025',
    'm1.medium': '0.05',
    'c1.large': '0.173333333333333333333333',
    'r1.huge': '1.99',
}
# From CHANGE on.
NEW_FLAVORS = {'m1.small': '0.03', 'c1.large': '0.2'}
VOLUME_TYPES = {'standard': '0.0001', 'fast': '0.00035', 'archive': '0.00001'}
FLOATING_IP = '0.005'
IMAGE = '0.0000123456789'
CLUSTER = '0.1'
NODE = '0.0333333333'


class PriceList(rated.RatedTestCase):
    """Prices by REST, and the same prices as a function."""

    def fill_in(self):
        service = self.make('service', name='instance')
        field = self.make('field', service_id=service, name='flavor_name')
        for name, cost in FLAVORS.items():
            end = CHANGE if name in NEW_FLAVORS else None
            self.price(cost, BEGIN, end, field_id=field, value=name)
        for name, cost in NEW_FLAVORS.items():
            self.price(cost, CHANGE, field_id=field, value=name)
        service = self.make('service', name='volume.size')
        field = self.make('field', service_id=service, name='volume_type')
        for name, cost in VOLUME_TYPES.items():
            self.price(cost, BEGIN, field_id=field, value=name)
        for name, cost in (
            ('ip.floating', FLOATING_IP),
            ('image.size', IMAGE),
            ('cluster', CLUSTER),
            ('cluster.nodes', NODE),
        ):
            service = self.make('service', name=name)
            self.price(cost, BEGIN, service_id=service)

    @staticmethod
    def flavor(name):
        """Return what a server costs, as a function of the period."""

        def cost(left):
            prices = NEW_FLAVORS if left >= CHANGE else {}
            return decimal.Decimal(prices.get(name, FLAVORS.get(name, 0)))

        return cost

    def owed(self, names, begin):
        """Return {(project, metric): stretches} of what entities there are.

        :param names: {id of a volume type: name}
        """
        found = collections.defaultdict(list)
        with self.database.engine.connect() as connection:
            for row in connection.execute(sa.select(models.ENTITY)):
                for metric, level, cost in self._measured(row, names):
                    found[row.project_id, metric].append(
                        (max(row.start_at, begin), row.end_at, level, cost)
                    )
        return found

    def _measured(self, row, names):
        """Yield (metric, level, cost) of an entity."""
        more = json.loads(row.attributes)
        size = more.get('size')
        if row.entity_type == 'instance':
            yield 'instance', 1, self.flavor(row.flavor)
        elif row.entity_type == 'volume':
            name = names[row.volume_type_id]
            yield 'volume.size', size, constant(VOLUME_TYPES.get(name, 0))
        elif row.entity_type == 'floatingip':
            yield 'ip.floating', 1, constant(FLOATING_IP)
        elif row.entity_type == 'image':
            level = fractions.Fraction(size, 2**30)
            yield 'image.size', level, constant(IMAGE)
        elif row.entity_type == 'cluster' and more['completed']:
            yield 'cluster', 1, constant(CLUSTER)
            nodes = more['node_count'] + more['master_count']
            yield 'cluster.nodes', nodes, constant(NODE)


def constant(cost):
    return lambda left: decimal.Decimal(cost)


@tests_base.on_servers
class RecordingTestCase(PriceList):
    """At a period of five minutes, on MariaDB and PostgreSQL."""

    period = 300

    def setUp(self):
        super().setUp()
        self.conf.set_override('silence_timeout', 0, 'processor')

    def _take(self, part):
        known = definitions.load()
        for batch in test_recording.batches(part):
            opened = [
                envelope.open(
                    test_recording.delivery(each), self.conf.collector
                )
                for each in batch
            ]
            recorder.record(
                self.context,
                opened,
                known,
                timeline.Rules.of(self.conf),
                test_recording.NOW,
            )

    def test_the_bill_of_the_recording_is_right_to_the_last_digit(self):
        messages = cloud.recorded(test_recording.ALL)
        # Settled as it comes; what is held back comes after all else.
        late = messages[3000:4000:7]
        early = [one for one in messages[:9000] if one not in late]
        self._take(early)
        self.discover(test_recording.NOW)
        self.settle(test_recording.NOW)
        self.fill_in()
        self.settle(test_recording.NOW)
        self._take(messages[9000:])
        self.settle(test_recording.NOW)
        self._take(late)
        self.settle(test_recording.NOW)
        names = self._type_names()
        # Magnum was heard last at 06:46:47.
        until = datetime.datetime(2026, 11, 21, 6, 45, tzinfo=UTC)
        period = datetime.timedelta(seconds=self.period)
        expected = {
            key: billing.bill(some, period, until)
            for key, some in self.owed(names, BEGIN).items()
        }
        self.assertEqual(
            {key: price for key, price in expected.items() if price},
            self.billed(),
        )
        self.assertEqual(3, len({project for project, _ in expected}))
        self.assertIn((journal.PROJECTS['beta'], 'cluster.nodes'), expected)
        revised = [one for one in rated.frames(self.context) if one.revision]
        self.assertNotEqual([], revised)

    def _type_names(self):
        with self.database.engine.connect() as connection:
            rows = connection.execute(
                sa.select(
                    models.ENTITY.c.entity_id, models.ENTITY.c.name
                ).where(models.ENTITY.c.entity_type == 'volume_type')
            )
            return dict(rows.all())


class MonthTestCase(PriceList):
    """A month of a few projects, made up, hour by hour."""

    PROJECTS = 3
    RESOURCES = 8

    def test_the_bill_of_a_month_is_right_to_the_last_digit(self):
        dice = random.Random(20261101)
        self.conf.set_override('silence_timeout', 1, 'processor')
        self.fill_in()
        for number in range(self.PROJECTS * self.RESOURCES):
            self._live(dice, f'project-{number % self.PROJECTS}', number)
        self._name_the_type()
        now = MONTH + datetime.timedelta(hours=1)
        self.assertEqual(self.PROJECTS, self.discover(now))
        self.settle(now)
        period = datetime.timedelta(hours=1)
        expected = {
            key: billing.bill(some, period, MONTH)
            for key, some in self.owed({'t': 'fast'}, BEGIN).items()
        }
        self.assertEqual(
            {key: price for key, price in expected.items() if price},
            self.billed(),
        )

    def _name_the_type(self):
        told = event.Event(
            'm-type',
            'volume_type',
            't',
            BEGIN,
            event.CREATE,
            event.NOTIFICATION,
            {'name': 'fast', 'created_at': BEGIN.isoformat()},
        )
        resource.apply(
            db.DbContext(), [told], timeline.Rules.of(self.conf), MONTH
        )

    def _live(self, dice, project, number):
        moment = BEGIN + datetime.timedelta(
            microseconds=dice.randrange(25 * 86400 * 10**6)
        )
        kind = dice.choice(('instance', 'volume'))
        told = []

        def tell(what, **attributes):
            told.append(
                event.Event(
                    f'm-{number}-{len(told)}',
                    kind,
                    f'r-{number}',
                    moment,
                    what,
                    event.NOTIFICATION,
                    {
                        'project_id': project,
                        'created_at': moment.isoformat(),
                        **attributes,
                    },
                )
            )

        def attributes():
            if kind == 'instance':
                return {'flavor': dice.choice(list(FLAVORS)), 'vcpus': 2}
            return {
                'size': dice.randrange(1, 500),
                'volume_type_id': 't',
            }

        tell(event.CREATE, **attributes())
        for _ in range(dice.randrange(6)):
            moment += datetime.timedelta(
                microseconds=dice.randrange(1, 4 * 86400 * 10**6)
            )
            tell(event.RESIZE, **attributes())
        if dice.random() < 0.6:
            moment += datetime.timedelta(
                microseconds=dice.randrange(1, 4 * 86400 * 10**6)
            )
            tell(event.DELETE)
        resource.apply(
            db.DbContext(), told, timeline.Rules.of(self.conf), MONTH
        )
