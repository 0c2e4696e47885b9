# SPDX-License-Identifier: Apache-2.0
"""What stands before the controllers."""

from unittest import mock

from keystoneauth1 import fixture as tokens
from keystonemiddleware import fixture as keystone_fixture
from oslo_db import exception as db_exc
import sqlalchemy.exc

from talea.api import app
from talea.objects import entity
from talea.tests.functional.faces import base

DESK = 'https://desk.example.org'


class CorsTestCase(base.ApiTestCase):
    def setUp(self):
        super().setUp()
        self.conf.set_override('allowed_origin', [DESK], 'cors')
        self.app = app.make_app(self.conf)

    def test_a_browser_may_ask_whether_it_may_ask(self):
        answer = self.request(
            'OPTIONS',
            '/v1/project/p1/entities',
            token='',
            headers={
                'Origin': DESK,
                'Access-Control-Request-Method': 'GET',
                'Access-Control-Request-Headers': 'X-Auth-Token',
            },
        )
        self.assertEqual(200, answer.status_int)
        self.assertEqual(DESK, answer.headers['Access-Control-Allow-Origin'])
        self.assertEqual(
            'X-Auth-Token', answer.headers['Access-Control-Allow-Headers']
        )

    def test_the_next_page_is_shown_to_browsers(self):
        answer = self.request(
            'GET', '/v1/entities?start=2016-01-01', headers={'Origin': DESK}
        )
        self.assertIn('Link', answer.headers['Access-Control-Expose-Headers'])

    def test_other_origins_learn_nothing(self):
        answer = self.request(
            'GET', '/v1/info', headers={'Origin': 'https://evil.example.org'}
        )
        self.assertNotIn('Access-Control-Allow-Origin', answer.headers)


class ScopeTestCase(base.ApiTestCase):
    def configure(self):
        self.conf.set_override('strategy', 'keystone', 'auth')
        self.tokens = self.useFixture(keystone_fixture.AuthTokenFixture())

    def test_a_token_for_the_system_is_none_for_a_project(self):
        token = tokens.V3Token(user_id='u1')
        token.set_system_scope()
        token.add_role(name='admin')
        self.tokens.add_token(token, 'system')
        answer = self.request(
            'GET', '/v1/entities?start=2016-01-01', token='system'
        )
        self.assertEqual(403, answer.status_int)

    def test_a_token_for_a_domain_is_none_for_a_project(self):
        token = tokens.V3Token(user_id='u1')
        token.set_domain_scope()
        token.add_role(name='admin')
        self.tokens.add_token(token, 'domain')
        answer = self.request(
            'GET', '/v1/entities?start=2016-01-01', token='domain'
        )
        self.assertEqual(403, answer.status_int)


class DatabaseTestCase(base.ApiTestCase):
    def test_a_database_that_cannot_keep_up_is_503(self):
        for error in (
            db_exc.DBConnectionError(),
            db_exc.DBDeadlock(),
            sqlalchemy.exc.TimeoutError('QueuePool limit'),
        ):
            with mock.patch.object(entity, 'count', side_effect=error):
                answer = self.request('GET', '/v1/info')
            self.assertEqual(503, answer.status_int, error)
            self.assertNotIn('limit', answer.text)


class RequestIdTestCase(base.ApiTestCase):
    def test_an_error_has_a_request_id_too(self):
        answer = self.request('GET', '/v1/entity/i9')
        self.assertRegex(answer.headers['X-Openstack-Request-Id'], '^req-')
