# SPDX-License-Identifier: Apache-2.0
"""Requests straight into the application."""

import json
import os

import fixtures
import webob

from talea.api import app
from talea.tests import base

KEY = 'a private key'


class PolicyFile(fixtures.Fixture):
    """A policy file in a place of its own.

    :ivar path: where to write it
    """

    def __init__(self, conf):
        super().__init__()
        self.conf = conf

    def _setUp(self):
        directory = self.useFixture(fixtures.TempDir()).path
        self.path = os.path.join(directory, 'policy.yaml')
        self.conf.set_override('policy_file', self.path, 'oslo_policy')


class ApiTestCase(base.DatabaseTestCase):
    """A test with an application of its own, behind a private key."""

    token = KEY

    def setUp(self):
        super().setUp()
        self.configure()
        self.app = app.make_app(self.conf)

    def configure(self):
        self.conf.set_override('private_key', KEY, 'auth')

    def request(self, method, path, body=None, token=None, raw=None, **kwargs):
        """Return the webob response to a request.

        :param body: what becomes JSON
        :param raw: bytes of a body that need not be JSON
        :param token: another one than the test's, '' for none
        """
        request = webob.Request.blank(path, method=method, **kwargs)
        if raw is not None:
            request.body = raw
        elif body is not None:
            request.body = json.dumps(body).encode()
        token = self.token if token is None else token
        if token:
            request.headers['X-Auth-Token'] = token
        response = request.get_response(self.app)
        if response.status_int == 204:
            # Such a one must not have a length.
            self.assertNotIn('Content-Length', response.headers)
            return response
        # Clients of Almanach take an answer without its length for empty.
        length = int(response.headers['Content-Length'])
        if method != 'HEAD':
            self.assertEqual(len(response.body), length)
        elif hasattr(response.app_iter, 'close'):
            # What a server does at the end.
            response.app_iter.close()
        return response

    def create_instance(self, instance_id='i1', project_id='p1', **kwargs):
        """Report an instance; it begins with 2016."""
        body = {
            'id': instance_id,
            'created_at': '2016-01-01',
            'name': 'vm',
            'flavor': 'small',
            'os_type': 'linux',
            'os_distro': 'ubuntu',
            'os_version': '16.04',
            **kwargs,
        }
        path = f'/v1/project/{project_id}/instance'
        self.assertEqual(201, self.request('POST', path, body).status_int)

    def create_volume(self, volume_id='v1', project_id='p1', **kwargs):
        """Report a volume; it begins with 2016."""
        body = {
            'volume_id': volume_id,
            'start': '2016-01-01',
            'volume_type': None,
            'size': 1,
            'volume_name': 'disk',
            'attached_to': [],
            **kwargs,
        }
        path = f'/v1/project/{project_id}/volume'
        self.assertEqual(201, self.request('POST', path, body).status_int)
