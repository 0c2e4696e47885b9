# SPDX-License-Identifier: Apache-2.0
"""What entities tell as facts, whatever is in them."""

import unittest

from talea.conductor import facts
from talea.conductor import recorded
from talea.objects import present
from talea.objects import timeline


def of(kind, name='name', **attributes):
    """Return what one thing tells."""
    return recorded.of([present.Thing(kind, 'id', 'p1', name, attributes)])


class ThingsTest(unittest.TestCase):
    def test_a_cluster_has_workers_and_masters(self):
        (found,) = of(
            'cluster',
            state='CREATE_COMPLETE',
            stack_id='stack',
            node_count=3,
            master_count=1,
            node_addresses=['10.0.0.2', '10.0.0.3'],
            master_addresses=['10.0.0.1'],
        ).clusters
        self.assertEqual(
            facts.Cluster(
                'id',
                'name',
                'p1',
                'CREATE_COMPLETE',
                4,
                'stack',
                ('10.0.0.2', '10.0.0.3', '10.0.0.1'),
            ),
            found,
        )

    def test_of_a_cluster_little_may_be_known(self):
        there = of('cluster', None, stack_id='', node_addresses=None)
        (found,) = there.clusters
        self.assertEqual(facts.Cluster('id', '', 'p1', '', 0), found)

    def test_a_server_is_called_as_nova_calls_it(self):
        there = of(
            'instance',
            'host',
            display_name='Host',
            vcpus=2,
            memory_mb=512,
            disk_gb=3,
            root_gb=1,
            ephemeral_gb=2,
            addresses=['10.0.0.1'],
            ports=['port'],
        )
        self.assertEqual(
            [
                facts.Server(
                    'id', 'Host', 'p1', 2, 512, 3, ('10.0.0.1',), ('port',)
                )
            ],
            there.servers,
        )
        self.assertEqual([], there.unknown)

    def test_its_disks_are_added_up_if_nobody_has_done_it(self):
        (found,) = of('instance', vcpus=1, root_gb=1, ephemeral_gb=2).servers
        self.assertEqual(3, found.local_gb)

    def test_a_server_of_unknown_flavor_is_among_all_and_named(self):
        for attributes in ({}, {'vcpus': None, 'memory_mb': None}):
            there = of('instance', **attributes)
            self.assertEqual(there.servers, there.unknown)
            self.assertEqual(
                [facts.Server('id', 'name', 'p1', 0, 0, 0)], there.servers
            )

    def test_a_volume_tells_its_cluster_by_metadata(self):
        (found,) = of(
            'volume',
            size=5,
            attached_to=['s'],
            metadata={timeline.CSI_CLUSTER: 'c', 'other': 'd'},
        ).volumes
        self.assertEqual(facts.Volume('id', 'p1', 5, ('s',), 'c'), found)
        (found,) = of('volume', metadata=None).volumes
        self.assertEqual(facts.Volume('id', 'p1', 0), found)

    def test_a_floating_ip_tells_where_it_leads_and_who_made_it(self):
        (found,) = of(
            'floatingip',
            port_id='port',
            fixed_ip='10.0.0.1',
            description='Floating IP for Kubernetes external service '
            'default/web from cluster c',
        ).floating_ips
        self.assertEqual(
            facts.FloatingIp('id', 'p1', None, 'port', '10.0.0.1', 'c'), found
        )
        (found,) = of('floatingip', port_id='', fixed_ip=None).floating_ips
        self.assertEqual(facts.FloatingIp('id', 'p1'), found)

    def test_a_server_has_the_floating_ips_that_lead_to_it(self):
        def server(number, project_id='p1', **given):
            return present.Thing(
                'instance', f's{number}', project_id, 'name', given
            )

        def floating_ip(address, project_id='p1', **given):
            given['address'] = address
            return present.Thing('floatingip', address, project_id, '', given)

        there = recorded.of(
            [
                floating_ip('1', port_id='port', fixed_ip='twice'),
                floating_ip('2', port_id='unknown', fixed_ip='once'),
                # Of two servers, of none, of another project.
                floating_ip('3', port_id='unknown', fixed_ip='twice'),
                floating_ip('4', port_id='unknown'),
                floating_ip('5', 'p2', port_id='port', fixed_ip='once'),
                floating_ip(None, port_id='port'),
                server(0, addresses=['twice'], ports=['port']),
                server(1, addresses=['twice', 'once'], vcpus=1),
                server(2, 'p2', addresses=['twice']),
            ]
        )
        self.assertEqual(
            [('twice', '1'), ('twice', 'once', '2'), ('twice',)],
            [one.addresses for one in there.servers],
        )
        self.assertEqual([there.servers[0], there.servers[2]], there.unknown)

    def test_other_things_tell_nothing(self):
        self.assertEqual(recorded.Recorded(), of('image', size=1))
