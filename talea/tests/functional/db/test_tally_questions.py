# SPDX-License-Identifier: Apache-2.0
"""What is asked of the ledger about clusters, and its answers."""

from talea import exception
from talea.conductor.drivers import base as drivers
from talea.conductor.drivers import ledger
from talea.db import models
from talea.tests import base
from talea.tests.functional.db import clusters
from talea.tests.functional.db.clusters import figures


@base.on_all_engines
class QuestionsTestCase(clusters.ClustersCase):
    """Each question, and its answer."""

    def setUp(self):
        super().setUp()
        for number in range(1, 4):
            project = f'p{number}'
            for letter in 'ab':
                self.cluster(f'{letter}{number}', project)
                self.node(f's-{letter}{number}', f'{letter}{number}', project)

    def test_all_of_them_or_those_of_a_project(self):
        self.assertEqual(
            figures(
                clusters=6,
                nodes=18,
                unmatched_nodes=12,
                vcpus=12,
                memory_mb=12288,
                local_gb=120,
            ),
            self.total(),
        )
        self.assertEqual(2, self.total(project_id='p2').clusters)
        self.assertEqual(figures(), self.total(project_id='nobody'))
        self.assertEqual({}, self.ask().rows[0].key)

    def test_each_project(self):
        answer = self.ask(group_by='project')
        one = figures(
            clusters=2,
            nodes=6,
            unmatched_nodes=4,
            vcpus=4,
            memory_mb=4096,
            local_gb=40,
        )
        self.assertEqual(
            [({'project_id': f'p{number}'}, one) for number in (1, 2, 3)],
            [(row.key, row.figures) for row in answer.rows],
        )
        self.assertEqual(('ledger', False), (answer.source, answer.more))

    def test_each_cluster(self):
        answer = self.ask(group_by='cluster', project_id='p1')
        self.assertEqual(
            {
                'cluster': 'a1',
                'name': 'name-a1',
                'project_id': 'p1',
                'status': 'CREATE_COMPLETE',
            },
            answer.rows[0].key,
        )
        self.assertEqual(2, answer.rows[1].figures.vcpus)
        self.assertEqual(2, len(answer.rows))
        self.assertEqual(
            ['a1', 'a2', 'a3', 'b1', 'b2', 'b3'],
            self.keys('cluster', group_by='cluster'),
        )

    def test_page_by_page(self):
        for group, name, wanted in (
            ('project', 'project_id', ['p1', 'p2', 'p3']),
            ('cluster', 'cluster', ['a1', 'a2', 'a3', 'b1', 'b2', 'b3']),
        ):
            for limit in range(1, 8):
                found, marker, more = [], None, True
                while more:
                    answer = self.ask(
                        group_by=group, limit=limit, marker=marker
                    )
                    self.assertLessEqual(len(answer.rows), limit)
                    found += [row.key[name] for row in answer.rows]
                    marker, more = found[-1], answer.more
                self.assertEqual(wanted, found)

    def test_a_marker_need_not_be_there(self):
        self.assertEqual(
            ['b1', 'b2'],
            self.keys('cluster', group_by='cluster', marker='a9', limit=2),
        )
        self.assertEqual(
            ['p3'], self.keys('project_id', group_by='project', marker='p25')
        )
        self.assertEqual(
            [],
            self.keys(
                'project_id', group_by='project', marker='p1', project_id='p1'
            ),
        )

    def test_blocks_are_read_until_a_page_is_full(self):
        for name in ('a2', 'a3', 'b1'):
            self.tell('update', 'cluster', name, 11, state='CREATE_FAILED')
        for number in range(40):
            state = f'S{number:02}_COMPLETE' if number % 2 else 'OTHER'
            self.cluster(f'z{number:02}', 'p2', state=state)
        self.patch(ledger, '_BLOCK', 3)
        self.assertEqual(
            ['a1', 'b2', 'b3', 'z01', 'z03'],
            self.keys('cluster', group_by='cluster')[:5],
        )
        self.assertEqual(23, len(self.ask(group_by='cluster').rows))
        self.assertEqual(
            [('p1', 1), ('p2', 21), ('p3', 1)],
            [
                (row.key['project_id'], row.figures.clusters)
                for row in self.ask(group_by='project').rows
            ],
        )

    def test_clusters_that_are_not_complete_count_if_all_do(self):
        self.tell('update', 'cluster', 'a1', 11, state='CREATE_FAILED')
        self.tell('update', 'cluster', 'a2', 11, state='UPDATE_COMPLETE')
        for number in (1, 3):
            state = 'DELETE_IN_PROGRESS'
            self.tell('update', 'cluster', f'b{number}', 11, state=state)
        self.tell('update', 'cluster', 'a3', 11, state='DELETE_IN_PROGRESS')
        self.assertEqual(2, self.total().clusters)
        self.assertEqual(6, self.total(all=True).clusters)
        self.assertEqual(['p2'], self.keys('project_id', group_by='project'))
        self.assertEqual(
            ['a2', 'b2'], self.keys('cluster', group_by='cluster')
        )
        self.assertEqual(3, len(self.ask(group_by='project', all=True).rows))
        self.conf.set_override('cluster_states', ['*_F?ILED'], 'stats')
        self.assertEqual(['a1'], self.keys('cluster', group_by='cluster'))

    def test_a_cluster_by_its_id_or_name_whatever_its_status(self):
        self.tell('update', 'cluster', 'a1', 11, state='CREATE_FAILED')
        for reference in ('a1', 'name-a1'):
            for project in ('p1', None):
                answer = self.ask(cluster=reference, project_id=project)
                (row,) = answer.rows
                self.assertEqual('a1', row.key['cluster'])
                self.assertEqual('CREATE_FAILED', row.key['status'])
                self.assertEqual(1, row.figures.clusters)
                self.assertEqual(2, row.figures.vcpus)

    def test_an_id_comes_before_a_name(self):
        self.cluster('c', 'p3', name='a1')
        (row,) = self.ask(cluster='a1').rows
        self.assertEqual('p1', row.key['project_id'])

    def test_a_name_of_several_is_ambiguous(self):
        self.cluster('c', 'p3', name='name-a1')
        error = self.assertRaises(
            exception.AmbiguousCluster, self.ask, cluster='name-a1'
        )
        self.assertEqual(('a1', 'c'), error.clusters)
        (row,) = self.ask(cluster='name-a1', project_id='p1').rows
        self.assertEqual('a1', row.key['cluster'])

    def test_what_is_not_there_is_not_found(self):
        for asked in (
            {'cluster': 'nothing'},
            {'cluster': 'a1', 'project_id': 'p2'},
            {'cluster': 'name-a1', 'project_id': 'p2'},
            {'cluster': 'A1'},
        ):
            self.assertRaises(exception.ClusterNotFound, self.ask, **asked)

    def test_what_has_gone_since_it_was_counted_is_not_found(self):
        self.total()
        self.tell('delete', 'cluster', 'a1', 12)
        self.assertRaises(exception.ClusterNotFound, self.ask, cluster='a1')

    def test_names_that_no_column_holds_are_cut(self):
        self.cluster('c', 'p9', name='n' * 300, state='S' * 70)
        (row,) = self.ask(cluster='c').rows
        self.assertEqual('n' * 255, row.key['name'])
        self.assertEqual('S' * 64, row.key['status'])


class AwayTestCase(clusters.ClustersCase):
    def test_a_database_that_is_away_is_said_to_be(self):
        with self.database.engine.begin() as connection:
            models.TALLY.drop(connection)
        error = self.assertRaises(drivers.DriverError, self.ask)
        self.assertEqual('the database is away', str(error))
