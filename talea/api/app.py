# SPDX-License-Identifier: Apache-2.0
"""The WSGI application: Pecan, and what stands before it."""

from talea import policy
from talea.api import auth
from talea.api import body
from talea.api import errors
from talea.api import hooks
from talea.api import middleware
from talea.api.controllers import root


def make_app(conf):
    """Return the WSGI application.

    :param conf: oslo ConfigOpts; the database must be configured already
    :raises talea.api.auth.Unsafe: if it would be open to anybody
    """
    policy.init(conf)
    app = middleware.Pecan(
        root.Root(),
        hooks=[hooks.Context(conf)],
        guess_content_type_from_ext=False,
        force_canonical=False,
    )
    # From the inside out. Whoever asks is known when Pecan gets the request.
    app = auth.middleware(app, conf)
    # The body is read once; nesting that parsers cannot bear is refused.
    app = body.Body(app, conf)
    # Bodies that are too long are refused.
    app = middleware.SizeLimit(app, conf)
    # All that went wrong leaves in the shape of the face that was asked.
    app = errors.Errors(app)
    # Load balancers look here, without a token.
    app = middleware.Healthcheck(app, conf)
    # Browsers of the origins in [cors] may ask.
    app = middleware.Cors(app, conf)
    # A request id for logs and answers.
    app = middleware.RequestId(app)
    # The address that the client knows, where a proxy tells it.
    return middleware.ProxyHeaders(app, conf)
