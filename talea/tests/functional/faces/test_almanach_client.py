# SPDX-License-Identifier: Apache-2.0
"""The unmodified library of python-almanachclient against a real server."""

import datetime
import threading

from almanachclient import exceptions
from almanachclient.v1 import client
import requests

from talea.tests.functional.faces import base
from talea.wsgi import server

START = datetime.datetime(2016, 1, 1, 18, 30)
LATER = datetime.datetime(2016, 1, 1, 19, 10)
LAST = datetime.datetime(2016, 1, 2, 18, 30, 0, 123456)
IMAGE = {'distro': 'ubuntu', 'version': '14.04', 'type': 'linux'}


class ClientTestCase(base.ApiTestCase):
    def setUp(self):
        super().setUp()
        served = server.Server(self.app, '127.0.0.1', 0, threads=4)
        self.url = f'http://127.0.0.1:{served.port}'
        thread = threading.Thread(target=served.run)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(served.stop)
        self.client = client.Client(url=self.url, token=base.KEY)

    def _refused(self, code, call, *arguments, **kwargs):
        error = self.assertRaises(
            exceptions.HTTPError, call, *arguments, **kwargs
        )
        self.assertIn(f'({code})', str(error))
        return str(error)

    def test_info(self):
        info = self.client.get_info()
        self.assertEqual(
            {'all_entities': 0, 'active_entities': 0}, info['database']
        )
        self.assertIsInstance(info['info']['version'], str)

    def test_volume_types(self):
        self.assertEqual([], self.client.get_volume_types())
        self.assertIs(True, self.client.create_volume_type('t1', 'fast'))
        expected = {'volume_type_id': 't1', 'volume_type_name': 'fast'}
        self.assertEqual([expected], self.client.get_volume_types())
        self.assertEqual(expected, self.client.get_volume_type('t1'))
        self.assertIs(True, self.client.delete_volume_type('t1'))
        text = self._refused(404, self.client.get_volume_type, 't1')
        self.assertIn('Unable to find volume_type_id "t1"', text)

    def test_the_life_of_an_instance(self):
        self.client.create_instance(
            'p1', 'i1', 'vm1', 'small', START, image_meta=IMAGE
        )
        self.client.resize_instance('i1', 'large', LATER)
        self.client.delete_instance('i1', LAST)
        rows = self.client.get_instances('p1', START, LAST)
        self.assertEqual(
            [
                ('small', '2016-01-01 18:30:00+00:00'),
                ('large', '2016-01-01 19:10:00+00:00'),
            ],
            [(row['flavor'], row['start']) for row in rows],
        )
        self.assertEqual(rows[0]['end'], rows[1]['start'])
        self.assertEqual('2016-01-02 18:30:00.123456+00:00', rows[1]['end'])
        system = {'distro': 'ubuntu', 'version': '14.04', 'os_type': 'linux'}
        self.assertEqual(system, rows[0]['os'])
        self.assertEqual(system, rows[0]['image_meta'])
        self.assertEqual(rows, self.client.get_entity('i1'))
        self.assertEqual(
            rows, self.client.get_tenant_entities('p1', START, LAST)
        )

    def test_an_instance_without_an_image(self):
        self.client.create_instance('p1', 'i1', 'vm1', 'small', START)
        row = self.client.get_entity('i1')[0]
        self.assertEqual(
            {'distro': None, 'version': None, 'os_type': None}, row['os']
        )

    def test_the_life_of_a_volume(self):
        self.client.create_volume_type('t1', 'fast')
        self.client.create_volume('p1', 'v1', 't1', 'disk', 1, start=START)
        self.client.attach_volume('v1', ['i1'], LATER)
        self.client.resize_volume('v1', 2, LAST)
        self.client.detach_volume('v1', [], LAST + datetime.timedelta(hours=1))
        self.client.delete_volume('v1', LAST + datetime.timedelta(hours=2))
        rows = self.client.get_volumes(
            'p1', START, LAST + datetime.timedelta(days=1)
        )
        self.assertEqual(
            [(1, []), (1, ['i1']), (2, ['i1']), (2, [])],
            [(row['size'], row['attached_to']) for row in rows],
        )
        self.assertEqual({'fast'}, {row['volume_type'] for row in rows})

    def test_dates_that_default_to_the_clock_of_the_client(self):
        self.client.create_instance(
            'p1', 'i1', 'vm1', 'small', datetime.datetime(2016, 1, 1)
        )
        self.client.create_volume('p1', 'v1', None, 'disk', 1)
        self.client.resize_instance('i1', 'large')
        self.client.delete_instance('i1')
        self.client.resize_volume('v1', 2)
        self.client.attach_volume('v1', ['i1'])
        self.client.detach_volume('v1', None)
        self.client.delete_volume('v1')
        self.assertEqual(2, len(self.client.get_entity('i1')))

    def test_an_instance_is_corrected(self):
        self.client.create_instance('p1', 'i1', 'vm1', 'small', START)
        row = self.client.update_instance_entity(
            'i1',
            start_date=datetime.datetime(2016, 4, 14, 18, 30),
            flavor='large',
        )
        self.assertEqual('2016-04-14 18:30:00+00:00', row['start'])
        self.assertEqual('large', row['flavor'])
        self.assertEqual([row], self.client.get_entity('i1'))

    def test_an_empty_list_is_a_list(self):
        self.assertEqual([], self.client.get_instances('p1', START, LAST))
        self.assertEqual([], self.client.get_volumes('p1', START, LAST))
        self.assertEqual([], self.client.get_tenant_entities('p1', START))

    def test_a_long_list_arrives_whole(self):
        for number in range(120):
            self.create_instance(f'i{number}', name='x' * 10000)
        rows = self.client.get_instances('p1', START, LAST)
        self.assertEqual(120, len(rows))

    def test_errors_say_what_they_are_about(self):
        text = self._refused(404, self.client.get_entity, 'i9')
        self.assertIn('Entity not found', text)
        text = self._refused(404, self.client.delete_instance, 'i9')
        self.assertIn('InstanceId: ID Not Found', text)
        self.client.create_instance('p1', 'i1', 'vm1', 'small', START)
        text = self._refused(
            400, self.client.update_instance_entity, 'i1', colour='red'
        )
        self.assertIn('extra keys not allowed', text)

    def test_a_wrong_token_is_refused(self):
        stranger = client.Client(url=self.url, token='another')
        self._refused(401, stranger.get_volume_types)

    def test_nothing_is_sent_in_chunks(self):
        self.create_instance()
        for path in (
            '/v1/entities?start=2016-01-01',
            '/v1/entity/i1',
            '/v1/nowhere',
            '/v1/project/p1/usage?start=2016-01-01&format=csv',
        ):
            answer = requests.get(
                self.url + path,
                headers={'X-Auth-Token': base.KEY},
                timeout=10,
            )
            self.assertNotIn('Transfer-Encoding', answer.headers)
            self.assertEqual(
                len(answer.content), int(answer.headers['Content-Length'])
            )


class TempestTestCase(base.ApiTestCase):
    """The cases of Almanach's own tempest plugin, request by request."""

    CREATED = '2016-01-01T18:30:00Z'
    RESIZED = '2016-01-01T18:40:00Z'

    def _rows(self, entity_id):
        return self.request('GET', f'/v1/entity/{entity_id}').json

    def _create_server(self):
        self.create_instance(created_at=self.CREATED)

    def test_server_creation(self):
        self._create_server()
        rows = self.request(
            'GET', '/v1/project/p1/instances?start=2016-01-01 18:29:00.000'
        ).json
        self.assertEqual(1, len(rows))
        self.assertEqual('i1', rows[0]['entity_id'])
        self.assertIsNone(rows[0]['end'])

    def test_server_creation_with_a_bad_date(self):
        answer = self.request(
            'POST',
            '/v1/project/p1/instance',
            {
                'id': 'i1',
                'created_at': 'not a date',
                'name': 'vm',
                'flavor': 'small',
                'os_type': 'linux',
                'os_distro': 'ubuntu',
                'os_version': '16.04',
            },
        )
        self.assertEqual(400, answer.status_int)
        self.assertIn(
            'The provided date has an invalid format. Format should be of '
            'yyyy-mm-ddThh:mm:ss.msZ',
            answer.json['error'],
        )

    def test_server_deletion(self):
        self._create_server()
        answer = self.request(
            'DELETE', '/v1/instance/i1', {'date': self.RESIZED}
        )
        self.assertEqual((202, b''), (answer.status_int, answer.body))
        self.assertEqual(
            ['2016-01-01 18:40:00+00:00'],
            [row['end'] for row in self._rows('i1')],
        )

    def test_server_rebuild(self):
        self._create_server()
        new = {'distro': 'Ubuntu', 'version': '14.04', 'os_type': 'Linux'}
        answer = self.request(
            'PUT',
            '/v1/instance/i1/rebuild',
            {'rebuild_date': self.RESIZED, **new},
        )
        self.assertEqual((200, b''), (answer.status_int, answer.body))
        old = {'distro': 'ubuntu', 'version': '16.04', 'os_type': 'linux'}
        closed, opened = self._rows('i1')
        self.assertIsNotNone(closed['end'])
        self.assertIsNone(opened['end'])
        self.assertEqual((old, old), (closed['os'], closed['image_meta']))
        self.assertEqual((new, new), (opened['os'], opened['image_meta']))

    def test_server_resize(self):
        self._create_server()
        answer = self.request(
            'PUT',
            '/v1/instance/i1/resize',
            {'date': self.RESIZED, 'flavor': 'large'},
        )
        self.assertEqual(200, answer.status_int)
        self.assertEqual(
            ['small', 'large'], [row['flavor'] for row in self._rows('i1')]
        )

    def test_server_update(self):
        self._create_server()
        answer = self.request(
            'PUT',
            '/v1/entity/instance/i1',
            {'start_date': '2016-04-14T18:30:00.00Z', 'flavor': 'large'},
        )
        self.assertEqual(200, answer.status_int)
        self.assertEqual('2016-04-14 18:30:00+00:00', answer.json['start'])
        self.assertEqual('large', answer.json['flavor'])

    def test_volume_resize(self):
        self.create_volume(start=self.CREATED, size=100)
        self.request(
            'PUT', '/v1/volume/v1/resize', {'date': self.RESIZED, 'size': 150}
        )
        self.assertEqual([100, 150], [row['size'] for row in self._rows('v1')])

    def test_volume_attach_and_detach(self):
        self.create_volume(start=self.CREATED)
        attached = '2016-01-01T19:10:00Z'
        self.request(
            'PUT',
            '/v1/volume/v1/attach',
            {'date': attached, 'attachments': ['i1']},
        )
        self.assertEqual(2, len(self._rows('v1')))
        self.request(
            'PUT',
            '/v1/volume/v1/detach',
            {'date': '2016-01-01T20:10:00Z', 'attachments': []},
        )
        rows = self._rows('v1')
        self.assertEqual(3, len(rows))
        self.assertEqual('2016-01-01 19:10:00+00:00', rows[0]['end'])

    def test_volume_deletion(self):
        self.create_volume(start=self.CREATED)
        answer = self.request(
            'DELETE', '/v1/volume/v1', {'date': self.RESIZED}
        )
        self.assertEqual(202, answer.status_int)
        self.assertEqual(
            ['2016-01-01 18:40:00+00:00'],
            [row['end'] for row in self._rows('v1')],
        )
