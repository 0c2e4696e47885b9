# SPDX-License-Identifier: Apache-2.0
"""The samples of bills and tasks are what the API takes and gives."""

import datetime
import json
import pathlib

from talea.tests.functional.flows import rated

SAMPLES = pathlib.Path(__file__).parents[4] / 'api-ref/source/v2/samples'

INSTANCE = '0a2b4c6d-1e3f-4a5b-8c7d-9e0f1a2b3c4d'
PROJECT = '3d4e5f60718293a4b5c6d7e8f9a0b1c2'
BEGIN = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)
NOW = datetime.datetime(2026, 11, 1, 3, 10, tzinfo=datetime.UTC)

DAY = 'begin=2026-11-01&end=2026-11-02'
HOUR = 'begin=2026-11-01T01:00&end=2026-11-01T02:00'
TASKS = '/v2/task/reprocesses'
# Name of the samples, method, path. In this order they tell one story.
STORY = (
    ('dataframe-create', 'POST', '/v2/dataframes'),
    (
        'dataframe-list',
        'GET',
        f'/v2/dataframes?{HOUR}&filters=project_id:{PROJECT}',
    ),
    ('summary-show', 'GET', f'/v2/summary?groupby=time-d,type&{DAY}'),
    (
        'summary-show-object',
        'GET',
        f'/v2/summary?groupby=project_id&response_format=object&{DAY}',
    ),
    (
        'dataframe-explain',
        'GET',
        f'/v2/dataframes/explain?scope_id={PROJECT}&metric=instance&{HOUR}',
    ),
    ('reprocess-preview', 'POST', f'{TASKS}?dry_run=true'),
    ('reprocess-create', 'POST', TASKS),
    ('reprocess-list', 'GET', TASKS),
)
CSV = (
    ('summary-show', f'/v2/summary?groupby=time-d,type&{DAY}'),
    ('dataframe-list', f'/v2/dataframes?{HOUR}'),
)
# What is another one each time; ids of rules are.
VOLATILE = {'message_id'}
PREFIXES = ('dataframe-', 'reprocess-', 'summary-')


def _steady(value):
    """Return *value* without the values that differ from time to time."""
    if isinstance(value, list):
        return [_steady(one) for one in value]
    if not isinstance(value, dict):
        return value
    volatile = VOLATILE | ({'id'} if 'kind' in value else set())
    return {
        name: '' if name in volatile else _steady(member)
        for name, member in value.items()
    }


def _sample(name):
    path = SAMPLES / f'{name}.json'
    return json.loads(path.read_text()) if path.exists() else None


class RatingSamplesTestCase(rated.RatedTestCase):
    def setUp(self):
        super().setUp()
        service = self.make('service', name='instance')
        field = self.make('field', service_id=service, name='flavor_name')
        self.price('0.025', BEGIN, field_id=field, value='m1.small')
        self.create_instance(
            INSTANCE,
            PROJECT,
            created_at='2026-11-01T00:30:00Z',
            flavor='m1.small',
            name='web-1',
        )
        self.discover(NOW)
        self.settle(NOW)

    def _late(self):
        """Let it become known that the instance was deleted."""
        path = f'/v1/instance/{INSTANCE}'
        self.request('DELETE', path, {'date': '2026-11-01T01:15:00Z'})

    def _check(self, name, method, path):
        body = _sample(f'{name}-request')
        answer = self.request(
            method, path, body, content_type='application/json'
        )
        self.assertLess(answer.status_int, 300, (name, answer.body))
        given = answer.json if answer.body else None
        self.assertEqual(
            _steady(_sample(f'{name}-response')), _steady(given), name
        )

    def test_the_samples_are_what_the_api_takes_and_gives(self):
        for name, method, path in STORY:
            if name == 'reprocess-preview':
                for table, url in CSV:
                    answer = self.request(
                        'GET', url, headers={'Accept': 'text/csv'}
                    )
                    path_ = SAMPLES / f'{table}.csv'
                    self.assertEqual(
                        path_.read_text().splitlines(),
                        answer.text.splitlines(),
                    )
                self._late()
            self._check(name, method, path)

    def test_there_are_no_other_samples(self):
        names = {
            path.name
            for path in SAMPLES.iterdir()
            if path.name.startswith(PREFIXES)
        }
        told = {
            f'{name}-{half}.json'
            for name, _, _ in STORY
            for half in ('request', 'response')
        }
        told |= {f'{name}.csv' for name, _ in CSV}
        self.assertEqual(set(), names - told)
