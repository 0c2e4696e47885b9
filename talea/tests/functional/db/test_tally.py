# SPDX-License-Identifier: Apache-2.0
"""What the ledger says that clusters hold, on each engine."""

from talea.db import api as db
from talea.objects import resource
from talea.objects import timeline
from talea.tests import base
from talea.tests.functional.db import clusters
from talea.tests.functional.db.clusters import at
from talea.tests.functional.db.clusters import figures


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
        self.conf.set_override('track_stats', False, 'stats')
        self.assertFalse(timeline.Rules.of(self.conf).track_stats)
