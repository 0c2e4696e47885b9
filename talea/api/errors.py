# SPDX-License-Identifier: Apache-2.0
"""Every error leaves the API in the shape of the face that was asked."""

import http
import json

from oslo_db import exception as db_exc
from oslo_log import log
import sqlalchemy.exc
import webob

from talea import exception

LOG = log.getLogger(__name__)

UNAUTHORIZED = 'Unauthorized'
INTERNAL = 'An internal error occurred'
UNAVAILABLE = 'The service is temporarily unavailable'

# It will work again by itself: away, no end of deadlocks, no connection free.
_BUSY = (
    db_exc.DBConnectionError,
    db_exc.DBDeadlock,
    sqlalchemy.exc.TimeoutError,
)


class Rejected(exception.TaleaError):
    """Several members of a body are of no use: {member: why}."""

    code = 400

    def __init__(self, reasons):
        super().__init__('Invalid members')
        self.detail = reasons


def usage(status, detail):
    """Return (content type, text) of an error of the Almanach face."""
    if status == 401:
        # Almanach's 401 is plain text, in all of its releases.
        return 'text/plain', UNAUTHORIZED
    return 'application/json', json.dumps({'error': detail})


def rating(status, detail):
    """Return (content type, text) of an error of CloudKitty's second API."""
    body = {'message': detail}
    if status == 401:
        # As keystonemiddleware has it.
        body = {
            'error': {
                'code': 401,
                'title': UNAUTHORIZED,
                'message': 'The request you have made requires '
                'authentication.',
            }
        }
    return 'application/json', json.dumps(body)


def rating_v1(status, detail):
    """Return (content type, text) of an error of CloudKitty's first API."""
    if status == 401:
        return rating(status, detail)
    return 'application/json', json.dumps(
        {
            'faultcode': 'Server' if status >= 500 else 'Client',
            'faultstring': detail,
            'debuginfo': None,
        }
    )


def stats(status, detail):
    """Return (content type, text) of an error of the Magnum face."""
    if status == 401:
        return rating(status, detail)
    # Magnum says nothing of what its libraries refuse.
    silent = detail == http.HTTPStatus(status).phrase
    error = detail
    if not isinstance(detail, dict):
        who = 'server' if status >= 500 else 'client'
        error = {
            'request_id': '',
            'code': '' if silent else who,
            'status': status,
            'title': '' if silent else detail.split('.', 1)[0],
            'detail': '' if silent else detail,
            'links': [],
        }
    return 'application/json', json.dumps({'errors': [error]})


# Which face answers under which path; the longest prefix counts.
SHAPES = {
    '/': usage,
    '/stats': stats,
    '/v1/collector': rating_v1,
    '/v1/info/': rating_v1,
    '/v1/rating': rating_v1,
    '/v1/report': rating_v1,
    '/v1/stats': stats,
    '/v1/storage': rating_v1,
    '/v2': rating,
}


def _shape(path):
    return SHAPES[max(filter(path.startswith, SHAPES), key=len)]


def response(path, status, detail, headers=()):
    """Return the webob response for an error under *path*."""
    content_type, text = _shape(path)(status, detail)
    answer = webob.Response(
        text, status, content_type=content_type, charset='UTF-8'
    )
    answer.headers.update(headers)
    return answer


def _describe(error):
    """Return (status, detail) for an exception."""
    # 501 is not a failure, 503 is somebody else's, and their texts are meant
    # to be read.
    if isinstance(error, exception.TaleaError) and (
        error.code < 500 or error.code in (501, 503)
    ):
        if error.code == 503:
            LOG.error('A request cannot be answered now: %s', error)
        return error.code, getattr(error, 'detail', str(error))
    if isinstance(error, UnicodeError):
        # webob decodes paths and query strings only when asked for them.
        return 400, 'Invalid parameter or payload'
    if isinstance(error, _BUSY):
        LOG.error('The database is away or busy: %s', error)
        return 503, UNAVAILABLE
    LOG.error('A request failed', exc_info=error)
    return 500, INTERNAL


class Errors:
    """Middleware: exceptions and errors of libraries become our own.

    Texts of 5xx that we did not write never leave: they can hold SQL, paths
    and addresses.
    """

    # Headers of a library's error response that stay meaningful.
    _KEPT = ('allow', 'retry-after', 'www-authenticate')

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        begun = []

        def begin(status, headers, error=None):
            begun[:] = status, headers

        try:
            rest = self.app(environ, begin)
        except Exception as error:
            headers = getattr(error, 'headers', {})
            answer = response(_path(environ), *_describe(error), headers)
            return answer(environ, start_response)
        # All applications within have begun their answer when they return.
        status, headers = begun
        if status < '400':
            start_response(status, headers)
            return rest
        if hasattr(rest, 'close'):
            rest.close()
        answer = self._ours(environ, status, headers)
        return answer(environ, start_response)

    def _ours(self, environ, status, headers):
        code = int(status[:3])
        detail = http.HTTPStatus(code).phrase
        if code >= 500:
            LOG.error('A request failed with %s', status)
            detail = UNAVAILABLE if code == 503 else INTERNAL
        kept = [one for one in headers if one[0].lower() in self._KEPT]
        return response(_path(environ), code, detail, kept)


def _path(environ):
    return environ.get('PATH_INFO') or '/'
