# SPDX-License-Identifier: Apache-2.0
"""Keystone: tokens, the catalogue, projects."""

import collections
import json

from talea.tests.emulators import service

# Users with the password "password", and the tokens that they get.
USERS = {'talea': service.ADMIN, 'reader': service.READER}

_Project = collections.namedtuple('_Project', 'id enabled')


class Keystone(service.Service):
    """It gives tokens, and lists projects to administrators."""

    name = 'keystone'
    kind = 'identity'
    path = '/identity/v3'
    lists = {'/projects': 'projects'}
    # Old ones cut a list off, and have no link to go on with.
    links = True

    def __init__(self, world, catalogue):
        super().__init__(world)
        self._catalogue = catalogue

    def _answer(self, request, path):
        if path == '' and request.method == 'GET':
            return self._respond(200, {'version': self._version(request)})
        if path == '/auth/tokens':
            return self._token(request)
        return super()._answer(request, path)

    def _respond(self, status, body, **headers):
        answer = service.webob.Response(
            status=status, json_body=body, content_type='application/json'
        )
        for name, value in headers.items():
            answer.headers[name.replace('_', '-')] = value
        return answer

    def _version(self, request):
        return {
            'id': 'v3.14',
            'status': 'stable',
            'links': [
                {'rel': 'self', 'href': f'{request.host_url}{self.path}/'}
            ],
            'media-types': [],
        }

    def _token(self, request):
        user = request.json['auth']['identity']['password']['user']
        if user['password'] != 'password' or user['name'] not in USERS:
            return self._respond(401, {'error': {'message': 'no'}})
        domain = {'id': 'default', 'name': 'Default'}
        role = 'admin' if user['name'] == 'talea' else 'reader'
        body = {
            'token': {
                'methods': ['password'],
                'user': {'id': '1', 'name': user['name'], 'domain': domain},
                'project': {
                    'id': service.HOME,
                    'name': 'service',
                    'domain': domain,
                },
                'roles': [{'id': role, 'name': role}],
                'issued_at': '2026-01-01T00:00:00.000000Z',
                'expires_at': '2099-01-01T00:00:00.000000Z',
                'catalog': self._catalogue(request.host_url),
            }
        }
        token = USERS[user['name']]
        return self._respond(201, body, X_Subject_Token=token)

    def items(self, request, path):
        if not request.admin:
            raise service.Refused(403, 'You are not authorized.')
        wanted = {'true': True, 'false': False}.get(request.GET.get('enabled'))
        return [
            _Project(name, enabled)
            for name, enabled in sorted(self.world.projects.items())
            if wanted in (None, enabled)
        ]

    def show(self, one, path, fields):
        return {
            'id': one.id,
            'name': f'project {one.id}',
            'domain_id': 'default',
            'enabled': one.enabled,
            'is_domain': False,
        }

    def more(self, request, path, href):
        more = {'truncated': True}
        if self.links:
            more['links'] = {'next': href, 'self': '', 'previous': None}
        else:
            more['links'] = {'next': None, 'self': '', 'previous': None}
        return more

    def error(self, status, words):
        return json.dumps({'error': {'code': status, 'message': words}})
