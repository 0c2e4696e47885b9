# SPDX-License-Identifier: Apache-2.0
"""Who sees whose bill, and how much memory a long one takes."""

import tracemalloc

from keystonemiddleware import fixture as keystone_fixture

from talea.api import app
from talea.tests import base as tests_base
from talea.tests.functional.faces import base
from talea.tests.functional.faces import personas
from talea.tests.rated import HOUR
from talea.tests.rated import at
from talea.tests.rated import frame
from talea.tests.rated import line
from talea.tests.rated import post

BEGIN = at(2026, 1, 1)
WINDOW = 'begin=2026-01-01&end=2026-02-01'
SUMMARY = f'/v2/summary?groupby=project_id&{WINDOW}'
FRAMES = f'/v2/dataframes?{WINDOW}'
EXPLAIN = f'/v2/dataframes/explain?{WINDOW}'


class OwnTestCase(personas.PersonasTestCase):
    def configure(self):
        super().configure()
        tokens = self.useFixture(keystone_fixture.AuthTokenFixture())
        for name, roles, project_id in (
            ('reader', ['reader'], 'p1'),
            ('admin', ['admin'], 'p9'),
            ('auditor', ['auditor'], 'p9'),
            ('mere member', ['member'], 'p1'),
            ('homeless', ['reader'], None),
        ):
            tokens.add_token_data(
                token_id=name,
                user_id=name,
                project_id=project_id,
                role_list=roles,
            )

    def setUp(self):
        super().setUp()
        post(
            self.context,
            [
                frame(BEGIN, [line(secret='of p1')], 'p1'),
                frame(BEGIN, [line(secret='of p2')], 'p2'),
                # A domain that has the id of a project.
                frame(
                    BEGIN,
                    [line(secret='of a domain')],
                    'p1',
                    scope_key='domain_id',
                ),
            ],
        )

    def _get(self, path, token, **headers):
        return self.request('GET', path, token=token, headers=headers)

    def test_admins_see_everything(self):
        answer = self._get(SUMMARY, 'admin').json
        self.assertEqual(
            ['p1', 'p2', None], [row[4] for row in answer['results']]
        )
        self.assertEqual(3, self._get(FRAMES, 'admin').json['total'])
        for scope_id, total in (('p1', 2), ('p2', 1), ('p3', 0)):
            answer = self._get(f'{EXPLAIN}&scope_id={scope_id}', 'admin')
            self.assertEqual(total, answer.json['total'])

    def test_others_see_what_is_their_own(self):
        for who in ('reader', 'mere member'):
            for accept in ('application/json', 'text/csv'):
                for path in (
                    f'/v2/summary?groupby=secret&{WINDOW}',
                    f'/v2/summary?groupby=id,secret&{WINDOW}',
                    f'/v2/summary?groupby=time,secret&{WINDOW}',
                    f'/v2/summary?groupby=secret&{WINDOW}'
                    '&filters=project_id:p1,project_id:p2',
                    FRAMES,
                    f'{FRAMES}&revisions=all',
                    f'{FRAMES}&filters=type:instance',
                    f'{EXPLAIN}&scope_id=p1',
                ):
                    answer = self._get(path, who, Accept=accept)
                    self.assertEqual(200, answer.status_int, path)
                    self.assertIn('of p1', answer.text, path)
                    self.assertNotIn('of p2', answer.text, path)
                    self.assertNotIn('of a domain', answer.text, path)

    def test_nothing_of_others_is_found(self):
        other = f'{SUMMARY}&filters=project_id:p2'
        self.assertEqual(0, self._get(other, 'reader').json['total'])
        other = f'{FRAMES}&filters=project_id:p2'
        self.assertEqual(404, self._get(other, 'reader').status_int)
        other = f'{FRAMES}&filters=secret:of p2'
        self.assertEqual(404, self._get(other, 'reader').status_int)

    def test_nothing_of_others_is_explained(self):
        for scope_id in ('p2', 'nobody', ' '):
            answer = self._get(f'{EXPLAIN}&scope_id={scope_id}', 'reader')
            self.assertEqual(403, answer.status_int)
            self.assertEqual(
                {
                    'message': "Policy doesn't allow dataframes:get to be "
                    'performed.'
                },
                answer.json,
            )

    def test_a_token_without_a_project_sees_nothing(self):
        self.assertEqual(0, self._get(SUMMARY, 'homeless').json['total'])
        self.assertEqual(404, self._get(FRAMES, 'homeless').status_int)
        for scope_id in ('p1', 'None'):
            answer = self._get(f'{EXPLAIN}&scope_id={scope_id}', 'homeless')
            self.assertEqual(403, answer.status_int)

    def test_without_a_role_there_is_nothing_to_see(self):
        for path in (SUMMARY, FRAMES, f'{EXPLAIN}&scope_id=p9'):
            self.assertEqual(403, self._get(path, 'auditor').status_int)

    def test_a_policy_file_lets_others_see_everything(self):
        rules = self.useFixture(base.PolicyFile(self.conf)).path
        with open(rules, 'w') as file:
            file.write(
                '"summary:get_summary": "role:auditor or rule:billed"\n'
            )
        self.app = app.make_app(self.conf)
        self.assertEqual(3, self._get(SUMMARY, 'auditor').json['total'])
        self.assertEqual(1, self._get(SUMMARY, 'reader').json['total'])


@tests_base.on_all_engines
class LongBillTestCase(base.ApiTestCase):
    """What is long is never in memory as a whole."""

    HOURS = 300
    POINTS = 40

    def setUp(self):
        super().setUp()
        lines = [
            line(resource=f'i{number}', metadata={'name': 'x' * 300})
            for number in range(self.POINTS)
        ]
        hours = [BEGIN + number * HOUR for number in range(self.HOURS)]
        post(self.context, [frame(hour, lines) for hour in hours])
        # What is loaded once, is.
        self.request('GET', f'{FRAMES}&limit=1')
        self.request('GET', SUMMARY)

    def _measure(self, path, **headers):
        """Return (length of the answer, most memory that making it took)."""
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        answer = self.request('HEAD', path, headers=headers)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        self.assertEqual(200, answer.status_int)
        return int(answer.headers['Content-Length']), most

    def test_dataframes(self):
        for more in ('', '&filters=type:instance', '&revisions=all'):
            for accept in ('application/json', 'text/csv'):
                length, most = self._measure(
                    f'{FRAMES}&limit=999999{more}', Accept=accept
                )
                self.assertGreater(length, 5 * 2**20)
                self.assertLess(most, length * 0.6, (more, accept))

    def test_a_summary_by_period_and_resource(self):
        for accept in ('application/json', 'text/csv'):
            length, most = self._measure(
                f'/v2/summary?groupby=time,id&limit=999999&{WINDOW}',
                Accept=accept,
            )
            self.assertGreater(length, 7 * 10**5)
            self.assertLess(most, 4 * 2**20)
