# SPDX-License-Identifier: Apache-2.0
from talea.policies import base

LIST_MODULES = 'rating:list_modules'
GET_MODULE = 'rating:get_module'
UPDATE_MODULE = 'rating:update_module'
MODULE_CONFIG = 'rating:module_config'
QUOTE = 'rating:quote'
V2_LIST_MODULES = 'v2_rating:list_modules'
V2_GET_MODULE = 'v2_rating:get_module'
V2_UPDATE_MODULE = 'v2_rating:update_module'

_CONFIG = '/v1/rating/module_config'


def _hashmap():
    return [
        f'{method} {_CONFIG}/hashmap/{path}'
        for path, methods in (
            ('types', 'GET'),
            ('services', 'GET POST DELETE'),
            ('services/{service_id}', 'GET DELETE'),
            ('fields', 'GET POST DELETE'),
            ('fields/{field_id}', 'GET DELETE'),
            ('groups', 'GET POST DELETE'),
            ('groups/{group_id}', 'GET DELETE'),
            ('groups/mappings', 'GET'),
            ('groups/thresholds', 'GET'),
            ('mappings', 'GET POST PUT DELETE'),
            ('mappings/{mapping_id}', 'GET PUT DELETE'),
            ('mappings/group', 'GET'),
            ('thresholds', 'GET POST PUT DELETE'),
            ('thresholds/{threshold_id}', 'GET PUT DELETE'),
            ('thresholds/group', 'GET'),
        )
        for method in methods.split()
    ]


RULES = [
    base.rule(
        LIST_MODULES,
        base.ADMIN,
        'List rating modules.',
        'GET /v1/rating/modules',
    ),
    base.rule(
        GET_MODULE,
        base.ADMIN,
        'Show a rating module.',
        'GET /v1/rating/modules/{module_id}',
    ),
    base.rule(
        UPDATE_MODULE,
        base.ADMIN,
        'Switch a rating module on or off, or change its priority.',
        'PUT /v1/rating/modules/{module_id}',
    ),
    base.rule(
        MODULE_CONFIG,
        base.ADMIN,
        'See and change the rules of rating modules.',
        'GET /v1/rating/reload_modules',
        *_hashmap(),
        f'GET {_CONFIG}/pyscripts/scripts',
        f'POST {_CONFIG}/pyscripts/scripts',
        f'GET {_CONFIG}/pyscripts/scripts/{{script_id}}',
        f'PUT {_CONFIG}/pyscripts/scripts/{{script_id}}',
        f'DELETE {_CONFIG}/pyscripts/scripts/{{script_id}}',
    ),
    base.rule(
        QUOTE,
        base.ALL,
        'Ask what something would cost the project of the token.',
        'POST /v1/rating/quote',
        'POST /v2/rating/modules',
    ),
    base.rule(
        V2_LIST_MODULES,
        base.ADMIN,
        'List rating modules.',
        'GET /v2/rating/modules',
    ),
    base.rule(
        V2_GET_MODULE,
        base.ADMIN,
        'Show a rating module.',
        'GET /v2/rating/modules/{module_id}',
    ),
    base.rule(
        V2_UPDATE_MODULE,
        base.ADMIN,
        'Switch a rating module on or off, or change its priority.',
        'PUT /v2/rating/modules/{module_id}',
    ),
]


def list_rules():
    return RULES
