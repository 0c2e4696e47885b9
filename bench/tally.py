# SPDX-License-Identifier: Apache-2.0
"""What it costs to ask the ledger what clusters hold, and to keep it.

All servers are nodes of clusters, and each has a volume: the worst case. The
server is one of talea.tests.servers::

    python -m talea.tests.servers --only mariadb -- python bench/tally.py

The baseline of an answer is the same question with everything counted anew,
which is what has to be done where no tallies are kept. The figures of all
projects are wanted in less than 50 ms, those of one in less than 10 ms; it
exits with 1 otherwise. ``--marking`` measures what the marks cost those who
write entities, too.
"""

import argparse
import datetime
import gc
import json
import multiprocessing
import statistics
import time

import sqlalchemy as sa

from talea.conductor import question
from talea.conductor.drivers import ledger
from talea.db import api
from talea.db import models
from talea.objects import event as events
from talea.objects import resource
from talea.objects import tally_mark
from talea.objects import timeline
from talea.tests import fixtures

BEGIN = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
NOW = datetime.datetime(2026, 6, 1, tzinfo=datetime.UTC)
BLOCK = 10000
NODES = 20
LIMIT = 100
# Milliseconds, of the median.
WANTED = {'all projects': 50, 'one project': 10}


class Cloud:
    """So many servers, in clusters of NODES, in so many projects."""

    def __init__(self, servers, projects):
        self.servers = servers
        self.clusters = max(1, servers // NODES)
        self.projects = projects

    def project(self, cluster):
        return f'{cluster % self.projects:032x}'

    def things(self):
        """Yield (kind, id, project, name, attributes)."""
        for number in range(self.clusters):
            yield (
                'cluster',
                f'c-{number:034}',
                self.project(number),
                f'cluster-{number}',
                {
                    'state': 'CREATE_COMPLETE',
                    'stack_id': stack(number),
                    'node_count': NODES - 1,
                    'master_count': 1,
                    'node_addresses': [],
                    'master_addresses': [],
                    'cluster_template_id': f't-{number:034}',
                },
            )
        for number in range(self.servers):
            cluster = number % self.clusters
            server = f's-{number:034}'
            project = self.project(cluster)
            yield (
                'instance',
                server,
                project,
                f'{stack(cluster)}-node-{number}',
                {
                    **flavor(4),
                    'image_id': f'i-{number:034}',
                    'os': {'distro': 'fedora', 'os_type': 'linux'},
                    'metadata': {},
                    'state': 'active',
                    'host': f'compute-{number % 97}',
                    'zone': 'nova',
                    'addresses': [f'10.{number >> 16}.{number >> 8 & 255}.1'],
                    'ports': [f'p-{number:034}'],
                },
            )
            yield (
                'volume',
                f'v-{number:034}',
                project,
                f'pvc-{number}',
                {'size': 10, 'attached_to': [server], 'state': 'in-use'},
            )


def stack(cluster):
    return f'cluster-{cluster}-abcdefghijkl'


def flavor(vcpus):
    return {
        'flavor_id': '1',
        'vcpus': vcpus,
        'memory_mb': 8192,
        'disk_gb': 80,
        'root_gb': 80,
        'ephemeral_gb': 0,
    }


def load(engine, cloud):
    """Write the entities of the cloud."""
    rows = []
    with engine.begin() as connection:
        for number, thing in enumerate(cloud.things()):
            kind, entity_id, project, name, attributes = thing
            rows.append(
                {
                    'resource_pk': number + 1,
                    'seq': 0,
                    'entity_type': kind,
                    'entity_id': entity_id,
                    'project_id': project,
                    'start_at': BEGIN,
                    'end_at': None,
                    'last_event_at': BEGIN,
                    'processed_at': BEGIN,
                    'name': name,
                    'flavor': 'medium' if kind == 'instance' else None,
                    'attributes': json.dumps(attributes),
                    'source': 'notification',
                }
            )
            if len(rows) == BLOCK:
                connection.execute(sa.insert(models.ENTITY), rows)
                rows = []
        if rows:
            connection.execute(sa.insert(models.ENTITY), rows)
    analyze = 'ANALYZE TABLE' if engine.dialect.name == 'mysql' else 'ANALYZE'
    with engine.begin() as connection:
        connection.exec_driver_sql(f'{analyze} entity').close()


def forget_memory():
    """Let what this process had until now not count."""
    with open('/proc/self/clear_refs', 'w') as peak:
        peak.write('5')


def memory():
    """Return the most MB that this process has had since."""
    with open('/proc/self/status') as status:
        for line in status:
            if line.startswith('VmHWM:'):
                return int(line.split()[1]) / 1024
    return 0


def timed(function, times=1):
    """Return (median ms, worst ms) of so many calls."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        function()
        found.append((time.perf_counter() - began) * 1e3)
    return statistics.median(found), max(found)


def show(title, figures, extra=''):
    median, worst = figures
    print(f'{title:50}{median:12.1f}{worst:12.1f}  {extra}', flush=True)


@api.writer
def mark(context, projects):
    tally_mark.mark(context, projects, NOW)


def ask_all(cloud, driver, times):
    """Show what each question takes where nothing is marked.

    :returns: whether all is as wanted
    """

    def ask(**asked):
        return lambda: driver.answer(question.Question(**asked), NOW)

    project = cloud.project(0)
    middle = f'c-{cloud.clusters // 2:034}'
    half = cloud.project(cloud.projects // 2)
    good = True
    for title, asked in (
        ('all projects', {}),
        ('one project', {'project_id': project}),
        ('a cluster by its id', {'cluster': middle}),
        ('a cluster by its name', {'cluster': f'cluster-{NODES}'}),
        ('its own, in its project', {'cluster': middle, 'project_id': half}),
        ('first page of projects', {'group_by': 'project', 'limit': LIMIT}),
        (
            'last page of projects',
            {'group_by': 'project', 'limit': LIMIT, 'marker': half},
        ),
        ('first page of clusters', {'group_by': 'cluster', 'limit': LIMIT}),
        (
            'a page of clusters in the middle',
            {'group_by': 'cluster', 'limit': LIMIT, 'marker': middle},
        ),
        ('all clusters', {'group_by': 'cluster'}),
    ):
        figures = timed(ask(**asked), times)
        wanted = WANTED.get(title)
        show(title, figures, f'wanted: {wanted}' if wanted else '')
        good = good and (wanted is None or figures[0] < wanted)
    return good


def answers(kind, cloud, times):
    """Show what answers and counting take; this is a process."""
    with fixtures.Database(kind) as database:
        load(database.engine, cloud)
        conf = database.conf
        conf.set_override('refresh_timeout', 600, 'stats')
        driver = ledger.Ledger(conf)
        everybody = question.Question()

        def ask():
            return driver.answer(everybody, NOW)

        gc.collect()
        forget_memory()
        before = memory()
        show('everything counted anew, the first time', timed(ask))
        answer = ask()
        figures = answer.rows[0].figures
        assert figures.clusters == cloud.clusters, figures
        assert figures.vcpus == 4 * cloud.servers, figures
        assert figures.volumes == cloud.servers, figures
        assert figures.unmatched_nodes == 0, figures
        assert answer.collected_at == NOW
        projects = {cloud.project(number) for number in range(cloud.projects)}

        def again(some):
            mark(api.DbContext(), some)
            ask()

        show(
            'everything counted anew (the baseline)',
            timed(lambda: again(projects)),
        )
        show(
            'one project counted anew',
            timed(lambda: again({cloud.project(1)}), times),
        )
        after = memory()
        good = ask_all(cloud, driver, times)
        with database.engine.begin() as connection:
            # As after a day of changes that nobody asked for.
            for _ in range(10):
                connection.execute(
                    sa.insert(models.TALLY_MARK),
                    [
                        {'project_id': one, 'marked_at': BEGIN}
                        for one in projects
                    ],
                )
        conf.set_override('refresh_timeout', 0, 'stats')
        show('all projects, never waiting, all are marked', timed(ask, times))
        print(f'memory: {before:.0f} MB before, {after:.0f} MB at most')
    if not good:
        raise SystemExit('Not all is as wanted.')


def write(kind, cloud, changes, answers):
    """Measure what it costs to write entities, with marks and without.

    This is a process. Each transaction has fifty facts about servers of any
    projects.
    """
    size = 50
    spent = {True: 0.0, False: 0.0}
    with fixtures.Database(kind) as database:
        for number in range(changes // size):
            for tracks in (True, False):
                given = [
                    fact(cloud, number * size + i, tracks) for i in range(size)
                ]
                rules = timeline.Rules(track_stats=tracks)
                began = time.perf_counter()
                resource.apply(api.DbContext(), given, rules, NOW)
                spent[tracks] += time.perf_counter() - began
        with database.engine.connect() as connection:
            marks = connection.scalar(
                sa.select(sa.func.count()).select_from(models.TALLY_MARK)
            )
    answers.put((spent, marks))


def fact(cloud, number, tracks):
    """Return what is told of a server: its create, or half of them a move."""
    server, step = divmod(number, 2)
    moment = BEGIN + datetime.timedelta(seconds=number)
    return events.Event(
        f'm-{number}-{tracks}',
        'instance',
        f's-{server}-{tracks}',
        moment,
        events.UPDATE if step else events.CREATE,
        events.NOTIFICATION,
        {
            'project_id': cloud.project(server),
            'created_at': BEGIN.isoformat(),
            'name': f'server-{server}',
            'flavor': 'medium',
            'host': f'compute-{number % 97}',
            'addresses': ['10.0.0.1'],
            **flavor(4),
        },
    )


def marking(kind, cloud, changes):
    spawn = multiprocessing.get_context('spawn')
    queue = spawn.Queue()
    process = spawn.Process(target=write, args=(kind, cloud, changes, queue))
    process.start()
    spent, marks = queue.get(timeout=1800)
    process.join()
    ratio = spent[True] / spent[False]
    print(
        f'{changes} facts: {spent[False]:.2f} s without marks, '
        f'{spent[True]:.2f} s with {marks} of them: {ratio:.3f} times'
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--servers', type=int, default=100_000)
    parser.add_argument('--projects', type=int, default=200)
    parser.add_argument('--times', type=int, default=20)
    parser.add_argument(
        '--engine', default='mysql', help='mysql, postgresql or sqlite.'
    )
    parser.add_argument('--marking', type=int, default=0, help='Facts.')
    given = parser.parse_args()
    cloud = Cloud(given.servers, given.projects)
    print(
        f'{cloud.servers} servers and volumes in {cloud.clusters} clusters '
        f'of {cloud.projects} projects, {given.engine}'
    )
    print(f'{"":50}{"median ms":>12}{"worst ms":>12}')
    spawn = multiprocessing.get_context('spawn')
    process = spawn.Process(
        target=answers, args=(given.engine, cloud, given.times)
    )
    process.start()
    process.join()
    if given.marking:
        marking(given.engine, cloud, given.marking)
    raise SystemExit(process.exitcode)


if __name__ == '__main__':
    main()
