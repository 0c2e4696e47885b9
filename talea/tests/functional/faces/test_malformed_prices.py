# SPDX-License-Identifier: Apache-2.0
"""Whatever is sent to make prices is no failure."""

import json
import urllib.parse

import hypothesis
from hypothesis import strategies as st

from talea.tests import base as tests_base
from talea.tests.functional.faces import base
from talea.tests.functional.faces import price_visits

TEXTS = st.one_of(
    st.sampled_from(
        [
            *('', '0', '1', '-1', '1e3', '99999999999', 'null', 'true'),
            *('2999-01-01', '2999-01-01T05:30+14:00', '0001-01-01'),
            *('9999-12-29', '9999-12-30', '9999-12-31', '10000-01-01'),
            *('2999-12-31T23:59:59.999999', '29990101T00Z', '2999-W01-1'),
            *('flat', 'rate', 's1', 'instance', '%', "'", '"', '\0', '\ud800'),
            'x' * 300,
        ]
    ),
    st.text(max_size=20),
)
NUMBERS = st.one_of(
    st.integers(),
    st.floats(),
    st.decimals(),
    st.sampled_from(['1', '1e999', '1e-999', '0e99', '--1', '\u0663', 'NaN']),
    st.sampled_from(['0.' + '1' * 28, '0.' + '1' * 29, '1' * 12, '1' * 13]),
)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
JSON = st.recursive(
    SCALARS,
    lambda inside: (
        st.lists(inside, max_size=2)
        | st.dictionaries(st.text(max_size=3), inside, max_size=2)
    ),
    max_leaves=4,
)
DATES = st.sampled_from(['2999-01-01', '2999-02-01T10:00', '2020-01-01'])
RULE = {
    'cost': NUMBERS,
    'type': st.sampled_from(['flat', 'rate']),
    'service_id': st.just('s1'),
    'field_id': st.none(),
    'group_id': st.none(),
    'tenant_id': TEXTS,
    'name': TEXTS,
    'description': TEXTS,
    'start': DATES,
    'end': DATES,
    'version': st.just(1),
}
CONFIG = price_visits.HASHMAP
# What each path takes: {member: values that make sense}.
MEMBERS = {
    f'{CONFIG}/services': {'name': TEXTS, 'service_id': TEXTS},
    f'{CONFIG}/fields': {
        'name': TEXTS,
        'service_id': st.just('s1'),
        'field_id': TEXTS,
    },
    f'{CONFIG}/groups': {
        'name': TEXTS,
        'group_id': TEXTS,
        'recursive': st.booleans(),
    },
    f'{CONFIG}/mappings': {**RULE, 'value': TEXTS, 'mapping_id': TEXTS},
    f'{CONFIG}/thresholds': {
        **RULE,
        'level': NUMBERS,
        'threshold_id': TEXTS,
    },
    f'{CONFIG}/mappings/group': {'mapping_id': TEXTS},
    '/v1/rating/modules/hashmap': {
        'enabled': st.booleans(),
        'priority': st.integers(),
        'hot-config': JSON,
    },
    '/v2/rating/modules/hashmap': {
        'enabled': st.booleans(),
        'priority': st.integers(),
    },
    '/v1/rating/quote': {
        'resources': st.lists(
            st.fixed_dictionaries(
                {'service': st.just('instance')},
                optional={
                    'desc': st.dictionaries(TEXTS, JSON, max_size=2),
                    'volume': NUMBERS,
                },
            )
        )
    },
    '/v1/report/tenants': {'begin': DATES, 'end': DATES},
}


_IDS = ('_id', 'version')
# What each takes at least.
ENOUGH = {
    f'{CONFIG}/services': {'name': 'x'},
    f'{CONFIG}/fields': {'name': 'x', 'service_id': 's1'},
    f'{CONFIG}/groups': {'name': 'x'},
    f'{CONFIG}/mappings': {'cost': 1, 'service_id': 's1'},
    f'{CONFIG}/thresholds': {'cost': 1, 'service_id': 's1', 'level': 1},
    '/v1/rating/quote': {'resources': [{'service': 'instance'}]},
}


@st.composite
def requests(draw):
    """Return (method, path, query, body); some of it may make no sense."""
    path = draw(st.sampled_from(sorted(MEMBERS)))
    known = MEMBERS[path]
    names, body = sorted(known), {}
    if draw(st.booleans()):
        # With ids of its own choice hardly anything is taken.
        body = {**ENOUGH.get(path, {})}
        names = [one for one in names if not one.endswith(_IDS)] or names
    wanted = st.lists(st.sampled_from(names), unique=True, max_size=2)
    body.update({name: draw(known[name]) for name in draw(wanted)})
    query = {}
    for odd in (body, query):
        if draw(st.sampled_from([False, False, False, True])):
            name = draw(st.sampled_from([*sorted(known), 'force', 'other']))
            odd[name] = draw(JSON)
    item = draw(st.sampled_from(['', '', '/', '/', '/s1', '/%ff', '/\u20ac']))
    method = draw(st.sampled_from(['GET', 'POST', 'PUT', 'DELETE']))
    return (
        method,
        path + item,
        query,
        draw(st.just(body) | st.just(body) | JSON),
    )


def _json(value):
    """Return *value* as JSON, numbers beyond JSON as some clients do."""
    return json.dumps(value, default=str).encode()


@tests_base.on_all_engines
class MalformedPricesTest(base.ApiTestCase):
    @hypothesis.settings(
        max_examples=600,
        suppress_health_check=list(hypothesis.HealthCheck),
        deadline=None,
    )
    @hypothesis.given(requests())
    def _visit(self, asked):
        method, path, query, body = asked
        pairs = urllib.parse.urlencode(
            {name: str(value) for name, value in query.items()},
            errors='surrogatepass',
        )
        answer = self.request(
            method,
            f'{urllib.parse.quote(path, safe="/%")}?{pairs}',
            raw=_json(body),
            content_type='application/json',
        )
        self.assertLess(answer.status_int, 500, (asked, answer.body))
        if answer.status_int >= 400:
            said = answer.json
            said = said['message' if path[:3] == '/v2' else 'faultstring']
            self.assertTrue(said, asked)

    def test_it_is_answered_and_stored_or_refused(self):
        self.conf.set_override('force', True, 'hashmap')
        price_visits.prepare(self.context)
        self._visit()
