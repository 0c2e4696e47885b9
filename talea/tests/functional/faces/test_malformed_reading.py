# SPDX-License-Identifier: Apache-2.0
"""Whatever is sent to read bills, or to add to them, is no failure."""

import json
import urllib.parse

import hypothesis
from hypothesis import strategies as st

from talea.tests import base as tests_base
from talea.tests.functional.faces import base
from talea.tests.rated import at
from talea.tests.rated import frame
from talea.tests.rated import line
from talea.tests.rated import post

TEXTS = st.one_of(
    st.sampled_from(
        [
            *('', '0', '1', '-1', '100', '1e3', '99999999999', 'null', 'ALL'),
            *('2026-01-01', '2026-01-01T05:30+14:00', '0001-01-01', 'p1'),
            *('9999-12-30T23:59:59.999999', '10000-01-01', '20260101T00Z'),
            *('time', 'time-d', 'time-w', 'time-m', 'time-y', 'type', 'id'),
            *('type:instance', 'id:i1,flavor:x', 'a', ':', '\\:', 'a:\\'),
            *('project_id', 'project_id:p1', 'flavor', '%', "'", '"', '\0'),
            *('table', 'object', 'asc', 'DESC', 'true', 'all', 'current'),
            'x' * 300,
        ]
    ),
    st.text(max_size=20),
)
WINDOW = {
    'begin': st.sampled_from(['2026-01-01', '1000-01-01', '2026-01-01T01:30']),
    'end': st.sampled_from(['2026-02-01', '9999-12-30T23:59:59.999999']),
    'offset': st.sampled_from(['0', '1', '999999999']),
    'limit': st.sampled_from(['1', '2', '999999999']),
}
FILTERS = st.sampled_from(
    ['type:instance', 'id:i1,flavor:x', 'project_id:p1', 'a\\:b:c', 'x:']
)
TASKS_OF = {
    'offset': WINDOW['offset'],
    'limit': WINDOW['limit'],
    'order': st.sampled_from(['ASC', 'desc']),
}
# What each path is asked with: {parameter: values that make sense}.
PARAMETERS = {
    '/v2/summary': {
        **WINDOW,
        'groupby': st.lists(
            st.sampled_from(
                [
                    'time',
                    'time-w',
                    'type',
                    'id',
                    'project_id',
                    'flavor',
                    '\u20ac',
                ]
            )
        ).map(','.join),
        'filters': FILTERS,
        'response_format': st.sampled_from(['table', 'object']),
    },
    '/v2/dataframes': {
        **WINDOW,
        'filters': FILTERS,
        'revisions': st.sampled_from(['current', 'all']),
    },
    '/v2/dataframes/explain': {
        **WINDOW,
        'scope_id': st.sampled_from(['p1', '\u20ac']),
        'metric': st.sampled_from(['instance', '\u20ac']),
    },
    '/v2/task/reprocesses': {**TASKS_OF, 'scope_ids': FILTERS},
    '/v2/task/reprocesses/p1': TASKS_OF,
}


@st.composite
def questions(draw):
    """Return (path, [(parameter, value), ...]); one may make no sense."""
    path = draw(st.sampled_from(sorted(PARAMETERS)))
    known = PARAMETERS[path]
    query = [
        (name, draw(known[name]))
        for name in draw(st.lists(st.sampled_from(sorted(known)), unique=True))
    ]
    if draw(st.booleans()):
        name = draw(st.sampled_from([*sorted(known), 'other']))
        query.append((name, draw(TEXTS)))
    return path, query


NUMBERS = st.one_of(
    st.integers(),
    st.floats(),
    st.decimals(),
    st.sampled_from(['1', '1e999', '1e-999', '0e99', '--1', '\u0663', 'NaN']),
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


def _members(**kinds):
    """Return objects whose members are what they should be, or are not."""
    return st.fixed_dictionaries(kinds) | st.fixed_dictionaries(
        {},
        optional={name: st.one_of(kind, JSON) for name, kind in kinds.items()},
    )


WORDS = st.sampled_from(['p1', 'GiB', 'flavor', '\u20ac', '']) | TEXTS
ATTRIBUTES = st.builds(
    lambda one, other: {**one, **other},
    st.just({'project_id': 'p1'}),
    st.just({'id': 'i1'})
    | st.dictionaries(
        st.sampled_from(['project_id', 'id', 'flavor', '', 'x' * 256, '\0']),
        WORDS | SCALARS,
        max_size=3,
    ),
)
POINTS = _members(
    vol=_members(unit=WORDS, qty=NUMBERS),
    rating=_members(price=NUMBERS),
    groupby=ATTRIBUTES,
    metadata=ATTRIBUTES,
)
PERIODS = st.just({'begin': '2026-01-01', 'end': '9999-12-30T23:59'})
FRAMES = _members(
    period=PERIODS | _members(begin=TEXTS, end=TEXTS),
    usage=st.dictionaries(WORDS, st.lists(POINTS, max_size=2), max_size=2),
)
PUSHES = _members(
    dataframes=st.lists(FRAMES, max_size=2), idempotency_key=WORDS
)
NUMBER = st.one_of(
    st.sampled_from([10**28 - 1, 1 - 10**28, '9' * 28 + '.' + '9' * 28]),
    st.integers(1 - 10**28, 10**28 - 1),
    st.decimals(-(10**27), 10**27, places=28).map(str),
)
VALID = st.fixed_dictionaries(
    {
        'dataframes': st.lists(
            st.fixed_dictionaries(
                {
                    'period': PERIODS,
                    'usage': st.fixed_dictionaries(
                        {
                            '\u20ac': st.lists(
                                st.fixed_dictionaries(
                                    {
                                        'vol': st.fixed_dictionaries(
                                            {'unit': WORDS, 'qty': NUMBER}
                                        ),
                                        'groupby': ATTRIBUTES,
                                        'metadata': ATTRIBUTES,
                                    }
                                ),
                                min_size=1,
                                max_size=2,
                            )
                        }
                    ),
                }
            ),
            min_size=1,
            max_size=2,
        )
    },
    optional={'idempotency_key': st.sampled_from(['k', '\u20ac'])},
)
TASKS = _members(
    scope_ids=st.lists(TEXTS, max_size=2) | TEXTS,
    start_reprocess_time=TEXTS,
    end_reprocess_time=TEXTS,
    reason=TEXTS,
)
TASK = st.just(
    {
        'scope_ids': 'ALL',
        'start_reprocess_time': '2026-01-01',
        'end_reprocess_time': '2026-01-02',
        'reason': '\u20ac',
    }
)
BODIES = st.one_of(
    st.tuples(st.just('/v2/dataframes'), VALID | PUSHES | JSON),
    st.tuples(st.just('/v2/task/reprocesses'), TASK | TASKS | JSON),
    st.tuples(st.just('/v2/task/reprocesses?dry_run=true'), TASK | TASKS),
)
SETTINGS = hypothesis.settings(
    max_examples=300,
    deadline=None,
    # The same examples on each engine are just what is wanted.
    suppress_health_check=[hypothesis.HealthCheck.differing_executors],
)


@tests_base.on_all_engines
class MalformedTestCase(base.ApiTestCase):
    def setUp(self):
        super().setUp()
        hours = [at(2026, 1, 1, hour) for hour in range(3)]
        post(
            self.context,
            [frame(hour, [line(flavor='x', size=1)]) for hour in hours],
        )

    def _answered(self, answer):
        about = (answer.status_int, answer.body)
        self.assertIn(answer.status_int, (200, 202, 204, 400, 404, 409), about)
        if answer.status_int >= 400:
            self.assertEqual(['message'], [*answer.json], about)

    @SETTINGS
    @hypothesis.given(questions(), st.booleans())
    def test_queries(self, question, csv):
        path, query = question
        try:
            text = urllib.parse.urlencode(query)
        except UnicodeEncodeError:
            hypothesis.reject()
        accept = 'text/csv' if csv else 'application/json'
        self._answered(
            self.request('GET', f'{path}?{text}', headers={'Accept': accept})
        )

    @SETTINGS
    @hypothesis.given(BODIES)
    def test_bodies(self, given):
        path, body = given
        raw = json.dumps(body, default=str).encode()
        self._answered(
            self.request(
                'POST', path, raw=raw, content_type='application/json'
            )
        )
