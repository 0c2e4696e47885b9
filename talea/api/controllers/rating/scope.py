# SPDX-License-Identifier: Apache-2.0
"""``/v2/scope``: until when each scope is rated, and whether it is."""

import datetime
import urllib.parse

from talea import exception
from talea.api import expose
from talea.api.controllers import base
from talea.api.types import base as types
from talea.api.types import fields
from talea.api.types import scope as shapes
from talea.api.types import spool
from talea.conf import processor as processor_conf
from talea.objects import completeness
from talea.objects import period
from talea.objects import scope
from talea.objects import scope_filter
from talea.objects import scope_page
from talea.objects import scope_reset
from talea.policies import scope as policies
from talea.processor import rpcapi

NO_SELECTOR = 'Either all_scopes or a scope_id should be specified.'
TWO_SELECTORS = 'all_scopes and scope_id exclude one another.'
NO_TIME = "Variable 'last_processed_timestamp' cannot be empty/None."

QUERY = {
    'offset': expose.Parameter(fields.Offset(), default=0),
    'limit': expose.Parameter(fields.Limit(), default=100),
    'marker': expose.Parameter(shapes.Marker()),
    'sort_key': expose.Parameter(
        fields.Choice(*scope_page.ORDERS), default='id'
    ),
    'scope_id': expose.Multi(fields.Text()),
    'scope_key': expose.Multi(fields.Text()),
    'fetcher': expose.Multi(fields.Text()),
    'collector': expose.Multi(fields.Text()),
    'active': expose.Multi(fields.Boolean()),
}

# Scopes that are read at once; a longer list is put together.
_PIECE = 1000


class _Listing:
    """The answer to GET: the scopes of a page, and a link to the next one."""

    def __init__(self, request, wanted, order):
        self._request = request
        self._wanted = wanted
        self._order = order
        self._last = None
        self._more = False

    def answer(self, limit, offset, after):
        """Return the Answer.

        :raises talea.exception.NotFound: if there are no such scopes
        """
        pieces = self._pieces(limit, offset, after)
        first = next(pieces, None)
        if first is None:
            raise exception.NotFound(scope_filter.NOT_FOUND)
        if limit <= _PIECE:
            value = expose.Json(f'{{"results": [{first}]}}')
        else:
            value = _join(first, pieces)
        return expose.Answer(value, self._link(limit) if self._more else {})

    def _pieces(self, limit, offset, after):
        """Yield the JSON of scopes, some at a time."""
        context, now = self._request.context, self._request.now
        heard = completeness.until(context, now)
        while limit:
            number = min(limit, _PIECE)
            # One more than is shown tells whether there is a next page.
            lines = scope_page.read(
                context, self._wanted, number + 1, offset, self._order, after
            )
            shown = lines[:number]
            if not shown:
                return
            self._last = shown[-1]
            self._more = len(lines) > number
            yield shapes.show(shown, now, heard)
            limit = self._more and limit - number
            offset, after = 0, shapes.position(self._last, self._order)

    def _link(self, limit):
        """Return the headers that lead to the next page."""
        query = [
            (name, value)
            for name, value in self._request.GET.items()
            if name not in ('marker', 'offset', 'limit')
        ]
        query += [
            ('limit', limit),
            ('marker', shapes.marker(self._last, self._order)),
        ]
        url = f'{self._request.path_url}?{urllib.parse.urlencode(query)}'
        return {'Link': f'<{url}>; rel="next"'}


def _join(first, pieces):
    """Return the answer that is too long to have in memory."""
    whole = spool.Spool('application/json')
    try:
        whole.write(f'{{"results": [{first}')
        for piece in pieces:
            whole.write(f', {piece}')
        whole.write(']}')
    except Exception:
        whole.close()
        raise
    return whole


class Scope(base.Controller):
    """``/v2/scope``."""

    @expose.expose(query=QUERY, strict=True)
    def get(self, offset, limit, marker, sort_key, **filters):
        """List scopes and until when each is rated."""
        shapes.check_marker(marker, sort_key)
        self.context.can(policies.GET)
        wanted = scope_filter.Filter(**filters)
        listing = _Listing(self.request, wanted, sort_key)
        return listing.answer(limit, offset, marker)

    @expose.expose(body=shapes.CreateBody, strict=True)
    def post(self, body):
        """Make a scope before it is found."""
        state = body.moment()
        if state is None:
            raise types.Missing(name='last_processed_timestamp')
        self.context.can(policies.CREATE)
        conf = self.request.conf
        usual = processor_conf.discovery(conf, conf.processor.discoveries[0])
        given = body.given()
        made = scope.create(
            self.context,
            body.scope_id,
            given.get('scope_key') or usual.scope_key,
            given.get('fetcher') or usual.fetcher,
            given.get('collector') or usual.collector,
            _grid(conf).floor(state),
            given.get('active', True),
            self.request.now,
        )
        return self._show(made)

    @expose.expose(body=shapes.PatchBody, strict=True)
    def patch(self, body):
        """Change a scope, or switch it off or on."""
        self.context.can(policies.PATCH)
        changes = body.given()
        identifier = changes.pop('scope_id')
        # Empty texts have always meant: leave it.
        changes = {
            name: value for name, value in changes.items() if value != ''
        }
        now = self.request.now
        return self._show(scope.patch(self.context, identifier, changes, now))

    @expose.expose(status=202, body=shapes.ResetBody, strict=True)
    def put(self, body):
        """Have scopes rated from another time on."""
        wanted, state = _reset(body)
        self.context.can(policies.RESET)
        conf, now = self.request.conf, self.request.now
        grid = _grid(conf)
        closed = now - datetime.timedelta(days=conf.processor.close_after)
        number = scope_reset.request(
            self.context,
            wanted,
            grid.floor(state),
            now,
            None if body.given().get('force') else grid.floor(closed),
        )
        rpcapi.wake(conf, self.context)
        return expose.Answer({}, {'X-Talea-Matched': str(number)})

    def _show(self, one):
        now = self.request.now
        heard = completeness.until(self.context, now)
        return expose.Json(shapes.show([scope_page.of(one)], now, heard))


def _grid(conf):
    return period.Grid.of(conf.processor.period)


def _reset(body):
    """Return (Filter, state) of a reset.

    :raises talea.exception.InvalidValue: if the body does not make sense
    """
    given = body.given()
    everything = given.get('all_scopes', False)
    if not everything and 'scope_id' not in given:
        raise exception.InvalidValue(NO_SELECTOR)
    if everything and 'scope_id' in given:
        raise exception.InvalidValue(TWO_SELECTORS)
    state = body.moment()
    if state is None:
        raise exception.InvalidValue(NO_TIME)
    names = ('scope_id', 'scope_key', 'fetcher', 'collector')
    filters = {name: given[name] for name in names if name in given}
    return scope_filter.Filter(**filters), state
