# SPDX-License-Identifier: Apache-2.0
"""Volume types."""

from talea.api import expose
from talea.api.controllers import base
from talea.api.controllers.usage import report
from talea.api.types import base as types
from talea.api.types import fields
from talea.objects import change
from talea.objects import volume_type
from talea.policies import volume_type as policies


class CreateBody(types.Body):
    type_id = types.required(fields.ID)
    type_name = types.required(fields.Text(null=True))


def _show(one):
    return {'volume_type_id': one.id, 'volume_type_name': one.name}


class AllVolumeTypes(base.Controller):
    @expose.expose()
    def get(self):
        """List the volume types that exist now."""
        self.context.can(policies.GET)
        return [_show(one) for one in volume_type.list_(self.context)]


class VolumeType(base.Controller):
    @expose.expose()
    def get(self, volume_type_id):
        """Show a volume type that exists now."""
        self.context.can(policies.GET)
        return _show(volume_type.get(self.context, volume_type_id))

    @expose.expose(status=202)
    def delete(self, volume_type_id):
        """Report that a volume type was deleted; its volumes keep it."""
        self.context.can(policies.DELETE)
        decide = change.delete(
            lambda: self.request.now,
            'date',
            volume_type.NOT_FOUND % volume_type_id,
        )
        report.record(self.request, volume_type.KIND, volume_type_id, decide)


class VolumeTypes(base.Controller):
    child = VolumeType

    @expose.expose(status=201, body=CreateBody)
    def post(self, body):
        """Report that a volume type was created, or renamed."""
        self.context.can(policies.CREATE)
        decide = change.name_type(body.type_name, self.request.now)
        report.record(self.request, volume_type.KIND, body.type_id, decide)
