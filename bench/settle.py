# SPDX-License-Identifier: Apache-2.0
"""What settling costs: scopes of ten servers each, twenty prices, one process.

The baseline is the same work with one scope in each transaction. Servers are
those of talea.tests.servers::

    python -m talea.tests.servers --only mariadb -- python bench/settle.py
"""

import argparse
import datetime
import json
import multiprocessing
import time
import uuid

import sqlalchemy as sa

from talea.db import api
from talea.db import models
from talea.db import types
from talea.processor import passes
from talea.rating import metrics
from talea.tests import fixtures

HOUR = datetime.timedelta(hours=1)
BEGIN = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
STATE = datetime.datetime(2026, 6, 1, tzinfo=datetime.UTC)
POINTS = 10
MAPPINGS = 20
PERIODS = 3
BLOCK = 20000

METRICS = """
metrics:
  instance:
    entity: instance
    unit: hour
    groupby: {flavor_name: flavor}
    metadata: {vcpus: vcpus}
"""


def load(engine, scopes, inactive=0):
    """Write scopes with their usage, and the price list."""
    with engine.begin() as connection:
        for first in range(0, scopes + inactive, BLOCK):
            some = range(first, min(first + BLOCK, scopes + inactive))
            connection.execute(
                sa.insert(models.SCOPE),
                [scope(number, number < scopes) for number in some],
            )
        for first in range(0, scopes, BLOCK):
            some = range(first, min(first + BLOCK, scopes))
            connection.execute(
                sa.insert(models.ACTIVATION),
                [
                    {'scope_pk': number + 1, 'begin_at': BEGIN, 'end_at': None}
                    for number in some
                ],
            )
        for first in range(0, scopes * POINTS, BLOCK):
            some = range(first, min(first + BLOCK, scopes * POINTS))
            connection.execute(
                sa.insert(models.ENTITY), [entity(number) for number in some]
            )
        prices(connection)
    with engine.connect() as connection:
        for table in ('scope', 'entity'):
            connection.exec_driver_sql(f'ANALYZE TABLE {table}').all()


def scope(number, active):
    return {
        'id': number + 1,
        'identifier': project(number),
        'scope_key': 'project_id',
        'fetcher': 'ledger',
        'collector': 'ledger',
        'state': STATE,
        'active': active,
        'scope_activation_toggle_date': BEGIN,
        'generation': 0,
        'rates_from': BEGIN,
        'rated_until': STATE,
        'due_at': STATE if active else None,
        'failures': 0,
    }


def project(number):
    return uuid.uuid5(uuid.NAMESPACE_OID, f'project {number}').hex


def entity(number):
    return {
        'resource_pk': number + 1,
        'seq': 0,
        'entity_type': 'instance',
        'entity_id': str(uuid.uuid5(uuid.NAMESPACE_OID, f'server {number}')),
        'project_id': project(number // POINTS),
        'start_at': BEGIN,
        'end_at': None,
        'last_event_at': BEGIN,
        'processed_at': BEGIN,
        'name': f'server-{number}',
        'flavor': f'flavor-{number % MAPPINGS}',
        'volume_type_id': None,
        'attributes': json.dumps(
            {
                'flavor_id': str(number % MAPPINGS),
                'vcpus': 4,
                'memory_mb': 8192,
                'disk_gb': 80,
                'root_gb': 80,
                'ephemeral_gb': 0,
                'image_id': str(uuid.uuid4()),
                'os': {'distro': 'debian', 'os_type': 'linux'},
                'state': 'active',
                'host': f'compute-{number % 97}',
                'zone': 'nova',
            }
        ),
        'source': 'notification',
    }


def prices(connection):
    kept = {'created_at': BEGIN, 'deleted_at': None}
    connection.execute(
        sa.insert(models.HASHMAP_SERVICE),
        {'id': 's', 'name': 'instance', **kept},
    )
    connection.execute(
        sa.insert(models.HASHMAP_FIELD),
        {'id': 'f', 'service_id': 's', 'name': 'flavor_name', **kept},
    )
    connection.execute(
        sa.insert(models.HASHMAP_MAPPING),
        [
            {
                'id': f'm-{number}',
                'value': f'flavor-{number}',
                'cost': types.decimal.Decimal('0.1') + number,
                'type': 'flat',
                'field_id': 'f',
                'start_at': BEGIN,
                'end_at': None,
                'version': 1,
                **kept,
            }
            for number in range(MAPPINGS)
        ],
    )
    connection.execute(
        sa.insert(models.RATING_MODULE),
        {'name': 'hashmap', 'enabled': True, 'priority': 1},
    )


class Statements:
    """Counts what is sent to the database, but for the work of pools."""

    def __init__(self, engine):
        self.number = 0
        sa.event.listen(engine, 'before_cursor_execute', self._count)

    def _count(self, *arguments):
        self.number += 1


def measure(scopes, inactive, chunk, path, answers):
    """Settle PERIODS periods of all scopes; put the figures into a queue."""
    with fixtures.Database('mysql') as database:
        load(database.engine, scopes, inactive)
        conf = database.conf
        conf.set_override('chunk', chunk, 'processor')
        conf.set_override('metrics_file', path, 'processor')
        work = passes.Passes(conf)
        context = api.DbContext()
        statements = Statements(database.engine)
        runs = []
        for number in range(PERIODS + 1):
            now = STATE + (number + 1) * HOUR + HOUR / 2
            statements.number = chunks = done = 0
            began, cpu = time.monotonic(), time.process_time()
            for outcome in work.settle(context, now):
                chunks += 1
                done += outcome.periods
            cpu = time.process_time() - cpu
            clock = time.monotonic() - began
            assert done == scopes, (done, scopes)
            if number:
                runs.append((clock, cpu, statements.number / chunks))
        idle = time.process_time()
        statements.number = 0
        for _ in work.settle(context, now):
            raise AssertionError('something was left')
        idle = time.process_time() - idle
        answers.put((runs, memory(), idle, statements.number))


def memory():
    """Return the most MB that this process ever had."""
    with open('/proc/self/status') as status:
        for line in status:
            if line.startswith('VmHWM:'):
                return int(line.split()[1]) / 1024
    return 0


def show(title, scopes, answer):
    runs, most, idle, statements = answer
    clock, cpu, each = sorted(runs)[len(runs) // 2]
    print(
        f'{title:42} {scopes / clock:8.0f} {cpu / scopes * 1000:8.3f} '
        f'{scopes / cpu:9.0f} {each:7.1f} {most:6.0f} {idle * 1000:8.1f} '
        f'{statements:5d}',
        flush=True,
    )
    return cpu / scopes


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--sizes', default='1000,10000,100000', help='Numbers of scopes.'
    )
    given = parser.parse_args()
    metrics_file = fixtures.fixtures.TempDir()
    with metrics_file:
        path = f'{metrics_file.path}/metrics.yaml'
        with open(path, 'w') as file:
            file.write(METRICS)
        metrics.load(path)
        print(
            f'{"":42} scopes/s   CPU ms scopes/CPU  SQL/tx     MB  idle ms'
            '   SQL'
        )
        sizes = [int(size) for size in given.sizes.split(',')]
        jobs = [('one scope in each transaction', 500, 0, 1)]
        jobs += [(f'{size} scopes', size, 0, 100) for size in sizes]
        jobs += [('1000 scopes, 100000 switched off', 1000, 100000, 100)]
        baseline = None
        for title, scopes, inactive, chunk in jobs:
            answers = multiprocessing.Queue()
            process = multiprocessing.Process(
                target=measure, args=(scopes, inactive, chunk, path, answers)
            )
            process.start()
            cost = show(title, scopes, answers.get())
            process.join()
            baseline = baseline or cost
            print(f'{"":42} {baseline / cost:.1f} x the baseline')


if __name__ == '__main__':
    main()
