# SPDX-License-Identifier: Apache-2.0
"""Private servers for tests: MariaDB, PostgreSQL, RabbitMQ.

Run a command with servers that live exactly as long as it does::

    python -m talea.tests.servers -- stestr run
    python -m talea.tests.servers --only rabbitmq,mariadb -- \\
        python -m unittest talea.tests.functional.test_something

The command finds them in the environment: ``TALEA_TEST_MYSQL``,
``TALEA_TEST_POSTGRESQL``, ``TALEA_TEST_RABBITMQ`` and
``TALEA_TEST_RABBITMQ_MANAGEMENT``. All of them listen on free ports of
loopback only and keep their data in one temporary directory. Called by root,
they run as ``nobody``: none of them should, some of them would not, run as
root.
"""

import argparse
import concurrent.futures
import contextlib
import glob
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import kombu
import psycopg2
import pymysql
import tenacity

START_TIMEOUT = 120
STOP_TIMEOUT = 30

_PLACES = [
    '/usr/lib/rabbitmq/bin',
    *sorted(glob.glob('/usr/lib/postgresql/*/bin'), reverse=True),
    *os.get_exec_path(),
    '/usr/local/sbin',
    '/usr/sbin',
    '/sbin',
]


class ServerError(Exception):
    """A server is not installed, or did not start."""


def free_port():
    """Return a port of loopback that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def _program(name):
    path = shutil.which(name, path=os.pathsep.join(_PLACES))
    if path is None:
        raise ServerError(f'{name} is not installed: see bindep.txt')
    return path


class Server:
    """A server in a directory of its own, from start() to close().

    :ivar url: what a client connects to, valid from start() on and the same
        after a restart
    """

    _stop_signal = signal.SIGTERM
    _close_signal = signal.SIGTERM

    def __init__(self):
        self.directory = None
        self._user = {}
        self._processes = []

    def start(self):
        """Make the data directory, start, and return when it answers.

        :raises ServerError: if it is not installed or does not start; the
            text has the end of its log
        """
        # Not in TMPDIR, which may be closed to other users, or too long for
        # the path of a socket.
        self.directory = pathlib.Path(
            tempfile.mkdtemp(prefix='talea-test-', dir='/tmp')
        )
        self.directory.chmod(0o755)
        if os.geteuid() == 0:
            nobody = pwd.getpwnam('nobody')
            self._user = {
                'user': nobody.pw_uid,
                'group': nobody.pw_gid,
                'extra_groups': [],
            }
            os.chown(self.directory, nobody.pw_uid, nobody.pw_gid)
        try:
            self._prepare()
            self.launch()
        except BaseException:
            self.close()
            raise
        return self

    def launch(self):
        """Start again on the same data and port; return when it answers."""
        try:
            self._launch()
            self._wait()
        except BaseException:
            self.kill()
            raise

    def stop(self):
        """End it in an orderly way; the data stays."""
        self._end(self._stop_signal)

    def kill(self):
        """End it as a power failure would; the data stays."""
        self._end(signal.SIGKILL)

    def restart(self):
        self.stop()
        self.launch()

    def close(self):
        """End it and remove its data."""
        if self.directory is None:
            return
        self._end(self._close_signal)
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory = None

    def _prepare(self):
        raise NotImplementedError

    def _launch(self):
        raise NotImplementedError

    def _probe(self):
        """Connect as a client does; raise whatever it raises."""
        raise NotImplementedError

    def _environment(self):
        return {
            'PATH': os.pathsep.join(_PLACES),
            'HOME': str(self.directory),
            'TMPDIR': str(self.directory),
            'LC_ALL': 'C.UTF-8',
        }

    def _run(self, *command):
        """Run *command* to its end."""
        self._spawn(*command)
        process = self._processes.pop()
        if process.wait(START_TIMEOUT):
            raise ServerError(self._log(f'{command[0]} failed'))

    def _spawn(self, program, *arguments):
        """Start a process that _end() ends."""
        with open(self.directory / 'log', 'ab') as log:
            # In a session of its own: Ctrl-C is for the tests, which then
            # end their servers in order.
            process = subprocess.Popen(
                [_program(program), *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                env=self._environment(),
                start_new_session=True,
                **self._user,
            )
        self._processes.append(process)

    def _wait(self):
        for attempt in tenacity.Retrying(
            stop=tenacity.stop_after_delay(START_TIMEOUT),
            wait=tenacity.wait_fixed(0.1),
            retry=tenacity.retry_if_not_exception_type(ServerError),
            reraise=True,
        ):
            with attempt:
                if any(p.poll() is not None for p in self._processes):
                    raise ServerError(self._log('a process ended at once'))
                self._probe()

    def _end(self, number):
        while self._processes:
            process = self._processes.pop()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            try:
                process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _log(self, what):
        text = (self.directory / 'log').read_text(errors='replace')
        return f'{type(self).__name__}: {what}\n{text[-2000:]}'


class MariaDB(Server):
    """MariaDB; what was committed survives kill()."""

    def _prepare(self):
        self.port = free_port()
        self.url = f'mysql+pymysql://root@127.0.0.1:{self.port}/'
        self._run(
            'mariadb-install-db',
            '--no-defaults',
            f'--datadir={self.directory}/data',
            '--auth-root-authentication-method=normal',
            '--skip-test-db',
        )

    def _launch(self):
        self._spawn(
            'mariadbd',
            '--no-defaults',
            f'--datadir={self.directory}/data',
            f'--socket={self.directory}/socket',
            f'--pid-file={self.directory}/pid',
            '--bind-address=127.0.0.1',
            f'--port={self.port}',
            # Far from UTC, so that nothing works by accident.
            '--default-time-zone=+05:30',
            '--character-set-server=utf8mb4',
            '--max-connections=400',
            '--max-allowed-packet=64M',
            '--innodb-flush-method=nosync',
            '--innodb-flush-log-at-trx-commit=2',
        )

    def _probe(self):
        pymysql.connect(host='127.0.0.1', port=self.port, user='root').close()


class PostgreSQL(Server):
    """PostgreSQL; what was committed survives kill()."""

    # SIGTERM would wait until the clients go; SIGKILL leaves shared memory.
    _stop_signal = signal.SIGINT
    _close_signal = signal.SIGINT

    def _prepare(self):
        self.port = free_port()
        self.url = f'postgresql+psycopg2://postgres@127.0.0.1:{self.port}/'
        self._run(
            'initdb',
            '--no-sync',
            f'--pgdata={self.directory}/data',
            '--username=postgres',
            '--auth=trust',
            '--encoding=UTF8',
        )

    def _launch(self):
        self._spawn(
            'postgres',
            '-D',
            self.directory / 'data',
            '-p',
            self.port,
            '-c',
            'listen_addresses=127.0.0.1',
            '-c',
            'unix_socket_directories=',
            '-c',
            'timezone=Asia/Kolkata',
            '-c',
            'max_connections=400',
            '-c',
            'fsync=off',
            '-c',
            'full_page_writes=off',
        )

    def _probe(self):
        psycopg2.connect(
            host='127.0.0.1', port=self.port, user='postgres'
        ).close()


class RabbitMQ(Server):
    """RabbitMQ with its management API, and an epmd of its own.

    :ivar management: URL of the management API
    """

    # An orderly stop takes six seconds.
    _close_signal = signal.SIGKILL

    def _prepare(self):
        _program('rabbitmq-server')
        self.port = free_port()
        self.management_port = free_port()
        self._epmd_port = free_port()
        self._distribution_port = free_port()
        self.url = f'rabbit://guest:guest@127.0.0.1:{self.port}/'
        self.management = f'http://127.0.0.1:{self.management_port}'
        (self.directory / 'rabbitmq.conf').write_text(
            'management.tcp.ip = 127.0.0.1\n'
            f'management.tcp.port = {self.management_port}\n'
            'management_agent.disable_metrics_collector = true\n'
            # A full disk of the developer is no reason to block publishers.
            'disk_free_limit.absolute = 50MB\n'
        )
        (self.directory / 'enabled_plugins').write_text(
            '[rabbitmq_management].\n'
        )

    def _environment(self):
        return super()._environment() | {
            'ERL_EPMD_ADDRESS': '127.0.0.1',
            'ERL_EPMD_PORT': str(self._epmd_port),
            'RABBITMQ_CONFIG_FILE': str(self.directory / 'rabbitmq.conf'),
            'RABBITMQ_CONF_ENV_FILE': '/dev/null',
            'RABBITMQ_DIST_PORT': str(self._distribution_port),
            'RABBITMQ_ENABLED_PLUGINS_FILE': str(
                self.directory / 'enabled_plugins'
            ),
            'RABBITMQ_LOG_BASE': str(self.directory / 'logs'),
            'RABBITMQ_MNESIA_BASE': str(self.directory / 'mnesia'),
            'RABBITMQ_NODENAME': f'talea-{self.port}@localhost',
            'RABBITMQ_NODE_IP_ADDRESS': '127.0.0.1',
            'RABBITMQ_NODE_PORT': str(self.port),
            'RABBITMQ_PID_FILE': str(self.directory / 'pid'),
            'RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS': (
                '-kernel inet_dist_use_interface {127,0,0,1}'
            ),
        }

    def _launch(self):
        # Started first and in the foreground: one that Erlang starts itself
        # becomes a daemon and outlives it.
        self._spawn('epmd')
        self._spawn('rabbitmq-server')

    def _probe(self):
        with kombu.Connection(
            hostname='127.0.0.1', port=self.port, transport='pyamqp'
        ) as connection:
            connection.connect()
        with socket.create_connection(('127.0.0.1', self.management_port)):
            pass


SERVERS = {'mariadb': MariaDB, 'postgresql': PostgreSQL, 'rabbitmq': RabbitMQ}


def environment(name, server):
    """Return the variables that tell tests where *server* is."""
    if name == 'mariadb':
        return {'TALEA_TEST_MYSQL': server.url}
    if name == 'postgresql':
        return {'TALEA_TEST_POSTGRESQL': server.url}
    return {
        'TALEA_TEST_RABBITMQ': server.url,
        'TALEA_TEST_RABBITMQ_MANAGEMENT': server.management,
    }


@contextlib.contextmanager
def running(names):
    """Start the servers *names* side by side; give their variables."""
    servers = {name: SERVERS[name]() for name in names}
    with concurrent.futures.ThreadPoolExecutor() as pool:
        try:
            list(pool.map(lambda server: server.start(), servers.values()))
            variables = {}
            for name, server in servers.items():
                variables |= environment(name, server)
            yield variables
        finally:
            list(pool.map(lambda server: server.close(), servers.values()))


def _quit(number, frame):
    raise SystemExit(128 + number)


def _parse(arguments):
    parser = argparse.ArgumentParser(
        prog='python -m talea.tests.servers',
        description='Run a command with private servers for tests.',
    )
    parser.add_argument(
        '--only',
        default=','.join(SERVERS),
        help='servers to start, a comma between two (default: all)',
    )
    parser.add_argument('command', nargs='+', help='what to run')
    options = parser.parse_args(arguments)
    options.only = options.only.split(',')
    for name in options.only:
        if name not in SERVERS:
            parser.error(f'{name} is none of {", ".join(SERVERS)}')
    return options


def main(arguments=None):
    """Return the exit code of the command; 1 if a server does not start."""
    options = _parse(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _quit)
    began = time.monotonic()
    try:
        with running(options.only) as variables:
            seconds = time.monotonic() - began
            print(f'servers up in {seconds:.1f} s', file=sys.stderr)
            # "python" is the one that runs this.
            path = os.path.dirname(sys.executable)
            variables['PATH'] = os.pathsep.join([path, *os.get_exec_path()])
            command = subprocess.Popen(
                options.command, env=os.environ | variables
            )
            try:
                return command.wait()
            finally:
                command.terminate()
                command.wait()
    except ServerError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == '__main__':
    sys.exit(main())
