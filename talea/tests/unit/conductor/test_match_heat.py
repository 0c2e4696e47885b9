# SPDX-License-Identifier: Apache-2.0
"""Servers that are called as Magnum's Heat driver calls them."""

from oslotest import base

from talea.tests.unit.conductor import test_match


class HeatTestCase(base.BaseTestCase):
    def _nodes(self, clusters, *servers):
        return {
            name: figures.vcpus
            for name, figures in test_match.hold(clusters, servers).items()
        }

    def test_a_name_such_as_heat_makes(self):
        name = 'My.Long_Cluster_with_more_than_30_characters'
        node = 'my-long-cluster-with-more-than-k3jx5nq2vb7d-node-0'
        self.assertEqual(
            {'c0': 0b11},
            self._nodes(
                [test_match.cluster(0, name=name)],
                test_match.server(0, name=node),
                test_match.server(1, name=node.replace('node', 'master')),
                test_match.server(2, name=node.replace('-node', '')),
                test_match.server(
                    3, name=node.replace('k3jx5nq2vb7d', 'k3jx')
                ),
                test_match.server(4, name=f'x{node}'),
            ),
        )

    def test_further_groups_of_nodes_such_as_heat_makes(self):
        name = 'My.Long_Cluster_with_more_than_30_characters'
        self.assertEqual(
            {'c0': 0b1, 'c1': 0b1110},
            self._nodes(
                [
                    test_match.cluster(0, name=name),
                    test_match.cluster(1, name='web'),
                ],
                test_match.server(
                    0,
                    name='my-long-cluster-with-gpu-worke-k3jx5nq2vb7d-node-0',
                ),
                test_match.server(1, name='web-gpu-k3jx5nq2vb7d-node-0'),
                test_match.server(2, name='web-my-gpu-k3jx5nq2vb7d-node-0'),
                test_match.server(3, name='web-k3jx5nq2vb7d-node-0'),
                # Ten characters, none, another cluster.
                test_match.server(
                    4, name='web-gpuworkers-k3jx5nq2vb7d-node-0'
                ),
                test_match.server(5, name='web--k3jx5nq2vb7d-node-0'),
                test_match.server(6, name='web2-gpu-k3jx5nq2vb7d-node-0'),
            ),
        )

    def test_a_group_that_may_be_of_two_clusters_is_of_none(self):
        clusters = [
            test_match.cluster(0, name='web'),
            test_match.cluster(1, name='web-a'),
            test_match.cluster(2, name='x' * 20 + '1'),
            test_match.cluster(3, name='x' * 20 + '2'),
            test_match.cluster(4, name='db'),
            test_match.cluster(5, name='db'),
            test_match.cluster(6, 'q', name='app'),
        ]
        self.assertEqual(
            {'c0': 0, 'c1': 1, 'c2': 0, 'c3': 0, 'c4': 0, 'c5': 0, 'c6': 0},
            self._nodes(
                clusters,
                # What is called like one of them is its own.
                test_match.server(0, name='web-a-k3jx5nq2vb7d-node-0'),
                # The group "a-b" of "web", or "b" of "web-a".
                test_match.server(1, name='web-a-b-k3jx5nq2vb7d-node-0'),
                test_match.server(
                    2, name='x' * 20 + '-gpu-k3jx5nq2vb7d-node-0'
                ),
                test_match.server(3, name='db-gpu-k3jx5nq2vb7d-node-0'),
                test_match.server(4, name='app-gpu-k3jx5nq2vb7d-node-0'),
            ),
        )

    def test_a_group_called_like_two_clusters_is_of_none(self):
        clusters = [
            test_match.cluster(0, name='web'),
            test_match.cluster(1, name='web-a'),
            test_match.cluster(2, name='web-a'),
        ]
        self.assertEqual(
            {'c0': 0, 'c1': 0, 'c2': 0},
            self._nodes(
                clusters,
                test_match.server(0, name='web-a-k3jx5nq2vb7d-node-0'),
            ),
        )
