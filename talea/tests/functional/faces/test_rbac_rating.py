# SPDX-License-Identifier: Apache-2.0
"""Every route of the rating face, visited by everybody."""

from talea.api import routes
from talea.tests.functional.faces import personas
from talea.tests.functional.faces import price_visits

PREFIXES = (
    '/v1/collector',
    '/v1/info/',
    '/v1/rating',
    '/v1/report',
    '/v1/storage',
    '/v2/',
)

ADMIN = {'admin'}

DATAFRAMES = {
    'dataframes': [
        {
            'period': {'begin': '2026-01-01', 'end': '2026-01-02'},
            'usage': {
                'licence': [
                    {
                        'vol': {'unit': 'seat', 'qty': 1},
                        'groupby': {'project_id': 'p1'},
                        'metadata': {},
                    }
                ]
            },
        }
    ]
}
REPROCESS = {
    'scope_ids': 'ALL',
    'start_reprocess_time': '2026-01-01',
    'end_reprocess_time': '2026-01-02',
    'reason': 'a new price',
}

# Route: (who may, query, body, ids of the path). What a request is about need
# not be there: who is let in gets 404 then, who is not 401 or 403.
ALLOWED = {
    ('GET', '/v2/scope'): (ADMIN, '', None, {}),
    ('PUT', '/v2/scope'): (
        ADMIN,
        '',
        {'scope_id': 'p1', 'state': '2026-01-31'},
        {},
    ),
    ('PATCH', '/v2/scope'): (ADMIN, '', {'scope_id': 'p1'}, {}),
    ('POST', '/v2/scope'): (
        ADMIN,
        '',
        {'scope_id': 'p1', 'state': '2026-01-31'},
        {},
    ),
    ('GET', '/v2/summary'): (personas.READERS, '', None, {}),
    ('GET', '/v2/dataframes'): (personas.READERS, '', None, {}),
    ('POST', '/v2/dataframes'): (ADMIN, '', DATAFRAMES, {}),
    ('GET', '/v2/dataframes/explain'): (
        personas.OWNERS,
        '?scope_id=p1',
        None,
        {},
    ),
    ('GET', '/v2/task/reprocesses'): (ADMIN, '', None, {}),
    ('POST', '/v2/task/reprocesses'): (ADMIN, '', REPROCESS, {}),
    ('GET', '/v2/task/reprocesses/{scope_id}'): (
        ADMIN,
        '',
        None,
        {'scope_id': 'p1'},
    ),
    ('DELETE', '/v2/task/reprocesses/{task_id}'): (
        ADMIN,
        '',
        None,
        {'task_id': '9'},
    ),
    **price_visits.ALLOWED,
}


def _visits():
    return {
        (method, path)
        for method, path in routes.routes()
        if path.startswith(PREFIXES) and method != 'HEAD'
    }


class RbacTestCase(personas.PersonasTestCase):
    def test_the_table_knows_every_route(self):
        self.assertEqual(set(ALLOWED), _visits())

    def test_who_is_refused_and_who_is_let_in(self):
        price_visits.prepare(self.context)
        for method, path in sorted(ALLOWED):
            allowed, query, body, ids = ALLOWED[method, path]
            for who in sorted(personas.EVERYBODY):
                answer = self.request(
                    method,
                    path.format(**ids) + query,
                    body,
                    token='' if who == 'nobody' else who,
                    content_type='application/json',
                )
                about = (who, method, path, answer.body)
                if who == 'nobody':
                    self.assertEqual(401, answer.status_int, about)
                elif who in allowed:
                    self.assertNotIn(
                        answer.status_int, (400, 401, 403, 405, 500), about
                    )
                else:
                    self.assertEqual(403, answer.status_int, about)
