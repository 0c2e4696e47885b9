# SPDX-License-Identifier: Apache-2.0
from talea.policies import base

GET = 'summary:get_summary'

RULES = [
    base.rule(
        GET,
        base.BILLED,
        'Add up what a project owes. Whoever may do that for every project '
        'sees all of them, others their own.',
        'GET /v2/summary',
    ),
]


def list_rules():
    return RULES
