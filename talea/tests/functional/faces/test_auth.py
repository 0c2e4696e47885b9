# SPDX-License-Identifier: Apache-2.0
"""Who is let in, and who is when Keystone cannot say."""

import http.server
import socket
import sys
import threading
from unittest import mock

import fixtures
from keystoneauth1 import loading

from talea.api import app
from talea.api import auth
from talea.tests import base as tests_base
from talea.tests import identity
from talea.tests.functional.faces import base


class PrivateKeyTestCase(tests_base.TestCase):
    def _check(self, key, host='127.0.0.1', strategy='private_key'):
        self.conf.set_override('private_key', key, 'auth')
        self.conf.set_override('strategy', strategy, 'auth')
        self.conf.set_override('host', host, 'api')
        app.make_app(self.conf)

    def test_an_empty_key_is_refused_everywhere(self):
        self.assertRaises(auth.Unsafe, self._check, '')
        self.assertRaises(auth.Unsafe, self._check, '  ')
        self.assertRaises(
            auth.Unsafe, self._check, '', strategy='token,keystone'
        )

    def test_the_well_known_key_is_for_loopback_alone(self):
        for host in ('127.0.0.1', '127.1.2.3', '::1', 'localhost'):
            self._check('secret', host)
        for host in ('0.0.0.0', '::', '192.0.2.1', 'cloud.example.org'):
            self.assertRaises(auth.Unsafe, self._check, 'secret', host)

    def test_a_key_of_ones_own_serves_anywhere(self):
        self._check('a key of my own', '0.0.0.0')

    def test_under_another_server_the_well_known_key_is_refused(self):
        self.conf.set_override('private_key', 'secret', 'auth')
        self.assertRaises(auth.Unsafe, auth.check, self.conf, None)

    def test_keystone_alone_needs_no_key(self):
        self._check('', '0.0.0.0', 'keystone')


class KeystoneTestCase(base.ApiTestCase):
    """A stand-in for Keystone that answers as it is told to."""

    status = 500

    def configure(self):
        self.conf.set_override('strategy', 'keystone', 'auth')
        # Bound but not listening: whoever connects is refused.
        away = socket.socket()
        self.addCleanup(away.close)
        away.bind(('127.0.0.1', 0))
        self.url = f'http://127.0.0.1:{away.getsockname()[1]}/v3'

    def setUp(self):
        super().setUp()
        self._point_to(self.url)

    def _point_to(self, url, patience=2):
        group = 'keystone_authtoken'
        options = {
            'auth_type': 'v3password',
            'http_connect_timeout': patience,
            'http_request_max_retries': 0,
        }
        for name, value in options.items():
            self.conf.set_override(name, value, group)
        options = loading.get_auth_plugin_conf_options('v3password')
        self.conf.register_opts(options, group)
        for name, value in {
            'auth_url': url,
            'username': 'talea',
            'password': 'password',
            'user_domain_id': 'default',
            'project_name': 'service',
            'project_domain_id': 'default',
        }.items():
            self.conf.set_override(name, value, group)
        self.app = app.make_app(self.conf)

    def _serve(self):
        test = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def _answer(self):
                self.send_response(test.status)
                self.send_header('Content-Length', '0')
                self.end_headers()

            do_GET = do_POST = _answer

            def log_message(self, *arguments):
                pass

        server = http.server.HTTPServer(('127.0.0.1', 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self._point_to(f'http://127.0.0.1:{server.server_port}/v3')

    def test_keystone_away_is_503(self):
        answer = self.request('GET', '/v1/volume_types', token='a token')
        self.assertEqual(503, answer.status_int)
        self.assertEqual(
            {'error': 'The service is temporarily unavailable'}, answer.json
        )

    def test_keystone_that_fails_is_503(self):
        self._serve()
        for self.status in (401, 403, 404, 500, 503):
            answer = self.request('GET', '/v1/volume_types', token='a token')
            self.assertEqual(503, answer.status_int, self.status)

    def test_a_token_that_keystone_does_not_know_is_401(self):
        keystone = self.useFixture(identity.Keystone())
        # Its catalogue has no other.
        self.conf.set_override('interface', 'public', 'keystone_authtoken')
        self._point_to(keystone.url)
        answer = self.request('GET', '/v1/volume_types', token='a token')
        self.assertEqual(401, answer.status_int)
        # It was asked, and has let Talea in before.
        self.assertEqual(2, keystone.paths.count('/v3/auth/tokens'))

    def test_keystone_that_says_nothing_is_503(self):
        silent = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(silent.close)
        self.useFixture(
            fixtures.MockPatchObject(auth.Keystone, '_PATIENCE', 0.5)
        )
        # The default of keystonemiddleware would wait for ever.
        url = f'http://127.0.0.1:{silent.getsockname()[1]}/v3'
        self._point_to(url, patience=None)
        answer = self.request('GET', '/v1/volume_types', token='a token')
        self.assertEqual(503, answer.status_int)

    def test_keystone_away_without_a_token_is_401(self):
        answer = self.request('GET', '/v1/volume_types', token='')
        self.assertEqual(401, answer.status_int)
        self.assertEqual(b'Unauthorized', answer.body)

    def test_a_cache_that_needs_a_missing_library_is_told_at_the_start(self):
        self.conf.set_override(
            'memcached_servers', ['127.0.0.1:11211'], 'keystone_authtoken'
        )
        missing = {'memcache': None, 'oslo_cache._memcache_pool': None}
        with mock.patch.dict(sys.modules, missing):
            error = self.assertRaises(
                auth.MissingLibrary, app.make_app, self.conf
            )
        self.assertIn('memcached_servers', str(error))

    def test_keystone_away_does_not_matter_to_what_is_public(self):
        for path, status in (('/v1/info', 200), ('/', 200), ('/nope', 404)):
            answer = self.request('GET', path, token='a token')
            self.assertEqual(status, answer.status_int)

    def test_the_private_key_needs_no_keystone(self):
        self.conf.set_override('strategy', 'token,keystone', 'auth')
        self.conf.set_override('private_key', base.KEY, 'auth')
        self.app = app.make_app(self.conf)
        answer = self.request('GET', '/v1/volume_types', token=base.KEY)
        self.assertEqual(200, answer.status_int)
        answer = self.request('GET', '/v1/volume_types', token='another')
        self.assertEqual(503, answer.status_int)
