# SPDX-License-Identifier: Apache-2.0
"""The face of Magnum: its table of answers, line by line."""

import json

from keystoneauth1 import fixture

from talea.tests.functional.faces import clusters
from talea.tests.functional.faces import personas
from talea.tests.functional.faces import stats
from talea.tests.functional.faces.stats import ALL
from talea.tests.functional.faces.stats import BAD_TYPE
from talea.tests.functional.faces.stats import FIRST
from talea.tests.functional.faces.stats import NONE
from talea.tests.functional.faces.stats import NOT_AUTHORIZED
from talea.tests.functional.faces.stats import OWN
from talea.tests.functional.faces.stats import SECOND
from talea.tests.functional.faces.stats import UNAUTHORIZED
from talea.tests.functional.faces.stats import error


class TableTest(stats.StatsTestCase):
    def test_everything_of_a_cluster_is_told(self):
        told = self.told('admin')
        self.assertEqual([], told.pop('errors'))
        self.assertEqual('live', told.pop('source'))
        self.assertTrue(told.pop('collected_at').endswith('+00:00'))
        self.assertEqual(
            {
                'clusters': 2,
                'nodes': 4,
                'unmatched_nodes': 1,
                'floating_ips': 1,
                'volumes': 2,
                'capacity': {
                    'vcpus': 6,
                    'memory_mb': 12288,
                    'local_gb': 120,
                    'volume_gb': 15,
                },
            },
            told,
        )

    def test_an_administrator_sees_all_projects(self):
        for query, expected in (
            ('', ALL),
            ('?project_id=', ALL),
            ('?project_id=p1', FIRST),
            ('?project_id=p2', SECOND),
            ('?project_id=nonexistent', NONE),
            ('?project_id=p1&project_id=p2', SECOND),
            ('?tenant=p1', FIRST),
            ('?tenant=p1&project_id=p1', FIRST),
        ):
            self.check(expected, 'admin', query)

    def test_others_see_their_own(self):
        for who in OWN:
            for query in ('', '?project_id=', '?project_id=p1', '?tenant=p1'):
                self.check(FIRST, who, query)
            for query in ('?project_id=p2', '?tenant=p2', '?project_id=x'):
                self.refused(NOT_AUTHORIZED, who, query)
        self.check(SECOND, 'stranger')

    def test_whoever_may_read_nothing_is_refused(self):
        for who in ('service', 'roleless'):
            self.refused(NOT_AUTHORIZED, who)
            self.refused(NOT_AUTHORIZED, who, '?project_id=p1')

    def test_nobody_is_refused_before_all_else(self):
        for query in ('', '?type=server', '?foo=bar', '?cluster=web'):
            self.refused(UNAUTHORIZED, '', query)
            self.refused(UNAUTHORIZED, 'no-token', query)
        self.refused(UNAUTHORIZED, '', method='POST')
        self.refused(UNAUTHORIZED, '', path='/v1/stats/x')
        self.refused(UNAUTHORIZED, '', Accept='text/plain')
        self.refused(
            UNAUTHORIZED, '', OpenStack_API_Version='container-infra 9.9'
        )

    def test_the_type_is_cluster_in_any_case(self):
        for query in ('?type=cluster', '?type=Cluster', '?type=CLUSTER'):
            self.check(ALL, 'admin', query)
        self.check(ALL, 'admin', '?type=server&type=cluster')

    def test_another_type_is_refused_whatever_the_project(self):
        for query in (
            '?type=server',
            '?type=',
            '?type=cluster&type=server',
            '?type=server&project_id=p2',
        ):
            self.refused(BAD_TYPE, 'admin', query)
            self.refused(BAD_TYPE, 'reader', query)

    def test_an_unknown_argument_is_refused_before_the_type(self):
        for query in ('?foo=bar', '?foo=bar&type=server', '?type=x&foo='):
            self.refused(
                error(400, 'Unknown argument: "foo"'), 'reader', query
            )

    def test_two_words_for_two_projects_are_refused(self):
        text = "Invalid value for 'tenant': project_id is another one"
        self.refused(error(400, text), 'admin', '?tenant=p1&project_id=p2')

    def test_what_is_not_json_is_not_accepted(self):
        for accept in ('text/plain', 'application/xml'):
            self.refused(error(406), 'admin', Accept=accept)
            self.refused(error(406), 'reader', '?type=x', Accept=accept)
        self.check(ALL, 'admin', Accept='text/html,*/*')
        self.check(ALL, 'admin', Accept='application/json')

    def test_there_is_nothing_but_get(self):
        for method in ('POST', 'PUT', 'PATCH', 'DELETE'):
            for query in ('', '?type=server'):
                answer = self.refused(
                    error(405), 'admin', query, method=method
                )
                self.assertEqual('GET', answer.headers['Allow'])
        answer = self.ask('admin', method='HEAD')
        self.assertEqual(405, answer.status_int)
        self.assertEqual('GET', answer.headers['Allow'])

    def test_options_are_told_to_anybody(self):
        answer = self.ask('', method='OPTIONS')
        self.assertEqual((200, b''), (answer.status_int, answer.body))

    def test_a_slash_does_no_harm_and_what_is_below_is_405(self):
        self.check(ALL, 'admin', path='/v1/stats/')
        for path in ('/v1/stats/x', '/v1/stats/x/y', '/v1/stats//'):
            answer = self.refused(error(405), 'admin', path=path)
            self.assertEqual('GET', answer.headers['Allow'])
        self.refused(error(404), 'admin', path='/v1/stats.json')

    def test_the_path_of_the_document_is_the_same(self):
        self.check(ALL, 'admin', path='/stats')
        self.check(FIRST, 'member', '?type=cluster&tenant=p1', path='/stats')
        self.refused(NOT_AUTHORIZED, 'member', '?tenant=p2', path='/stats')
        self.refused(BAD_TYPE, 'admin', '?type=x', path='/stats')
        self.refused(UNAUTHORIZED, '', path='/stats')

    def test_what_is_no_text_is_refused(self):
        for query in (
            *(
                f'{name}={value}'
                for name in ('project_id', 'tenant', 'type', 'group_by', 'all')
                for value in ('%ff', '%c3', '%00', 'x' * 256)
            ),
            '%ff=p1',
            '%00',
        ):
            answer = self.ask('admin', f'?{query}')
            self.assertEqual(400, answer.status_int, query)
            self.assertEqual(['errors'], list(answer.json), query)


class UnknownTest(stats.StatsTestCase):
    def test_what_a_driver_cannot_tell_is_null_and_why_is_said(self):
        facts = clusters.world()
        facts['failures'] = {'servers': 'the cloud is on fire'}
        self.conductor.tell(facts)
        told = self.told('admin')
        self.assertEqual(
            [{'driver': 'fake', 'reason': 'the cloud is on fire'}],
            told['errors'],
        )
        for name in ('floating_ips', 'volumes', 'unmatched_nodes'):
            self.assertIsNone(told[name], name)
        self.assertEqual({None}, set(told['capacity'].values()))

    def test_disabled_projects_are_left_out(self):
        facts = clusters.world()
        facts['disabled_projects'] = ['p2']
        self.conductor.tell(facts)
        self.check(FIRST, 'admin')
        self.check(SECOND, 'admin', '?project_id=p2')
        self.check({'clusters': 3, 'nodes': 6}, 'admin', '?all=true')


class SystemTest(stats.StatsTestCase):
    """Tokens of the whole system, which have no project."""

    def configure(self):
        super().configure()
        for name, roles in (
            ('system-admin', ['admin', 'manager', 'member', 'reader']),
            ('system-reader', ['reader']),
        ):
            token = fixture.V3Token(user_id=name, user_name=name)
            token.set_system_scope()
            for role in roles:
                token.add_role(name=role)
            self.tokens.add_token(token, name)

    def test_an_administrator_of_the_system_sees_all(self):
        self.check(ALL, 'system-admin')
        self.check(FIRST, 'system-admin', '?project_id=p1')

    def test_a_reader_of_the_system_sees_nothing(self):
        for query in ('', '?project_id=', '?project_id=p1', '?cluster=web'):
            self.refused(NOT_AUTHORIZED, 'system-reader', query)


class NoConductorTest(personas.PersonasTestCase):
    def test_it_is_said_that_nobody_answers(self):
        answer = self.request('GET', '/v1/stats', token='admin')
        self.assertEqual(503, answer.status_int)
        (found,) = json.loads(answer.body)['errors']
        self.assertEqual('server', found['code'])
        self.assertIn('conductor', found['detail'])
