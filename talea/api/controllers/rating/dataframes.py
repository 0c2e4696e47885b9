# SPDX-License-Identifier: Apache-2.0
"""``/v2/dataframes``: rated usage, point by point."""

from talea import exception
from talea.api import expose
from talea.api.controllers import base
from talea.api.controllers.rating import reading
from talea.api.types import dataframe as bodies
from talea.api.types import fields
from talea.api.types import lineage as shapes
from talea.api.types import rated
from talea.objects import frame_list
from talea.objects import lineage
from talea.objects import push
from talea.objects import timeline
from talea.objects import vocabulary
from talea.policies import dataframes as policies


class Explain(base.Controller):
    """``/v2/dataframes/explain``."""

    @expose.expose(
        query={
            **reading.WINDOW,
            **reading.PAGE,
            'scope_id': expose.Parameter(fields.ID, mandatory=True),
            'metric': expose.Parameter(fields.Text()),
        },
        strict=True,
    )
    def get(self, begin, end, offset, limit, scope_id, metric):
        """Tell which rules, entities and messages rated usage comes from."""
        own = reading.own_scope(self.context, policies.GET)
        if own is not None and own[1] != scope_id:
            raise exception.Forbidden(rule=policies.GET)
        conf = self.request.conf
        filters = {} if metric is None else {vocabulary.TYPE: {metric}}
        total, origins = lineage.trace(
            self.context,
            vocabulary.Selection(
                *reading.window(self.request, begin, end),
                filters,
                own or (None, scope_id),
            ),
            offset,
            min(limit, conf.api.max_limit),
            timeline.Rules.of(conf),
        )
        return {
            'total': total,
            'results': [shapes.show(one) for one in origins],
        }


class Dataframes(base.Controller):
    """``/v2/dataframes``."""

    children = {'explain': Explain}

    @expose.expose(
        query={
            **reading.WINDOW,
            **reading.PAGE,
            'filters': reading.Filters(),
            'revisions': expose.Parameter(
                fields.Choice('current', 'all'), default='current'
            ),
        },
        strict=True,
    )
    def get(self, begin, end, offset, limit, filters, revisions):
        """List rated usage."""
        selection = reading.selection(
            self.request, policies.GET, begin, end, filters
        )
        shape = rated.Frames
        if base.wants_csv(self.request):
            shape = rated.FramesCsv
        every = revisions == 'all'
        frames = shape(every)
        try:
            total = frame_list.walk(
                self.context, selection, offset, limit, frames.add, every
            )
            if not total:
                raise exception.NotFound(reading.NOT_FOUND)
            return frames.end(total)
        except Exception:
            frames.close()
            raise

    @expose.expose(status=204, body=bodies.PushBody, strict=True)
    def post(self, body):
        """Add rated usage of a source of its own."""
        self.context.can(policies.ADD)
        key = body.given().get('idempotency_key')
        push.push(self.context, body.dataframes, self.request.now, key)
