# SPDX-License-Identifier: Apache-2.0
"""What stands before Pecan, and Pecan with what is not needed left out.

Most of the time of a short request is spent here. oslo.middleware makes a
request and a response of WebOb on each floor, in a fiftieth of a millisecond
or two; so it is only asked where it would do something, and what concerns
every request is plain WSGI.
"""

import re

from oslo_context import context
from oslo_middleware import cors
from oslo_middleware import healthcheck
from oslo_middleware import http_proxy_to_wsgi
from oslo_middleware import request_id
from oslo_middleware import sizelimit
import pecan
from pecan import core

from talea.api import body

HEALTHCHECK = '/healthcheck'


class Pecan(pecan.Pecan):
    """Pecan for controllers that walk their tree and answer by themselves.

    The original looks for arguments, content types and templates, by
    signatures that it takes apart for each request.
    """

    def find_controller(self, state):
        request = state.request
        core.state.request, core.state.response = request, state.response
        self.handle_hooks(self.hooks, 'on_route', state)
        segments = request.path_info.split('/')[1:]
        controller, _ = self.root._route(segments, request)
        state.controller = core.state.controller = controller
        self.handle_hooks(self.hooks, 'before', state)
        return controller, [], {}

    def invoke_controller(self, controller, args, kwargs, state):
        state.response = controller()

    def _handle_empty_response_body(self, state):
        # The original makes an empty 200 a 204, which Almanach's client takes
        # for an error, and reads long answers into memory to find out.
        pass


class _Sometimes:
    """Sends requests through another middleware if that concerns them.

    :cvar make: the middleware, called with application and options
    """

    make = None

    def __init__(self, app, conf):
        self.app = app
        self.through = self.make(app, conf)

    def concerns(self, environ):
        """Return whether the middleware would do anything."""
        raise NotImplementedError

    def __call__(self, environ, start_response):
        app = self.through if self.concerns(environ) else self.app
        return app(environ, start_response)


class ProxyHeaders(_Sometimes):
    """X-Forwarded-* count where [oslo_middleware] says so."""

    make = http_proxy_to_wsgi.HTTPProxyToWSGI
    # The headers that it looks at.
    _NAMES = (
        'HTTP_FORWARDED',
        'HTTP_X_FORWARDED_PROTO',
        'HTTP_X_FORWARDED_HOST',
        'HTTP_X_FORWARDED_FOR',
        'HTTP_X_FORWARDED_PREFIX',
    )

    def concerns(self, environ):
        return any(name in environ for name in self._NAMES)


class SizeLimit(_Sometimes):
    """Bodies over [oslo_middleware] max_request_body_size are 413."""

    make = sizelimit.RequestBodySizeLimiter

    def concerns(self, environ):
        return body.is_there(environ)


class _Cors(cors.CORS):
    def process_response(self, response, request=None):
        # The original makes every answer to OPTIONS a 200, of paths that
        # there are not as well.
        if request is None or 'Origin' not in request.headers:
            return response
        return super().process_response(response, request)


class Cors(_Sometimes):
    """Speaks to browsers of other origins, and to nobody else."""

    make = _Cors

    def concerns(self, environ):
        return 'HTTP_ORIGIN' in environ


class Healthcheck:
    """Answers /healthcheck, to anybody; all else goes on.

    oslo.middleware's application as a filter would answer every path.
    """

    def __init__(self, app, conf):
        self.app = app
        self.health = healthcheck.Healthcheck(None, conf)

    def __call__(self, environ, start_response):
        if environ.get('PATH_INFO') == HEALTHCHECK:
            return self.health(environ, start_response)
        return self.app(environ, start_response)


class RequestId:
    """Gives each request an id, for logs and its answer.

    As oslo.middleware does it, and with its names.
    """

    _FOREIGN = re.compile(request_id.ID_FORMAT)

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        given = environ.get('HTTP_X_OPENSTACK_REQUEST_ID', '')
        if self._FOREIGN.match(given):
            environ[request_id.GLOBAL_REQ_ID] = given
        number = context.generate_request_id()
        environ[request_id.ENV_REQUEST_ID] = number

        def start(status, headers, error=None):
            name = request_id.HTTP_RESP_HEADER_REQUEST_ID
            return start_response(status, [*headers, (name, number)], error)

        return self.app(environ, start)
