# SPDX-License-Identifier: Apache-2.0
"""The face of Magnum: its table of answers, line by line."""

import json
import urllib.parse

from keystoneauth1 import fixture

from talea.tests.functional.faces import clusters
from talea.tests.functional.faces import personas

WEB, SPARE, OTHER = (one['id'] for one in clusters.world()['clusters'])

# What there is in both projects, and in each.
ALL = {'clusters': 2, 'nodes': 4}
FIRST = {'clusters': 1, 'nodes': 3}
SECOND = {'clusters': 1, 'nodes': 1}
NONE = {'clusters': 0, 'nodes': 0}

OWN = ('reader', 'member', 'manager')

JSON = 'application/json'


def error(status, text=None):
    """Return the body of an error as Magnum has it."""
    return {
        'errors': [
            {
                'request_id': '',
                'code': '' if text is None else 'client',
                'status': status,
                'title': '' if text is None else text.split('.')[0],
                'detail': text or '',
                'links': [],
            }
        ]
    }


NOT_AUTHORIZED = error(403, 'Not authorized.')
BAD_TYPE = error(400, "Invalid stats type. Allowed values are 'cluster'")
UNAUTHORIZED = {
    'error': {
        'code': 401,
        'title': 'Unauthorized',
        'message': 'The request you have made requires authentication.',
    }
}


class StatsTestCase(personas.PersonasTestCase):
    def configure(self):
        super().configure()
        self.conductor = self.useFixture(clusters.Conductor(self.conf))

    def ask(self, who, query='', path='/v1/stats', method='GET', **headers):
        """Return the response that *who* gets."""
        return self.request(
            method,
            path + query,
            token=who,
            headers={
                name.replace('_', '-'): value
                for name, value in headers.items()
            },
        )

    def told(self, who, query='', **kwargs):
        """Return the body of an answer that is good."""
        answer = self.ask(who, query, **kwargs)
        self.assertEqual(200, answer.status_int, (who, query, answer.text))
        return answer.json

    def check(self, expected, who, query='', **kwargs):
        """Check some members of an answer."""
        told = self.told(who, query, **kwargs)
        self.assertEqual(
            expected, {name: told[name] for name in expected}, (who, query)
        )

    def refused(self, expected, who, query='', **kwargs):
        """Check that an answer is an error; return the answer."""
        answer = self.ask(who, query, **kwargs)
        about = (who, query, answer.status, answer.text)
        self.assertEqual(JSON, answer.content_type, about)
        self.assertEqual(expected, answer.json, about)
        found = expected.get('errors', [expected.get('error')])[0]
        self.assertEqual(
            found.get('status', found['code']), answer.status_int, about
        )
        return answer


class TableTest(StatsTestCase):
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
        for value in ('%ff', '%00', 'x' * 256):
            answer = self.ask('admin', f'?project_id={value}')
            self.assertEqual(400, answer.status_int)
            self.assertEqual(['errors'], list(answer.json))


class ClusterTest(StatsTestCase):
    def test_one_cluster_is_told_by_its_id_or_name(self):
        for cluster in (WEB, 'web'):
            told = self.told('reader', f'?cluster={cluster}')
            self.assertEqual(
                (WEB, 'web', 'p1', 'CREATE_COMPLETE', 1, 3),
                tuple(
                    told[name]
                    for name in (
                        'cluster',
                        'name',
                        'project_id',
                        'status',
                        'clusters',
                        'nodes',
                    )
                ),
            )
            self.assertEqual(15, told['capacity']['volume_gb'])

    def test_it_is_told_whatever_its_status(self):
        self.check(
            {'status': 'CREATE_FAILED', 'clusters': 1, 'nodes': 2},
            'reader',
            '?cluster=spare',
        )

    def test_of_another_project_there_is_none(self):
        for cluster in (OTHER, 'nobody'):
            self.refused(
                error(404, f'Cluster {cluster} could not be found.'),
                'reader',
                f'?cluster={cluster}',
            )
        self.refused(
            error(404, f'Cluster {WEB} could not be found.'),
            'admin',
            f'?cluster={WEB}&project_id=p2',
        )
        self.refused(NOT_AUTHORIZED, 'reader', '?cluster=web&project_id=p2')

    def test_a_name_of_several_is_told_with_their_ids(self):
        answer = self.ask('admin', '?cluster=web')
        self.assertEqual(409, answer.status_int)
        (found,) = answer.json['errors']
        for cluster in (WEB, OTHER):
            self.assertIn(cluster, found['detail'])
        self.check({'cluster': OTHER}, 'admin', '?cluster=web&project_id=p2')
        self.check({'cluster': WEB}, 'admin', f'?cluster={WEB}')

    def test_one_cluster_makes_no_groups(self):
        for query in ('group_by=cluster', 'limit=1', 'marker=x'):
            answer = self.ask('admin', f'?cluster={WEB}&{query}')
            self.assertEqual(400, answer.status_int, query)
            self.assertIn(query.split('=')[0], answer.text)


class GroupTest(StatsTestCase):
    def rows(self, who, query):
        told = self.told(who, query)
        self.assertEqual(
            ['stats', 'next', 'collected_at', 'source', 'errors'], list(told)
        )
        return told['stats'], told['next']

    def test_a_row_for_each_project(self):
        rows, following = self.rows('admin', '?group_by=project')
        self.assertIsNone(following)
        self.assertEqual(
            [('p1', 1, 3, 4), ('p2', 1, 1, 2)],
            [
                (
                    row['project_id'],
                    row['clusters'],
                    row['nodes'],
                    row['capacity']['vcpus'],
                )
                for row in rows
            ],
        )

    def test_a_row_for_each_cluster(self):
        rows, _ = self.rows('admin', '?group_by=cluster')
        self.assertEqual([WEB, OTHER], [row['cluster'] for row in rows])
        rows, _ = self.rows('admin', '?group_by=cluster&all=true')
        self.assertEqual([WEB, SPARE, OTHER], [row['cluster'] for row in rows])

    def test_others_get_the_own_ones(self):
        rows, _ = self.rows('reader', '?group_by=project')
        self.assertEqual(['p1'], [row['project_id'] for row in rows])
        rows, _ = self.rows('reader', '?group_by=cluster&all=true')
        self.assertEqual([WEB, SPARE], [row['cluster'] for row in rows])

    def test_pages_follow_one_another(self):
        found = []
        query = '?group_by=cluster&all=true&limit=1'
        while query:
            rows, following = self.rows('admin', query)
            found += [row['cluster'] for row in rows]
            self.assertEqual(1, len(rows))
            query = following and '?' + urllib.parse.urlsplit(following).query
        self.assertEqual([WEB, SPARE, OTHER], found)

    def test_no_page_is_longer_than_it_may_be(self):
        self.conf.set_override('max_limit', 2, 'api')
        for limit in ('', '&limit=3', '&limit=999999999'):
            rows, following = self.rows(
                'admin', f'?group_by=cluster&all=true{limit}'
            )
            self.assertEqual(2, len(rows))
            self.assertIn(f'marker={SPARE}', following)

    def test_a_page_of_nothing_has_no_group(self):
        for query in ('limit=1', 'marker=p1'):
            answer = self.ask('admin', f'?{query}')
            self.assertEqual(400, answer.status_int)
            self.assertIn(
                f"'{query.split('=')[0]}'",
                answer.text,
            )

    def test_what_makes_no_sense_is_refused_by_name(self):
        for query in (
            'group_by=node',
            'group_by=',
            'group_by=project&limit=0',
            'group_by=project&limit=x',
            'group_by=project&limit=99999999999999999999',
            'group_by=project&marker=',
            'all=perhaps',
            'cluster=',
        ):
            answer = self.ask('admin', f'?{query}')
            self.assertEqual(400, answer.status_int, query)
            name = query.split('&')[-1].split('=')[0]
            self.assertIn(f"'{name}'", answer.json['errors'][0]['detail'])


class UnknownTest(StatsTestCase):
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


class VersionTest(StatsTestCase):
    SERVICE = 'container-infrastructure-management'

    def test_the_version_that_was_asked_for_is_answered(self):
        for asked, given in (
            (None, '1.1'),
            ('container-infra latest', '1.14'),
            ('container-infra LATEST', '1.14'),
            ('container-infrastructure 1.3', '1.3'),
            (f'{self.SERVICE} 1.14', '1.14'),
        ):
            headers = {'OpenStack_API_Version': asked} if asked else {}
            for query, status in (('', 200), ('?type=x', 400)):
                answer = self.ask('admin', query, **headers)
                self.assertEqual(status, answer.status_int)
                self.assertEqual(
                    f'{self.SERVICE} {given}',
                    answer.headers['OpenStack-API-Version'],
                )
                self.assertEqual(
                    (f'{self.SERVICE} 1.1', f'{self.SERVICE} 1.14'),
                    (
                        answer.headers['OpenStack-API-Minimum-Version'],
                        answer.headers['OpenStack-API-Maximum-Version'],
                    ),
                )
                self.assertEqual(
                    'OpenStack-API-Version', answer.headers['Vary']
                )

    def test_a_version_that_there_is_not_is_told_before_all_but_the_token(
        self,
    ):
        for kwargs in ({}, {'method': 'POST'}, {'Accept': 'text/plain'}):
            answer = self.ask(
                'admin',
                '?foo=bar',
                OpenStack_API_Version='container-infra 9.9',
                **kwargs,
            )
            self.assertEqual(406, answer.status_int)
            (found,) = answer.json['errors']
            self.assertEqual('magnum.microversion-unsupported', found['code'])
            self.assertEqual(
                ('1.1', '1.14'), (found['min_version'], found['max_version'])
            )
            self.assertEqual(
                f'{self.SERVICE} 9.9', answer.headers['OpenStack-API-Version']
            )

    def test_what_is_no_version_is_not_acceptable(self):
        for version in (
            'container-infra',
            'container-infra foo',
            'container-infra 1.1.1',
            'container-infra ' + '9' * 5000 + '.1',
            'compute 2.1',
            'compute latest',
        ):
            self.refused(error(406), 'admin', OpenStack_API_Version=version)


class SystemTest(StatsTestCase):
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
