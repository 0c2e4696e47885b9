# SPDX-License-Identifier: Apache-2.0
"""What reading summaries and reading dataframes have in common."""

from talea import exception
from talea.api import expose
from talea.api.types import base as types
from talea.api.types import fields
from talea.api.types import filters
from talea.objects import spans
from talea.objects import vocabulary

NOT_FOUND = 'No resource found for provided filters.'

PROJECT = 'project_id'
# No project is called so: who may read it may read all.
_ANY = {'project_id': ''}


class Filters(expose.Parameter):
    """Parameter ``filters``, which may be given several times."""

    def __init__(self):
        super().__init__(filters.Filters(), default={})

    def read(self, name, query):
        given = query.getall(name)
        if not given:
            return self.default
        return types.convert(name, self.field, given)


WINDOW = {
    'begin': expose.Parameter(fields.IsoMoment()),
    'end': expose.Parameter(fields.IsoMoment()),
}
PAGE = {
    'offset': expose.Parameter(fields.Offset(), default=0),
    'limit': expose.Parameter(fields.Limit(), default=100),
}


def own_scope(context, rule):
    """Return the (scope key, identifier) that the caller is confined to.

    :param rule: of a policy
    :returns: None: sees all of them
    :raises talea.exception.Forbidden: sees nothing at all
    """
    try:
        context.can(rule, _ANY)
    except exception.Forbidden:
        context.can(rule, {'project_id': context.project_id})
        # A token without a project sees what belongs to none: nothing.
        return PROJECT, context.project_id or ''
    return None


def window(request, begin, end):
    """Return (begin, end) of what is asked for; by default, of this month."""
    first, last = spans.month(request.now)
    return begin or first, end or last


def selection(request, rule, begin, end, filters):
    """Return the Selection that a request is about.

    :param rule: of a policy
    :raises talea.exception.Forbidden: the caller sees nothing at all
    """
    return vocabulary.Selection(
        *window(request, begin, end),
        filters,
        own_scope(request.context, rule),
    )
