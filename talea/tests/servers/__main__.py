# SPDX-License-Identifier: Apache-2.0
"""Run a command with servers; see the package."""

import argparse
import concurrent.futures
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time

from talea.tests.servers import mariadb
from talea.tests.servers import postgresql
from talea.tests.servers import rabbitmq
from talea.tests.servers import server

SERVERS = {
    'mariadb': mariadb.MariaDB,
    'postgresql': postgresql.PostgreSQL,
    'rabbitmq': rabbitmq.RabbitMQ,
}


@contextlib.contextmanager
def running(names):
    """Start the servers *names* side by side; give their variables."""
    servers = [SERVERS[name]() for name in names]
    home = server.make_directory('/tmp')
    os.environ[server.HOME] = str(home)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        try:
            list(pool.map(lambda one: one.start(), servers))
            variables = {}
            for one in servers:
                variables |= one.variables()
            yield variables
        finally:
            list(pool.map(lambda one: one.close(), servers))
            _sweep(home)
            del os.environ[server.HOME]


def _sweep(home):
    """End what a test that was killed has left in *home*, and remove it."""
    groups = [
        int(line)
        for path in home.glob('*/pids')
        for line in path.read_text().split()
    ]
    for number in (signal.SIGTERM, signal.SIGKILL):
        for group in groups:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, number)
        if groups:
            time.sleep(2)
    shutil.rmtree(home, ignore_errors=True)


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
    # A shell lets what it starts in the background ignore Ctrl-C, and that is
    # inherited: tests that send it would wait in vain.
    signal.signal(signal.SIGINT, signal.default_int_handler)
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
    except server.ServerError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == '__main__':
    sys.exit(main())
