# SPDX-License-Identifier: Apache-2.0
"""The request body, read once and looked at before anyone parses it."""

import io
import re

import webob

from talea import exception

ENVIRON = 'talea.body'
CONTENT_TYPE = 'talea.content_type'

_FORMS = ('application/x-www-form-urlencoded', 'multipart/form-data')
# A string, or a bracket outside of strings. An unfinished string is skipped
# to its end, so that no input makes the search go back.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)


def depth(body):
    """Return how deep the brackets of *body*, JSON or not, are nested."""
    now = deepest = 0
    for token in _TOKEN.finditer(body):
        if token[0] in (b'[', b'{'):
            now += 1
            deepest = max(deepest, now)
        elif token[0] in (b']', b'}'):
            now -= 1
    return deepest


class Body:
    """Middleware: reads the body, refuses deep nesting, hides it from Pecan.

    Pecan would take members of a body for arguments of a controller. What
    the controllers read is under ``talea.body`` in the environment.
    """

    def __init__(self, app, conf):
        self.app = app
        self.conf = conf

    def __call__(self, environ, start_response):
        request = webob.Request(environ)
        # A form is not JSON, whatever is in it; curl sends one by default.
        form = request.content_type in _FORMS
        body = request.body
        if depth(body) > self.conf.api.max_json_depth:
            raise exception.InvalidValue(
                'Invalid parameter or payload: nested too deeply'
            )
        environ[ENVIRON] = b'' if form else body
        environ[CONTENT_TYPE] = request.content_type
        environ['wsgi.input'] = io.BytesIO()
        environ['CONTENT_LENGTH'] = '0'
        environ.pop('CONTENT_TYPE', None)
        return self.app(environ, start_response)
