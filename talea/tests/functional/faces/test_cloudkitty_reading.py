# SPDX-License-Identifier: Apache-2.0
"""Bills and tasks, through CloudKitty's own client."""

import datetime
import json
import pathlib

from cloudkittyclient import exc
import fixtures

from talea.db import api as db
from talea.objects import scope
from talea.tests.functional.faces import cloudkitty
from talea.tests.rated import HOUR
from talea.tests.rated import at
from talea.tests.rated import frame
from talea.tests.rated import line
from talea.tests.rated import post

BEGIN = at(2026, 1, 1)
END = at(2026, 2, 1)
WINDOW = {'begin': BEGIN, 'end': END}
TIMES = ('-b', '2026-01-01T00:00:00Z', '-e', '2026-02-01T00:00:00Z')
FRAMES = {
    'dataframes': [
        {
            'period': {
                'begin': '2026-01-03T00:00:00+00:00',
                'end': '2026-01-03T01:00:00+00:00',
            },
            'usage': {
                'licence': [
                    {
                        'vol': {'unit': 'seat', 'qty': 2},
                        'rating': {'price': 0.5},
                        'groupby': {'project_id': 'p3'},
                        'metadata': {'contract': '7'},
                    }
                ]
            },
        }
    ]
}
TASK = {
    'scope_ids': ['p1', 'p2'],
    'start': '2026-01-01T00:00:00+00:00',
    'end': '2026-01-01T05:00:00+00:00',
    'reason': 'a new price',
}


class ReadingTestCase(cloudkitty.ClientTestCase):
    def setUp(self):
        super().setUp()
        projects = ('p1', 'p2')
        post(
            self.context,
            [
                frame(
                    BEGIN + hour * HOUR,
                    [
                        line(flavor_name='m1.small', resource=f'vm-{project}'),
                        line('volume.size', '10', '0.25', unit='GiB.hour'),
                    ],
                    project,
                )
                for hour in range(3)
                for project in projects
            ],
        )
        scope.discover(
            db.DbContext(),
            [(one, 'project_id', 'l', 'l', END, END) for one in projects],
            END,
        )


class LibraryTestCase(ReadingTestCase):
    def setUp(self):
        super().setUp()
        self.client = self.library()

    def test_summary(self):
        summary = self.client.summary.get_summary
        self.assertEqual(0, summary()['total'])
        answer = summary(**WINDOW)
        self.assertEqual(['begin', 'end', 'qty', 'rate'], answer['columns'])
        self.assertEqual(
            [[BEGIN.isoformat(), END.isoformat(), 66, 4.5]], answer['results']
        )
        answer = summary(
            groupby=['type', 'project_id'], limit=2, offset=1, **WINDOW
        )
        self.assertEqual(4, answer['total'])
        self.assertEqual(
            [['instance', 'p2'], ['volume.size', 'p1']],
            [row[4:] for row in answer['results']],
        )
        answer = summary(
            groupby='time-d',
            filters={'project_id': 'p1', 'type': 'instance'},
            response_format='object',
            **WINDOW,
        )
        self.assertEqual(
            [('2026-01-01T00:00:00+00:00', 3, 1.5)],
            [
                (one['begin'], one['qty'], one['rate'])
                for one in answer['results']
            ],
        )
        self.assertIn(
            "Invalid value for 'groupby'",
            self.refused(400, summary, groupby='time-x'),
        )

    def test_dataframes(self):
        frames = self.client.dataframes
        self.refused(404, frames.get_dataframes)
        answer = frames.get_dataframes(limit=3, **WINDOW)
        self.assertEqual(12, answer['total'])
        first, second = answer['dataframes']
        self.assertEqual(
            {'begin': BEGIN.isoformat(), 'end': (BEGIN + HOUR).isoformat()},
            first['period'],
        )
        (point,) = first['usage']['instance']
        self.assertEqual(1, point['vol']['qty'])
        self.assertEqual(['instance'], [*second['usage']])
        frames.add_dataframes(dataframes=FRAMES)
        frames.add_dataframes(dataframes=json.dumps(FRAMES))
        answer = frames.get_dataframes(
            filters={'type': 'licence', 'contract': '7'}, **WINDOW
        )
        self.assertEqual(2, answer['total'])
        self.assertEqual(FRAMES['dataframes'] * 2, answer['dataframes'])
        self.assertRaises(exc.ArgumentRequired, frames.add_dataframes)
        self.assertIn(
            'Parameter dataframes must not be empty.',
            self.refused(
                400, frames.add_dataframes, dataframes={'dataframes': []}
            ),
        )

    def test_reprocessing(self):
        tasks = self.client.reprocessing
        self.assertEqual({'results': []}, tasks.get_reprocessing_tasks())
        self.assertEqual({}, tasks.post_reprocessing_task(**TASK))
        found = tasks.get_reprocessing_tasks()['results']
        self.assertEqual(['p2', 'p1'], [one['scope_id'] for one in found])
        self.assertEqual('2026-01-01T05:00:00', found[0]['end_reprocess_time'])
        found = tasks.get_reprocessing_tasks(order='ASC', limit=1)['results']
        self.assertEqual(['p1'], [one['scope_id'] for one in found])
        found = tasks.get_reprocessing_tasks(scope_ids=['p2', 'p3'])
        self.assertEqual(['p2'], [one['scope_id'] for one in found['results']])
        self.assertIn(
            'overlaps that window',
            self.refused(400, tasks.post_reprocessing_task, **TASK),
        )
        self.assertRaises(exc.ArgumentRequired, tasks.post_reprocessing_task)

    def test_others_are_refused(self):
        stranger = self.library(token='another')
        self.refused(401, stranger.summary.get_summary)
        self.refused(401, stranger.dataframes.get_dataframes)
        self.refused(401, stranger.reprocessing.get_reprocessing_tasks)


class CommandsTestCase(ReadingTestCase):
    """One server for all: the process of the commands remembers it."""

    def test_commands(self):
        self._summary()
        self._dataframes()
        self._reprocessing()

    def _summary(self):
        for shell in cloudkitty.SHELLS:
            rows = self.table(
                shell,
                'summary get',
                *('-g', 'project_id', '-g', 'type', '-g', 'time-d'),
                *('--filter', 'project_id:p1', *TIMES),
            )
            self.assertEqual(
                [
                    {
                        'Begin': '2026-01-01T00:00:00+00:00',
                        'End': '2026-01-02T00:00:00+00:00',
                        'Qty': quantity,
                        'Rate': price,
                        'Project id': 'p1',
                        'Type': metric,
                        'Day of the year': '1',
                    }
                    for metric, quantity, price in (
                        ('instance', 3, 1.5),
                        ('volume.size', 30, 0.75),
                    )
                ],
                rows,
            )
            self.assertEqual([], self.table(shell, 'summary get'))
            self.assertEqual(
                1,
                len(
                    self.table(
                        shell,
                        'summary get',
                        *('-g', 'type', '--limit', '1', *TIMES),
                    )
                ),
            )

    def _dataframes(self):
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        path = folder / 'frames.json'
        path.write_text(json.dumps(FRAMES))
        for number, shell in enumerate(cloudkitty.SHELLS, 1):
            self.command(shell, 'dataframes add', str(path))
            rows = self.table(
                shell,
                'dataframes get',
                *('--filter', 'project_id:p3', *TIMES),
            )
            self.assertEqual(
                [
                    {
                        'Begin': '2026-01-03T00:00:00+00:00',
                        'End': '2026-01-03T01:00:00+00:00',
                        'Metric Type': 'licence',
                        'Unit': 'seat',
                        'Quantity': 2,
                        'Price': 0.5,
                        'Group By': 'project_id="p3"',
                        'Metadata': 'contract="7"',
                    }
                ]
                * number,
                rows,
            )
            said = self.command(shell, 'dataframes get', code=1)
            self.assertIn('No resource found for provided filters.', said)

    def _reprocessing(self):
        for number, shell in enumerate(cloudkitty.SHELLS, 1):
            begin = BEGIN + datetime.timedelta(days=number)
            shown = begin.replace(tzinfo=None)
            arguments = (
                *('--scope-id', 'p1', '--scope-id', 'p2'),
                *('--start-reprocess-time', f'{begin:%Y-%m-%dT%H:%M:%SZ}'),
                '--end-reprocess-time',
                f'{begin + HOUR:%Y-%m-%dT%H:%M:%SZ}',
                *('--reason', 'a new price'),
            )
            self.command(shell, 'tasks reprocessing create', *arguments)
            rows = self.table(
                shell,
                'tasks reprocessing get',
                *('--scope-id', 'p1', '--order', 'DESC', '--limit', '1'),
            )
            self.assertEqual(
                [
                    {
                        'Scope ID': 'p1',
                        'Reason': 'a new price',
                        'Start reprocessing time': shown.isoformat(),
                        'End reprocessing time': (shown + HOUR).isoformat(),
                        'Current reprocessing time': '',
                    }
                ],
                rows,
            )
            rows = self.table(shell, 'tasks reprocessing get')
            self.assertEqual(2 * number, len(rows))
            said = self.command(
                shell, 'tasks reprocessing create', *arguments, code=1
            )
            self.assertIn('overlaps that window', said)
