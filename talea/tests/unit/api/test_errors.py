# SPDX-License-Identifier: Apache-2.0
from oslo_db import exception as db_exc
from oslotest import base
import webob

from talea import exception
from talea.api import errors


class ErrorsTest(base.BaseTestCase):
    def get(self, error):
        """Return (status, detail) of the answer of whoever raises *error*."""

        def application(environ, start_response):
            raise error

        response = webob.Request.blank('/v2/scope').get_response(
            errors.Errors(application)
        )
        return response.status_code, response.json['message']

    def test_what_we_say_is_away_is_told(self):
        self.assertEqual(
            (503, 'No conductor is there'),
            self.get(exception.Unavailable(reason='No conductor is there')),
        )

    def test_what_others_say_is_not_told(self):
        self.assertEqual(
            (503, errors.UNAVAILABLE),
            self.get(db_exc.DBConnectionError(ValueError('a secret'))),
        )
        for error in (ValueError('a secret'), exception.TaleaError('secret')):
            self.assertEqual((500, errors.INTERNAL), self.get(error))
