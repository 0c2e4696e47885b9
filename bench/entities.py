# SPDX-License-Identifier: Apache-2.0
"""Lists of a project with 100 entities, among few others and among many.

Run it with a private MariaDB::

    python -m talea.tests.servers --only mariadb -- \
        python bench/entities.py

Rows are loaded by SQL. The API runs under gunicorn, one process, and is asked
by a few clients at once; what is compared is the same question in a small and
in a large table.
"""

import argparse
import concurrent.futures
import dataclasses
import http.client
import os
import pathlib
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
QUESTIONS = {
    'whole list': '/v1/project/{project}/entities?start=2026-01-01',
    'page of 20': '/v1/project/{project}/entities?start=2026-01-01&limit=20',
    'one month': '/v1/project/{project}/entities?start=2026-06-01'
    '&end=2026-07-01',
    'usage': '/v1/project/{project}/usage?start=2026-06-01&end=2026-07-01',
    'one entity': '/v1/entity/entity-{entity}',
}
# One entity in two goes on; each project has a hundred of them.
LOAD = """
INSERT INTO entity (resource_pk, seq, entity_type, entity_id, project_id,
    start_at, end_at, last_event_at, processed_at, name, flavor,
    attributes, source)
SELECT seq, 0, 'instance', CONCAT('entity-', seq),
    CONCAT('project-', seq DIV 100),
    '2026-01-01' + INTERVAL (seq * 7919 MOD 25000000) SECOND,
    IF(seq MOD 2, '9999-12-31 23:59:59.999999',
        '2026-11-01' + INTERVAL (seq MOD 86400) SECOND),
    '2026-11-01', '2026-11-01', CONCAT('vm-', seq), 'm1.small',
    '{"os": {"distro": "debian", "os_type": "linux"}, "metadata": {},
      "vcpus": 1, "memory_mb": 2048, "disk_gb": 20, "state": "active"}',
    'notification'
FROM seq_{first}_to_{last}
"""


@dataclasses.dataclass
class Figures:
    """What one question cost.

    :ivar rate: answers a second
    :ivar median: seconds
    :ivar p99: seconds
    :ivar cpu: seconds of the server's processor for each answer
    """

    rate: float
    median: float
    p99: float
    cpu: float


class Api:
    """The API under gunicorn, as a context manager.

    :ivar port: number
    """

    def __init__(self, url):
        self._url = url
        self.port = 0

    def __enter__(self):
        self._home = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self._home.name) / '.talea'
        folder.mkdir()
        (folder / 'talea.conf').write_text(
            f'[database]\nconnection = {self._url}\n'
            f'[auth]\nprivate_key = {KEY}\n'
        )
        with http.client.socket.create_server(('127.0.0.1', 0)) as free:
            self.port = free.getsockname()[1]
        self._process = subprocess.Popen(
            [
                sys.executable,
                '-m',
                'gunicorn',
                '--workers=1',
                '--worker-class=gthread',
                '--threads=4',
                '--log-level=error',
                f'--bind=127.0.0.1:{self.port}',
                'talea.wsgi.api:application',
            ],
            env={**os.environ, 'HOME': self._home.name},
        )
        deadline = time.monotonic() + 60
        while True:
            try:
                ask(self.port, '/healthcheck')
                return self
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def __exit__(self, *error):
        self._process.terminate()
        self._process.wait()
        self._home.cleanup()

    def processes(self):
        parent = psutil.Process(self._process.pid)
        return [parent, *parent.children(recursive=True)]

    def cpu(self):
        """Return seconds of processor time used so far."""
        times = [one.cpu_times() for one in self.processes()]
        return sum(one.user + one.system for one in times)

    def memory(self):
        """Return bytes of the largest process."""
        return max(one.memory_info().rss for one in self.processes())


def ask(port, path, connection=None):
    """Return the seconds that an answer took."""
    connection = connection or http.client.HTTPConnection('127.0.0.1', port)
    began = time.perf_counter()
    connection.request('GET', path, headers={'X-Auth-Token': KEY})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise SystemExit(f'{path}: {answer.status} {body[:300]!r}')
    return time.perf_counter() - began


def measure(api, path, number, clients=4):
    """Ask *number* times, *clients* at once, and return Figures."""
    for _ in range(20):
        ask(api.port, path)

    def client(count):
        connection = http.client.HTTPConnection('127.0.0.1', api.port)
        return [ask(api.port, path, connection) for _ in range(count)]

    cpu, began = api.cpu(), time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        parts = list(pool.map(client, [number // clients] * clients))
    took = time.perf_counter() - began
    times = sorted(one for part in parts for one in part)
    return Figures(
        len(times) / took,
        statistics.median(times),
        times[int(len(times) * 0.99) - 1],
        (api.cpu() - cpu) / len(times),
    )


def load(engine, present, rows):
    """Fill the table up to *rows* entities; return how long it took."""
    began = time.perf_counter()
    step = 100_000
    for first in range(present + 1, rows + 1, step):
        last = min(first + step - 1, rows)
        with engine.begin() as connection:
            statement = LOAD.replace('{first}', str(first))
            connection.exec_driver_sql(statement.replace('{last}', str(last)))
    with engine.begin() as connection:
        connection.exec_driver_sql('ANALYZE TABLE entity')
    return time.perf_counter() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rows', type=int, nargs='+',
                        default=[10_000, 3_000_000])  # fmt: skip
    parser.add_argument('--requests', type=int, default=1000)
    options = parser.parse_args()
    server = sa.make_url(fixtures.server_url('TALEA_TEST_MYSQL'))
    name = f'bench_{uuid.uuid4().hex}'
    admin = sa.create_engine(server, isolation_level='AUTOCOMMIT')
    with admin.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE {name}')
    url = server.set(database=name)
    engine = sa.create_engine(url)
    migration.upgrade(engine)
    base = {}
    present = 0
    print(
        f'{"entities":>10}  {"question":<12}{"req/s":>8}{"median ms":>11}'
        f'{"p99 ms":>9}{"CPU ms":>8}{"ratio":>7}{"MB":>6}'
    )
    for rows in options.rows:
        load(engine, present, rows)
        present = rows
        with Api(url.render_as_string(False)) as api:
            for question, path in QUESTIONS.items():
                path = path.format(project='project-42', entity=4242)
                figures = measure(api, path, options.requests)
                ratio = figures.median / base.setdefault(
                    question, figures.median
                )
                print(
                    f'{rows:>10}  {question:<12}{figures.rate:>8.0f}'
                    f'{figures.median * 1e3:>11.2f}{figures.p99 * 1e3:>9.2f}'
                    f'{figures.cpu * 1e3:>8.2f}{ratio:>7.2f}'
                    f'{api.memory() / 2**20:>6.0f}',
                    flush=True,
                )
    with admin.connect() as connection:
        connection.exec_driver_sql(f'DROP DATABASE {name}')


if __name__ == '__main__':
    main()
