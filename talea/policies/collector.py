# SPDX-License-Identifier: Apache-2.0
from talea.policies import base

LIST_MAPPINGS = 'collector:list_mappings'
GET_MAPPING = 'collector:get_mapping'
MANAGE_MAPPING = 'collector:manage_mapping'
GET_STATE = 'collector:get_state'
UPDATE_STATE = 'collector:update_state'

# None of it is served; see talea/api/controllers/rating/refused.py.
RULES = [
    base.rule(
        LIST_MAPPINGS,
        base.ADMIN,
        'List which collector measures which service.',
        'GET /v1/collector/mappings',
    ),
    base.rule(
        GET_MAPPING,
        base.ADMIN,
        'Show which collector measures a service.',
        'GET /v1/collector/mappings/{service_id}',
    ),
    base.rule(
        MANAGE_MAPPING,
        base.ADMIN,
        'Change which collector measures a service.',
        'POST /v1/collector/mappings',
        'DELETE /v1/collector/mappings',
        'DELETE /v1/collector/mappings/{service_id}',
    ),
    base.rule(
        GET_STATE,
        base.ADMIN,
        'Show whether a collector is switched on.',
        'GET /v1/collector/states',
    ),
    base.rule(
        UPDATE_STATE,
        base.ADMIN,
        'Switch a collector on or off.',
        'PUT /v1/collector/states',
    ),
]


def list_rules():
    return RULES
