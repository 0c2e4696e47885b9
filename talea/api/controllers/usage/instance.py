# SPDX-License-Identifier: Apache-2.0
"""Reports on instances."""

from talea.api import expose
from talea.api.controllers import base
from talea.api.controllers.usage import report
from talea.api.types import base as types
from talea.api.types import fields
from talea.objects import change
from talea.objects import event
from talea.policies import instance as policies

KIND = 'instance'
DELETED_NOT_FOUND = 'InstanceId: ID Not Found'


class CreateBody(types.Body):
    id = types.required(fields.ID)
    created_at = types.required(fields.MOMENT)
    name = types.required(fields.Text(null=True))
    flavor = types.required(fields.Text())
    os_type = types.required(fields.Text(null=True))
    os_distro = types.required(fields.Text(null=True))
    os_version = types.required(fields.Text(null=True))


class DeleteBody(types.Body):
    # Looked at only when the instance is found.
    date = types.required(fields.Raw())


class ResizeBody(types.Body):
    date = types.required(fields.MOMENT)
    flavor = types.required(fields.Text())


class RebuildBody(types.Body):
    # The table of Almanach's documentation has other names than its example.
    _aliases = {'distro': ('os_distro',), 'version': ('os_version',)}

    rebuild_date = types.required(fields.MOMENT)
    distro = types.required(fields.Text(null=True))
    version = types.required(fields.Text(null=True))
    os_type = types.required(fields.Text(null=True))


class Create(base.Controller):
    """``/project/<id>/instance``."""

    @expose.expose(status=201, body=CreateBody)
    def post(self, project_id, body):
        """Report that an instance was created."""
        self.context.can(policies.CREATE, {'project_id': project_id})
        attributes = {
            'project_id': project_id,
            'name': body.name,
            'flavor': body.flavor,
            'image_meta': {
                'distro': body.os_distro,
                'version': body.os_version,
                'os_type': body.os_type,
            },
        }
        decide = change.create(body.created_at, attributes, 'created_at')
        report.record(self.request, KIND, body.id, decide)


class Resize(base.Controller):
    @expose.expose(status=base.updated, body=ResizeBody)
    def put(self, instance_id, body):
        """Report that an instance was resized."""
        self.context.can(policies.RESIZE)
        decide = change.change(
            event.RESIZE,
            body.date,
            {'flavor': body.flavor},
            'date',
            same=lambda one: one.flavor == body.flavor,
        )
        report.record(self.request, KIND, instance_id, decide)


class Rebuild(base.Controller):
    @expose.expose(status=base.updated, body=RebuildBody)
    def put(self, instance_id, body):
        """Report that an instance was rebuilt."""
        self.context.can(policies.REBUILD)
        meta = {
            'distro': body.distro,
            'version': body.version,
            'os_type': body.os_type,
        }
        decide = change.change(
            event.REBUILD,
            body.rebuild_date,
            {'image_meta': meta},
            'rebuild_date',
        )
        report.record(self.request, KIND, instance_id, decide)


class Instance(base.Controller):
    children = {'resize': Resize, 'rebuild': Rebuild}

    @expose.expose(status=202, body=DeleteBody)
    def delete(self, instance_id, body):
        """Report that an instance was deleted."""
        self.context.can(policies.DELETE)
        decide = change.delete(
            lambda: types.convert('date', fields.MOMENT, body.date),
            'date',
            DELETED_NOT_FOUND,
        )
        report.record(self.request, KIND, instance_id, decide)


class Instances(base.Controller):
    child = Instance
