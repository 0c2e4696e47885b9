# SPDX-License-Identifier: Apache-2.0
from talea.policies import base

GET = 'talea:volume_type:get'
CREATE = 'talea:volume_type:create'
DELETE = 'talea:volume_type:delete'

RULES = [
    base.rule(
        GET,
        base.ANYONE,
        'List and show volume types.',
        'GET /v1/volume_types',
        'GET /v1/volume_type/{volume_type_id}',
    ),
    base.rule(
        CREATE,
        base.WRITER,
        'Report that a volume type was created or renamed.',
        'POST /v1/volume_type',
    ),
    base.rule(
        DELETE,
        base.WRITER,
        'Report that a volume type was deleted.',
        'DELETE /v1/volume_type/{volume_type_id}',
    ),
]


def list_rules():
    return RULES
