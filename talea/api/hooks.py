# SPDX-License-Identifier: Apache-2.0
"""What every controller finds on its request."""

from oslo_utils import timeutils
from pecan import hooks
import webob.exc

from talea.api import auth


class Context(hooks.PecanHook):
    """Puts ``context``, ``conf`` and ``now`` on the request.

    Runs when the route is known: 404 and 405 need no token, nor do routes
    that are public.
    """

    def __init__(self, conf):
        super().__init__()
        self.conf = conf

    def on_route(self, state):
        # Answers are JSON whatever is asked for; without this Pecan answers
        # 406 to a client that accepts something else.
        state.request.pecan['content_type'] = 'application/json'

    def before(self, state):
        state.request.conf = self.conf
        state.request.now = timeutils.utcnow(with_timezone=True)
        state.request.context = state.request.environ.get(auth.ENVIRON)
        public = getattr(state.controller, 'public', False)
        if state.request.context is None and not public:
            if auth.UNREACHABLE in state.request.environ:
                raise webob.exc.HTTPServiceUnavailable
            raise webob.exc.HTTPUnauthorized
