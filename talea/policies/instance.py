# SPDX-License-Identifier: Apache-2.0
from talea.policies import base

CREATE = 'talea:instance:create'
DELETE = 'talea:instance:delete'
RESIZE = 'talea:instance:resize'
REBUILD = 'talea:instance:rebuild'

RULES = [
    base.rule(
        CREATE,
        base.WRITER,
        'Report that an instance was created.',
        'POST /v1/project/{project_id}/instance',
    ),
    base.rule(
        DELETE,
        base.WRITER,
        'Report that an instance was deleted.',
        'DELETE /v1/instance/{instance_id}',
    ),
    base.rule(
        RESIZE,
        base.WRITER,
        'Report that an instance was resized.',
        'PUT /v1/instance/{instance_id}/resize',
    ),
    base.rule(
        REBUILD,
        base.WRITER,
        'Report that an instance was rebuilt.',
        'PUT /v1/instance/{instance_id}/rebuild',
    ),
]


def list_rules():
    return RULES
