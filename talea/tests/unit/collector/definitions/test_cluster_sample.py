# SPDX-License-Identifier: Apache-2.0
"""What samples/README.rst says of samples/cluster.jsonl."""

import collections
import datetime
import json
import pathlib
import unittest

from talea.conductor import match
from talea.objects import cluster
from talea.objects import fold
from talea.objects import timeline
from talea.tests.unit.collector.definitions import samples

SAMPLE = pathlib.Path(__file__).parents[5] / 'samples' / 'cluster.jsonl'
ALPHA = '59e09862a35b40a696f3d50da2d74a7e'
BETA = '1c795fa403d4485bbfaa2ba5d3c3ee13'
WEB = 'web-4fz8k2vq7n1d'
LAB = 'lab-9q3m7x0tb5wk'


class ClusterSampleTestCase(unittest.TestCase):
    def setUp(self):
        super().setUp()
        histories = collections.defaultdict(list)
        recorded = map(json.loads, SAMPLE.read_text().splitlines())
        self.messages = [samples.opened(one) for one in recorded]
        for message in self.messages:
            one = samples.event(message)
            histories[one.resource_type, one.resource_id].append(one)
        self.spans = {
            key: fold.fold(history, timeline.Rules()).spans
            for key, history in histories.items()
        }

    def found(self, kind, project):
        """Return the attributes of what there is at the end, by name."""
        return [
            some[-1].values
            for key, some in sorted(self.spans.items())
            if key[0] == kind and some[-1].values['project_id'] == project
        ]

    def test_nobody_had_heard_of_any_of_it(self):
        for name in samples.known_types():
            for message in samples.messages(name):
                for one in samples.events(message):
                    key = (one.resource_type, one.resource_id)
                    self.assertNotIn(key, self.spans)

    def test_it_happened_while_the_others_did(self):
        for message in self.messages:
            self.assertLess(samples.at('06:30:00'), message.sent_at)
            self.assertLess(message.sent_at, samples.at('06:53:21'))
            self.assertLess(
                message.received_at - message.sent_at,
                datetime.timedelta(seconds=1),
            )

    def test_clusters_are_complete_and_one_grows(self):
        shown = [
            [
                (
                    f'{span.start:%H:%M:%S}',
                    span.values['completed'],
                    cluster.nodes(span.values),
                    span.values['stack_id'],
                )
                for span in spans
            ]
            for (kind, _), spans in sorted(self.spans.items())
            if kind == 'cluster'
        ]
        self.assertEqual(
            [
                [
                    ('06:29:59', False, 2, None),
                    ('06:32:10', True, 2, WEB),
                    ('06:52:30', True, 3, WEB),
                ],
                [
                    ('06:36:59', False, 2, None),
                    ('06:39:10', True, 2, LAB),
                ],
            ],
            shown,
        )

    def test_servers_are_called_after_the_stack_and_have_a_port(self):
        for project, stack, number in ((ALPHA, WEB, 3), (BETA, LAB, 2)):
            servers = self.found('instance', project)
            self.assertEqual(number, len(servers))
            for one in servers:
                self.assertTrue(one['name'].startswith(f'{stack}-'))
                self.assertEqual(1, len(one['addresses']))
                self.assertEqual(1, len(one['ports']))

    def test_volumes_name_the_stack_and_one_of_each_is_attached(self):
        for project, stack, sizes in (
            (ALPHA, WEB, [10, 20]),
            (BETA, LAB, [5]),
        ):
            volumes = self.found('volume', project)
            self.assertEqual(sizes, [one['size'] for one in volumes])
            for one in volumes:
                self.assertEqual(
                    {timeline.CSI_CLUSTER: stack}, one['metadata']
                )
            self.assertEqual(
                1, sum(bool(one['attached_to']) for one in volumes)
            )

    def test_one_address_leads_to_the_master_another_names_the_stack(self):
        first, second = self.found('floatingip', ALPHA)
        master = next(
            one
            for one in self.found('instance', ALPHA)
            if 'control-plane' in one['name']
        )
        self.assertEqual(master['ports'], [first['port_id']])
        self.assertEqual(master['addresses'], [first['fixed_ip']])
        self.assertIsNone(match.cloud_controller(first['description']))
        self.assertEqual(WEB, match.cloud_controller(second['description']))
        self.assertEqual([], self.found('floatingip', BETA))
