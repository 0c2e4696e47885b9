# SPDX-License-Identifier: Apache-2.0
"""What clusters hold."""

import urllib.parse

from webob import exc

from talea import exception
from talea.api import expose
from talea.api.controllers import base
from talea.api.controllers.stats import versions
from talea.api.types import fields
from talea.api.types import stats as types
from talea.conductor import question
from talea.conductor import rpcapi
from talea.policies import stats as policies

TYPES = ('cluster',)

# No project is called so: who may read it may read all.
_ANY = {'project_id': ''}


class UnknownArgument(exception.TaleaError):
    """As Magnum says it."""

    code = 400
    template = 'Unknown argument: "%(name)s"'


class InvalidType(exception.TaleaError):
    """As Magnum says it."""

    code = 400
    template = "Invalid stats type. Allowed values are 'cluster'"


class NotAuthorized(exception.Forbidden):
    """As Magnum says it."""

    template = 'Not authorized.'


def _begin(request):
    """Return the headers of an answer; see expose.expose()."""
    headers = versions.negotiate(request)
    if not request.accept.acceptable_offers(['application/json']):
        raise exc.HTTPNotAcceptable
    return headers


def _project(project_id, tenant):
    """Return the project that is asked for, None if none is.

    "tenant" is what the document calls it, "project_id" what Magnum does.
    """
    if project_id and tenant and project_id != tenant:
        raise exception.InvalidValue(
            name='tenant', reason='project_id is another one'
        )
    return project_id or tenant or None


def _visible(context, project_id):
    """Return the project whose clusters are told, None for all projects.

    :param project_id: the one that is asked for, or None
    :raises NotAuthorized: if the caller may not see it
    """
    try:
        context.can(policies.GET_ALL, _ANY)
    except exception.Forbidden:
        # A token without a project owns nothing.
        project_id = project_id or context.project_id
        own = context.project_id is not None
        if not own or project_id != context.project_id:
            raise NotAuthorized from None
        _check(context, project_id)
    return project_id


def _check(context, project_id):
    try:
        context.can(policies.GET_ALL, {'project_id': project_id})
    except exception.Forbidden:
        raise NotAuthorized from None


def _without_group(cluster, group_by, **paging):
    """Refuse what has no meaning together."""
    if group_by is not None and cluster is not None:
        raise exception.InvalidValue(
            name='group_by', reason='one cluster cannot be grouped'
        )
    for name, value in paging.items():
        if group_by is None and value is not None:
            raise exception.InvalidValue(name=name, reason='it needs group_by')


_NAME = fields.Text(longest=255)
_GIVEN = fields.Text(longest=255, empty=False)


class Stats(base.Controller):
    """``/stats``: in all but the path as Magnum has it."""

    @classmethod
    def methods(cls):
        # Magnum answers no HEAD.
        return {'GET': 'get'}

    def find(self, segments):
        # A slash at the end does no harm; below it nothing may be done.
        return self if segments in ([], ['']) else Below()

    def refuse(self, methods):
        return self.not_allowed

    @expose.expose(begin=versions.negotiate)
    def not_allowed(self):
        """Say that only GET is, to whoever has a token."""
        raise exc.HTTPMethodNotAllowed(allow='GET')

    @expose.expose(
        strict=True,
        unknown=UnknownArgument,
        begin=_begin,
        query={
            'type': expose.Last(_NAME, default='cluster'),
            'project_id': expose.Last(_NAME),
            'tenant': expose.Last(_NAME),
            'cluster': expose.Last(_GIVEN),
            'group_by': expose.Last(fields.Choice('project', 'cluster')),
            'limit': expose.Last(fields.Limit()),
            'marker': expose.Last(_GIVEN),
            'all': expose.Last(fields.Flag(), default=False),
        },
    )
    def get(self, type, project_id, tenant, cluster, group_by, **query):
        """Tell what clusters hold."""
        if type.lower() not in TYPES:
            raise InvalidType
        project = _visible(self.context, _project(project_id, tenant))
        limit, marker = query['limit'], query['marker']
        _without_group(cluster, group_by, limit=limit, marker=marker)
        if group_by is not None:
            most = self.request.conf.api.max_limit
            limit = min(limit or most, most)
        asked = question.Question(
            project_id=project,
            cluster=cluster,
            group_by=group_by,
            limit=limit,
            marker=marker,
            all=query['all'],
        )
        answer = rpcapi.stats(self.request.conf, self.context, asked)
        if group_by is None:
            return types.totals(answer)
        return types.table(answer, self._next(answer, group_by))

    def _next(self, answer, group_by):
        """Return the URL of what follows, None at the end."""
        if not answer.more:
            return None
        key = {'project': 'project_id', 'cluster': 'cluster'}[group_by]
        query = {**self.request.GET, 'marker': answer.rows[-1].key[key]}
        return f'{self.request.path_url}?{urllib.parse.urlencode(query)}'


class Below(Stats):
    """Whatever comes below; Magnum says 405, not 404."""

    @classmethod
    def methods(cls):
        return {}
