# SPDX-License-Identifier: Apache-2.0
"""Entities: lists of them, and the chain of one resource."""

import functools
import urllib.parse

from talea import exception
from talea.api import expose
from talea.api.controllers import base
from talea.api.controllers.usage import correction
from talea.api.types import entity as shapes
from talea.api.types import fields
from talea.api.types import spool
from talea.objects import entity
from talea.objects import page
from talea.objects import resource
from talea.objects import timeline
from talea.objects import volume_type
from talea.policies import entity as policies

WINDOW = {
    'start': expose.Parameter(fields.QueryMoment(), mandatory=True),
    'end': expose.Parameter(fields.QueryMoment()),
}
LIST = {
    **WINDOW,
    'limit': expose.Parameter(fields.Limit()),
    'marker': expose.Parameter(fields.Text()),
    'flavor': expose.Parameter(fields.Text()),
    'name': expose.Parameter(fields.Text()),
}


def listing(
    request, project_id, entity_type, start, end, limit, marker, flavor, name
):
    """Return the answer to a request for a list of entities.

    :param project_id: None for all projects
    :param entity_type: None for all kinds
    """
    context = request.context
    names = _names(context, entity_type in (None, 'volume'))
    wanted = entity.Filter(
        begin=start,
        end=end or request.now,
        project_id=project_id,
        entity_type=entity_type,
        flavor=flavor,
        name=name,
    )
    after = marker and page.parse(marker)
    table = _Page(limit and min(limit, request.conf.api.max_limit))
    array = spool.Array()

    def visit(entities):
        array.extend(shapes.show(one, names) for one in table.take(entities))

    # One more than is shown tells whether there is a next page.
    more = table.limit and table.limit + 1
    try:
        entity.walk(context, wanted, visit, more, after)
    except Exception:
        array.close()
        raise
    return expose.Answer(array.end(), table.link(request))


def _names(context, volumes):
    """Return the Names to show entities with.

    :param volumes: whether there are volumes among them: nothing else has a
        type, and a transaction takes a good part of the time of a short list
    """
    return volume_type.names(context) if volumes else volume_type.Names([])


class _Page:
    """Cuts a list at its limit, and knows where the next page begins."""

    def __init__(self, limit):
        self.limit = limit
        self.last = None
        self.more = False
        self._taken = 0

    def take(self, entities):
        """Return those of *entities* that belong to the page."""
        if self.limit is not None and (
            self._taken + len(entities) > self.limit
        ):
            self.more = True
            entities = entities[: self.limit - self._taken]
        self._taken += len(entities)
        if entities:
            self.last = entities[-1]
        return entities

    def link(self, request):
        """Return the headers that lead to the next page."""
        if not self.more:
            return {}
        query = [
            (name, value)
            for name, value in request.GET.items()
            if name not in ('marker', 'limit')
        ]
        query += [
            ('limit', self.limit),
            ('marker', page.marker(entity.position(self.last))),
        ]
        url = f'{request.path_url}?{urllib.parse.urlencode(query)}'
        return {'Link': f'<{url}>; rel="next"'}


class _All(base.Controller):
    """Entities of all projects."""

    kind = None

    @expose.expose(query=LIST)
    def get(self, **query):
        """List the entities of all projects."""
        self.context.can(policies.LIST_ALL)
        return listing(self.request, None, self.kind, **query)


class AllEntities(_All):
    pass


class AllInstances(_All):
    kind = 'instance'


class AllVolumes(_All):
    kind = 'volume'


class OneEntity(base.Controller):
    """The chain of one resource."""

    @expose.expose(query={'explain': expose.Parameter(fields.Flag())})
    def get(self, entity_id, explain):
        """Show the entities of a resource, oldest first."""
        found = [
            one
            for one in entity.of_id(self.context, entity_id)
            if self._visible(one)
        ]
        if not found:
            raise exception.NotFound('Entity not found')
        volumes = any(one.entity_type == 'volume' for one in found)
        names = _names(self.context, volumes)
        show = functools.partial(shapes.show, names=names)
        if explain:
            rules = timeline.Rules.of(self.request.conf)
            spans = resource.explain(self.context, entity_id, rules)

            def show(one):
                span = spans.get((one.entity_type, one.seq))
                if span and (span.start, span.end) != (one.start, one.end):
                    # Written by other rules, or just being written anew.
                    span = None
                return shapes.explain(one, span, names)

        return [show(one) for one in found]

    def _visible(self, one):
        # Who may not see it shall not learn that it exists.
        try:
            self.context.can(policies.GET, {'project_id': one.project_id})
        except exception.Forbidden:
            return False
        return True


class OneInstance(base.Controller):
    """``/entity/instance/<id>``."""

    @expose.expose(
        status=base.updated,
        body=correction.Anything,
        query={
            'start': expose.Parameter(fields.QueryMoment()),
            'end': expose.Parameter(fields.QueryMoment()),
        },
    )
    def put(self, instance_id, body, start, end):
        """Correct what goes on, or with *start* what has ended."""
        self.context.can(policies.UPDATE)
        changed = correction.apply(self.request, instance_id, body, start, end)
        names = _names(self.context, changed.entity_type == 'volume')
        return shapes.show(changed, names)


class InstanceEntities(base.Controller):
    child = OneInstance


class Entities(base.Controller):
    children = {'instance': InstanceEntities}
    child = OneEntity
