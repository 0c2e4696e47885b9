# SPDX-License-Identifier: Apache-2.0
"""What it costs to ask the API what clusters hold, if the answer is kept.

A talea-api and a talea-conductor, in processes of their own, with a database
and a broker of talea.tests.servers::

    python -m talea.tests.servers --only mariadb,rabbitmq -- \\
        python bench/stats_cache.py

The API keeps answers itself: only the first one comes through the queue. What
that takes is shown too, by questions of which each is a new one, though the
conductor knows all that is needed. The baseline is /healthcheck of the same
API, which asks nobody. One client asks, over one connection.
"""

import argparse
import contextlib
import http.client
import json
import pathlib
import statistics
import time

import fixtures as base_fixtures

from talea.tests import fixtures
from talea.tests.functional.faces import clusters
from talea.tests.functional.flows import cloud
from talea.tests.functional.flows import processes
from talea.tests.servers import server

KEY = 'a private key'
# Milliseconds, of the median.
WANTED = 3
WARMING = 50
# Seconds, longer than this takes.
KEPT = 3600
BASELINE = 'health (the baseline)'
KEPT_ONES = {
    'all projects': '/v1/stats',
    'one project': '/v1/stats?project_id=p1',
    'a row for each cluster': '/v1/stats?group_by=cluster',
}
PATHS = {
    BASELINE: '/healthcheck',
    **KEPT_ONES,
    'through the queue': '/v1/stats?group_by=cluster&marker=%d',
}


class Services(base_fixtures.Fixture):
    """An API, and a conductor with facts from a file.

    :ivar port: of the API
    """

    def _setUp(self):
        directory = self.useFixture(base_fixtures.TempDir()).path
        facts = pathlib.Path(directory) / 'facts.json'
        facts.write_text(json.dumps(clusters.world()))
        database = self.useFixture(fixtures.Database('mysql'))
        broker = self.useFixture(fixtures.RabbitMQ())
        self.port = server.free_port()
        settings = self.useFixture(
            processes.Settings(
                DEFAULT={'transport_url': broker.url},
                database={'connection': database.url},
                auth={'private_key': KEY},
                collector={'deployments': ''},
                api={'port': self.port},
                stats={
                    'drivers': 'fake',
                    'fake_file': facts,
                    'cache_seconds': KEPT,
                },
            )
        )
        conductor = self.useFixture(
            processes.Process('talea-conductor', settings)
        )
        conductor.says('Answering questions.')
        self.useFixture(processes.Process('talea-api', settings))
        cloud.until(self._serves)

    def _serves(self):
        with contextlib.suppress(ConnectionError):
            ask(http.client.HTTPConnection('127.0.0.1', self.port), '/v1/info')
            return True
        return False


def ask(connection, path):
    """Return the milliseconds until the whole answer is there, and it."""
    began = time.perf_counter()
    connection.request('GET', path, headers={'X-Auth-Token': KEY})
    response = connection.getresponse()
    body = response.read()
    took = (time.perf_counter() - began) * 1e3
    if response.status != http.client.OK:
        raise SystemExit(f'{path}: {response.status} {body!r}')
    return took, body


def measure(port, times):
    """Return {title: (median, p99)} of so many requests, ms.

    What is compared is asked in turns.
    """
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=60)
    found = {title: [] for title in PATHS}
    first = {
        title: ask(connection, KEPT_ONES[title])[1] for title in KEPT_ONES
    }
    for number in range(WARMING + times):
        for title, path in PATHS.items():
            took, body = ask(connection, path.replace('%d', str(number)))
            if number >= WARMING:
                found[title].append(took)
            # Its moment is in it.
            if body != first.get(title, body):
                raise SystemExit(f'{title}: the answer was not kept')
    connection.close()
    return {
        title: (statistics.median(took), statistics.quantiles(took, n=100)[-1])
        for title, took in found.items()
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--times', type=int, default=1000)
    given = parser.parse_args()
    with Services() as services:
        found = measure(services.port, given.times)
    print(f'{given.times} times{"":20}{"median ms":>12}{"p99 ms":>12}')
    for title, (median, p99) in found.items():
        wanted = f'wanted: {WANTED}' if title in KEPT_ONES else ''
        print(f'{title:30}{median:12.2f}{p99:12.2f}  {wanted}')
    missed = [title for title in KEPT_ONES if found[title][0] >= WANTED]
    if missed:
        raise SystemExit(f'Not as wanted: {", ".join(missed)}')


if __name__ == '__main__':
    main()
