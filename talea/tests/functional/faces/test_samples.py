# SPDX-License-Identifier: Apache-2.0
"""The samples of the API reference are what the API takes and gives."""

import json
import pathlib

from talea.tests.functional.faces import base

SAMPLES = pathlib.Path(__file__).parents[4] / 'api-ref/source/v1/samples'

INSTANCE = '0a2b4c6d-1e3f-4a5b-8c7d-9e0f1a2b3c4d'
VOLUME = '5f6e7d8c-9b0a-4c1d-a2e3-f4b5c6d7e8f9'
PROJECT = '3d4e5f60718293a4b5c6d7e8f9a0b1c2'
TYPE = '7c8d9e0f-1a2b-4c3d-8e4f-5a6b7c8d9e0f'

WEEK = 'start=2026-01-01&end=2026-01-09'
MONTH = 'start=2026-01-01&end=2026-02-01'
# Name of the samples, request. In this order they tell one story.
STORY = (
    ('volume-type-create', 'POST', '/v1/volume_type'),
    ('volume-type-list', 'GET', '/v1/volume_types'),
    ('volume-type-show', 'GET', f'/v1/volume_type/{TYPE}'),
    ('instance-create', 'POST', f'/v1/project/{PROJECT}/instance'),
    ('instance-resize', 'PUT', f'/v1/instance/{INSTANCE}/resize'),
    ('instance-rebuild', 'PUT', f'/v1/instance/{INSTANCE}/rebuild'),
    ('volume-create', 'POST', f'/v1/project/{PROJECT}/volume'),
    ('volume-attach', 'PUT', f'/v1/volume/{VOLUME}/attach'),
    ('volume-resize', 'PUT', f'/v1/volume/{VOLUME}/resize'),
    ('volume-detach', 'PUT', f'/v1/volume/{VOLUME}/detach'),
    ('entity-list', 'GET', f'/v1/project/{PROJECT}/entities?{WEEK}'),
    ('instance-list', 'GET', f'/v1/project/{PROJECT}/instances?{WEEK}'),
    (
        'volume-list',
        'GET',
        f'/v1/project/{PROJECT}/volumes?start=2026-01-01'
        '&end=2026-01-01T12:00:00',
    ),
    ('entity-show', 'GET', f'/v1/entity/{VOLUME}'),
    ('entity-explain', 'GET', f'/v1/entity/{VOLUME}?explain=true'),
    ('usage-show', 'GET', f'/v1/project/{PROJECT}/usage?{MONTH}'),
    ('entity-update', 'PUT', f'/v1/entity/instance/{INSTANCE}'),
    ('info', 'GET', '/v1/info'),
    ('versions', 'GET', '/'),
    ('version', 'GET', '/v1'),
    ('version-2', 'GET', '/v2'),
    ('instance-delete', 'DELETE', f'/v1/instance/{INSTANCE}'),
    ('volume-delete', 'DELETE', f'/v1/volume/{VOLUME}'),
)
# What is another one each time.
VOLATILE = {'processed', 'version', 'opened_by', 'changed_by', 'closed_by'}


def _steady(value):
    """Return *value* without the values that differ from time to time."""
    if isinstance(value, list):
        return [_steady(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: type(member).__name__
        if name in VOLATILE and not isinstance(member, dict)
        else _steady(member)
        for name, member in value.items()
    }


def _sample(name):
    path = SAMPLES / f'{name}.json'
    return json.loads(path.read_text()) if path.exists() else None


class SamplesTestCase(base.ApiTestCase):
    def test_the_samples_are_what_the_api_takes_and_gives(self):
        for name, method, path in STORY:
            body = _sample(f'{name}-request')
            answer = self.request(method, path, body)
            self.assertLess(answer.status_int, 300, (name, answer.body))
            given = json.loads(answer.body) if answer.body else None
            self.assertEqual(
                _steady(_sample(f'{name}-response')), _steady(given), name
            )

    def test_the_sample_of_an_error_is_one(self):
        answer = self.request('GET', '/v1/entity/nobody')
        self.assertEqual(_sample('error'), answer.json)

    def test_there_are_no_other_samples(self):
        names = {path.stem for path in SAMPLES.glob('*.json')} - {'error'}
        told = {
            f'{name}-{half}'
            for name, _, _ in STORY
            for half in ('request', 'response')
        }
        self.assertEqual(set(), names - told)
