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


def is_there(environ):
    """Return whether a request may have a body."""
    return (
        environ.get('CONTENT_LENGTH') not in (None, '', '0')
        or 'HTTP_TRANSFER_ENCODING' in environ
        or bool(environ.get('wsgi.input_terminated'))
    )


class Body:
    """Middleware: reads the body, refuses deep nesting, hides it from Pecan.

    Pecan would take members of a body for arguments of a controller. What
    the controllers read is under ``talea.body`` in the environment.
    """

    def __init__(self, app, conf):
        self.app = app
        self.conf = conf

    def __call__(self, environ, start_response):
        kind = environ.pop('CONTENT_TYPE', '').partition(';')[0].strip()
        body = b''
        if is_there(environ):
            body = webob.Request(environ).body
        if depth(body) > self.conf.api.max_json_depth:
            raise exception.InvalidValue(
                'Invalid parameter or payload: nested too deeply'
            )
        # A form is not JSON, whatever is in it; curl sends one by default.
        environ[ENVIRON] = b'' if kind in _FORMS else body
        environ[CONTENT_TYPE] = kind
        environ['wsgi.input'] = io.BytesIO()
        environ['CONTENT_LENGTH'] = '0'
        return self.app(environ, start_response)
