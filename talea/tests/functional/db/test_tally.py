# SPDX-License-Identifier: Apache-2.0
"""What the ledger says that clusters hold, on each engine."""

import sqlalchemy as sa

from talea import exception
from talea.conductor import counter as counting
from talea.conductor.drivers import base as drivers
from talea.conductor.drivers import ledger
from talea.db import api as db
from talea.db import models
from talea.objects import event as events
from talea.objects import resource
from talea.objects import tally_mark
from talea.objects import timeline
from talea.tests import base
from talea.tests.functional.db import clusters
from talea.tests.functional.db.clusters import at
from talea.tests.functional.db.clusters import figures

NODE = {'vcpus': 2, 'memory_mb': 2048, 'local_gb': 20}


@base.on_all_engines
class FiguresTestCase(clusters.ClustersCase):
    """Whatever is told, figures follow."""

    def test_where_there_is_nothing_there_is_nothing(self):
        self.assertEqual(figures(), self.total())
        self.assertEqual(figures(), self.total(project_id='p1'))
        self.assertEqual((), self.ask(group_by='project').rows)

    def test_a_cluster_has_nodes_volumes_and_floating_ips(self):
        self.cluster('c')
        self.node('s1', 'c', ports=['port'], addresses=['10.0.0.1'])
        self.node('s2', 'c', disk_gb=30, root_gb=20, ephemeral_gb=10)
        self.volume('v1', servers=['s1'], size=7)
        self.volume('v2', metadata={timeline.CSI_CLUSTER: 'name-c'})
        self.volume('v3')
        self.floating_ip('f1', port_id='port')
        self.floating_ip('f2', fixed_ip='10.0.0.1')
        self.floating_ip('f3', description=clusters.CONTROLLER + 'name-c')
        self.floating_ip('f4', port_id='other')
        self.assertEqual(
            figures(
                clusters=1,
                nodes=3,
                unmatched_nodes=1,
                volumes=2,
                volume_gb=12,
                floating_ips=3,
                vcpus=4,
                memory_mb=4096,
                local_gb=50,
            ),
            self.total(),
        )

    def test_nodes_are_known_by_their_addresses(self):
        self.cluster('c', node_addresses=['10.0.0.1'])
        self.node('s', 'other', addresses=['10.0.0.1'])
        self.assertEqual(2, self.total().vcpus)

    def test_nodes_are_known_by_what_nova_calls_their_name(self):
        self.cluster('c')
        self.node('s', 'other', display_name='stack-c-0')
        self.assertEqual(2, self.total().vcpus)

    def test_what_becomes_another_in_place_counts_at_once(self):
        self.cluster('c', stack_id=None)
        self.node('s', 'c', name='web')
        self.volume('v')
        self.floating_ip('f')
        self.assertEqual(3, self.total().unmatched_nodes)
        said = {'master_count': 1, 'node_count': 2, 'name': 'name-c'}
        self.tell('update', 'cluster', 'c', 11, stack_id='web', **said)
        self.assertEqual(0, self.total().vcpus)
        self.tell('update', 'instance', 's', 11, name='web-0')
        self.assertEqual(2, self.total().vcpus)
        self.tell('attach', 'volume', 'v', 12, attached_to=['s'])
        self.assertEqual(1, self.total().volumes)
        self.tell('detach', 'volume', 'v', 13, attached_to=[])
        self.assertEqual(0, self.total().volumes)
        self.tell('update', 'instance', 's', 14, ports=['p'])
        self.tell('update', 'floatingip', 'f', 14, port_id='p')
        self.assertEqual(1, self.total().floating_ips)
        self.tell('resize', 'volume', 'v', 14, size=9)
        self.tell('attach', 'volume', 'v', 15, attached_to=['s'])
        self.assertEqual(9, self.total().volume_gb)
        larger = {**clusters.FLAVOR, 'flavor': 'large', 'vcpus': 8}
        self.tell('resize', 'instance', 's', 15, **larger)
        self.assertEqual(8, self.total().vcpus)
        self.tell('resize', 'cluster', 'c', 15, node_count=5, master_count=1)
        self.assertEqual(6, self.total().nodes)
        self.assertEqual(5, self.total().unmatched_nodes)

    def test_what_is_gone_is_not_counted(self):
        self.cluster('c')
        self.node('s', 'c')
        self.volume('v', servers=['s'])
        self.assertEqual(1, self.total().volumes)
        self.tell('delete', 'volume', 'v', 12)
        self.assertEqual((0, 2), (self.total().volumes, self.total().vcpus))
        self.tell('delete', 'instance', 's', 12)
        self.assertEqual((1, 0), (self.total().clusters, self.total().vcpus))
        self.tell('delete', 'cluster', 'c', 12)
        self.assertEqual(figures(), self.total())
        self.assertEqual([], self.tallies())

    def test_what_becomes_known_late_of_the_past_is_nothing_new(self):
        self.cluster('c')
        self.node('s', 'c')
        self.total()
        self.create('instance', 'old', name='stack-c-old', **clusters.FLAVOR)
        self.tell('delete', 'instance', 'old', 11)
        self.total()
        self.tell('resize', 'instance', 'old', 9, **clusters.FLAVOR)
        self.assertEqual([], self.marks())
        self.assertEqual(2, self.total().vcpus)

    def test_a_delete_that_comes_before_its_create_is_one(self):
        self.cluster('c')
        self.tell('delete', 'instance', 's', 12)
        self.node('s', 'c')
        self.assertEqual(0, self.total().vcpus)

    def test_a_volume_that_is_given_away_leaves_the_cluster(self):
        self.cluster('c', 'p1')
        self.cluster('d', 'p2')
        metadata = {timeline.CSI_CLUSTER: 'name-c'}
        self.volume('v', metadata=metadata)
        self.assertEqual(1, self.total().volumes)
        self.tell('transfer', 'volume', 'v', 12, 'p2')
        self.assertEqual(['p1', 'p2'], self.marks())
        self.assertEqual(0, self.total(project_id='p1').volumes)
        self.assertEqual(0, self.total(project_id='p2').volumes)
        self.tell('transfer', 'volume', 'v', 13, 'p1')
        self.assertEqual(1, self.total().volumes)

    def test_what_another_project_calls_so_is_not_of_the_cluster(self):
        self.cluster('c')
        self.node('forged', 'c', 'p2')
        self.volume('v', 'p2', metadata={timeline.CSI_CLUSTER: 'c'})
        self.assertEqual(0, self.total().vcpus)
        self.assertEqual(0, self.total().volumes)

    def test_a_flavor_that_nobody_knows_is_not_nothing(self):
        self.cluster('c')
        self.cluster('d')
        self.node('s1', 'c')
        self.create('instance', 's2', name='stack-c-2', flavor='large')
        self.node('s3', 'd')
        self.create('instance', 'alien', flavor='large')
        answer = self.ask()
        (row,) = answer.rows
        self.assertEqual(
            figures(
                clusters=2,
                nodes=6,
                unmatched_nodes=3,
                vcpus=None,
                memory_mb=None,
                local_gb=None,
            ),
            row.figures,
        )
        (failure,) = answer.errors
        self.assertEqual('ledger', failure.driver)
        self.assertIn('1 nodes', failure.reason)
        answer = self.ask(cluster='d')
        self.assertEqual((), answer.errors)
        self.assertEqual(2, answer.rows[0].figures.vcpus)

    def test_folding_again_by_other_rules_is_noticed(self):
        self.rules = timeline.Rules(volume_metadata=())
        self.cluster('c')
        self.volume('v', metadata={timeline.CSI_CLUSTER: 'c'})
        self.assertEqual(0, self.total().volumes)
        pks = resource.page(self.context, 0, 10)
        resource.refold(db.DbContext(), pks, timeline.Rules(), at(20))
        self.assertEqual(1, self.total().volumes)

    def test_where_nobody_asks_nothing_is_noted(self):
        self.rules = timeline.Rules(track_stats=False)
        self.cluster('c')
        self.assertEqual([], self.marks())

    def test_collectors_learn_that_nobody_asks(self):
        self.assertTrue(timeline.Rules.of(self.conf).track_stats)
        self.conf.set_override('track_changes', False, 'stats')
        self.assertFalse(timeline.Rules.of(self.conf).track_stats)


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


@base.on_all_engines
class FreshnessTestCase(clusters.ClustersCase):
    """When something is counted, and as of when it is said to be."""

    def refresh_later(self):
        self.conf.set_override('refresh_timeout', 0, 'stats')

    def test_what_is_not_marked_is_not_counted(self):
        self.cluster('c')
        self.total()
        with self.database.engine.begin() as connection:
            connection.execute(sa.delete(models.ENTITY))
        self.assertEqual(1, self.total().clusters)

    def test_what_changes_nothing_is_not_marked(self):
        self.cluster('c')
        self.node('s', 'c')
        self.total()
        self.tell('update', 'instance', 's', 12, state='stopped', host='h2')
        self.tell('update', 'cluster', 'c', 12, state='CREATE_COMPLETE')
        self.create('image', 'i', size=1)
        self.create('snapshot', 'sn', size=1, volume_id='v')
        self.assertEqual([], self.marks())

    def test_one_transaction_marks_a_project_once(self):
        self.apply(
            *(
                self.event(
                    events.CREATE,
                    'volume',
                    f'v{number}',
                    at(10),
                    f'p{number % 2}',
                    created_at=at(10).isoformat(),
                    size=1,
                )
                for number in range(10)
            )
        )
        self.assertEqual(['p0', 'p1'], self.marks())

    def test_what_is_marked_is_counted_before_the_answer(self):
        self.cluster('c')
        self.assertEqual(['p1'], self.marks())
        answer = self.ask(now=at(21))
        self.assertEqual(at(21), answer.collected_at)
        self.assertEqual([], self.marks())
        self.assertEqual(1, len(self.tallies()))

    def test_only_the_project_that_is_asked_for_is_counted(self):
        self.cluster('c', 'p1')
        self.cluster('d', 'p2')
        self.total(project_id='p1')
        self.assertEqual(['p2'], self.marks())
        self.cluster('e', 'p3')
        self.assertEqual(1, len(self.ask(cluster='name-e').rows))
        self.assertEqual(['p2'], self.marks())

    def test_what_is_left_dates_the_answer(self):
        self.refresh_later()
        self.cluster('c', 'p1', now=at(18))
        self.cluster('d', 'p2', now=at(19))
        self.cluster('e', 'p1', now=at(19, 30))
        self.assertEqual(at(18), self.ask(now=at(20)).collected_at)
        answer = self.ask(now=at(20), project_id='p2')
        self.assertEqual(at(19), answer.collected_at)
        self.assertEqual(0, answer.rows[0].figures.clusters)
        answer = self.ask(now=at(20), project_id='p3')
        self.assertEqual(at(20), answer.collected_at)

    def test_no_answer_is_of_the_future(self):
        self.refresh_later()
        self.cluster('c', now=at(21))
        self.assertEqual(at(20), self.ask(now=at(20)).collected_at)

    def test_what_takes_too_long_is_left(self):
        self.patch(counting, '_ENTITIES', 1)
        for number in range(5):
            project = f'p{number}'
            now = at(19, 10 - number)
            self.cluster(f'c{number}', project, now=now)
        moments = iter([0, 0, 1, 9, 9, 9])
        self.patch(ledger.time, 'monotonic', lambda: next(moments))
        answer = self.ask(now=at(20))
        # The two that have waited longest were counted.
        self.assertEqual(['p0', 'p1', 'p2'], self.marks())
        self.assertEqual(2, answer.rows[0].figures.clusters)
        self.assertEqual(at(19, 8), answer.collected_at)

    def test_a_project_that_makes_trouble_keeps_its_mark(self):
        self.cluster('c', 'p1', now=at(18))
        self.cluster('d', 'p2')
        self.cluster('e', 'p3')
        real = counting.recorded.of

        def troubled(things):
            things = list(things)
            if any(one.project_id == 'p1' for one in things):
                raise ZeroDivisionError
            return real(things)

        self.patch(counting.recorded, 'of', troubled)
        answer = self.ask()
        self.assertEqual(2, answer.rows[0].figures.clusters)
        self.assertEqual(at(18), answer.collected_at)
        self.assertEqual(['p1'], self.marks())

    def test_projects_without_clusters_are_not_read(self):
        self.volume('v')
        with self.statements() as said:
            self.total()
        self.assertFalse(
            [one for one in said if 'entity.attributes' in one], said
        )
        self.assertEqual([], self.marks())

    def test_an_answer_of_what_is_counted_reads_no_entities(self):
        self.cluster('c')
        self.total()
        for asked in (
            {},
            {'project_id': 'p1'},
            {'group_by': 'cluster', 'limit': 1},
            {'group_by': 'project', 'limit': 1},
            {'cluster': 'c', 'project_id': 'p1'},
        ):
            with self.statements() as said:
                self.ask(**asked)
            self.assertFalse([one for one in said if 'entity' in one])
            self.assertLessEqual(len(said), 3)


@base.on_all_engines
class ClaimTestCase(clusters.ClustersCase):
    """What was not counted, or not in this way, is counted by itself."""

    starts = False

    def start(self, *strategies):
        """Return a driver that was started just now."""
        if strategies:
            self.conf.set_override('strategies', strategies, 'stats')
        return ledger.Ledger(self.conf)

    def test_clusters_that_were_there_before_are_counted(self):
        self.rules = timeline.Rules(track_stats=False)
        self.cluster('c')
        self.cluster('d', 'p2')
        self.tell('delete', 'cluster', 'd', 12, 'p2')
        self.driver = self.start()
        self.assertEqual(1, self.total().clusters)

    def test_a_second_start_counts_nothing(self):
        self.cluster('c')
        self.total()
        self.driver = self.start()
        self.conf.set_override('refresh_timeout', 0, 'stats')
        self.total()
        self.assertEqual([], self.marks())

    def test_other_strategies_count_again(self):
        self.cluster('c')
        self.node('s', 'c')
        self.assertEqual(2, self.total().vcpus)
        self.driver = self.start('addresses')
        self.assertEqual(0, self.total().vcpus)
        self.driver = self.start('addresses', 'prefix')
        self.assertEqual(2, self.total().vcpus)

    def test_who_was_started_before_counts_no_more(self):
        self.cluster('c')
        self.node('s', 'c')
        before = self.driver
        self.total()
        self.driver = self.start('addresses')
        self.total()
        self.node('s2', 'c', now=at(19))
        after, self.driver = self.driver, before
        answer = self.ask()
        self.assertEqual(0, answer.rows[0].figures.vcpus)
        self.assertEqual(at(19), answer.collected_at)
        self.assertEqual(['p1'], self.marks())
        self.driver = after
        self.assertEqual(clusters.NOW, self.ask().collected_at)


@base.on_all_engines
class MarksTestCase(clusters.ClustersCase):
    """Marks are bounded where nobody counts."""

    def sweep(self):
        return tally_mark.sweep(db.DbContext())

    def test_many_become_one_as_old_as_the_oldest(self):
        for number in range(11):
            self.cluster(f'c{number}', now=at(12, 30 - number))
        self.cluster('d', 'p2')
        self.assertEqual(12, len(self.marks()))
        self.assertEqual(1, self.sweep())
        self.assertEqual(['p1', 'p2'], self.marks())
        self.assertEqual(
            {'p1': at(12, 20), 'p2': clusters.NOW},
            tally_mark.waiting(self.context),
        )
        self.assertEqual(0, self.sweep())
        self.assertEqual(12, self.total().clusters)

    def test_few_are_left_to_who_counts(self):
        for number in range(10):
            self.cluster(f'c{number}')
        self.assertEqual(0, self.sweep())
        self.assertEqual(10, len(self.marks()))

    def test_more_than_one_statement_takes_are_taken(self):
        rows = [{'project_id': 'p1', 'marked_at': at(10)} for _ in range(2500)]
        with self.database.engine.begin() as connection:
            connection.execute(sa.insert(models.TALLY_MARK), rows)
        self.assertEqual(clusters.NOW, self.ask().collected_at)
        self.assertEqual([], self.marks())
