# SPDX-License-Identifier: Apache-2.0
"""Real conductors that are asked through a real broker."""

from concurrent import futures
import json
import pathlib
import signal
import time

import fixtures as base_fixtures
from oslo_messaging import conffixture
import requests

from talea import context
from talea import exception
from talea.conductor import question
from talea.conductor import rpcapi
from talea.tests import base
from talea.tests import fixtures
from talea.tests import servers
from talea.tests.functional.flows import cloud
from talea.tests.functional.flows import processes
from talea.tests.servers import server

DRIVERS = 'fake-magnum,fake-nova,fake-cinder,fake-neutron,fake-keystone'
ASKED = 'Asked for servers'
READY = 'Answering questions.'


class ConductorTestCase(base.TestCase):
    """An asker, and conductors with facts from a file."""

    def setUp(self):
        super().setUp()
        self.useFixture(conffixture.ConfFixture(self.conf))
        directory = self.useFixture(base_fixtures.TempDir()).path
        self.facts = pathlib.Path(directory) / 'facts.json'
        self.write()
        self.settings = self.useFixture(
            processes.Settings(
                stats={
                    'drivers': DRIVERS,
                    'fake_file': self.facts,
                    'cache_seconds': 0,
                }
            )
        )
        self.context = context.RequestContext()
        self.addCleanup(rpcapi.close, self.conf)
        self.pool = futures.ThreadPoolExecutor(16)
        self.addCleanup(self.pool.shutdown)

    def connect(self, url, **options):
        self.settings.update({'DEFAULT': {'transport_url': url}})
        self.conf.set_override('transport_url', url)
        for name, value in options.items():
            self.conf.set_override(name, value, 'conductor')

    def write(self, **given):
        """Write the facts: two clusters of one name, in two projects."""
        text = json.dumps(
            {
                'clusters': [
                    {
                        'id': f'{project_id}-web',
                        'name': 'web',
                        'project_id': project_id,
                        'status': status,
                        'nodes': 2,
                        'addresses': ['10.0.0.1'],
                    }
                    for project_id, status in (
                        ('p', 'CREATE_COMPLETE'),
                        ('q', 'UPDATE_FAILED'),
                    )
                ],
                'servers': [
                    {
                        'id': 's',
                        'name': 's',
                        'project_id': 'p',
                        'vcpus': 4,
                        'memory_mb': 1024,
                        'local_gb': 20,
                        'addresses': ['10.0.0.1'],
                    }
                ],
                **given,
            }
        )
        # Never half of it, while somebody reads it.
        new = self.facts.with_suffix('.new')
        new.write_text(text)
        new.rename(self.facts)

    def start(self):
        conductor = self.useFixture(
            processes.Process('talea-conductor', self.settings)
        )
        conductor.says(READY)
        return conductor

    def ask(self, **asked):
        """Return the figures of the only row."""
        (row,) = rpcapi.stats(
            self.conf, self.context, question.Question(**asked)
        ).rows
        return row.figures

    def ask_aside(self, conductor, **asked):
        """Ask in another thread; return when *conductor* has it in hand."""
        found = self.pool.submit(self.ask, **asked)
        conductor.says(ASKED)
        return found

    def unavailable(self, **asked):
        """Return what is said, and the seconds that it took."""
        began = time.monotonic()
        error = self.assertRaises(exception.Unavailable, self.ask, **asked)
        return str(error), time.monotonic() - began


class ConductorTest(ConductorTestCase):
    def setUp(self):
        super().setUp()
        self.connect(self.useFixture(fixtures.RabbitMQ()).url)

    def test_questions_are_answered(self):
        self.start()
        figures = self.ask()
        self.assertEqual(
            (1, 2, 1, 4),
            (
                figures.clusters,
                figures.nodes,
                figures.unmatched_nodes,
                figures.vcpus,
            ),
        )
        self.assertEqual(4, self.ask(project_id='p').vcpus)
        self.assertEqual(2, self.ask(all=True).clusters)
        self.assertEqual(0, self.ask(cluster='q-web').vcpus)
        error = self.assertRaises(
            exception.AmbiguousCluster, self.ask, cluster='web'
        )
        self.assertEqual(('p-web', 'q-web'), error.clusters)
        self.assertRaises(
            exception.ClusterNotFound, self.ask, cluster='nowhere'
        )

    def test_a_driver_that_fails_is_named_in_the_answer(self):
        self.start()
        self.write(failures={'servers': 'it is tired'})
        found = rpcapi.stats(self.conf, self.context, question.Question())
        self.assertEqual(
            [('fake-nova', 'it is tired')],
            [(one.driver, one.reason) for one in found.errors],
        )
        self.assertIsNone(found.rows[0].figures.vcpus)
        self.write(failures={'clusters': 'it is tired'})
        self.assertEqual(
            'fake-magnum: it is tired', self.unavailable(cluster='web')[0]
        )

    def test_an_answer_is_kept_by_whoever_asked(self):
        self.settings.update({'stats': {'cache_seconds': 60}})
        conductor = self.start()
        self.ask(project_id='p')
        # Nobody is left who could answer.
        conductor.end()
        self.assertEqual(4, self.ask(project_id='p').vcpus)

    def test_nobody_has_ever_been_there(self):
        said, seconds = self.unavailable()
        self.assertEqual('No conductor is there to answer', said)
        self.assertLess(seconds, 5)

    def test_nobody_is_there_any_more(self):
        self.connect(self.conf.transport_url, rpc_timeout=2)
        self.start().end(timeout=10)
        said, seconds = self.unavailable()
        self.assertEqual('No conductor answered within 2 s', said)
        self.assertLess(seconds, 3)

    def test_one_is_killed_and_another_one_added_in_mid_call(self):
        """The question is asked again, and answered before its time is up."""
        self.write(delays={'servers': 15})
        first = self.start()
        found = self.ask_aside(first, project_id='p')
        first.kill()
        self.write()
        self.start()
        self.assertEqual(4, found.result(30).vcpus)

    def test_a_worker_is_killed_in_mid_call(self):
        """Its master starts another one, which answers."""
        self.write(delays={'servers': 15})
        conductor = self.start()
        found = self.ask_aside(conductor, project_id='p')
        self.write()
        for worker in conductor.workers():
            worker.kill()
        self.assertEqual(4, found.result(30).vcpus)

    def test_one_is_killed_in_mid_call_and_nobody_else_is_there(self):
        self.connect(self.conf.transport_url, rpc_timeout=3)
        self.write(delays={'servers': 15})
        conductor = self.start()
        began = time.monotonic()
        found = self.ask_aside(conductor, project_id='p')
        conductor.kill()
        error = self.assertRaises(exception.Unavailable, found.result, 30)
        self.assertLess(time.monotonic() - began, 4)
        self.assertEqual('No conductor answered within 3 s', str(error))

    def test_slow_services_are_not_taken_for_a_dead_conductor(self):
        self.write(delays={'servers': 6})
        conductor = self.start()
        self.assertEqual(4, self.ask(project_id='p').vcpus)
        self.assertEqual(1, conductor.log().count(ASKED))

    def test_sigterm_answers_what_is_in_hand(self):
        self.write(delays={'servers': 6})
        conductor = self.start()
        found = self.ask_aside(conductor, project_id='p')
        code, seconds = conductor.end(timeout=20)
        self.assertEqual(0, code, conductor.log())
        self.assertGreater(seconds, 3)
        self.assertEqual(4, found.result(1).vcpus)
        # It took nothing new: that is answered by the next one.
        found = self.pool.submit(self.ask)
        self.write()
        self.start()
        self.assertEqual(1, found.result(20).clusters)

    def test_sigterm_ends_one_that_has_nothing_to_do(self):
        code, seconds = self.start().end(timeout=20)
        self.assertEqual(0, code)
        self.assertLess(seconds, 8)

    def test_added_ones_share_the_questions(self):
        first = self.start()
        second = self.start()
        for _ in range(20):
            self.ask()
        for one in (first, second):
            self.assertGreater(one.log().count(ASKED), 5)

    def test_sighup_reads_options_again(self):
        conductor = self.start()
        self.assertEqual(1, self.ask().clusters)
        self.settings.update({'stats': {'cluster_states': '*'}})
        conductor.send(signal.SIGHUP)
        cloud.until(lambda: self.ask().clusters == 2)


class LedgerTest(ConductorTestCase):
    """One that answers from the database."""

    def setUp(self):
        super().setUp()
        self.settings.update({'stats': {'drivers': 'ledger'}})
        self.connect(self.useFixture(fixtures.RabbitMQ()).url)

    def test_it_answers_from_the_database(self):
        database = self.useFixture(fixtures.Database('sqlite', self.conf))
        self.settings.update({'database': {'connection': database.url}})
        self.start()
        found = rpcapi.stats(self.conf, self.context, question.Question())
        self.assertEqual('ledger', found.source)
        self.assertEqual(0, found.rows[0].figures.clusters)

    def test_it_says_so_while_the_database_is_away(self):
        self.settings.update(
            {
                'database': {
                    'connection': 'mysql+pymysql://root@127.0.0.1:1/talea',
                    'max_retries': 0,
                }
            }
        )
        self.start()
        self.assertEqual('ledger: the database is away', self.unavailable()[0])


class FaceTestCase(ConductorTestCase):
    """The API, in a process of its own, asks for its clients."""

    def setUp(self):
        super().setUp()
        self.connect(self.useFixture(fixtures.RabbitMQ()).url)
        database = self.useFixture(fixtures.Database('sqlite', self.conf))
        port = server.free_port()
        self.settings.update(
            {
                'database': {'connection': database.url},
                'auth': {'private_key': 'a private key'},
                'api': {'port': port, 'threads': 4},
                'collector': {'deployments': ''},
            }
        )
        self.url = f'http://127.0.0.1:{port}'

    def serve(self, command):
        self.useFixture(processes.Process(command, self.settings))
        cloud.until(lambda: self.get('/v1/info') is not None)

    def get(self, path):
        """Return the response; None if nobody answers at all."""
        try:
            return requests.get(
                self.url + path,
                headers={'X-Auth-Token': 'a private key'},
                timeout=30,
            )
        except requests.ConnectionError:
            return None


class FaceTest(FaceTestCase):
    def test_with_and_without_a_conductor(self):
        self.settings.update({'conductor': {'rpc_timeout': 3}})
        self.serve('talea-api')
        response = self.get('/v1/stats')
        self.assertEqual(503, response.status_code)
        self.assertIn('No conductor is there to answer', response.text)
        conductor = self.start()
        response = self.get('/v1/stats')
        self.assertEqual(200, response.status_code, response.text)
        self.assertEqual(1, response.json()['clusters'])
        conductor.end(timeout=20)
        response = self.get('/v1/stats')
        self.assertEqual(503, response.status_code)
        self.assertIn('No conductor answered within 3 s', response.text)


class BusyTest(FaceTestCase):
    """Slow services of the cloud do not block the API."""

    def status(self, path):
        return self.get(path).status_code

    def check(self):
        self.write(delays={'servers': 6})
        found = [
            self.pool.submit(self.status, f'/v1/stats?project_id={number}')
            for number in range(12)
        ]
        cloud.until(lambda: sum(one.done() for one in found) == 10)
        for _ in range(5):
            began = time.monotonic()
            self.assertEqual(200, self.status('/v1/info'))
            self.assertLess(time.monotonic() - began, 1)
        self.assertEqual(2, sum(not one.done() for one in found))
        self.assertEqual(
            [200] * 2 + [503] * 10, sorted(one.result(20) for one in found)
        )

    def test_through_the_queue(self):
        self.start()
        self.serve('talea-api')
        self.check()

    def test_in_one_process(self):
        self.serve('talea-standalone')
        self.check()


class BrokerTest(ConductorTestCase):
    """The broker comes and goes."""

    def test_a_broker_that_goes_and_comes(self):
        rabbit = self.useFixture(fixtures.Server(servers.RabbitMQ)).server
        self.connect(rabbit.url, rpc_timeout=3)
        self.write(delays={'servers': 2})
        conductor = self.start()
        found = self.ask_aside(conductor, project_id='p')
        began = time.monotonic()
        rabbit.kill()
        error = self.assertRaises(exception.Unavailable, found.result, 30)
        self.assertLess(time.monotonic() - began, 4)
        self.assertIn('within 3 s', str(error))
        for _ in range(2):
            self.assertLess(self.unavailable()[1], 4)
        self.write()
        rabbit.launch()
        cloud.until(self._answers, 60)
        self.assertEqual(0, conductor.end(timeout=20)[0])

    def _answers(self):
        try:
            return self.ask().clusters == 1
        except exception.Unavailable:
            return False

    def test_a_broker_that_is_not_there(self):
        self.connect('rabbit://127.0.0.1:1/', rpc_timeout=2)
        conductor = self.useFixture(
            processes.Process('talea-conductor', self.settings)
        )
        conductor.says('refused')
        for _ in range(2):
            said, seconds = self.unavailable()
            self.assertLess(seconds, 3)
        code, seconds = conductor.end()
        self.assertEqual(0, code)
        self.assertLess(seconds, 3)


class StartTest(ConductorTestCase):
    """What it says if it cannot work."""

    def fails(self, text):
        process = self.useFixture(
            processes.Process('talea-conductor', self.settings)
        )
        self.assertEqual(1, process.process.wait(30))
        self.assertIn(text, process.log().strip().splitlines()[-1])
        self.assertNotIn('Traceback', process.log())

    def test_without_a_queue_nobody_could_ask_it(self):
        self.fails('transport_url')

    def test_drivers_that_are_of_no_use(self):
        self.connect('rabbit://127.0.0.1:1/')
        for names, text in (
            ('nothing', 'there is no driver nothing'),
            ('fake-nova', 'nobody tells of clusters'),
            ('ledger,fake-nova', 'ledger cannot be named beside others'),
        ):
            self.settings.update({'stats': {'drivers': names}})
            self.fails(text)
