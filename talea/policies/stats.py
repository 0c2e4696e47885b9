# SPDX-License-Identifier: Apache-2.0
from talea.policies import base

GET_ALL = 'stats:get_all'

RULES = [
    base.rule(
        GET_ALL,
        base.READER,
        'See what the clusters of a project hold; of all projects, for who '
        'may see those of any.',
        'GET /v1/stats',
        scopes=('project', 'system'),
    ),
]


def list_rules():
    return RULES
