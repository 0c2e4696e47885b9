# SPDX-License-Identifier: Apache-2.0
"""The samples of prices and modules are what the API takes and gives."""

import datetime
import json
import pathlib
from unittest import mock

from oslo_utils import timeutils
from oslo_utils import uuidutils

from talea.tests.functional.faces import base

PAGES = pathlib.Path(__file__).parents[4] / 'api-ref/source'
FIRST = PAGES / 'v1/samples/rating'
SECOND = PAGES / 'v2/samples'

JANUARY = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC)
FEBRUARY = datetime.datetime(2026, 2, 1, 12, tzinfo=datetime.UTC)

HASHMAP = '/v1/rating/module_config/hashmap'
# What is made gets these ids, in this order.
IDS = [f'{digit * 8}-0000-4000-8000-000000000000' for digit in '123456']
SERVICE, FIELD, GROUP, MAPPING, THRESHOLD, _ = IDS

# Name of the samples, request. In this order they tell one story.
STORY = (
    ('type-list', 'GET', f'{HASHMAP}/types'),
    ('service-create', 'POST', f'{HASHMAP}/services'),
    ('service-list', 'GET', f'{HASHMAP}/services'),
    ('service-show', 'GET', f'{HASHMAP}/services/{SERVICE}'),
    ('field-create', 'POST', f'{HASHMAP}/fields'),
    ('field-list', 'GET', f'{HASHMAP}/fields?service_id={SERVICE}'),
    ('field-show', 'GET', f'{HASHMAP}/fields/{FIELD}'),
    ('group-create', 'POST', f'{HASHMAP}/groups'),
    ('group-list', 'GET', f'{HASHMAP}/groups'),
    ('group-show', 'GET', f'{HASHMAP}/groups/{GROUP}'),
    ('mapping-create', 'POST', f'{HASHMAP}/mappings'),
    ('mapping-list', 'GET', f'{HASHMAP}/mappings?field_id={FIELD}'),
    ('mapping-show', 'GET', f'{HASHMAP}/mappings/{MAPPING}'),
    ('mapping-update', 'PUT', f'{HASHMAP}/mappings/{MAPPING}'),
    ('mapping-group', 'GET', f'{HASHMAP}/mappings/group?mapping_id={MAPPING}'),
    (
        'group-mapping-list',
        'GET',
        f'{HASHMAP}/groups/mappings?group_id={GROUP}',
    ),
    ('threshold-create', 'POST', f'{HASHMAP}/thresholds'),
    ('threshold-list', 'GET', f'{HASHMAP}/thresholds?service_id={SERVICE}'),
    ('threshold-show', 'GET', f'{HASHMAP}/thresholds/{THRESHOLD}'),
    ('threshold-update', 'PUT', f'{HASHMAP}/thresholds/{THRESHOLD}'),
    (
        'threshold-group',
        'GET',
        f'{HASHMAP}/thresholds/group?threshold_id={THRESHOLD}',
    ),
    (
        'group-threshold-list',
        'GET',
        f'{HASHMAP}/groups/thresholds?group_id={GROUP}',
    ),
    ('quote', 'POST', '/v1/rating/quote'),
    ('module-list', 'GET', '/v1/rating/modules'),
    ('module-show', 'GET', '/v1/rating/modules/hashmap'),
    ('module-update', 'PUT', '/v1/rating/modules/hashmap'),
    ('metric-list', 'GET', '/v1/info/metrics'),
    ('metric-show', 'GET', '/v1/info/metrics/instance.memory'),
    ('config-show', 'GET', '/v1/info/config'),
    ('tenant-list', 'GET', '/v1/report/tenants'),
)
SECOND_STORY = (
    ('module-list', 'GET', '/v2/rating/modules'),
    ('module-show', 'GET', '/v2/rating/modules/hashmap'),
    ('module-update', 'PUT', '/v2/rating/modules/hashmap'),
)


def _sample(directory, name):
    path = directory / f'{name}.json'
    return json.loads(path.read_text()) if path.exists() else None


class PriceSamplesTest(base.ApiTestCase):
    def setUp(self):
        super().setUp()
        made = mock.patch.object(uuidutils, 'generate_uuid', side_effect=IDS)
        made.start()
        self.addCleanup(made.stop)

    def _tell(self, directory, story):
        """Make the requests of *story* and compare what comes of them."""
        for name, method, path in story:
            # Prices are made in January for February.
            now = FEBRUARY if name == 'quote' else JANUARY
            with mock.patch.object(timeutils, 'utcnow', return_value=now):
                answer = self.request(
                    method,
                    path,
                    _sample(directory, f'{name}-request'),
                    content_type='application/json',
                )
            self.assertLess(answer.status_int, 300, (name, answer.body))
            given = answer.json if answer.body else None
            self.assertEqual(
                _sample(directory, f'{name}-response'), given, name
            )

    def test_the_samples_are_what_the_api_takes_and_gives(self):
        self._tell(FIRST, STORY)
        answer = self.request(
            'GET', '/v1/rating/module_config/hashmap/services/nobody'
        )
        self.assertEqual(_sample(FIRST, 'error'), answer.json)
        answer = self.request('GET', '/v1/collector/mappings')
        self.assertEqual(501, answer.status_int)
        self.assertEqual(_sample(FIRST, 'refused'), answer.json)

    def test_those_of_the_second_api_too(self):
        self._tell(SECOND, SECOND_STORY)

    def test_there_are_no_other_samples(self):
        told = {
            f'{name}-{half}'
            for name, _, _ in STORY
            for half in ('request', 'response')
        }
        names = {path.stem for path in FIRST.glob('*.json')}
        self.assertEqual({'error', 'refused'}, names - told)
        told = {
            f'{name}-{half}'
            for name, _, _ in SECOND_STORY
            for half in ('request', 'response')
        }
        names = {path.stem for path in SECOND.glob('module-*.json')}
        self.assertEqual(set(), names - told)
