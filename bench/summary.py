# SPDX-License-Identifier: Apache-2.0
"""What a month of 1,000 projects amounts to: 3.6 million points.

Run it with a private MariaDB::

    python -m talea.tests.servers --only mariadb -- \
        python bench/summary.py

The first hour is written as processors write it, all others are copied by
SQL, frames and sums alike. The API runs under gunicorn, one process, and is
asked by one client. The baseline adds the same points up from the frames.
"""

import argparse
import collections
import dataclasses
import datetime
import decimal
import http.client
import json
import statistics
import time
import uuid

import entities
import sqlalchemy as sa

from talea.db import api as db
from talea.objects import frame as frames
from talea.objects import frame_list
from talea.objects import posting
from talea.rating import point
from talea.tests import fixtures
from talea.tests import rated

BEGIN = rated.at(2026, 6, 1)
MONTH = 'begin=2026-06-01&end=2026-07-01'
# The same but for one day: nothing but sums of days can tell.
DAYS = 'begin=2026-06-02&end=2026-07-01'
# And but for some hours, of which frames have to tell.
HOURS = 'begin=2026-06-01T12:00&end=2026-06-30T12:00'
METRICS = (
    ('instance', 'hour'),
    ('instance.vcpu', 'vCPU.hour'),
    ('instance.memory', 'GiB.hour'),
    ('volume.size', 'GiB.hour'),
    ('ip.floating', 'hour'),
)
QUESTIONS = {
    'by project': f'groupby=project_id&limit=1000&{MONTH}',
    'by project, from days': f'groupby=project_id&limit=1000&{DAYS}',
    'by project, cut days': f'groupby=project_id&limit=1000&{HOURS}',
    'by metric': f'groupby=type&{MONTH}',
    'by metric and project': f'groupby=type,project_id&limit=5000&{MONTH}',
    'by metric, from days': f'groupby=type&{DAYS}',
    'by flavor': f'groupby=flavor_name&{MONTH}',
    'by day and project': f'groupby=time-d,project_id&limit=1000&{MONTH}',
    'of one project': f'filters=project_id:project-0007&{MONTH}',
}

COPY_FRAMES = """
INSERT INTO frame (scope_pk, scope_key, scope_id, begin_at, end_at, usage_at,
    revision, settled_at, superseded_at, number, points)
SELECT scope_pk, scope_key, scope_id, begin_at + INTERVAL seq HOUR,
    end_at + INTERVAL seq HOUR, usage_at + INTERVAL seq HOUR,
    revision, settled_at, superseded_at, number, points
FROM seq_{first}_to_{last} JOIN frame ON begin_at = '2026-06-01'
"""
COPY_SUMS = """
INSERT INTO rollup (span, begin_at, scope_id, cell_id, quantity, price)
SELECT span, begin_at + INTERVAL seq DAY, scope_id, cell_id, quantity, price
FROM seq_1_to_29 JOIN rollup ON span = 1 AND begin_at = '2026-06-01'
"""


def hour(projects):
    """Return the frames of an hour."""
    return [
        rated.frame(
            BEGIN,
            [
                rated.line(
                    metric,
                    decimal.Decimal(number % 13 + 1) / 8,
                    # An hour is no finite number of some periods.
                    point.rounded(decimal.Decimal(number % 7 + 1) / 700),
                    f'{uuid.UUID(int=number * 10 + place)}',
                    unit,
                    flavor_name=f'm1.{number % 10}',
                    metadata={'vcpus': 2, 'memory_mb': 2048},
                )
                for place, (metric, unit) in enumerate(METRICS)
            ],
            f'project-{number:04}',
            scope_pk=number + 1,
        )
        for number in range(projects)
    ]


def load(engine, projects, hours):
    """Write the month down; return how long it took."""
    began = time.perf_counter()
    rated.post(db.DbContext(), hour(projects), now=BEGIN)
    for first in range(1, hours, 24):
        last = min(first + 23, hours - 1)
        with engine.begin() as connection:
            statement = COPY_FRAMES.replace('{first}', str(first))
            connection.exec_driver_sql(statement.replace('{last}', str(last)))
    with engine.begin() as connection:
        for span, number in ((posting.DAY, 24), (posting.MONTH, hours)):
            connection.exec_driver_sql(
                f'UPDATE rollup SET quantity = quantity * {number}, '
                f'price = price * {number} WHERE span = {span}'
            )
        connection.exec_driver_sql(COPY_SUMS)
    with engine.begin() as connection:
        connection.exec_driver_sql('ANALYZE TABLE frame, rollup, cell')
    return time.perf_counter() - began


@db.reader
def by_frames(context):
    """Return {project: price}, added up from the frames."""
    totals = collections.defaultdict(decimal.Decimal)
    statement = sa.select(*frames.COLUMNS).where(
        frames.models.FRAME.c.begin_at >= BEGIN,
        frames.models.FRAME.c.begin_at < BEGIN + datetime.timedelta(30),
    )
    for one in frame_list.stream(context, statement):
        for line in one.lines:
            totals[one.scope_id] = point.EXACT.add(
                totals[one.scope_id], line.price
            )
    return totals


@dataclasses.dataclass
class Figures:
    """What a question cost.

    :ivar times: seconds that each answer took
    :ivar cpu: seconds of the server's processor for each answer
    :ivar length: of an answer, bytes
    """

    times: list
    cpu: float
    length: int


def ask(api, path):
    """Return the body of an answer, read piece by piece if it is long."""
    connection = http.client.HTTPConnection('127.0.0.1', api.port)
    connection.request('GET', path, headers={'X-Auth-Token': entities.KEY})
    answer = connection.getresponse()
    if answer.status != 200:
        raise SystemExit(f'{path}: {answer.status} {answer.read()!r}')
    return answer


def measure(api, path, number):
    """Ask *number* times and return Figures."""
    length = len(ask(api, path).read())
    cpu, times = api.cpu(), []
    for _ in range(number):
        began = time.perf_counter()
        ask(api, path).read()
        times.append(time.perf_counter() - began)
    return Figures(times, (api.cpu() - cpu) / number, length)


def peak(api):
    """Return the most memory that a process has had so far, bytes."""
    found = []
    for one in api.processes():
        with open(f'/proc/{one.pid}/status') as status:
            found += [
                int(line.split()[1]) * 1024
                for line in status
                if line.startswith('VmHWM')
            ]
    return max(found)


def listing(url, points, accept):
    """Print what a list of so many points costs a fresh API."""
    with entities.Api(url) as api:
        path = f'/v2/dataframes?{MONTH}&limit='
        ask(api, f'{path}1').read()
        before, cpu = peak(api), api.cpu()
        began = time.perf_counter()
        connection = http.client.HTTPConnection('127.0.0.1', api.port)
        connection.request(
            'GET',
            f'{path}{points}',
            headers={'X-Auth-Token': entities.KEY, 'Accept': accept},
        )
        answer = connection.getresponse()
        first = time.perf_counter() - began
        length = 0
        while block := answer.read(1 << 20):
            length += len(block)
        took = time.perf_counter() - began
        print(
            f'{points:,} points as {accept}: {length / 2**20:.0f} MB in '
            f'{took:.1f} s (first byte after {first:.1f}), CPU of the API '
            f'{api.cpu() - cpu:.1f} s; peak {before / 2**20:.0f} MB before, '
            f'{peak(api) / 2**20:.0f} MB after',
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--projects', type=int, default=1000)
    parser.add_argument('--requests', type=int, default=20)
    parser.add_argument('--points', type=int, default=1_000_000)
    options = parser.parse_args()
    database = fixtures.Database('mysql')
    with database:
        took = load(database.engine, options.projects, 720)
        print(f'{options.projects * 3600:,} points loaded in {took:.0f} s')
        began = time.perf_counter()
        totals = by_frames(db.DbContext())
        baseline = time.perf_counter() - began
        print(f'from the frames, without an API: {baseline:.1f} s')
        print(
            f'{"summary":<24}{"median ms":>10}{"max ms":>8}{"CPU ms":>8}'
            f'{"kB":>7}{"ratio":>8}',
            flush=True,
        )
        with entities.Api(database.url) as api:
            for name, query in QUESTIONS.items():
                got = measure(api, f'/v2/summary?{query}', options.requests)
                median = statistics.median(got.times)
                print(
                    f'{name:<24}{median * 1e3:>10.1f}'
                    f'{max(got.times) * 1e3:>8.1f}{got.cpu * 1e3:>8.1f}'
                    f'{got.length / 1024:>7.0f}{baseline / median:>8.0f}',
                    flush=True,
                )
            check(api, totals)
        for accept in ('application/json', 'text/csv'):
            listing(database.url, options.points, accept)


def check(api, totals):
    """Stop if the summary is not what the frames amount to."""
    text = ask(api, f'/v2/summary?{QUESTIONS["by project"]}').read()
    rows = json.loads(text, parse_float=decimal.Decimal)['results']
    if {row[4]: row[3] for row in rows} != totals:
        raise SystemExit('The summary is not what the frames amount to.')


if __name__ == '__main__':
    main()
