# SPDX-License-Identifier: Apache-2.0
"""``/v1/rating/modules`` and ``/v2/rating/modules``: what makes prices."""

from talea.api import expose
from talea.api.controllers import base
from talea.api.controllers.rating import quote
from talea.api.controllers.rating import slashed
from talea.api.types import module as shapes
from talea.api.types import quote as quote_shapes
from talea.objects import module
from talea.policies import rating as policies


class FirstModule(slashed.Slashed):
    """``/v1/rating/modules/<id>``."""

    # Not strict: the client names it a second time, in the query.
    @expose.expose()
    def get(self, module_id):
        """Show a rating module."""
        self.context.can(policies.GET_MODULE)
        return shapes.show_first(module.get(self.context, module_id))

    @expose.expose(body=shapes.FirstChange, strict=True)
    def put(self, module_id, body):
        """Switch a rating module on or off, or change its priority."""
        self.context.can(policies.UPDATE_MODULE)
        given = body.given()
        changed = module.update(
            self.context,
            module_id,
            given.get('enabled'),
            given.get('priority'),
        )
        return shapes.show_first(changed)


class FirstModules(slashed.Slashed):
    """``/v1/rating/modules``."""

    child = FirstModule

    @expose.expose(strict=True)
    def get(self):
        """List the rating modules."""
        self.context.can(policies.LIST_MODULES)
        found = module.list_(self.context)
        return {'modules': [shapes.show_first(one) for one in found]}


class Reload(slashed.Slashed):
    """``/v1/rating/reload_modules``."""

    @expose.expose(status=204)
    def get(self):
        """Do nothing: whoever uses rules sees that they have changed."""
        self.context.can(policies.MODULE_CONFIG)


class Module(base.Controller):
    """``/v2/rating/modules/<id>``."""

    @expose.expose(strict=True)
    def get(self, module_id):
        """Show a rating module."""
        self.context.can(policies.V2_GET_MODULE)
        return shapes.show(module.get(self.context, module_id))

    @expose.expose(status=204, body=shapes.Change, strict=True)
    def put(self, module_id, body):
        """Switch a rating module on or off, or change its priority."""
        self.context.can(policies.V2_UPDATE_MODULE)
        given = body.given()
        module.update(
            self.context,
            module_id,
            given.get('enabled'),
            given.get('priority'),
        )


class Modules(base.Controller):
    """``/v2/rating/modules``."""

    child = Module

    @expose.expose(strict=True)
    def get(self):
        """List the rating modules."""
        self.context.can(policies.V2_LIST_MODULES)
        found = module.list_(self.context)
        return {'modules': [shapes.show(one) for one in found]}

    @expose.expose(body=quote_shapes.QuoteBody, strict=True)
    def post(self, body):
        """Tell what resources would cost together.

        The client asks for quotes here unless it is told to use the first
        API.
        """
        return quote.price(self, body)


class Rating(base.Controller):
    """``/v2/rating``."""

    children = {'modules': Modules}
