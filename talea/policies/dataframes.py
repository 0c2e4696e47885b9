# SPDX-License-Identifier: Apache-2.0
from talea.policies import base

ADD = 'dataframes:add'
GET = 'dataframes:get'

RULES = [
    base.rule(
        ADD,
        base.ADMIN,
        'Add rated usage of a source of its own.',
        'POST /v2/dataframes',
    ),
    base.rule(
        GET,
        base.BILLED,
        'List the rated usage of a project, and where it comes from. Whoever '
        'may do that for every project sees all of them, others their own.',
        'GET /v2/dataframes',
        'GET /v2/dataframes/explain',
    ),
]


def list_rules():
    return RULES
