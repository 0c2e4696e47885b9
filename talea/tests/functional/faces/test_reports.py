# SPDX-License-Identifier: Apache-2.0
"""Reports through the API: kept as events, safe to make at the same time."""

import concurrent.futures
import datetime
import json

from talea.db import models
from talea.objects import resource
from talea.objects import timeline
from talea.tests import base as tests_base
from talea.tests.functional.faces import base

UTC = datetime.UTC


@tests_base.on_all_engines
class ReportTestCase(base.ApiTestCase):
    def _rows(self, entity_id):
        return [
            {**row, 'processed': None}
            for row in self.request('GET', f'/v1/entity/{entity_id}').json
        ]

    def _rebuild(self):
        resource.refold(
            self.context,
            resource.page(self.context, 0, 100),
            timeline.Rules.of(self.conf),
            datetime.datetime.now(UTC),
        )

    def test_a_rebuild_keeps_what_was_reported_and_corrected(self):
        self.create_instance()
        self.create_volume()
        for method, path, body in (
            (
                'PUT',
                '/v1/instance/i1/resize',
                {'date': '2016-01-05', 'flavor': 'large'},
            ),
            (
                'PUT',
                '/v1/entity/instance/i1?start=2016-01-01&end=2016-01-06',
                {'flavor': 'tiny', 'end_date': '2016-01-04'},
            ),
            ('PUT', '/v1/entity/instance/i1', {'name': 'new'}),
            ('DELETE', '/v1/instance/i1', {'date': '2016-01-09'}),
            (
                'PUT',
                '/v1/volume/v1/attach',
                {'date': '2016-01-05', 'attachments': ['i1']},
            ),
        ):
            answer = self.request(method, path, body)
            self.assertLess(answer.status_int, 300, answer.body)
        before = self._rows('i1') + self._rows('v1')
        self.assertEqual(
            [
                ('tiny', '2016-01-04 00:00:00+00:00', 'vm'),
                ('large', '2016-01-09 00:00:00+00:00', 'new'),
            ],
            [(row['flavor'], row['end'], row['name']) for row in before[:2]],
        )
        self._rebuild()
        self.assertEqual(before, self._rows('i1') + self._rows('v1'))

    def test_the_event_knows_its_caller(self):
        self.create_instance()
        with self.database.engine.connect() as connection:
            found = connection.execute(models.EVENT.select()).one()
        self.assertEqual('api', found.source)
        caller = json.loads(found.attributes)['caller']
        self.assertRegex(caller['request_id'], '^req-')

    def test_entities_of_former_options_can_be_explained_too(self):
        self.create_instance()
        body = {
            'rebuild_date': '2016-02-01',
            'distro': 'ubuntu',
            'version': '18.04',
            'os_type': 'linux',
        }
        self.request('PUT', '/v1/instance/i1/rebuild', body)
        path = '/v1/entity/i1?explain=true'
        one, two = self.request('GET', path).json
        self.assertEqual(one['closed_by'], two['opened_by'])
        # Now there would be one entity, until entities are rebuilt.
        self.conf.set_override('instance_image_meta', [], 'entities')
        answer = self.request('GET', path)
        self.assertEqual(200, answer.status_int)
        for row in answer.json:
            self.assertIsNone(row['opened_by'])
            self.assertEqual([], row['changed_by'])
            self.assertIsNone(row['closed_by'])

    def test_an_entity_of_former_options_can_be_corrected_too(self):
        self.create_instance()
        body = {
            'rebuild_date': '2016-02-01',
            'distro': 'ubuntu',
            'version': '18.04',
            'os_type': 'linux',
        }
        self.request('PUT', '/v1/instance/i1/rebuild', body)
        # Folded again, both entities become one.
        self.conf.set_override('instance_image_meta', [], 'entities')
        answer = self.request('PUT', '/v1/entity/instance/i1', {'name': 'x'})
        self.assertEqual(200, answer.status_int)
        self.assertEqual(
            ('x', '2016-01-01 00:00:00+00:00'),
            (answer.json['name'], answer.json['start']),
        )

    def test_what_lies_in_the_future_can_be_corrected(self):
        # A client whose clock is hours ahead.
        self.create_instance(created_at='2990-01-01')
        path = '/v1/entity/instance/i1'
        self.request('PUT', path, {'start_date': '2989-12-31T15:00:00.0Z'})
        for flavor in ('a', 'b', 'c'):
            answer = self.request('PUT', path, {'flavor': flavor})
            self.assertEqual(flavor, answer.json['flavor'])
        (row,) = self._rows('i1')
        self.assertEqual('c', row['flavor'])
        self.assertEqual('2989-12-31 15:00:00+00:00', row['start'])

    def test_what_changes_nothing_leaves_no_event(self):
        self.create_instance()
        self.create_instance()
        self.request(
            'PUT',
            '/v1/instance/i1/resize',
            {'date': '2016-01-05', 'flavor': 'small'},
        )
        self.request('PUT', '/v1/entity/instance/i1', {})
        with self.database.engine.connect() as connection:
            found = connection.execute(models.EVENT.select()).all()
        self.assertEqual(1, len(found))

    def test_a_refused_report_leaves_nothing(self):
        self.create_instance()
        self.request(
            'PUT', '/v1/entity/instance/i1', {'end': '2016-02-01T0:0:0.0Z'}
        )
        body = {
            'id': 'i1',
            'created_at': '2016-03-01',
            'name': 'vm',
            'flavor': 'small',
            'os_type': None,
            'os_distro': None,
            'os_version': None,
        }
        answer = self.request('POST', '/v1/project/p1/instance', body)
        self.assertEqual(400, answer.status_int)
        with self.database.engine.connect() as connection:
            found = connection.execute(models.EVENT.select()).all()
        self.assertEqual(2, len(found))

    def test_the_same_reports_at_the_same_time_have_one_effect(self):
        def report(number):
            self.create_instance('i1')
            body = {'date': '2016-01-05', 'flavor': 'large'}
            return self.request('PUT', '/v1/instance/i1/resize', body)

        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(report, range(12)))
        self.assertEqual({200}, {one.status_int for one in answers})
        self.assertEqual(
            ['small', 'large'], [row['flavor'] for row in self._rows('i1')]
        )

    def test_different_reports_at_the_same_time_all_count(self):
        self.create_volume()

        def report(day):
            body = {'date': f'2016-01-{day:02}', 'size': day}
            return self.request('PUT', '/v1/volume/v1/resize', body)

        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(report, range(2, 14)))
        self.assertEqual({200}, {one.status_int for one in answers})
        self.assertEqual(
            list(range(1, 14)), [row['size'] for row in self._rows('v1')]
        )
