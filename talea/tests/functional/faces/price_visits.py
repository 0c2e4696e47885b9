# SPDX-License-Identifier: Apache-2.0
"""A request for every route that has to do with how prices are made."""

import datetime

from talea.objects import hashmap
from talea.rating import rules
from talea.tests.functional.faces import personas

ADMIN = {'admin'}
ANYBODY = {*personas.PERSONAS}
NOW = datetime.datetime(2026, 1, 31, tzinfo=datetime.UTC)

CONFIG = '/v1/rating/module_config'
HASHMAP = f'{CONFIG}/hashmap'
QUOTE = {'resources': [{'service': 'instance', 'volume': 1}]}
RULE = {'cost': 1, 'service_id': 's1'}


def prepare(context):
    """Make the service s1."""
    service = rules.Service(id='s1', name='instance', created=NOW)
    hashmap.create(context, service)


def _named(word):
    """Return what can be done with services, fields or groups."""
    one = f'{word}_id'
    body = {'name': 'x'}
    if word == 'field':
        body['service_id'] = 's1'
    path = f'{HASHMAP}/{word}s'
    item = f'{path}/{{{one}}}'
    query = '?service_id=s1' if word == 'field' else ''
    return {
        ('GET', path): (ADMIN, query, None, {}),
        ('POST', path): (ADMIN, '', body, {}),
        ('DELETE', path): (ADMIN, f'?{one}=x', None, {}),
        ('GET', item): (ADMIN, '', None, {one: 'x'}),
        ('DELETE', item): (ADMIN, '', None, {one: 'x'}),
    }


def _rules(word, body):
    """Return what can be done with mappings or thresholds."""
    one = f'{word}_id'
    path = f'{HASHMAP}/{word}s'
    item = f'{path}/{{{one}}}'
    return {
        ('GET', path): (ADMIN, '', None, {}),
        ('POST', path): (ADMIN, '', body, {}),
        ('PUT', path): (ADMIN, f'?{one}=x', {'cost': 1}, {}),
        ('DELETE', path): (ADMIN, f'?{one}=x', None, {}),
        ('GET', item): (ADMIN, '', None, {one: 'x'}),
        ('PUT', item): (ADMIN, '', {'cost': 1}, {one: 'x'}),
        ('DELETE', item): (ADMIN, '', None, {one: 'x'}),
        ('GET', f'{path}/group'): (ADMIN, f'?{one}=x', None, {}),
        ('GET', f'{HASHMAP}/groups/{word}s'): (
            ADMIN,
            '?group_id=x',
            None,
            {},
        ),
    }


def _modules(prefix):
    path = f'{prefix}/rating/modules'
    item = f'{path}/{{module_id}}'
    ids = {'module_id': 'hashmap'}
    return {
        ('GET', path): (ADMIN, '', None, {}),
        ('GET', item): (ADMIN, '', None, ids),
        ('PUT', item): (ADMIN, '', {'priority': 2}, ids),
    }


# As in test_rbac_rating.
ALLOWED = {
    **_modules('/v1'),
    **_modules('/v2'),
    ('GET', '/v1/rating/reload_modules'): (ADMIN, '', None, {}),
    ('POST', '/v1/rating/quote'): (ANYBODY, '', QUOTE, {}),
    ('POST', '/v2/rating/modules'): (ANYBODY, '', QUOTE, {}),
    ('GET', f'{HASHMAP}/types'): (ADMIN, '', None, {}),
    **_named('service'),
    **_named('field'),
    **_named('group'),
    **_rules('mapping', RULE),
    **_rules('threshold', {**RULE, 'level': 1}),
    ('GET', '/v1/info/config'): (ANYBODY, '', None, {}),
    ('GET', '/v1/info/metrics'): (ANYBODY, '', None, {}),
    ('GET', '/v1/info/metrics/{metric_name}'): (
        ANYBODY,
        '',
        None,
        {'metric_name': 'instance'},
    ),
    ('GET', '/v1/report/tenants'): (ADMIN, '', None, {}),
    # Whoever is let in is told that it is not served.
    ('GET', '/v1/report/summary'): (ANYBODY, '', None, {}),
    ('GET', '/v1/report/total'): (ANYBODY, '', None, {}),
    ('GET', '/v1/storage/dataframes'): (ANYBODY, '', None, {}),
    **{
        (method, f'{CONFIG}/pyscripts/scripts'): (ADMIN, '', None, {})
        for method in ('GET', 'POST')
    },
    **{
        (method, f'{CONFIG}/pyscripts/scripts/{{script_id}}'): (
            ADMIN,
            '',
            None,
            {'script_id': 'x'},
        )
        for method in ('GET', 'PUT', 'DELETE')
    },
    **{
        (method, '/v1/collector/mappings'): (ADMIN, '', None, {})
        for method in ('GET', 'POST', 'DELETE')
    },
    **{
        (method, '/v1/collector/mappings/{service_id}'): (
            ADMIN,
            '',
            None,
            {'service_id': 'x'},
        )
        for method in ('GET', 'DELETE')
    },
    **{
        (method, '/v1/collector/states'): (ADMIN, '', None, {})
        for method in ('GET', 'PUT')
    },
}
