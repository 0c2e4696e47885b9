# SPDX-License-Identifier: Apache-2.0
"""What belongs to clusters: themselves, addresses, metadata, descriptions."""

import unittest

from oslo_config import cfg

from talea import conf as talea_conf
from talea.objects import event as events
from talea.objects import timeline
from talea.tests.stories import Story
from talea.tests.stories import at

CSI = 'cinder.csi.openstack.org/cluster'
PAIR = {'node_count': 2, 'master_count': 1}


def known(clock):
    return {'completed': True, 'completed_at': at(clock).isoformat()}


class ClusterTestCase(unittest.TestCase):
    def story(self):
        return Story('cluster', state='CREATE_IN_PROGRESS', **PAIR).create(
            '10:00'
        )

    def test_it_is_complete_from_when_that_is_told(self):
        story = self.story().tell('10:05', events.UPDATE, completed=True)
        self.assertEqual(
            [('10:00', '10:05', 'False'), ('10:05', None, 'True')],
            story.spans('completed'),
        )

    def test_it_stays_complete(self):
        story = self.story().tell('10:05', events.UPDATE, completed=True)
        story.tell('10:10', events.UPDATE, completed=True)
        story.tell('10:20', events.UPDATE, state='DELETE_FAILED')
        story.tell('10:30', events.RESIZE, **PAIR, **known('10:25'))
        self.assertEqual(
            [('10:00', '10:05', 'False'), ('10:05', None, 'True')],
            story.spans('completed'),
        )

    def test_a_later_word_tells_by_when_it_was_complete(self):
        story = self.story()
        story.tell(
            '11:00',
            events.RESIZE,
            node_count=5,
            master_count=1,
            **known('10:10'),
        )
        self.assertEqual(
            [
                ('10:00', '10:10', 'False', '2'),
                ('10:10', '11:00', 'True', '2'),
                ('11:00', None, 'True', '5'),
            ],
            story.spans('completed', 'node_count'),
        )

    def test_the_word_itself_is_better_than_a_later_one(self):
        story = self.story()
        story.tell('11:00', events.RESIZE, **PAIR, **known('10:10'))
        story.tell('10:04', events.UPDATE, completed=True)
        self.assertEqual(
            [('10:00', '10:04', 'False'), ('10:04', None, 'True')],
            story.spans('completed'),
        )

    def test_it_may_have_been_complete_in_its_first_second(self):
        story = self.story()
        story.tell('11:00', events.RESIZE, **PAIR, **known('09:59:59'))
        self.assertEqual([('10:00', None, 'True')], story.spans('completed'))

    def test_masters_and_workers_begin_new_entities(self):
        story = self.story()
        story.tell('11:00', events.RESIZE, node_count=2, master_count=3)
        story.tell('12:00', events.RESIZE, node_count=4, master_count=5)
        self.assertEqual(
            [
                ('10:00', '11:00', '2', '1'),
                ('11:00', '12:00', '2', '3'),
                ('12:00', None, '4', '5'),
            ],
            story.spans('node_count', 'master_count'),
        )

    def test_what_came_before_a_resize_is_not_known_without_the_begin(self):
        story = Story('cluster')
        story.tell(
            '11:00',
            events.RESIZE,
            project_id='p',
            created_at=at('10:00').isoformat(),
            **PAIR,
            **known('10:30'),
        )
        self.assertEqual(
            [
                ('10:00', '10:30', 'False', 'None'),
                ('10:30', '11:00', 'True', 'None'),
                ('11:00', None, 'True', '2'),
            ],
            story.spans('completed', 'node_count'),
        )

    def test_nothing_is_told_of_it_after_its_end(self):
        story = self.story().tell('11:00', events.DELETE, state='GONE')
        story.tell(
            '11:01',
            events.UPDATE,
            created_at=at('10:00').isoformat(),
            **known('10:30'),
        )
        self.assertEqual(
            [('10:00', '11:00', 'False', 'GONE')],
            story.spans('completed', 'state'),
        )

    def test_addresses_change_in_place(self):
        story = self.story()
        story.tell('11:00', events.UPDATE, node_addresses=['10.0.0.7'])
        self.assertEqual(
            [('10:00', None, "['10.0.0.7']")], story.spans('node_addresses')
        )


class TiesTestCase(unittest.TestCase):
    """What other resources tell of the cluster that they belong to."""

    def test_addresses_of_a_server_change_in_place(self):
        story = Story('instance', flavor='a', addresses=['10.0.0.5'])
        story.create('10:00')
        story.tell(
            '11:00',
            events.UPDATE,
            addresses=['10.0.0.5', '10.0.0.6'],
            ports=['port-1', 'port-2'],
        )
        self.assertEqual(
            [
                (
                    '10:00',
                    None,
                    "['10.0.0.5', '10.0.0.6']",
                    "['port-1', 'port-2']",
                )
            ],
            story.spans('addresses', 'ports'),
        )

    def test_the_format_without_ports_leaves_those_that_are_known(self):
        story = Story('instance', flavor='a', addresses=['10.0.0.5'])
        story.create('10:00')
        story.create('10:00', ports=['port-1'])
        story.tell('11:00', events.UPDATE, state='active')
        self.assertEqual(
            [('10:00', None, "['10.0.0.5']", "['port-1']")],
            story.spans('addresses', 'ports'),
        )

    def test_an_audit_heals_lost_addresses(self):
        story = Story('instance', flavor='a', addresses=['10.0.0.5'])
        story.create('10:00')
        story.exists('12:00', begin='11:00', addresses=['10.0.0.6'])
        self.assertEqual(
            [('10:00', None, "['10.0.0.6']")], story.spans('addresses')
        )

    def test_only_white_listed_metadata_of_a_volume_is_kept(self):
        story = Story('volume', size=1, metadata={CSI: 'k8s', 'team': 'a'})
        story.create('10:00')
        self.assertEqual(
            [('10:00', None, f"{{'{CSI}': 'k8s'}}")], story.spans('metadata')
        )
        self.assertEqual(
            [('10:00', None, "{'team': 'a'}")],
            story.spans('metadata', volume_metadata=('team',)),
        )

    def test_metadata_of_a_volume_changes_in_place(self):
        story = Story('volume', size=1, metadata={CSI: 'k8s'}).create('10:00')
        story.tell('11:00', events.UPDATE, metadata={})
        self.assertEqual([('10:00', None, '{}')], story.spans('metadata'))

    def test_the_metadata_of_an_instance_has_its_own_list(self):
        story = Story('instance', flavor='a', metadata={CSI: 'k', 'team': 'a'})
        story.create('10:00')
        self.assertEqual([('10:00', None, '{}')], story.spans('metadata'))
        self.assertEqual(
            [('10:00', None, "{'team': 'a'}")],
            story.spans('metadata', metadata=('team',)),
        )

    def test_the_description_of_a_floating_ip_changes_in_place(self):
        story = Story('floatingip', description='').create('10:00')
        story.tell('11:00', events.UPDATE, description='of k8s')
        self.assertEqual(
            [('10:00', None, 'of k8s')], story.spans('description')
        )

    def test_rules_are_those_of_the_options(self):
        conf = cfg.ConfigOpts()
        talea_conf.register(conf)
        conf([], default_config_files=[], default_config_dirs=[])
        self.assertEqual(timeline.Rules(), timeline.Rules.of(conf))
