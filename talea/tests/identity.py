# SPDX-License-Identifier: Apache-2.0
"""Somebody's Keystone, as far as it lists projects."""

import http
import json
import threading
import urllib.parse
from wsgiref import simple_server

import fixtures
from keystoneauth1 import loading

USER = 'user-talea'


class _Quiet(simple_server.WSGIRequestHandler):
    def log_message(self, *arguments):
        pass


class Keystone(fixtures.Fixture):
    """It listens on loopback, and knows one user with one password.

    :ivar url: of the service
    :ivar projects: [(id, whether it is enabled)]
    :ivar roles: [(scope as Keystone has it, name of the user's role there)]
    :ivar page: number of projects that it gives at once
    :ivar answer: (status, body) that it gives to everything; None: the truth
    :ivar paths: those that were asked for
    """

    def __init__(self):
        super().__init__()
        self.projects = []
        self.roles = []
        self.page = 3
        self.answer = None
        self.paths = []

    def _setUp(self):
        server = simple_server.make_server(
            '127.0.0.1', 0, self._serve, handler_class=_Quiet
        )
        self.url = f'http://127.0.0.1:{server.server_port}/v3'
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)

    def configure(self, conf, password='password'):
        """Let the service credentials of *conf* be good here."""
        group = 'service_credentials'
        conf.set_override('auth_type', 'password', group)
        conf.register_opts(
            loading.get_auth_plugin_conf_options('password'), group
        )
        for name, value in {
            'auth_url': self.url,
            'username': 'talea',
            'password': password,
            'user_domain_id': 'default',
            'project_name': 'service',
            'project_domain_id': 'default',
        }.items():
            conf.set_override(name, value, group)

    def _serve(self, environ, start_response):
        path = environ['PATH_INFO']
        query = urllib.parse.parse_qs(environ['QUERY_STRING'])
        self.paths.append(path)
        if self.answer is not None:
            status, body = self.answer
            headers = [('Content-Type', 'text/html')]
        else:
            status, body, headers = self._answer(environ, path, query)
            body = json.dumps(body)
        body = body.encode()
        start_response(
            f'{status} {http.HTTPStatus(status).phrase}',
            [*headers, ('Content-Length', str(len(body)))],
        )
        return [body]

    def _answer(self, environ, path, query):
        size = int(environ.get('CONTENT_LENGTH') or 0)
        given = json.loads(environ['wsgi.input'].read(size) or '{}')
        headers = [('Content-Type', 'application/json')]
        if path == '/v3':
            return 200, {'version': self._version()}, headers
        if path == '/v3/auth/tokens' and environ['REQUEST_METHOD'] == 'POST':
            user = given['auth']['identity']['password']['user']
            if user['password'] != 'password':
                return 401, {'error': {'message': 'no'}}, headers
            headers.append(('X-Subject-Token', 'a-token'))
            return 201, self._token(), headers
        if environ.get('HTTP_X_AUTH_TOKEN') != 'a-token':
            return 401, {'error': {'message': 'no'}}, headers
        if path == '/v3/projects':
            return 200, self._projects(query), headers
        if path == '/v3/role_assignments':
            return 200, self._assignments(query), headers
        return 404, {'error': {'message': 'no'}}, headers

    def _version(self):
        return {
            'id': 'v3.14',
            'status': 'stable',
            'links': [{'rel': 'self', 'href': self.url}],
            'media-types': [],
        }

    def _token(self):
        domain = {'id': 'default', 'name': 'Default'}
        return {
            'token': {
                'methods': ['password'],
                'user': {'id': USER, 'name': 'talea', 'domain': domain},
                'project': {'id': 's', 'name': 'service', 'domain': domain},
                'roles': [{'id': 'r', 'name': 'admin'}],
                'issued_at': '2026-01-01T00:00:00.000000Z',
                'expires_at': '2099-01-01T00:00:00.000000Z',
                'catalog': [
                    {
                        'id': 'c',
                        'type': 'identity',
                        'name': 'keystone',
                        'endpoints': [
                            {
                                'id': 'e',
                                'interface': 'public',
                                'region': 'one',
                                'region_id': 'one',
                                'url': self.url,
                            }
                        ],
                    }
                ],
            }
        }

    def _projects(self, query):
        start = int(query.get('marker', ['0'])[0])
        end = start + self.page
        more = end < len(self.projects)
        return {
            'projects': [
                {'id': name, 'name': name, 'enabled': enabled}
                for name, enabled in self.projects[start:end]
            ],
            'links': {
                'self': f'{self.url}/projects',
                'previous': None,
                'next': f'{self.url}/projects?marker={end}' if more else None,
            },
        }

    def _assignments(self, query):
        if query.get('user.id') != [USER] or 'effective' not in query:
            return {'role_assignments': [], 'links': {'next': None}}
        return {
            'role_assignments': [
                {
                    'scope': scope,
                    'user': {'id': USER},
                    'role': {'id': f'id-of-{role}', 'name': role},
                }
                for scope, role in self.roles
            ],
            'links': {'next': None},
        }
