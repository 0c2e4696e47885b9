# SPDX-License-Identifier: Apache-2.0
"""What belongs to a project."""

from talea.api import expose
from talea.api.controllers import base
from talea.api.controllers.usage import entity
from talea.api.controllers.usage import instance
from talea.api.controllers.usage import usage
from talea.api.controllers.usage import volume
from talea.policies import entity as policies


class _List(base.Controller):
    kind = None

    @expose.expose(query=entity.LIST)
    def get(self, project_id, **query):
        """List the entities of a project."""
        self.context.can(policies.LIST, {'project_id': project_id})
        return entity.listing(self.request, project_id, self.kind, **query)


class Entities(_List):
    pass


class Instances(_List):
    kind = 'instance'


class Volumes(_List):
    kind = 'volume'


class Project(base.Controller):
    children = {
        'entities': Entities,
        'instance': instance.Create,
        'instances': Instances,
        'usage': usage.Usage,
        'volume': volume.Create,
        'volumes': Volumes,
    }


class Projects(base.Controller):
    child = Project
