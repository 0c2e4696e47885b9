# SPDX-License-Identifier: Apache-2.0
"""The samples of scopes are what the API takes and gives."""

import datetime
import json
import pathlib
from unittest import mock

from oslo_utils import timeutils

from talea.tests.functional.faces import base

SAMPLES = pathlib.Path(__file__).parents[4] / 'api-ref/source/v2/samples'
NOON = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC)

# Name of the samples, method, time of the day. They tell one story.
STORY = (
    ('scope-create', 'POST', {}),
    ('scope-update', 'PATCH', {'minutes': 30, 'microseconds': 123456}),
    ('scope-list', 'GET', {'minutes': 30, 'seconds': 0.5}),
    ('scope-reset', 'PUT', {'minutes': 31}),
)


def _sample(name):
    path = SAMPLES / f'{name}.json'
    return json.loads(path.read_text()) if path.exists() else None


class ScopeSamplesTest(base.ApiTestCase):
    def test_the_samples_are_what_the_api_takes_and_gives(self):
        for name, method, later in STORY:
            now = NOON + datetime.timedelta(**later)
            with mock.patch.object(timeutils, 'utcnow', return_value=now):
                answer = self.request(
                    method,
                    '/v2/scope',
                    _sample(f'{name}-request'),
                    content_type='application/json',
                )
            self.assertEqual(_sample(f'{name}-response'), answer.json, name)

    def test_the_sample_of_an_error_is_one(self):
        answer = self.request('GET', '/v2/scope')
        self.assertEqual(404, answer.status_int)
        self.assertEqual(_sample('error'), answer.json)

    def test_there_are_no_other_samples(self):
        names = {path.stem for path in SAMPLES.glob('scope-*.json')}
        told = {
            f'{name}-{half}'
            for name, _, _ in STORY
            for half in ('request', 'response')
        }
        self.assertEqual(told - {'scope-list-request'}, names)
