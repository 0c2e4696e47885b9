# SPDX-License-Identifier: Apache-2.0
"""Bodies that nobody can make sense of, between good neighbours."""

import json
import threading

import sqlalchemy as sa

from talea.collector import service
from talea.conf import collector as collector_conf
from talea.db import models
from talea.objects import notification
from talea.tests import base
from talea.tests import fixtures
from talea.tests.functional.flows import cloud

QUEUE = 'talea.nova.notifications.info'
SECRET = 'gAAAAABpIgA-' + 'x' * 171

INNER = {
    'message_id': 'poison',
    'publisher_id': 'compute.host',
    'event_type': 'compute.instance.update',
    'priority': 'INFO',
    'payload': {'instance_id': 'i-1', 'auth_token': SECRET},
    'timestamp': '2026-11-21 06:11:45.275999',
}


def envelope(**changes):
    """Return the body of a message; a change to ... leaves a member out."""
    inner = {
        name: value
        for name, value in (INNER | changes).items()
        if value is not ...
    }
    return json.dumps(
        {'oslo.version': '2.0', 'oslo.message': json.dumps(inner)}
    )


def broken(inner):
    return json.dumps({'oslo.version': '2.0', 'oslo.message': inner})


POISON = {
    'not JSON': b'this is not JSON, auth_token=' + SECRET.encode(),
    'empty': b'',
    'a JSON list': b'[1, 2, {"auth_token": "' + SECRET.encode() + b'"}]',
    'a JSON number': b'42',
    'a broken inner message': broken('{"message_id": "half'),
    'an inner message that is a list': broken('[]'),
    'an inner message that is a number': broken(7),
    'broken UTF-8': envelope(event_type='x').encode()[:-3] + b'\xff\xfe"}',
    'NUL bytes': b'\0' * 100,
    'NUL in a text': envelope(payload={'instance_id': 'i-\0-1'}),
    'half a character': envelope(payload={'name': '\ud800'}),
    'no priority': envelope(priority=...),
    'an unknown priority': envelope(priority='PANIC'),
    'a null priority': envelope(priority=None),
    'a number for a priority': envelope(priority=3),
    'a string payload': envelope(payload='failed: ' + 'why ' * 9),
    'a null payload': envelope(payload=None),
    'no message id': envelope(message_id=...),
    'a message id of 10 kB': envelope(message_id='x' * 10_000),
    'a list for an event type': envelope(event_type=['x']),
    'a date nobody can read': envelope(timestamp='yesterday, about noon'),
    'a payload of 10 MB': envelope(payload={'data': 'x' * 10_000_000}),
    '100,000 brackets': b'[' * 100_000,
    '100,000 brackets inside': broken(
        json.dumps(INNER)[:-1] + ', "deep": ' + '[' * 100_000
    ),
    '100,000 closed brackets': broken(
        json.dumps(INNER)[:-1]
        + ', "d": '
        + '[' * 100_000
        + ']' * 100_000
        + '}'
    ),
    'a number of 100,000 digits': broken(
        json.dumps(INNER)[:-1] + ', "n": ' + '9' * 100_000 + '}'
    ),
}


class CollectorTestCase(base.DatabaseTestCase):
    """A collector in a thread, between a real broker and a real database."""

    backend = 'mysql'

    def setUp(self):
        super().setUp()
        self.rabbit = self.useFixture(fixtures.RabbitMQ())
        self.services = self.useFixture(cloud.Services(self.rabbit.url))
        collector_conf.deployment(self.conf, 'default')
        self.conf.set_override(
            'transport_url', self.rabbit.url, 'deployment:default'
        )
        self.conf.set_override('batch_timeout', 0.3, 'collector')
        self.good = iter(cloud.recorded(500))

    def collect(self):
        self.collector = service.Collector(
            self.conf, service.open_bus(self.conf, 'default'), 'default'
        )
        thread = threading.Thread(target=self.collector.run, daemon=True)
        thread.start()
        self.addCleanup(thread.join, 10)
        self.addCleanup(self.collector.stop)
        self.services.consumed(QUEUE)

    def publish(self, body, **kwargs):
        self.services.publish('nova', 'notifications.info', body, **kwargs)

    def publish_good(self):
        """Publish the next good message; return its id."""
        message = next(self.good)
        self.publish(message['body'])
        return cloud.message_id(message)

    def archive(self):
        """Return {message id: fault} of all that is archived."""
        table = models.NOTIFICATION
        with self.database.engine.connect() as connection:
            return dict(
                connection.execute(
                    sa.select(table.c.message_id, table.c.fault)
                )
                .tuples()
                .all()
            )

    def settled(self, count):
        """Wait until *count* are archived and none waits; return them."""
        cloud.until(lambda: len(self.archive()) >= count)
        self.services.drained(QUEUE)
        self.collector.stop()
        cloud.until(lambda: self.services.queue(QUEUE) == (0, 0))
        archive = self.archive()
        self.assertEqual(count, len(archive))
        return archive


class PoisonTest(CollectorTestCase):
    def check(self, body, **kwargs):
        self.collect()
        good = [self.publish_good()]
        self.publish(body, **kwargs)
        good.append(self.publish_good())
        archive = self.settled(3)
        self.assertEqual([None, None], [archive.pop(each) for each in good])
        ((poison, fault),) = archive.items()
        self.assertTrue(fault)
        self.assertEqual(1, self.collector.outcome.faulty)
        self.assertEqual(3, self.collector.outcome.archived)
        found = notification.get(self.context, poison)
        self.assertEqual(fault, found.fault)
        self.assertNotIn(SECRET.encode(), found.body)


def _add(name, body):
    def test(self):
        self.check(body)

    words = ''.join(c if c.isalnum() else '_' for c in name)
    test.__name__ = f'test_{words}_is_archived_with_a_fault'
    setattr(PoisonTest, test.__name__, test)


for _name, _body in POISON.items():
    _add(_name, _body)


class AllPoisonTest(CollectorTestCase):
    def test_all_of_it_at_once_harms_no_neighbour(self):
        self.collect()
        good = []
        for number, body in enumerate(POISON.values()):
            good.append(self.publish_good())
            if isinstance(body, str):
                # Each its own id, or some of it would be a repetition.
                body = body.replace('poison', f'poison-{number}')
            self.publish(body)
        archive = self.settled(2 * len(POISON))
        self.assertEqual({None}, {archive.pop(each) for each in good})
        self.assertTrue(all(archive.values()))
        self.assertEqual(len(POISON), self.collector.outcome.faulty)

    def test_poison_that_comes_again_is_archived_once(self):
        self.collect()
        for _ in range(2):
            for body in (b'not JSON', envelope(priority=None)):
                self.publish(body)
        self.settled(2)


class RefusedTest(CollectorTestCase):
    """A database that refuses one message, of all that come with it."""

    def refuse(self, condition):
        with self.database.engine.connect() as connection:
            connection.exec_driver_sql(
                'CREATE TRIGGER refuse BEFORE INSERT ON notification '
                f'FOR EACH ROW BEGIN IF {condition} THEN '
                "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'refused'; "
                'END IF; END'
            )

    def accept(self):
        with self.database.engine.connect() as connection:
            connection.exec_driver_sql('DROP TRIGGER refuse')

    def go(self):
        self.collect()
        good = [self.publish_good() for _ in range(2)]
        self.publish(envelope(event_type='bad'))
        good += [self.publish_good() for _ in range(2)]
        return good

    def test_it_is_set_aside_with_its_body_and_its_neighbours_are_not(self):
        self.refuse("NEW.event_type = 'bad' AND NOT NEW.faulty")
        good = self.go()
        archive = self.settled(5)
        self.assertEqual({None}, {archive.pop(each) for each in good})
        self.assertRegex(archive['poison'], '^not stored: ')
        found = notification.get(self.context, 'poison')
        self.assertIn(b'i-1', found.body)
        self.assertNotIn(SECRET.encode(), found.body)

    def test_if_not_even_that_can_be_stored_a_row_says_that_it_came(self):
        self.refuse("NEW.event_type = 'bad'")
        good = self.go()
        archive = self.settled(5)
        self.assertEqual({None}, {archive.pop(each) for each in good})
        ((message_id, fault),) = archive.items()
        self.assertRegex(message_id, '^unstorable-')
        self.assertRegex(fault, '^not stored: ')

    def test_a_database_that_refuses_everything_sets_nothing_aside(self):
        self.refuse('TRUE')
        good = self.go()
        cloud.until(lambda: self.services.queue(QUEUE) == (5, 0))
        self.assertEqual({}, self.archive())
        self.accept()
        archive = self.settled(5)
        self.assertEqual({None}, {archive[each] for each in good})
        self.assertIsNone(archive['poison'])
