# SPDX-License-Identifier: Apache-2.0
import signal
import socket
import time

import requests
import sqlalchemy as sa

from talea.db import models
from talea.tests import base
from talea.tests import fixtures
from talea.tests.functional.flows import cloud
from talea.tests.functional.flows import processes
from talea.tests.servers import server

QUEUE = 'talea.nova.notifications.info'
EXCHANGES = ['nova', 'openstack', 'neutron', 'glance', 'keystone', 'magnum']
PASSWORD = 'hunter-number-two'  # noqa: S105


class ProcessTestCase(base.TestCase):
    """Real processes between a real broker and a real database."""

    command = 'talea-collector'

    def setUp(self):
        super().setUp()
        self.rabbit = self.useFixture(fixtures.RabbitMQ())
        self.database = self.useFixture(fixtures.Database('mysql', self.conf))
        self.services = self.useFixture(cloud.Services(self.rabbit.url))
        self.port = server.free_port()
        self.settings = self.useFixture(
            processes.Settings(
                database={'connection': self.database.url},
                auth={'private_key': PASSWORD},
                api={'port': self.port},
                collector={'batch_timeout': 0.2},
                **{'deployment:default': {'transport_url': self.rabbit.url}},
            )
        )

    def start(self, command=None):
        return self.useFixture(
            processes.Process(command or self.command, self.settings)
        )

    def archived(self):
        """Return the number of archived notifications."""
        with self.database.engine.connect() as connection:
            return connection.scalar(
                sa.select(sa.func.count()).select_from(models.NOTIFICATION)
            )


class Signals:
    """What holds for every process that collects."""

    def test_sigterm_finishes_the_batch_in_hand(self):
        messages = cloud.recorded(2000)
        self.settings.update({'collector': {'batch_size': 100}})
        process = self.start()
        self.services.consumed(QUEUE)
        self.services.replay(messages)
        cloud.until(self.archived, every=0.01)
        code, seconds = process.end()
        self.assertEqual(0, code)
        self.assertLess(seconds, 5)
        done = self.archived()
        # What was acknowledged and what is archived are the same: the rest
        # waits, and no message does that is archived.
        cloud.until(lambda: self.waiting() == len(messages) - done)

    def waiting(self):
        return sum(
            (self.services.queue(f'talea.{exchange}.{topic}.{level}') or [0])[
                0
            ]
            for exchange in EXCHANGES
            for topic in ('notifications', 'versioned_notifications')
            for level in ('info', 'error')
        )

    def test_sigterm_ends_an_idle_process_at_once(self):
        process = self.start()
        self.services.consumed(QUEUE)
        code, seconds = process.end()
        self.assertEqual(0, code)
        self.assertLess(seconds, 2)

    def test_sigterm_ends_it_while_the_broker_is_away(self):
        self.settings.update(
            {'deployment:default': {'transport_url': 'rabbit://127.0.0.1:1/'}}
        )
        process = self.start()
        process.says('Cannot connect to the bus of deployment default')
        code, seconds = process.end()
        self.assertEqual(0, code)
        self.assertLess(seconds, 2)

    def test_sigterm_ends_it_while_the_database_hangs(self):
        process = self.start()
        self.services.consumed(QUEUE)
        (message,) = cloud.recorded(1)
        with self.database.engine.connect() as connection:
            connection.exec_driver_sql('LOCK TABLES notification WRITE')
            self.services.replay([message])
            cloud.until(lambda: self.blocked(connection))
            code, seconds = process.end(timeout=6)
            connection.exec_driver_sql('UNLOCK TABLES')
        self.assertEqual(0, code)
        self.assertLess(seconds, 5)
        # Not acknowledged: whoever comes next takes it.
        cloud.until(lambda: self.waiting() == 1)

    def blocked(self, connection):
        """Whether a statement waits for the lock of *connection*."""
        return connection.exec_driver_sql(
            'SELECT count(*) FROM information_schema.processlist WHERE '
            "db = database() AND state LIKE 'Waiting for table%%lock'"
        ).scalar()

    def test_sigint_ends_it_at_once(self):
        process = self.start()
        self.services.consumed(QUEUE)
        _code, seconds = process.end(signal.SIGINT)
        self.assertLess(seconds, 1)
        self.assertEqual([], process.workers())

    def test_sighup_reloads_in_place_and_loses_no_message(self):
        messages = cloud.recorded(600)
        process = self.start()
        self.services.consumed(QUEUE)
        before = [worker.pid for worker in process.workers()]
        self.assertNotIn('DEBUG', process.log())
        self.services.replay(messages[:300])
        self.settings.update(
            {'DEFAULT': {'debug': True}, 'collector': {'batch_size': 7}}
        )
        process.send(signal.SIGHUP)
        process.says('Read the configuration again')
        self.services.replay(messages[300:])
        cloud.until(lambda: self.archived() == len(messages))
        cloud.until(lambda: self.waiting() == 0)
        process.says('DEBUG')
        self.assertIn('collector.batch_size', process.log())
        self.assertEqual(before, [worker.pid for worker in process.workers()])

    def test_a_broken_file_at_sighup_changes_nothing(self):
        process = self.start()
        self.services.consumed(QUEUE)
        self.settings.update({'collector': {'batch_size': 'many'}})
        process.send(signal.SIGHUP)
        process.says('The configuration was not read again')
        message = cloud.recorded(1)
        self.services.replay(message)
        cloud.until(lambda: self.archived() == 1)

    def test_sigusr2_reports_without_secrets(self):
        process = self.start()
        self.services.consumed(QUEUE)
        for each in process.workers():
            each.send_signal(signal.SIGUSR2)
        process.send(signal.SIGUSR2)
        process.says('Guru Meditation')
        process.says('product = Talea')
        process.says('batch_timeout')
        process.says('transport_url = ***')
        time.sleep(0.5)
        self.assertNotIn(PASSWORD, process.log())
        self.assertNotIn('guest:guest', process.log())
        self.assertNotIn(self.database.url, process.log())
        code, _seconds = process.end()
        self.assertEqual(0, code)


class CollectorSignalsTest(Signals, ProcessTestCase):
    def test_a_worker_that_died_is_replaced(self):
        process = self.start()
        self.services.consumed(QUEUE)
        (worker,) = process.workers()
        worker.kill()
        cloud.until(
            lambda: (
                [w.pid for w in process.workers()] not in ([], [worker.pid])
            )
        )
        self.services.replay(cloud.recorded(1))
        cloud.until(lambda: self.archived() == 1)

    def test_workers_end_when_their_master_is_killed(self):
        process = self.start()
        self.services.consumed(QUEUE)
        workers = process.workers()
        process.end(signal.SIGKILL)
        self.assertFalse(any(map(processes.alive, workers)))

    def test_several_deployments_are_collected_at_once(self):
        other = self.useFixture(fixtures.RabbitMQ())
        self.settings.update(
            {
                'collector': {'deployments': 'default, cell-2, away'},
                'deployment:cell-2': {'transport_url': other.url},
                'deployment:away': {'transport_url': 'rabbit://127.0.0.1:1/'},
            }
        )
        self.start()
        messages = cloud.recorded(20)
        elsewhere = self.useFixture(cloud.Services(other.url))
        for services, some in (
            (self.services, messages[:10]),
            (elsewhere, messages[10:]),
        ):
            services.consumed(QUEUE)
            services.replay(some)
        cloud.until(lambda: self.archived() == 20)
        with self.database.engine.connect() as connection:
            found = connection.execute(
                sa.select(
                    models.NOTIFICATION.c.deployment,
                    sa.func.count(models.NOTIFICATION.c.message_id),
                ).group_by(models.NOTIFICATION.c.deployment)
            )
            self.assertEqual(
                {'default': 10, 'cell-2': 10}, dict(found.tuples().all())
            )


class StandaloneSignalsTest(Signals, ProcessTestCase):
    command = 'talea-standalone'

    def test_it_answers_requests_while_it_collects(self):
        process = self.start()
        self.services.consumed(QUEUE)
        url = f'http://127.0.0.1:{self.port}/'
        cloud.until(lambda: _answers(url))
        self.services.replay(cloud.recorded(10))
        cloud.until(lambda: self.archived() == 10)
        self.assertEqual(0, process.end()[0])
        with self.assertRaises(requests.ConnectionError):
            requests.get(url, timeout=5)


class ApiProcessTest(ProcessTestCase):
    command = 'talea-api'

    def test_it_says_that_it_is_for_development_and_ends_on_sigterm(self):
        process = self.start()
        process.says('for development')
        url = f'http://127.0.0.1:{self.port}/'
        cloud.until(lambda: _answers(url))
        code, seconds = process.end()
        self.assertEqual(0, code)
        self.assertLess(seconds, 2)


def _answers(url):
    try:
        return requests.get(url, timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


class StartTest(ProcessTestCase):
    """What is wrong from the start is told in one line."""

    def fails(self, pattern, command=None):
        process = self.start(command)
        self.assertNotEqual(0, process.process.wait(20), process.log())
        self.assertRegex(process.log(), pattern)
        self.assertNotIn('Traceback', process.log())
        lines = process.log().strip().splitlines()
        self.assertEqual(1, len(lines), process.log())
        return process

    def test_a_bad_option(self):
        self.settings.update({'collector': {'batch_size': 'many'}})
        for command in ('talea-collector', 'talea-standalone', 'talea-api'):
            self.fails('batch_size', command)

    def test_a_missing_file(self):
        self.settings.path.unlink()
        self.fails('talea.conf')

    def test_a_database_that_does_not_answer(self):
        self.settings.update(
            {
                'database': {
                    'connection': 'mysql+pymysql://root@127.0.0.1:1/talea',
                    'max_retries': 0,
                }
            }
        )
        for command in ('talea-collector', 'talea-standalone', 'talea-api'):
            self.fails('(?i)connect', command)

    def test_a_database_url_that_is_none(self):
        for url in ('mysql//a:b@c/d', 'mysql+pymysql://talea:@a:hidden@db/d'):
            self.settings.update({'database': {'connection': url}})
            for command in ('talea-collector', 'talea-api'):
                process = self.fails(r'\[database\] connection', command)
                self.assertNotIn('hidden', process.log())

    def test_an_empty_database(self):
        empty = self.useFixture(
            fixtures.Database('mysql', self.conf, upgrade=False)
        )
        self.settings.update({'database': {'connection': empty.url}})
        self.fails('talea-manage db upgrade')

    def test_a_transport_url_that_is_none(self):
        self.settings.update(
            {'deployment:default': {'transport_url': 'rabbit://a:hidden@:x/'}}
        )
        self.fails(r'\[deployment:default\] transport_url')

    def test_a_deployment_whose_group_has_another_name(self):
        self.settings.update({'collector': {'deployments': 'default,region1'}})
        self.fails(r'\[deployment:region1\] transport_url is not set')

    def test_no_deployment(self):
        self.settings.update({'collector': {'deployments': ''}})
        self.fails('deployments')

    def test_an_unsafe_key(self):
        self.settings.update({'auth': {'private_key': ''}})
        for command in ('talea-standalone', 'talea-api'):
            self.fails('private_key', command)

    def test_a_port_that_is_taken(self):
        with socket.create_server(('127.0.0.1', self.port)):
            for command in ('talea-standalone', 'talea-api'):
                self.fails('in use', command)
