# SPDX-License-Identifier: Apache-2.0
from talea.policies import base

LIST = 'talea:entity:list'
LIST_ALL = 'talea:entity:list_all'
GET = 'talea:entity:get'
UPDATE = 'talea:entity:update'

RULES = [
    base.rule(
        LIST,
        base.READER,
        'List the entities of a project.',
        'GET /v1/project/{project_id}/entities',
        'GET /v1/project/{project_id}/instances',
        'GET /v1/project/{project_id}/volumes',
    ),
    base.rule(
        LIST_ALL,
        base.ADMIN,
        'List the entities of all projects.',
        'GET /v1/entities',
        'GET /v1/instances',
        'GET /v1/volumes',
    ),
    base.rule(
        GET,
        base.READER,
        'Show the entities of one resource, and what made them.',
        'GET /v1/entity/{entity_id}',
    ),
    base.rule(
        UPDATE,
        base.WRITER,
        'Correct an entity.',
        'PUT /v1/entity/instance/{instance_id}',
    ),
]


def list_rules():
    return RULES
