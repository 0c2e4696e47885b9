# SPDX-License-Identifier: Apache-2.0
"""Processes and servers that die half-way: nothing lost, nothing twice."""

import random

import sqlalchemy as sa

from talea.collector import bus
from talea.collector import definitions
from talea.collector import envelope
from talea.collector import recorder
from talea.db import api
from talea.db import migration
from talea.db import models
from talea.objects import timeline
from talea.tests import base
from talea.tests import fixtures
from talea.tests import servers
from talea.tests.functional.flows import cloud
from talea.tests.functional.flows import processes

QUEUE = 'talea.nova.notifications.info'
COUNT = 4000
ENTITIES = sa.select(
    models.ENTITY.c.entity_id,
    models.ENTITY.c.start_at,
    models.ENTITY.c.end_at,
    models.ENTITY.c.last_event_at,
    models.ENTITY.c.project_id,
    models.ENTITY.c.name,
    models.ENTITY.c.flavor,
    models.ENTITY.c.volume_type_id,
    models.ENTITY.c.source,
    models.ENTITY.c.attributes,
).order_by(models.ENTITY.c.entity_id, models.ENTITY.c.start_at)


class CrashTest(base.TestCase):
    """A collector with two processes, a broker and a database of its own."""

    def setUp(self):
        super().setUp()
        self.messages = cloud.recorded(COUNT)
        self.broker = self.useFixture(fixtures.Server(servers.RabbitMQ)).server
        self.mariadb = self.useFixture(fixtures.Server(servers.MariaDB)).server
        self.engine = sa.create_engine(
            self.mariadb.url, poolclass=sa.pool.NullPool
        )
        with self.engine.connect() as connection:
            connection.exec_driver_sql(
                'CREATE DATABASE talea CHARACTER SET utf8mb4'
            )
        url = sa.make_url(self.mariadb.url).set(database='talea')
        self.engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
        migration.upgrade(self.engine)
        self.settings = self.useFixture(
            processes.Settings(
                database={
                    'connection': url.render_as_string(False),
                    'max_retries': 1,
                    'retry_interval': 1,
                },
                auth={'private_key': 'crash'},
                collector={
                    'workers': 2,
                    'batch_size': 50,
                    'batch_timeout': 0.2,
                },
                **{'deployment:default': {'transport_url': self.broker.url}},
            )
        )
        self.services = self.useFixture(cloud.Services(self.broker.url))
        self.process = self.useFixture(
            processes.Process('talea-collector', self.settings)
        )
        self.services.consumed(QUEUE)

    def rows(self, query):
        with self.engine.connect() as connection:
            return connection.execute(query).all()

    def archived(self):
        """Return the number of archived notifications."""
        table = models.NOTIFICATION
        return self.rows(sa.select(sa.func.count()).select_from(table))[0][0]

    def reached(self, count):
        cloud.until(lambda: self.archived() >= count, 120)

    def check(self):
        """Every message is archived exactly once, and none waits."""
        wanted = sorted(cloud.message_id(each) for each in self.messages)
        cloud.until(lambda: self.archived() >= len(wanted), 120)
        self.process.end()
        found = self.rows(sa.select(models.NOTIFICATION.c.message_id))
        self.assertEqual(wanted, sorted(row[0] for row in found))
        faulty = self.rows(
            sa.select(models.NOTIFICATION.c.message_id).where(
                models.NOTIFICATION.c.faulty
            )
        )
        self.assertEqual(self.faulty(), sorted(row[0] for row in faulty))

    def deliveries(self):
        return [
            bus.Delivery(
                'default',
                each['exchange'],
                each['routing_key'],
                each['body'].encode(),
                cloud.arrival(each),
            )
            for each in self.messages
        ]

    def faulty(self):
        """Return the ids of those that have a fault by themselves."""
        opened = [
            envelope.open(one, self.conf.collector)
            for one in self.deliveries()
        ]
        return sorted(one.message_id for one in opened if one.fault)

    def kill_a_worker(self):
        random.choice(self.process.workers()).kill()

    def test_collectors_killed_twice_and_a_database_restarted(self):
        half = COUNT // 2
        self.services.replay(self.messages[:half])
        self.reached(COUNT // 8)
        self.kill_a_worker()
        self.mariadb.kill()
        self.services.replay(self.messages[half:])
        cloud.until(
            lambda: 'Cannot store notifications' in self.process.log(), 60
        )
        self.mariadb.launch()
        self.reached(half + COUNT // 8)
        self.kill_a_worker()
        self.check()
        self.assertEqual(self.alone(), self.entities())

    def alone(self):
        """Return the entities that one recorder makes that nobody kills."""
        database = self.useFixture(fixtures.Database('sqlite'))
        opened = [
            envelope.open(one, self.conf.collector)
            for one in self.deliveries()
        ]
        recorder.record(
            api.DbContext(),
            opened,
            definitions.load(),
            timeline.Rules.of(self.conf),
            cloud.arrival(self.messages[-1]),
        )
        with database.engine.connect() as connection:
            return connection.execute(ENTITIES).all()

    def test_a_broker_restarted_while_messages_come(self):
        half = COUNT // 2
        self.services.replay(self.messages[:half])
        self.reached(half // 4)
        self.broker.restart()
        self.services.reconnect()
        self.services.consumed(QUEUE)
        self.services.replay(self.messages[half:])
        self.check()
        self.assertNotIn(' ERROR ', self.process.log())

    def test_everything_delivered_again_changes_nothing(self):
        self.services.replay(self.messages)
        self.reached(COUNT)
        before = self.entities()
        self.assertTrue(before)
        random.shuffle(again := list(self.messages))
        self.services.replay(again)
        self.services.drained(QUEUE)
        self.check()
        self.assertEqual(before, self.entities())

    def entities(self):
        return self.rows(ENTITIES)
