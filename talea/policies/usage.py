# SPDX-License-Identifier: Apache-2.0
from talea.policies import base

GET = 'talea:usage:get'

RULES = [
    base.rule(
        GET,
        base.READER,
        'Show the usage of a project.',
        'GET /v1/project/{project_id}/usage',
    ),
]


def list_rules():
    return RULES
