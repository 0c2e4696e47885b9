# SPDX-License-Identifier: Apache-2.0
"""The WSGI application: Pecan, and what stands before it."""

from oslo_middleware import cors
from oslo_middleware import healthcheck
from oslo_middleware import http_proxy_to_wsgi
from oslo_middleware import request_id
from oslo_middleware import sizelimit
import pecan

from talea import policy
from talea.api import auth
from talea.api import body
from talea.api import errors
from talea.api import hooks
from talea.api.controllers import root

HEALTHCHECK = '/healthcheck'


class _Pecan(pecan.Pecan):
    """Pecan that sends what it is given."""

    def _handle_empty_response_body(self, state):
        # The original makes an empty 200 a 204, which Almanach's client takes
        # for an error, and reads long answers into memory to find out.
        pass


class _Healthcheck:
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


class _Cors(cors.CORS):
    """Speaks to browsers of other origins, and to nobody else."""

    def process_response(self, response, request=None):
        # The original makes every answer to OPTIONS a 200, of paths that
        # there are not as well.
        if request is None or 'Origin' not in request.headers:
            return response
        return super().process_response(response, request)


def make_app(conf):
    """Return the WSGI application.

    :param conf: oslo ConfigOpts; the database must be configured already
    :raises talea.api.auth.Unsafe: if it would be open to anybody
    """
    policy.init(conf)
    app = _Pecan(
        root.Root(),
        hooks=[hooks.Context(conf)],
        guess_content_type_from_ext=False,
        force_canonical=False,
    )
    # From the inside out. Whoever asks is known when Pecan gets the request.
    app = auth.middleware(app, conf)
    # The body is read once; nesting that parsers cannot bear is refused.
    app = body.Body(app, conf)
    # Bodies longer than [oslo_middleware] max_request_body_size: 413.
    app = sizelimit.RequestBodySizeLimiter(app, conf)
    # All that went wrong leaves in the shape of the face that was asked.
    app = errors.Errors(app)
    # Load balancers look here, without a token.
    app = _Healthcheck(app, conf)
    # Browsers of the origins in [cors] may ask.
    app = _Cors(app, conf)
    # A request id for logs and answers.
    app = request_id.RequestId(app)
    # X-Forwarded-* count where [oslo_middleware] says so.
    return http_proxy_to_wsgi.HTTPProxyToWSGI(app, conf)
