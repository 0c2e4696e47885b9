# SPDX-License-Identifier: Apache-2.0
"""The tree of URLs: a class for each place that a path can lead to.

Pecan's own ways to route guess: they drop slashes and empty segments, take
parameters from the query for ids, and confuse an id like "delete" with a
method. Here a path is walked segment by segment, and nothing else.
"""

import pecan
import webob
from webob import exc

METHODS = ('get', 'post', 'put', 'patch', 'delete')


class Controller:
    """One place in the tree; made anew for each request.

    :cvar children: {segment: class} of what comes after
    :cvar child: class of what comes after a segment that is an id, or None
    :ivar ids: the ids on the way here
    """

    children = {}
    child = None

    def __init__(self, ids=()):
        self.ids = ids

    @property
    def request(self):
        return pecan.request

    @property
    def context(self):
        """Who asks: a RequestContext."""
        return pecan.request.context

    @classmethod
    def methods(cls):
        """Return the endpoints, {HTTP method: name of the attribute}."""
        found = {name.upper(): name for name in METHODS if hasattr(cls, name)}
        if 'GET' in found:
            found['HEAD'] = 'get'
        return found

    @pecan.expose(content_type='application/json')
    def _route(self, args, request=None):
        # The root itself is reached by "/".
        place = self.find([] if args == [''] else args)
        if place is None:
            raise exc.HTTPNotFound
        methods = place.methods()
        if request.method == 'OPTIONS':
            return place.options, []
        if request.method not in methods:
            return place.refuse(methods), []
        return getattr(place, methods[request.method]), []

    def find(self, segments):
        """Return the controller that *segments* lead to, or None."""
        if not segments:
            return self if self.methods() else None
        segment, *rest = segments
        place = None
        if segment in self.children:
            place = self.children[segment](self.ids).find(rest)
        if place is None and segment and self.child is not None:
            place = self.child((*self.ids, segment)).find(rest)
        return place

    def refuse(self, methods):
        """Say that there is no such method here.

        :param methods: those that there are
        :returns: an endpoint that says it
        :raises webob.exc.HTTPMethodNotAllowed: at once, to whoever asks
        """
        raise exc.HTTPMethodNotAllowed(allow=_allow(methods))

    @pecan.expose(content_type='application/json')
    def options(self):
        """Tell what methods there are; nobody needs a token for that."""
        response = webob.Response(status=200, allow=_allow(self.methods()))
        del response.content_type
        return response

    options.public = True


def _allow(methods):
    return ', '.join(sorted({*methods, 'OPTIONS'}))


def wants_csv(request):
    """Return whether the caller would rather have a table than JSON."""
    offers = request.accept.acceptable_offers(['application/json', 'text/csv'])
    return bool(offers) and offers[0][0] == 'text/csv'


def updated(request):
    """Return the status of a PUT that did what it should.

    Almanach's documentation, which knows the bare paths alone, says 202; its
    client, which knows /v1 alone, insists on 200.
    """
    return 200 if request.path_info.startswith('/v1/') else 202
