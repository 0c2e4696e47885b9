# SPDX-License-Identifier: Apache-2.0
import collections
import datetime
import itertools

from talea.collector import bus
from talea.collector import definitions
from talea.collector import envelope
from talea.collector import recorder
from talea.objects import entity
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
ALL = 20000
AGES = datetime.timedelta(days=36500)

# Images that nobody noted: those that servers are made of, uploads of volumes,
# and two made by hand.
UNNOTED_IMAGES = {'linux', 'windows', 'from-volume', 'chunk', 'upimg'}


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
        return found

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
            elif kind != 'image' or (
                entities[0][2]['name'] not in UNNOTED_IMAGES
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
        return len(
            self.database.engine.connect()
            .exec_driver_sql('SELECT id FROM notification')
            .all()
        )


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
