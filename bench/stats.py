# SPDX-License-Identifier: Apache-2.0
"""What it costs to ask a cloud what its clusters hold.

The cloud is emulated in a process of its own, which takes 50 ms for each
page of a thousand. The baseline is the slowest of its lists, read page after
page by a plain client that does nothing with what it gets but follow links::

    python bench/stats.py

Each cloud is asked by a fresh process, that of a conductor without its bus.
"""

import argparse
import collections
import concurrent.futures
import datetime
import json
import multiprocessing
import resource
import statistics
import subprocess
import sys
import time
import urllib.parse

import requests

from talea import wsgi  # noqa: F401 (before oslo.messaging)
from talea.conductor import gather
from talea.conductor import manager
from talea.conductor import question
from talea.tests import fixtures
from talea.tests.emulators import cloud
from talea.tests.emulators import service as emulated
from talea.tests.emulators import world

WANTED_RATIO = 1.3
WANTED_MEMORY = 200
LISTS = {
    'magnum': ('/container-infra/v1/clusters/detail', {}),
    'nova': (
        '/compute/v2.1/servers/detail',
        {'OpenStack-API-Version': 'compute 2.69'},
    ),
    'cinder': (
        f'/volume/v3/{emulated.HOME}/volumes/detail',
        {'OpenStack-API-Version': 'volume 3.31'},
    ),
    'neutron': ('/network/v2.0/floatingips', {}),
}


class Emulators:
    """A cloud in another process, as a context manager.

    :param numbers: {what: how many}
    :ivar url: of Keystone
    """

    def __init__(self, delay, **numbers):
        self._command = [sys.executable, '-m', 'talea.tests.emulators']
        for name, number in {**numbers, 'delay': delay}.items():
            self._command += [f'--{name.replace("_", "-")}', str(number)]

    def __enter__(self):
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = self._process.stdout.readline().strip()
        return self

    def __exit__(self, *error):
        self._process.stdin.close()
        self._process.wait()


def calls(url):
    """Return [(service, path, query)] of what was asked since last time."""
    found = requests.get(urllib.parse.urljoin(url, '/calls'), timeout=60)
    return [(one[0], one[1], dict(one[2])) for one in found.json()]


def read(session, url, name, parse):
    """Read a list as a plain client does; return how long it took.

    :param parse: whether to parse the pages too; otherwise nothing is looked
        at but the link, which is at the end
    """
    path, headers = LISTS[name]
    query = 'all_tenants=1&limit=1000'
    if name in ('magnum', 'neutron'):
        query = 'limit=1000'
    began = time.perf_counter()
    while query:
        body = session.get(
            f'{urllib.parse.urljoin(url, path)}?{query}',
            headers={'X-Auth-Token': emulated.ADMIN, **headers},
            timeout=60,
        ).content
        if parse:
            json.loads(body)
        end = body[-400:].decode()
        at = end.find('https://')
        query = None
        if at >= 0:
            query = urllib.parse.urlsplit(end[at : end.index('"', at)]).query
    return time.perf_counter() - began


def slowest(url, times, parse):
    """Return (name, median seconds) of the list that takes longest."""
    found = {}
    with requests.Session() as session:
        for name in LISTS:
            read(session, url, name, parse)
            found[name] = statistics.median(
                read(session, url, name, parse) for _ in range(times)
            )
    return max(found.items(), key=lambda item: item[1])


def conductor(url, times, project_id):
    """Ask a cloud again and again, in this process."""
    made = fixtures.Conf()
    made.setUp()
    conf = made.conf
    conf.set_override(
        'drivers', ['magnum', 'nova', 'cinder', 'neutron', 'keystone'], 'stats'
    )
    conf.set_override('cache_seconds', 0, 'stats')
    conf.set_override('driver_timeout', 300, 'stats')
    somewhere = cloud.Cloud(world.World())
    somewhere.url = url
    somewhere.configure(conf)
    gatherer = gather.Gatherer(conf)
    now = datetime.datetime(2026, 7, 1, tzinfo=datetime.UTC)

    def ask(**asked):
        began, cpu = time.perf_counter(), time.process_time()
        told = gatherer.answer(question.Question(**asked), now)
        if told.errors:
            raise SystemExit(told.errors)
        return (
            time.perf_counter() - began,
            time.process_time() - cpu,
            told.rows[0].figures,
        )

    before = peak()
    ask(project_id=project_id)
    whole = [ask() for _ in range(times)]
    calls(url)
    single = [ask(project_id=project_id) for _ in range(times)]
    return {
        'module': manager.__name__,
        'whole': statistics.median(took for took, _, _ in whole),
        'cpu': statistics.median(cpu for _, cpu, _ in whole),
        'single': statistics.median(took for took, _, _ in single),
        'figures': str(whole[0][2]),
        'single figures': str(single[0][2]),
        'calls': calls(url),
        'before': before,
        'peak': peak(),
    }


def peak():
    """Return the most memory that this process has had so far, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(url, times, project_id):
    """Return what a fresh conductor found."""
    with concurrent.futures.ProcessPoolExecutor(
        1, multiprocessing.get_context('spawn')
    ) as pool:
        return pool.submit(conductor, url, times, project_id).result()


def speed(options):
    """Print what the cloud costs; return whether it is as wanted."""
    numbers = {
        'clusters': 500,
        'servers': 10000,
        'volumes': 10000,
        'floating_ips': 2000,
        'projects': 200,
    }
    project_id = world.project(7)
    truth = world.World(**numbers)
    with Emulators(options.delay, **numbers) as emulators:
        name, unread = slowest(emulators.url, options.times, False)
        name, baseline = slowest(emulators.url, options.times, True)
        found = measure(emulators.url, options.times, project_id)
    if found['figures'] != str(truth.figures()):
        raise SystemExit('The figures are not what there is.')
    if found['single figures'] != str(truth.figures(project_id)):
        raise SystemExit('The figures of a project are not what there is.')
    ratio = found['whole'] / baseline
    print(
        f'all projects: {found["whole"] * 1e3:.0f} ms, slowest list '
        f'({name}): {baseline * 1e3:.0f} ms, ratio {ratio:.2f} (wanted: '
        f'{WANTED_RATIO}; {found["whole"] / unread:.2f} to one who does not '
        f'parse it, {unread * 1e3:.0f} ms); '
        f'CPU {found["cpu"] * 1e3:.0f} ms; memory '
        f'{found["before"]:.0f} MiB before, {found["peak"]:.0f} MiB at most'
    )
    counted = collections.Counter(one[0] for one in found['calls'])
    others = [
        (service_name, path)
        for service_name, path, query in found['calls']
        if path in ('/servers/detail', '/volumes/detail', '/floatingips')
        and query.get('project_id') != project_id
    ]
    each = {one: number / options.times for one, number in counted.items()}
    print(
        f'one project: {found["single"] * 1e3:.0f} ms; requests '
        f'{json.dumps(each)}; pages of other projects: {len(others)}'
    )
    return ratio <= WANTED_RATIO and not others


def memory(volumes):
    """Print what a large cloud takes; return whether it is as wanted."""
    numbers = {
        'clusters': 5000,
        'servers': 100000,
        'volumes': volumes,
        'floating_ips': 20000,
        'projects': 2000,
    }
    with Emulators(0, **numbers) as emulators:
        found = measure(emulators.url, 3, world.project(7))
    print(
        f'100,000 servers, {volumes:,} volumes: {found["whole"]:.1f} s, CPU '
        f'{found["cpu"]:.1f} s; memory {found["before"]:.0f} MiB before, '
        f'{found["peak"]:.0f} MiB at most (wanted: {WANTED_MEMORY})'
    )
    return found['peak'] <= WANTED_MEMORY


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--times', type=int, default=7)
    parser.add_argument('--delay', type=float, default=0.05)
    options = parser.parse_args()
    good = [speed(options), *map(memory, (20000, 100000))]
    if not all(good):
        raise SystemExit('Not all is as wanted.')


if __name__ == '__main__':
    main()
