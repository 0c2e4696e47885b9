# SPDX-License-Identifier: Apache-2.0
"""What events amount to: sentences about single resources."""

import unittest

from talea.objects import event as events
from talea.objects import fold
from talea.objects import timeline
from talea.tests import stories

SMALL = stories.SMALL
LARGE = stories.LARGE
DEBIAN = stories.DEBIAN
FEDORA = stories.FEDORA
at = stories.at
Story = stories.Story


class TestInstance(unittest.TestCase):
    def test_it_lives_from_create_to_delete(self):
        story = Story('instance', **SMALL)
        story.create('10:00').tell('12:00', events.DELETE)
        self.assertEqual([('10:00', '12:00')], story.spans())

    def test_a_resize_begins_a_new_entity(self):
        story = Story('instance', **SMALL)
        story.create('10:00').tell('11:00', events.RESIZE, **LARGE)
        self.assertEqual(
            [('10:00', '11:00', 'm1.small'), ('11:00', None, 'm1.large')],
            story.spans('flavor'),
        )

    def test_the_same_resize_in_both_formats_counts_once(self):
        story = Story('instance', **SMALL).create('10:00')
        story.tell('11:00', events.RESIZE, **LARGE)
        story.tell('11:00:01', events.RESIZE, events.COARSE, **LARGE)
        self.assertEqual(2, len(story.spans()))

    def test_an_exact_end_replaces_a_coarse_one(self):
        story = Story('instance', **SMALL).create('10:00')
        story.tell('11:00', events.DELETE, events.COARSE)
        story.tell('11:01', events.DELETE)
        self.assertEqual([('10:00', '11:01')], story.spans())

    def test_a_rebuild_with_another_system_begins_a_new_entity(self):
        story = Story('instance', **SMALL, **DEBIAN).create('10:00')
        story.tell('11:00', events.REBUILD, **FEDORA)
        self.assertEqual(
            [
                ('10:00', '11:00', "{'distro': 'debian'}"),
                ('11:00', None, "{'distro': 'fedora'}"),
            ],
            story.spans('os'),
        )

    def test_a_rebuild_with_the_same_system_does_not(self):
        story = Story('instance', **SMALL, **DEBIAN).create('10:00')
        story.tell('11:00', events.REBUILD, **{**DEBIAN, 'image_id': 'other'})
        # The versioned twin knows the image only.
        story.tell('11:01', events.REBUILD, events.COARSE, image_id='other')
        self.assertEqual([('10:00', None, 'other')], story.spans('image_id'))

    def test_without_properties_the_image_itself_is_compared(self):
        story = Story('instance', **SMALL, image_id='i-1').create('10:00')
        story.tell('11:00', events.REBUILD, events.COARSE, image_id='i-2')
        self.assertEqual(2, len(story.spans()))

    def test_an_update_after_the_delete_opens_nothing(self):
        story = Story('instance', **SMALL).create('10:00')
        story.tell('11:00', events.DELETE)
        story.tell(
            '11:01',
            events.UPDATE,
            created_at=at('10:00').isoformat(),
            state='deleted',
        )
        self.assertEqual([('10:00', '11:00')], story.spans())

    def test_a_lost_create_is_opened_from_its_time(self):
        story = Story('instance', **SMALL)
        story.exists('11:00', created='09:30')
        (span,) = fold.fold(story.events, timeline.Rules()).spans
        self.assertEqual(at('09:30'), span.start)
        self.assertEqual('inferred', span.source)

    def test_a_create_that_comes_late_corrects_what_was_inferred(self):
        story = Story('instance', **SMALL)
        story.exists('11:00', created='09:30').create('09:30')
        (span,) = fold.fold(story.events, timeline.Rules()).spans
        self.assertEqual('notification', span.source)

    def test_before_a_resize_whose_create_was_lost_no_flavor_is_known(self):
        story = Story('instance', **SMALL)
        story.tell(
            '11:00',
            events.RESIZE,
            created_at=at('10:00').isoformat(),
            project_id='p',
            **LARGE,
        )
        self.assertEqual(
            [('10:00', '11:00', 'None'), ('11:00', None, 'm1.large')],
            story.spans('flavor'),
        )

    def test_a_server_that_never_started_is_no_usage(self):
        story = Story('instance', **SMALL)
        story.tell('10:00', events.UPDATE, state='error', **SMALL)
        story.tell('10:05', events.DELETE, state='deleted')
        self.assertEqual([], story.spans())

    def test_a_lost_resize_counts_from_the_begin_of_the_audit(self):
        story = Story('instance', **SMALL).create('08:00')
        story.exists('10:00', begin='09:00')
        story.exists('11:00', begin='10:00', **LARGE)
        self.assertEqual(
            [('08:00', '10:00', 'm1.small'), ('10:00', None, 'm1.large')],
            story.spans('flavor'),
        )

    def test_a_lost_resize_right_after_the_create_counts_from_its_launch(
        self,
    ):
        story = Story('instance', **SMALL).create('10:10')
        story.exists(
            '11:00',
            begin='10:00',
            launched_at=at('10:40').isoformat(),
            **LARGE,
        )
        self.assertEqual(
            [('10:10', '10:40', 'm1.small'), ('10:40', None, 'm1.large')],
            story.spans('flavor'),
        )

    def test_a_lost_delete_is_told_by_the_audit(self):
        story = Story('instance', **SMALL).create('10:00')
        story.exists('12:00', ended_at=at('11:30').isoformat())
        self.assertEqual([('10:00', '11:30')], story.spans())

    def test_a_real_delete_replaces_what_the_audit_told(self):
        story = Story('instance', **SMALL).create('10:00')
        story.exists('12:00', ended_at=at('11:30').isoformat())
        story.tell('11:31', events.DELETE)
        self.assertEqual([('10:00', '11:31')], story.spans())

    def test_only_a_lost_create_and_its_delete_are_known(self):
        story = Story('instance', **SMALL)
        story.tell(
            '11:00',
            events.DELETE,
            created_at=at('10:00').isoformat(),
            project_id='p',
            **SMALL,
        )
        self.assertEqual(
            [('10:00', '11:00', 'm1.small')], story.spans('flavor')
        )

    def test_states_change_in_place_unless_told_otherwise(self):
        story = Story('instance', **SMALL, state='active').create('10:00')
        story.tell('11:00', events.UPDATE, state='stopped')
        self.assertEqual([('10:00', None, 'stopped')], story.spans('state'))
        self.assertEqual(
            [('10:00', '11:00', 'active'), ('11:00', None, 'stopped')],
            story.spans('state', split_on_state=True),
        )

    def test_a_rename_changes_the_name_in_place(self):
        story = Story('instance', name='a', **SMALL).create('10:00')
        story.tell('11:00', events.UPDATE, name='b')
        self.assertEqual([('10:00', None, 'b')], story.spans('name'))


class TestVolume(unittest.TestCase):
    def story(self):
        return Story('volume', size=10, volume_type_id='t').create('10:00')

    def test_resize_retype_and_transfer_begin_new_entities(self):
        story = self.story()
        story.tell('11:00', events.RESIZE, size=20)
        story.tell('12:00', events.RETYPE, volume_type_id='u')
        story.tell('13:00', events.TRANSFER, project_id='q')
        self.assertEqual(
            [
                ('10:00', '11:00', '10', 't', 'p'),
                ('11:00', '12:00', '20', 't', 'p'),
                ('12:00', '13:00', '20', 'u', 'p'),
                ('13:00', None, '20', 'u', 'q'),
            ],
            story.spans('size', 'volume_type_id', 'project_id'),
        )

    def test_a_resize_to_the_same_size_changes_nothing(self):
        story = self.story().tell('11:00', events.RESIZE, size=10)
        self.assertEqual([('10:00', None)], story.spans())

    def test_exactly_at_the_threshold_an_attachment_splits(self):
        story = self.story()
        story.tell('10:01', events.ATTACH, attached_to=['i'])
        self.assertEqual(
            [('10:00', '10:01', '[]'), ('10:01', None, "['i']")],
            story.spans('attached_to'),
        )

    def test_before_the_threshold_it_changes_in_place(self):
        story = self.story()
        story.tell('10:00:59', events.ATTACH, attached_to=['i'])
        self.assertEqual(
            [('10:00', None, "['i']")], story.spans('attached_to')
        )

    def test_a_second_attachment_changes_in_place(self):
        story = self.story()
        story.tell('11:00', events.ATTACH, attached_to=['i'])
        story.tell('12:00', events.ATTACH, attached_to=['i', 'j'])
        story.tell('13:00', events.DETACH, attached_to=['j'])
        story.tell('14:00', events.DETACH, attached_to=[])
        self.assertEqual(
            [
                ('10:00', '11:00', '[]'),
                ('11:00', '14:00', "['j']"),
                ('14:00', None, '[]'),
            ],
            story.spans('attached_to'),
        )

    def test_an_entity_shorter_than_the_threshold_is_dropped_at_the_end(self):
        story = self.story()
        story.tell('11:00', events.RESIZE, size=20)
        story.tell('11:00:59', events.DELETE)
        self.assertEqual([('10:00', '11:00', '10')], story.spans('size'))
        self.assertEqual(
            [('10:00', '11:00'), ('11:00', '11:00')],
            story.spans(volume_threshold=0),
        )

    def test_what_the_last_message_knows_is_told_of_what_stays(self):
        story = self.story().tell('11:00', events.RESIZE, size=20)
        story.tell('11:00:59', events.DELETE, zone='nova')
        self.assertEqual([('10:00', '11:00', 'nova')], story.spans('zone'))

    def test_a_single_short_entity_stays(self):
        story = self.story().tell('10:00:05', events.DELETE)
        self.assertEqual([('10:00', '10:00')], story.spans())

    def test_an_old_story_told_again_changes_nothing(self):
        story = self.story().tell('11:00', events.DELETE)
        story.exists('12:00', created='10:00', size=10)
        story.exists(
            '12:01', created='10:00', ended_at=at('11:00').isoformat()
        )
        self.assertEqual([('10:00', '11:00')], story.spans())

    def test_a_better_word_about_the_end_may_know_more(self):
        story = Story('volume', size=10, volume_type_id='t').create('10:00')
        story.exists('11:00', begin='10:00')
        story.tell(
            '12:00',
            events.EXISTS,
            events.AUDIT,
            gone=True,
            created_at=at('10:00').isoformat(),
            period_end=at('11:59').isoformat(),
        )
        story.exists(
            '12:01',
            begin='11:00',
            created='10:00',
            ended_at=at('11:30').isoformat(),
            size=20,
        )
        self.assertEqual(
            [('10:00', '11:00', '10'), ('11:00', '11:30', '20')],
            story.spans('size'),
        )

    def test_a_better_word_about_the_end_replaces_a_worse_one(self):
        story = self.story()
        story.exists('12:00', gone=True, period_end=at('11:59').isoformat())
        self.assertEqual([('10:00', '11:59')], story.spans())
        story.exists('12:01', ended_at=at('11:00').isoformat())
        self.assertEqual([('10:00', '11:00')], story.spans())
        story.tell('11:05', events.DELETE)
        self.assertEqual([('10:00', '11:05')], story.spans())


class TestImage(unittest.TestCase):
    def test_an_update_may_tell_of_a_new_owner(self):
        story = Story('image', size=10).create('10:00')
        story.tell('11:00', events.UPDATE, project_id='p', name='a')
        story.tell('12:00', events.UPDATE, project_id='q')
        story.tell('13:00', events.UPDATE, project_id='q', name='b')
        self.assertEqual(
            [('10:00', '12:00', 'p', 'a'), ('12:00', None, 'q', 'b')],
            story.spans('project_id', 'name'),
        )

    def test_an_image_without_owner_is_not_split(self):
        story = Story('image', project_id=None).create('10:00')
        story.tell('11:00', events.UPDATE, project_id=None)
        self.assertEqual([('10:00', None, 'None')], story.spans('project_id'))

    def test_an_owner_that_becomes_known_has_been_it_all_the_time(self):
        story = Story('floatingip', project_id=None).create('10:00')
        story.tell('11:00', events.DELETE)
        self.assertEqual(
            [('10:00', '11:00', 'None')], story.spans('project_id')
        )
        story.exists('12:00', created='10:00', project_id='p')
        self.assertEqual([('10:00', '11:00', 'p')], story.spans('project_id'))

    def test_an_update_after_a_lost_activation_tells_the_owner(self):
        story = Story('image', size=10)
        story.tell(
            '11:00',
            events.UPDATE,
            project_id='p',
            created_at=at('10:00').isoformat(),
        )
        self.assertEqual([('10:00', None, 'p')], story.spans('project_id'))


class TestOtherKinds(unittest.TestCase):
    """What a plug-in tells of, Talea knows nothing about it."""

    def test_size_and_owner_begin_new_entities_all_else_changes_in_place(
        self,
    ):
        story = Story('share', size=10, protocol='NFS').create('10:00')
        story.tell('11:00', events.RESIZE, size=20)
        story.tell('12:00', events.UPDATE, protocol='CIFS')
        story.tell('13:00', events.TRANSFER, project_id='q')
        story.tell('14:00', events.DELETE)
        self.assertEqual(
            [
                ('10:00', '11:00', '10', 'NFS', 'p'),
                ('11:00', '13:00', '20', 'CIFS', 'p'),
                ('13:00', '14:00', '20', 'CIFS', 'q'),
            ],
            story.spans('size', 'protocol', 'project_id'),
        )
