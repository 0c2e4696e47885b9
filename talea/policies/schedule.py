# SPDX-License-Identifier: Apache-2.0
from talea.policies import base

CREATE = 'schedule:task_reprocesses'
GET = 'schedule:get_task_reprocesses'

RULES = [
    base.rule(
        CREATE,
        base.ADMIN,
        'Have periods rated once more, and end such a task.',
        'POST /v2/task/reprocesses',
        'DELETE /v2/task/reprocesses/{task_id}',
    ),
    base.rule(
        GET,
        base.ADMIN,
        'List the tasks that rate periods once more.',
        'GET /v2/task/reprocesses',
        'GET /v2/task/reprocesses/{scope_id}',
    ),
]


def list_rules():
    return RULES
