# SPDX-License-Identifier: Apache-2.0
"""What the API costs for /v2/scope, among many scopes.

Run it with a private MariaDB; it needs pyuwsgi::

    python -m talea.tests.servers --only mariadb -- python bench/scope.py

Rows are loaded by SQL, one in ten is inactive. The API runs under uwsgi as
doc/source/install/production.rst has it, two processes, and is asked with the
private key, a new connection each time. What counts is processor time: that
of all processes of uwsgi, and that of the database, for each request. Beside
it stands what CloudKitty 25.0.0 needs for the same on a machine of this kind.
"""

import argparse
import concurrent.futures
import dataclasses
import http.client
import itertools
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid

import psutil
import sqlalchemy as sa

from talea.db import migration
from talea.tests import fixtures

KEY = uuid.uuid4().hex
HEADERS = {'X-Auth-Token': KEY, 'Content-Type': 'application/json'}
LOAD = """
INSERT INTO scope (identifier, scope_key, fetcher, collector, state, active,
    scope_activation_toggle_date, generation, rates_from, rated_until, due_at,
    failures)
SELECT MD5(seq), 'project_id', 'keystone', 'ledger',
    '2026-11-01' + INTERVAL (seq MOD 24) HOUR, seq MOD 10 > 0,
    '2026-01-01 10:30:00.123456', 0, '2026-01-01',
    '2026-11-01' + INTERVAL (seq MOD 24) HOUR,
    '2026-11-01' + INTERVAL (seq MOD 24) HOUR, 0
FROM seq_1_to_{rows}
"""
LOAD_INTERVALS = """
INSERT INTO activation (scope_pk, begin_at, end_at)
SELECT id, '1970-01-01', IF(active, '9999-12-31', '2026-01-01 10:30:00.123456')
FROM scope
"""
WSGI = """
[uwsgi]
http-socket = 127.0.0.1:{port}
module = talea.wsgi.api:application
virtualenv = {virtualenv}
master = true
processes = 2
threads = 2
lazy-apps = true
die-on-term = true
need-app = true
buffer-size = 65535
"""
# Milliseconds of the processor that CloudKitty's API needs, and what its
# database needs; figures of the least disturbed runs.
ORIGINAL = {
    'page': (6.8, 0.4),
    'one': (1.8, 0.2),
    'marker': (8.5, 17.2),
    'offset': (8.5, 17.2),
    'patch': (3.8, 0.7),
}


@dataclasses.dataclass
class Figures:
    """What a question cost.

    :ivar rate: answers a second
    :ivar median: milliseconds
    :ivar p99: milliseconds
    :ivar server: milliseconds of the API's processor for each answer
    :ivar database: likewise of the database
    """

    rate: float
    median: float
    p99: float
    server: float
    database: float


class Api:
    """The API under uwsgi, as a context manager.

    :ivar port: number
    """

    def __init__(self, url):
        self._url = url
        self.port = 0

    def __enter__(self):
        uwsgi = shutil.which('uwsgi', path=f'{sys.prefix}/bin')
        if uwsgi is None:
            raise SystemExit('pip install pyuwsgi')
        self._home = tempfile.TemporaryDirectory()
        home = pathlib.Path(self._home.name)
        (home / '.talea').mkdir()
        (home / '.talea' / 'talea.conf').write_text(
            f'[database]\nconnection = {self._url}\n'
            f'[auth]\nprivate_key = {KEY}\n'
        )
        with http.client.socket.create_server(('127.0.0.1', 0)) as free:
            self.port = free.getsockname()[1]
        (home / 'uwsgi.ini').write_text(
            WSGI.format(port=self.port, virtualenv=sys.prefix)
        )
        self._log = (home / 'log').open('wb')
        self._process = subprocess.Popen(
            [uwsgi, '--ini', home / 'uwsgi.ini'],
            env={**os.environ, 'HOME': self._home.name},
            stdout=self._log,
            stderr=self._log,
        )
        deadline = time.monotonic() + 60
        while True:
            try:
                ask(self.port, 'GET', '/v2/scope?limit=1')
                return self
            except OSError:
                if time.monotonic() > deadline:
                    sys.stderr.write((home / 'log').read_text())
                    raise
                time.sleep(0.2)

    def __exit__(self, *error):
        self._process.terminate()
        self._process.wait()
        self._log.close()
        self._home.cleanup()

    def cpu(self):
        """Return seconds of processor time used so far."""
        parent = psutil.Process(self._process.pid)
        return sum(
            seconds(one) for one in [parent, *parent.children(recursive=True)]
        )

    def memory(self):
        """Return bytes of the largest process."""
        parent = psutil.Process(self._process.pid)
        return max(
            one.memory_info().rss for one in parent.children(recursive=True)
        )


def seconds(process):
    times = process.cpu_times()
    return times.user + times.system


def ask(port, method, path, body=None):
    """Return (seconds that an answer took, its Link)."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection('127.0.0.1', port)
    connection.request(method, path, body, HEADERS)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    if answer.status != 200:
        raise SystemExit(f'{method} {path}: {answer.status} {text[:300]!r}')
    return time.perf_counter() - began, answer.headers['Link']


class Questions:
    """What is asked, by name.

    :param rows: how many scopes there are
    """

    def __init__(self, port, identifiers):
        self._port = port
        self._identifiers = identifiers
        deep = len(identifiers) * 9 // 10
        link = ask(port, 'GET', f'/v2/scope?limit=100&offset={deep - 100}')[1]
        url = link.split('>')[0]
        self._paths = {
            'page': '/v2/scope?limit=100',
            'one': f'/v2/scope?scope_id={identifiers[len(identifiers) // 2]}',
            'marker': url[url.index('/v2/') :],
            'offset': f'/v2/scope?limit=100&offset={deep}',
        }

    def ask(self, name):
        """Return the seconds that an answer took."""
        if name in self._paths:
            return ask(self._port, 'GET', self._paths[name])[0]
        body = {
            'scope_id': random.choice(self._identifiers),
            'active': random.random() < 0.5,
        }
        return ask(self._port, 'PATCH', '/v2/scope', json.dumps(body))[0]


def measure(questions, name, clients, span, cpus):
    """Ask for *span* seconds, *clients* at once, and return Figures."""
    for _ in range(20):
        questions.ask(name)
    deadline = time.perf_counter() + span

    def client(_):
        times = []
        while time.perf_counter() < deadline:
            times.append(questions.ask(name))
        return times

    before, began = [cpu() for cpu in cpus], time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        times = sorted(sum(pool.map(client, range(clients)), []))
    took = time.perf_counter() - began
    number = len(times)
    server, database = (
        (cpu() - old) / number * 1e3
        for cpu, old in zip(cpus, before, strict=True)
    )
    return Figures(
        number / took,
        statistics.median(times) * 1e3,
        times[int(number * 0.99) - 1] * 1e3,
        server,
        database,
    )


def load(engine, rows):
    """Fill the table; return (identifiers, function of the database's CPU)."""
    with engine.begin() as connection:
        connection.exec_driver_sql(LOAD.replace('{rows}', str(rows)))
        connection.exec_driver_sql(LOAD_INTERVALS)
    with engine.connect() as connection:
        connection.exec_driver_sql('ANALYZE TABLE scope, activation').all()
        identifiers = list(
            connection.exec_driver_sql(
                'SELECT identifier FROM scope ORDER BY id'
            ).scalars()
        )
        path = connection.exec_driver_sql('SELECT @@pid_file').scalar()
    process = psutil.Process(int(pathlib.Path(path).read_text()))
    return identifiers, lambda: seconds(process)


def report(name, clients, runs):
    # As with the original: when others run, caches suffer; what was
    # disturbed least says most.
    figures = min(runs, key=lambda one: one.server)
    middle = statistics.median(one.server for one in runs)
    server, database = ORIGINAL[name]
    print(
        f'{name:<8}{clients:>8}{figures.rate:>8.0f}{figures.median:>8.2f}'
        f'{figures.p99:>8.2f}{figures.server:>8.2f}{middle:>8.2f}'
        f'{figures.database:>8.2f}{server / figures.server:>8.1f}'
        f'{(server + database) / (figures.server + figures.database):>8.1f}'
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rows', type=int, default=100_000)
    parser.add_argument('--seconds', type=float, default=1)
    parser.add_argument('--runs', type=int, default=10)
    parser.add_argument('--clients', type=int, nargs='+', default=[1, 8])
    options = parser.parse_args()
    server = sa.make_url(fixtures.server_url('TALEA_TEST_MYSQL'))
    name = f'bench_{uuid.uuid4().hex}'
    admin = sa.create_engine(server, isolation_level='AUTOCOMMIT')
    with admin.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE {name}')
    url = server.set(database=name)
    engine = sa.create_engine(url)
    migration.upgrade(engine)
    identifiers, database = load(engine, options.rows)
    runs = {}
    with Api(url.render_as_string(False)) as api:
        questions = Questions(api.port, identifiers)
        # One question after the other, so that a busy hour is everybody's.
        for _ in range(options.runs):
            for case in itertools.product(ORIGINAL, options.clients):
                figures = measure(
                    questions, *case, options.seconds, (api.cpu, database)
                )
                runs.setdefault(case, []).append(figures)
        print(
            f'{"":<8}{"clients":>8}{"req/s":>8}{"median":>8}{"p99 ms":>8}'
            f'{"API ms":>8}{"median":>8}{"DB ms":>8}{"ratio":>8}'
            f'{"with DB":>8}'
        )
        for case, figures in runs.items():
            report(*case, figures)
        print(f'{api.memory() / 2**20:.0f} MB')
    with admin.connect() as connection:
        connection.exec_driver_sql(f'DROP DATABASE {name}')


if __name__ == '__main__':
    main()
