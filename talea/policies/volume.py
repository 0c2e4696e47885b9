# SPDX-License-Identifier: Apache-2.0
from talea.policies import base

CREATE = 'talea:volume:create'
DELETE = 'talea:volume:delete'
RESIZE = 'talea:volume:resize'
ATTACH = 'talea:volume:attach'
DETACH = 'talea:volume:detach'

RULES = [
    base.rule(
        CREATE,
        base.WRITER,
        'Report that a volume was created.',
        'POST /v1/project/{project_id}/volume',
    ),
    base.rule(
        DELETE,
        base.WRITER,
        'Report that a volume was deleted.',
        'DELETE /v1/volume/{volume_id}',
    ),
    base.rule(
        RESIZE,
        base.WRITER,
        'Report that a volume was resized.',
        'PUT /v1/volume/{volume_id}/resize',
    ),
    base.rule(
        ATTACH,
        base.WRITER,
        'Report that a volume was attached.',
        'PUT /v1/volume/{volume_id}/attach',
    ),
    base.rule(
        DETACH,
        base.WRITER,
        'Report that a volume was detached.',
        'PUT /v1/volume/{volume_id}/detach',
    ),
]


def list_rules():
    return RULES
