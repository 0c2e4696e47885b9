# SPDX-License-Identifier: Apache-2.0
"""Reports on volumes."""

from talea.api import expose
from talea.api.controllers import base
from talea.api.controllers.usage import report
from talea.api.types import base as types
from talea.api.types import fields
from talea.objects import change
from talea.objects import event
from talea.policies import volume as policies

KIND = 'volume'


class CreateBody(types.Body):
    volume_id = types.required(fields.ID)
    start = types.required(fields.MOMENT)
    volume_type = types.required(
        fields.Text(null=True, longest=255, empty=False)
    )
    size = types.required(fields.Size())
    volume_name = types.required(fields.Text(null=True))
    attached_to = types.required(fields.Ids())


class DeleteBody(types.Body):
    date = types.required(fields.MOMENT)


class ResizeBody(types.Body):
    date = types.required(fields.MOMENT)
    size = types.required(fields.Size())


class AttachBody(types.Body):
    date = types.required(fields.MOMENT)
    attachments = types.required(fields.Ids())


class Create(base.Controller):
    """``/project/<id>/volume``."""

    @expose.expose(status=201, body=CreateBody)
    def post(self, project_id, body):
        """Report that a volume was created."""
        self.context.can(policies.CREATE, {'project_id': project_id})
        attributes = {
            'project_id': project_id,
            'name': body.volume_name,
            'size': body.size,
            'volume_type_id': body.volume_type,
            'attached_to': sorted(set(body.attached_to)),
        }
        decide = change.create(
            body.start,
            attributes,
            'start',
            change.known_type(body.volume_type),
        )
        report.record(self.request, KIND, body.volume_id, decide)


class Resize(base.Controller):
    @expose.expose(status=base.updated, body=ResizeBody)
    def put(self, volume_id, body):
        """Report that a volume was resized."""
        self.context.can(policies.RESIZE)
        decide = change.change(
            event.RESIZE,
            body.date,
            {'size': body.size},
            'date',
            same=lambda one: one.attributes.get('size') == body.size,
        )
        report.record(self.request, KIND, volume_id, decide)


class _Attachments(base.Controller):
    kind = None
    rule = None

    @expose.expose(status=base.updated, body=AttachBody)
    def put(self, volume_id, body):
        """Report what a volume is attached to now."""
        self.context.can(self.rule)
        attached_to = sorted(set(body.attachments))
        decide = change.change(
            self.kind, body.date, {'attached_to': attached_to}, 'date'
        )
        report.record(self.request, KIND, volume_id, decide)


class Attach(_Attachments):
    kind = event.ATTACH
    rule = policies.ATTACH


class Detach(_Attachments):
    kind = event.DETACH
    rule = policies.DETACH


class Volume(base.Controller):
    children = {'resize': Resize, 'attach': Attach, 'detach': Detach}

    @expose.expose(status=202, body=DeleteBody)
    def delete(self, volume_id, body):
        """Report that a volume was deleted."""
        self.context.can(policies.DELETE)
        decide = change.delete(lambda: body.date, 'date')
        report.record(self.request, KIND, volume_id, decide)


class Volumes(base.Controller):
    child = Volume
