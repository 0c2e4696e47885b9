# SPDX-License-Identifier: Apache-2.0
"""What the face of Magnum says of one cluster, and of each."""

import urllib.parse

from talea.tests.functional.faces import stats
from talea.tests.functional.faces.stats import JSON
from talea.tests.functional.faces.stats import NOT_AUTHORIZED
from talea.tests.functional.faces.stats import OTHER
from talea.tests.functional.faces.stats import SPARE
from talea.tests.functional.faces.stats import WEB
from talea.tests.functional.faces.stats import error


class ClusterTest(stats.StatsTestCase):
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

    def test_what_is_no_text_names_no_cluster(self):
        for value in (
            '%ff',
            'web%ff',
            '%c3',
            '%ed%a0%80',
            '%00',
            'web%00',
            'x' * 256,
        ):
            for project in ('', '&project_id=p1'):
                answer = self.ask('admin', f'?cluster={value}{project}')
                self.assertEqual(400, answer.status_int, value)
                self.assertEqual(JSON, answer.content_type, value)
                (found,) = answer.json['errors']
                self.assertEqual(
                    ('client', 400), (found['code'], found['status'])
                )


class GroupTest(stats.StatsTestCase):
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
            'group_by=project&limit=1000000000',
            'group_by=project&limit=99999999999999999999',
            'group_by=project&marker=',
            'all=perhaps',
            'cluster=',
        ):
            answer = self.ask('admin', f'?{query}')
            self.assertEqual(400, answer.status_int, query)
            name = query.split('&')[-1].split('=')[0]
            self.assertIn(f"'{name}'", answer.json['errors'][0]['detail'])

    def test_what_is_no_text_is_no_marker(self):
        for group in ('project', 'cluster'):
            for value in ('%ff', '%c3', '%ed%a0%80', '%00', 'x' * 256):
                answer = self.ask('admin', f'?group_by={group}&marker={value}')
                self.assertEqual(400, answer.status_int, value)
                self.assertEqual(['errors'], list(answer.json), value)
