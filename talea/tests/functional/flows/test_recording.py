# SPDX-License-Identifier: Apache-2.0
import collections
import datetime
import functools
import itertools

from oslo_config import cfg
import sqlalchemy as sa

from talea import conf as talea_conf
from talea.collector import bus
from talea.collector import definitions
from talea.collector import envelope
from talea.collector import recorder
from talea.db import models
from talea.objects import cluster
from talea.objects import entity
from talea.objects import fold
from talea.objects import resource
from talea.objects import timeline
from talea.objects import volume_type
from talea.tests import base
from talea.tests import fixtures
from talea.tests.functional.flows import cloud
from talea.tests.functional.flows import journal
from talea.tests.functional.flows import processes

NOW = datetime.datetime(2026, 11, 21, 8, tzinfo=datetime.UTC)
BATCH = 200
RULES = timeline.Rules(volume_threshold=0)
TYPE_ID = 'volume_type_id'
ALL = 20000
AGES = datetime.timedelta(days=36500)

# Images that nobody noted: those that servers are made of, uploads of volumes,
# and two made by hand.
UNNOTED_IMAGES = {'linux', 'windows', 'from-volume', 'chunk', 'upimg'}
# Clusters whose client gave up before they were complete.
UNNOTED_CLUSTERS = {'c1-beta', 'c7-00', 'c7-02'}
UNNOTED = {'image': UNNOTED_IMAGES, 'cluster': UNNOTED_CLUSTERS}


class Recording(base.DatabaseTestCase):
    """Messages of a real cloud go in, what comes out is what happened."""

    def entities(self):
        """Return {(type, id): [(start, end, attributes), ...]}."""
        found = collections.defaultdict(list)
        everything = entity.Filter(NOW - AGES, NOW + AGES)
        names = volume_type.names(self.context)

        def visit(entities):
            for each in entities:
                values = dict(each.attributes)
                values.update(
                    project_id=each.project_id,
                    name=each.name,
                    flavor=each.flavor,
                    type=names.of(each.volume_type_id, each.start),
                )
                found[each.entity_type, each.entity_id].append(
                    (each.start, each.end, values)
                )

        entity.walk(self.context, everything, visit)
        return {key: counted(key[0], some) for key, some in found.items()}

    def assertTrue_to(self, truth):  # noqa: N802
        """Assert that all entities are what they should be, and no others."""
        found = self.entities()
        wrong = []
        for (kind, id_), life in truth.lives.items():
            wrong += journal.complaints(
                f'{kind} {id_}', life, found.pop((kind, id_), [])
            )
        for (kind, id_), entities in found.items():
            if kind == 'volume' and id_ in truth.unnoted:
                wrong += self.outline(id_, truth.unnoted[id_], entities)
            elif any(
                values['name'] not in UNNOTED.get(kind, ())
                for _, _, values in entities
            ):
                wrong.append(f'{kind} {id_} should not be there: {entities}')
        missing = set(truth.unnoted) - {id_ for _kind, id_ in found}
        wrong += [f'volume {id_} is missing' for id_ in missing]
        self.assertEqual([], wrong, '\n'.join(wrong))

    def outline(self, id_, life, entities):
        """Complain about a volume of which only begin and end are known."""
        start, end = entities[0][0], entities[-1][1]
        for before, after in itertools.pairwise(entities):
            if before[1] != after[0]:
                return [f'volume {id_} has a gap: {entities}']
        whole = [(start, end, entities[-1][2])]
        return journal.complaints(f'volume {id_}', life, whole)


class RecordedTestCase(Recording):
    """Batches are handed to the recorder."""

    def setUp(self):
        super().setUp()
        self.known_types = definitions.load()
        self.rules = timeline.Rules.of(self.conf)
        for batch in batches(cloud.recorded(ALL)):
            opened = [
                envelope.open(delivery(each), self.conf.collector)
                for each in batch
            ]
            recorder.record(
                self.context, opened, self.known_types, self.rules, NOW
            )

    def test_entities_are_what_happened(self):
        # With the threshold as it is by default ...
        truth = journal.Journal(self.rules.volume_threshold)
        self.assertEqual(60, self.rules.volume_threshold)
        self.assertTrue_to(truth)
        # ... and after it was changed and the same events folded again.
        self.conf.set_override('volume_existence_threshold', 0, 'entities')
        self.fold_again()
        whole = journal.Journal(0)
        self.assertTrue_to(whole)
        # Not one period more, not one less.
        self.assertGreater(periods(whole), periods(truth))

    def fold_again(self):
        rules = timeline.Rules.of(self.conf)
        position = 0
        while pks := resource.page(self.context, position, BATCH):
            resource.refold(self.context, pks, rules, NOW)
            position = pks[-1]


class PartsTestCase(base.TestCase):
    """Not every deployment sends all that the recorded one sent."""

    def complaints(self, truth, sent, kinds=None):
        """Return what is wrong if only some messages had been sent.

        :param sent: whether a Notification was sent
        :param kinds: kinds of resources to look at; default: all
        """
        histories = collections.defaultdict(list)
        for one, event in told():
            if sent(one):
                key = (event.resource_type, event.resource_id)
                histories[key].append(event)
        types = {
            id_: history[0].attributes['name']
            for (kind, id_), history in histories.items()
            if kind == 'volume_type'
        }
        wrong = []
        for (kind, id_), life in truth.lives.items():
            if kinds is None or kind in kinds:
                spans = fold.fold(histories[kind, id_], RULES).spans
                found = [
                    (
                        span.start,
                        span.end,
                        span.values
                        | {'type': types.get(span.values.get(TYPE_ID))},
                    )
                    for span in spans
                ]
                wrong += journal.complaints(
                    f'{kind} {id_}', life, counted(kind, found)
                )
        return wrong

    def test_the_old_format_alone_is_enough(self):
        self.assertEqual(
            [],
            self.complaints(
                journal.Journal(0),
                lambda one: 'nova_object.data' not in one.payload,
            ),
        )

    def test_the_versioned_format_alone_is_enough(self):
        truth = journal.Journal(0)
        for life in truth.lives.values():
            for period in life.periods:
                # It has no other property of the image.
                if 'os' in period.values:
                    period.values['os'] = {
                        'os_type': period.values['os']['os_type']
                    }
        self.assertEqual(
            [],
            self.complaints(
                truth,
                lambda one: not one.event_type.startswith('compute.instance'),
            ),
        )

    def test_audits_are_not_needed(self):
        self.assertEqual(
            [],
            self.complaints(
                journal.Journal(0),
                lambda one: (
                    not one.event_type.endswith('.exists')
                    and 'audit_period_beginning'
                    not in (one.payload if one.service == 'openstack' else ())
                ),
            ),
        )

    def test_updates_of_nova_are_needed_for_display_names_alone(self):
        truth = journal.Journal(0)
        for life in truth.lives.values():
            for period in life.periods:
                period.values.pop('display_name', None)
        self.assertEqual(
            [],
            self.complaints(
                truth,
                lambda one: not one.event_type.endswith('instance.update'),
            ),
        )

    def test_no_create_of_an_instance_is_missed(self):
        self.assertEqual(
            [],
            self.complaints(
                journal.Journal(0),
                lambda one: not one.event_type.endswith('create.end'),
                {'instance'},
            ),
        )

    def test_no_delete_of_an_instance_is_missed(self):
        """The step to deleted, or the hourly audit, tells of it."""
        for kind in ('update', 'exists'):
            self.assertEqual(
                [],
                self.complaints(
                    journal.Journal(0),
                    lambda one, kind=kind: (
                        not (
                            one.event_type.endswith('instance.delete.end')
                            or (
                                one.event_type.endswith(f'instance.{kind}')
                                and 'deleted' in str(one.state)
                            )
                        )
                    ),
                    {'instance'},
                ),
            )


class ConsumedTestCase(Recording):
    """A real collector takes them from a real RabbitMQ."""

    engine = 'mysql'

    def test_entities_are_what_happened(self):
        rabbit = self.useFixture(fixtures.RabbitMQ())
        services = self.useFixture(cloud.Services(rabbit.url))
        messages = cloud.recorded(ALL)
        for exchange in {each['exchange'] for each in messages}:
            services.declare(exchange)
        settings = processes.Settings(
            database={'connection': self.database.url},
            entities={'volume_existence_threshold': 0},
            collector={'workers': 2},
            **{'deployment:default': {'transport_url': rabbit.url}},
        )
        self.useFixture(settings)
        process = self.useFixture(
            processes.Process('talea-collector', settings)
        )
        services.consumed('talea.magnum.versioned_notifications.sample')
        services.replay(messages)
        cloud.until(lambda: self.archived() == len(messages), 120, 0.5)
        self.assertEqual(0, process.end()[0])
        self.assertTrue_to(journal.Journal(0))

    def archived(self):
        """Return the number of archived notifications."""
        with self.database.engine.connect() as connection:
            return connection.scalar(
                sa.select(sa.func.count()).select_from(models.NOTIFICATION)
            )


def counted(kind, entities):
    """Return those (start, end, attributes) that are usage.

    When a cluster was asked for nobody noted, only when it was complete.
    """
    if kind != cluster.KIND:
        return entities
    return [
        (start, end, {**values, 'nodes': cluster.nodes(values)})
        for start, end, values in entities
        if cluster.counts(values)
    ]


@functools.cache
def told():
    """Return [(Notification, Event), ...] of the whole recording."""
    conf = cfg.ConfigOpts()
    talea_conf.register(conf)
    conf([], default_config_files=[], default_config_dirs=[])
    known_types = definitions.load()
    opened = [
        envelope.open(delivery(each), conf.collector)
        for each in cloud.recorded(ALL)
    ]
    return [
        (one, event)
        for one in opened
        for event in definitions.events(one, known_types)
    ]


def batches(messages):
    waiting = iter(messages)
    while batch := list(itertools.islice(waiting, BATCH)):
        yield batch


def delivery(message):
    return bus.Delivery(
        'default',
        message['exchange'],
        message['routing_key'],
        message['body'].encode(),
        datetime.datetime.fromisoformat(message['at']),
    )


def periods(truth):
    return sum(len(life.periods) for life in truth.lives.values())
