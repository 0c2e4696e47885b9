# SPDX-License-Identifier: Apache-2.0
from talea.policies import base

LIST_TENANTS = 'report:list_tenants'
GET_SUMMARY = 'report:get_summary'
GET_TOTAL = 'report:get_total'
LIST_FRAMES = 'storage:list_data_frames'

RULES = [
    base.rule(
        LIST_TENANTS,
        base.ADMIN,
        'List the projects that owe something.',
        'GET /v1/report/tenants',
    ),
    # Not served; see talea/api/controllers/rating/refused.py.
    base.rule(
        GET_SUMMARY,
        base.ALL,
        'Be told that /v2/summary adds up what a project owes.',
        'GET /v1/report/summary',
    ),
    base.rule(
        GET_TOTAL,
        base.ALL,
        'Be told that /v2/summary adds up what a project owes.',
        'GET /v1/report/total',
    ),
    base.rule(
        LIST_FRAMES,
        base.ALL,
        'Be told that /v2/dataframes lists what was rated.',
        'GET /v1/storage/dataframes',
    ),
]


def list_rules():
    return RULES
