# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import signal
import subprocess
import sys
import time

import kombu
import sqlalchemy as sa

from talea.tests import base
from talea.tests import fixtures
from talea.tests import servers

_VARIABLES = 'import os; print(os.environ["TALEA_TEST_POSTGRESQL"])'
_ABANDON = """
import os, signal, sys
from talea.tests import servers
print(servers.PostgreSQL().start().directory, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def _execute(url, statement):
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        result = connection.exec_driver_sql(statement)
        return result.scalar() if result.returns_rows else None


class ServersTest(base.TestCase):
    """Servers of tests are real, private, and gone at the end."""

    def _check_power_failure(self, kind, database):
        server = self.useFixture(fixtures.Server(kind)).server
        url = server.url + database
        _execute(url, 'CREATE TABLE thing (value INTEGER)')
        _execute(url, 'INSERT INTO thing VALUES (7)')
        server.kill()
        self.assertRaises(sa.exc.OperationalError, _execute, url, 'SELECT 1')
        server.launch()
        self.assertEqual(7, _execute(url, 'SELECT value FROM thing'))

    def test_what_mariadb_committed_survives_a_power_failure(self):
        self._check_power_failure(servers.MariaDB, 'mysql')

    def test_what_postgresql_committed_survives_a_power_failure(self):
        self._check_power_failure(servers.PostgreSQL, 'postgres')

    def test_none_runs_as_root(self):
        server = self.useFixture(fixtures.Server(servers.PostgreSQL)).server
        pids = (server.directory / 'pids').read_text().split()
        owners = {pathlib.Path(f'/proc/{pid}').stat().st_uid for pid in pids}
        self.assertEqual(1, len(owners))
        self.assertNotIn(0, owners)

    def test_each_test_has_a_virtual_host_of_its_own(self):
        hosts = [self.useFixture(fixtures.RabbitMQ()) for _ in range(2)]
        self.assertNotEqual(hosts[0].url, hosts[1].url)
        for host in hosts:
            url = host.url.replace('rabbit://', 'amqp://')
            with kombu.Connection(url) as connection:
                queue = connection.SimpleQueue('thing')
                self.assertEqual(0, queue.qsize())
                queue.put({})
                queue.close()

    def test_a_server_that_was_not_started_fails_the_test(self):
        variable = 'TALEA_TEST_NOT_STARTED'
        with self.assertRaisesRegex(AssertionError, variable):
            fixtures.server_url(variable)


class RunTest(base.TestCase):
    """Servers live as long as the command that they are started for."""

    def _run(self, *command):
        process = subprocess.Popen(
            [
                *(sys.executable, '-m', 'talea.tests.servers'),
                *('--only', 'postgresql', '--', *command),
            ],
            env={
                name: value
                for name, value in os.environ.items()
                if not name.startswith('TALEA_TEST_')
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.communicate)
        self.addCleanup(process.terminate)
        return process

    def _assert_away(self, url):
        self.assertRaises(
            sa.exc.OperationalError, _execute, url + 'postgres', 'SELECT 1'
        )

    def test_they_are_gone_after_the_command(self):
        output, _ = self._run('python', '-c', _VARIABLES).communicate()
        self.assertIn('postgresql', output)
        self._assert_away(output.strip())

    def test_the_status_is_that_of_the_command(self):
        process = self._run('sh', '-c', 'exit 3')
        process.communicate()
        self.assertEqual(3, process.returncode)

    def test_they_are_gone_after_a_signal(self):
        process = self._run(
            'sh', '-c', 'echo $TALEA_TEST_POSTGRESQL; exec sleep 600'
        )
        url = process.stdout.readline().strip()
        self.assertEqual(1, _execute(url + 'postgres', 'SELECT 1'))
        process.send_signal(signal.SIGTERM)
        process.communicate()
        self.assertEqual(128 + signal.SIGTERM, process.returncode)
        self._assert_away(url)

    def test_one_that_a_killed_test_has_left_is_ended_too(self):
        output, _ = self._run('python', '-c', _ABANDON).communicate()
        directory = output.strip()
        self.assertIn('talea-test-', directory)
        deadline = time.monotonic() + 30
        while _processes_in(directory) and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertEqual([], _processes_in(directory))
        self.assertFalse(os.path.exists(directory))


def _processes_in(directory):
    found = []
    for path in pathlib.Path('/proc').glob('[0-9]*/cmdline'):
        try:
            text = path.read_text()
        except OSError:  # it ended just now
            continue
        if directory in text:
            found.append(text)
    return found
