# SPDX-License-Identifier: Apache-2.0
"""``/v1/rating/quote``: what something would cost today."""

from talea.api import expose
from talea.api.controllers.rating import slashed
from talea.api.types import quote as shapes
from talea.objects import rule
from talea.policies import rating as policies
from talea.rating import point


def price(controller, body):
    """Return what the resources of a QuoteBody cost together.

    By the rules that are valid now, for the project of the caller.
    """
    controller.context.can(policies.QUOTE)
    chain = rule.current(controller.context).chain(controller.request.now)
    total = point.ZERO
    for resource in body.resources:
        rated = chain.rate(resource.point(), controller.context.project_id)
        total = point.EXACT.add(total, rated.price)
    return total.normalize(point.EXACT)


class Quote(slashed.Slashed):
    """``/v1/rating/quote``."""

    @expose.expose(body=shapes.QuoteBody, strict=True)
    def post(self, body):
        """Tell what resources would cost together."""
        return price(self, body)
