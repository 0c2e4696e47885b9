# SPDX-License-Identifier: Apache-2.0
"""Whatever is sent to whatever route: never a 5xx, always an answer."""

import json
from urllib import parse

from talea.api import routes
from talea.tests import base as tests_base
from talea.tests.functional.faces import base
from talea.tests.functional.faces import samples

# Values that some member or parameter somewhere may choke on.
VALUES = (
    None,
    True,
    0,
    -1,
    10**400,
    1.5,
    '',
    'x' * 256,
    'x' * 70000,
    'nul\0',
    '\ud800',
    '\udcff',
    '\U0001f4a9',
    '9' * 20,
    '-0001-01-01',
    '0001-01-01T00:00:00+14:00',
    '9999-12-31T23:59:59.999999-14:00',
    '0000-00-00',
    'monday',
    '10',
    '01/02/2017',
    '2017-13-45',
    '2017-01-01 10:00 EST',
    "'; DROP TABLE entity; --",
    '%s%n',
    [],
    {},
    [[]],
    [None],
    ['nul\0'],
    {'distro': None, 'version': [], 'os_type': {}},
    {'nul\0': '\0'},
    {'a': float('1e308')},
)
BODIES = (
    b'',
    b'null',
    b'[]',
    b'5',
    b'"x"',
    b'{',
    b'{"a": }',
    b'\xff\xfe{}',
    '{"date": "\u00e9"}'.encode('latin-1'),
    '{}'.encode('utf-16'),
    b'\xef\xbb\xbf{}',
    b'{"date": NaN}',
    b'{"size": Infinity}',
    b'{"size": 1e999}',
    b'[' * 50000,
    b'{"a":' * 20000,
    b'[' * 60 + b']' * 60,
    b'"' + b'\\' * 50000,
    b'{"date": "2016-01-01", "date": 5}',
)
QUERIES = (
    '?start=%ff',
    '?start=%00',
    '?start=2016-01-01%00',
    '?start=',
    '?start',
    '?start=2016-01-01&end=x',
    '?start=2016-01-01&limit=-1',
    '?start=2016-01-01&limit=1e3',
    '?start=2016-01-01&limit=99999999999999999999',
    '?start=2016-01-01&limit=%D9%A3',
    '?start=2016-01-01&marker=W10',
    '?start=2016-01-01&marker=%00',
    '?start=2016-01-01&marker=WyIyMDE2IiwgMSwgMiwgM10',
    '?start=2016-01-01&flavor=%00',
    '?start=2016-01-01&name=%ED%A0%80',
    '?start=0001-01-01T00:00:00%2B14:00',
    '?start=0001-01-01&end=9999-12-31T23:59:59.999999',
    '?start=2016-01-01&group_by=%00&format=x',
    '?explain=perhaps',
    '?=&&&==',
    '?' + 'a=b&' * 2000,
    '?body=x&self=y&args=z',
)
IDENTIFIERS = (
    '%00',
    'nul%00',
    '%ff',
    '%ED%A0%80',
    'x' * 256,
    '%F0%9F%92%A9',
    '..',
    '%2e%2e',
    '%20',
    '{}',
    '%25s',
)


@tests_base.on_all_engines
class MalformedTestCase(base.ApiTestCase):
    def setUp(self):
        super().setUp()
        self.create_instance()
        self.create_volume()
        # Those of Almanach, which are there without /v1, too.
        self.routes = [
            (method, f'/v1{path}')
            for method, path in routes.routes()
            if path != '/' and not path.startswith(('/stats', '/v1', '/v2'))
        ]

    def _visit(self, method, path, query='', ids=samples.IDS, **kwargs):
        answer = self.request(method, path.format(**ids) + query, **kwargs)
        what = (method, path, query, str(kwargs)[:200], answer.body[:500])
        self.assertLess(answer.status_int, 500, what)
        if answer.status_int >= 400 and method != 'HEAD':
            self.assertEqual('application/json', answer.content_type, what)
            self.assertIn('error', json.loads(answer.body), what)
        return answer

    def test_bodies_that_are_no_objects_are_refused(self):
        for method, path in self.routes:
            for raw in BODIES:
                self._visit(method, path, raw=raw)

    def test_every_member_takes_any_value_without_falling_over(self):
        for (method, path), (query, body) in samples.REQUESTS.items():
            names = list(body or {})
            if path.startswith('/entity/'):
                names += ['name', 'os', 'metadata', 'end_date']
            for name in names:
                for value in VALUES:
                    changed = {**(body or {}), name: value}
                    self._visit(method, f'/v1{path}', query, body=changed)
        self.assertEqual(200, self.request('GET', '/v1/entity/i1').status_int)

    def test_closed_entities_take_any_value_too(self):
        self.request('DELETE', '/v1/instance/i1', {'date': '2016-02-01'})
        path = '/v1/entity/instance/{instance_id}'
        for name in ('name', 'flavor', 'os', 'metadata', 'start', 'end_date'):
            for value in VALUES:
                self._visit(
                    'PUT', path, '?start=1999-01-01', body={name: value}
                )

    def test_queries_are_refused_or_ignored(self):
        for method, path in self.routes:
            for query in QUERIES:
                self._visit(method, path, query, raw=b'{}')

    def test_ids_may_be_anything_or_are_refused(self):
        for method, path in self.routes:
            _, body = samples.REQUESTS.get(
                (method, path.removeprefix('/v1')), ('', None)
            )
            for text in IDENTIFIERS:
                ids = dict.fromkeys(samples.IDS, text)
                self._visit(method, path, samples.WINDOW, ids, body=body)

    def test_what_is_wrong_with_an_id_is_said_with_its_name(self):
        body = {**samples.INSTANCE, 'id': 'x' * 256}
        answer = self.request('POST', '/v1/project/p1/instance', body)
        self.assertEqual(
            "Invalid value for 'id': must have at most 255 characters",
            answer.json['error'],
        )
        answer = self.request('GET', '/v1/entity/a%00b')
        self.assertEqual(
            "Invalid value for 'entity_id': must not contain NUL",
            answer.json['error'],
        )
        raw = json.dumps({**samples.INSTANCE, 'name': '\ud800'}).encode()
        answer = self.request('POST', '/v1/project/p1/instance', raw=raw)
        self.assertEqual(
            "Invalid value for 'name': must be valid Unicode",
            answer.json['error'],
        )

    def test_any_text_of_255_characters_is_an_id(self):
        name = '\U0001f4a9' * 255
        self.create_instance(name)
        answer = self.request('GET', f'/v1/entity/{parse.quote(name)}')
        self.assertEqual(name, answer.json[0]['entity_id'])

    def test_ids_are_told_apart_by_case_and_space(self):
        self.create_instance('Id')
        for other in ('id', 'ID', 'Id ', 'Íd'):
            answer = self.request('GET', f'/v1/entity/{parse.quote(other)}')
            self.assertEqual(404, answer.status_int, other)

    def test_words_of_the_routes_may_be_ids(self):
        for name in ('instance', 'resize', 'v1', 'entities', 'delete', 'new'):
            self.create_instance(name, project_id=name)
            answer = self.request('GET', f'/v1/entity/{name}')
            self.assertEqual(name, answer.json[0]['entity_id'])
            answer = self.request(
                'GET', f'/v1/project/{name}/entities?start=2016-01-01'
            )
            self.assertEqual(1, len(answer.json))
            answer = self.request('PUT', f'/v1/entity/instance/{name}', {})
            self.assertEqual(name, answer.json['entity_id'])

    def test_a_body_beyond_the_limit_is_413(self):
        answer = self.request('POST', '/v1/volume_type', raw=b' ' * 114689)
        self.assertEqual(413, answer.status_int)
        self.assertEqual('application/json', answer.content_type)

    def test_the_text_of_a_fault_never_leaves(self):
        with self.database.engine.begin() as connection:
            connection.exec_driver_sql('DROP TABLE entity')
        answer = self.request('GET', '/v1/entity/i1')
        self.assertEqual(500, answer.status_int)
        self.assertEqual({'error': 'An internal error occurred'}, answer.json)
