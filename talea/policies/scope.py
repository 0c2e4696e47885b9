# SPDX-License-Identifier: Apache-2.0
from talea.policies import base

GET = 'scope:get_state'
RESET = 'scope:reset_state'
PATCH = 'scope:patch_state'
CREATE = 'scope:post_state'

RULES = [
    base.rule(
        GET,
        base.ADMIN,
        'List scopes and until when each is rated.',
        'GET /v2/scope',
    ),
    base.rule(
        RESET,
        base.ADMIN,
        'Have scopes rated from another time on.',
        'PUT /v2/scope',
    ),
    base.rule(
        PATCH,
        base.ADMIN,
        'Change a scope, or switch it off or on.',
        'PATCH /v2/scope',
    ),
    base.rule(
        CREATE,
        base.ADMIN,
        'Make a scope before it is found.',
        'POST /v2/scope',
    ),
]


def list_rules():
    return RULES
