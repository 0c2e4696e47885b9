# SPDX-License-Identifier: Apache-2.0
"""Real processors side by side, killed and woken up."""

import datetime
import json
import signal
import socket

import requests
import sqlalchemy as sa

from talea.db import api
from talea.db import models
from talea.objects import event
from talea.objects import resource
from talea.objects import scope
from talea.objects import timeline
from talea.processor import passes
from talea.tests import base
from talea.tests import fixtures
from talea.tests.functional.flows import cloud
from talea.tests.functional.flows import processes

SCOPES = 12
SERVERS = 3
DAYS = 10
HOUR = datetime.timedelta(hours=1)


def now():
    return datetime.datetime.now(datetime.UTC)


class Usage:
    """Some projects with servers, which began DAYS ago."""

    def __init__(self):
        end = now().replace(minute=0, second=0, microsecond=0)
        self.begin = end - datetime.timedelta(days=DAYS)

    def store(self, context):
        events = [
            event.Event(
                f'm-{number}-{server}',
                'instance',
                f'server-{number}-{server}',
                self.begin + number * datetime.timedelta(seconds=61.5),
                event.CREATE,
                event.NOTIFICATION,
                {
                    'project_id': f'p-{number}',
                    'created_at': self.begin.isoformat(),
                    'flavor': 'small',
                    'vcpus': server,
                },
            )
            for number in range(SCOPES)
            for server in range(SERVERS)
        ]
        resource.apply(context, events, timeline.Rules(), self.begin)
        found = [
            (f'p-{number}', 'project_id', 'ledger', 'ledger')
            + (self.begin, self.begin)
            for number in range(SCOPES)
        ]
        scope.discover(context, found, self.begin)


def frames(engine):
    """Return [(scope, begin, revision, points)] of all frames, in order."""
    with engine.connect() as connection:
        rows = connection.execute(
            sa.select(
                models.FRAME.c.scope_id,
                models.FRAME.c.begin_at,
                models.FRAME.c.revision,
                models.FRAME.c.points,
            ).order_by(models.FRAME.c.scope_id, models.FRAME.c.begin_at)
        )
        return [(*row[:-1], json.loads(row[-1])) for row in rows]


def sums(engine):
    with engine.connect() as connection:
        rows = connection.execute(sa.select(models.ROLLUP))
        return sorted(tuple(row) for row in rows)


@base.on_servers
class ProcessorsTestCase(base.DatabaseTestCase):
    def setUp(self):
        super().setUp()
        self.usage = Usage()
        self.usage.store(self.context)

    def settings(self, **options):
        rabbit = self.useFixture(fixtures.RabbitMQ())
        options = {'interval': 0.2, 'chunk': 5, 'workers': 2, **options}
        settings = processes.Settings(
            DEFAULT={'transport_url': rabbit.url},
            database={'connection': self.database.url},
            processor=options,
        )
        settings.transport_url = rabbit.url
        return self.useFixture(settings)

    def states(self):
        with self.database.engine.connect() as connection:
            return set(connection.scalars(sa.select(models.SCOPE.c.state)))

    def test_two_of_them_and_one_killed_make_no_period_twice(self):
        settings = self.settings()
        first = self.useFixture(processes.Process('talea-processor', settings))
        second = self.useFixture(
            processes.Process('talea-processor', settings)
        )
        cloud.until(lambda: len(frames(self.database.engine)) > 500)
        for worker in first.workers():
            worker.send_signal(signal.SIGKILL)
        first.send(signal.SIGKILL)
        cloud.until(
            lambda: (
                len(self.states()) == 1
                and min(self.states()) >= now() - 2 * HOUR
            ),
            120,
        )
        self.assertEqual(0, second.end()[0])
        made = frames(self.database.engine)
        (until,) = self.states()
        self.assertEqual(self._quiet(until), made)
        hours = (until - self.usage.begin) // HOUR
        self.assertEqual(SCOPES * hours, len(made))

    def _quiet(self, until):
        """Return the frames that one processor makes that nobody disturbs."""
        quiet = self.useFixture(fixtures.Database('sqlite'))
        context = api.DbContext()
        self.usage.store(context)
        work = passes.Passes(quiet.conf)
        for _ in work.settle(context, until + HOUR / 2):
            pass
        self.assertEqual(sums(quiet.engine), sums(self.database.engine))
        return frames(quiet.engine)

    def test_a_reset_wakes_them_up(self):
        # By themselves they look once a day.
        settings = self.settings(interval=86400, workers=1)
        self.useFixture(processes.Process('talea-processor', settings))
        cloud.until(lambda: min(self.states()) >= now() - 2 * HOUR, 60)
        before = frames(self.database.engine)
        self._tell_late()
        self._put(settings)
        cloud.until(lambda: len(frames(self.database.engine)) > len(before))
        cloud.until(lambda: min(self.states()) >= now() - 2 * HOUR, 60)
        later = frames(self.database.engine)
        # The old ones are still there, for whoever asks for them. There may
        # be more: the next period is due when it is due.
        self.assertEqual([], [one for one in before if one not in later])
        revised = [one for one in later if one[2]]
        self.assertEqual({'p-1'}, {one[0] for one in revised})
        self.assertEqual(
            self.usage.begin + 8 * HOUR, min(one[1] for one in revised)
        )

    def _tell_late(self):
        moment = self.usage.begin + 8 * HOUR
        resource.apply(
            self.context,
            [
                event.Event(
                    'late',
                    'instance',
                    'server-late',
                    moment,
                    event.CREATE,
                    event.NOTIFICATION,
                    {
                        'project_id': 'p-1',
                        'created_at': moment.isoformat(),
                        'flavor': 'small',
                    },
                )
            ],
            timeline.Rules(),
            moment,
        )

    def _put(self, settings):
        """Let the API reset all scopes."""
        port = self._free_port()
        settings.update(
            {'api': {'port': port}, 'auth': {'private_key': 'a private key'}}
        )
        self.useFixture(processes.Process('talea-api', settings))
        url = f'http://127.0.0.1:{port}'
        cloud.until(lambda: self._is_up(url))
        state = self.usage.begin + 5 * HOUR
        answer = requests.put(
            f'{url}/v2/scope',
            headers={'X-Auth-Token': 'a private key'},
            json={'all_scopes': True, 'state': state.isoformat()},
            timeout=10,
        )
        self.assertEqual((202, {}), (answer.status_code, answer.json()))

    def _free_port(self):
        with socket.create_server(('127.0.0.1', 0)) as server:
            return server.getsockname()[1]

    def _is_up(self, url):
        try:
            return requests.get(f'{url}/healthcheck', timeout=5).ok
        except requests.ConnectionError:
            return False
