# SPDX-License-Identifier: Apache-2.0
import unittest

from talea.objects import event
from talea.tests.unit.collector.definitions import samples

SERVER = '67abc3df-3cea-42bf-9286-ed6db050e125'
FLAVOR = {
    'flavor': 'm1.tiny',
    'flavor_id': '3382dc13-beab-4554-a6f4-d309a8588273',
    'vcpus': 1,
    'memory_mb': 512,
    'disk_gb': 1,
    'root_gb': 1,
    'ephemeral_gb': 0,
}
IMAGE = ('image_id', 'image_meta', 'os_type')
BOTH = ('compute.instance', 'instance')


class CreateTestCase(unittest.TestCase):
    def test_an_instance_begins_when_its_record_was_created(self):
        one = samples.event(samples.server('compute.instance.create.end'))
        self.assertEqual(event.CREATE, one.kind)
        self.assertEqual(event.NOTIFICATION, one.source)
        self.assertEqual(samples.at('06:14:03'), one.fact_at)
        self.assertEqual(
            ('instance', SERVER), (one.resource_type, one.resource_id)
        )

    def test_it_has_all_attributes(self):
        said = samples.event(
            samples.server('compute.instance.create.end')
        ).attributes
        self.assertEqual(
            FLAVOR
            | {
                'project_id': '59e09862a35b40a696f3d50da2d74a7e',
                'name': 's99-000',
                'display_name': 's99-000',
                'state': 'active',
                'zone': 'nova',
                'host': 'mini-1',
                'metadata': {'team': 'red'},
                'created_at': '2026-11-21T06:14:03+00:00',
                'launched_at': '2026-11-21T06:14:07.093072+00:00',
                'image_id': '21c9d9d0-2790-4a74-970d-c1c6bae21ca9',
                'os_type': 'linux',
                'addresses': ['10.40.2.52'],
            },
            {name: said[name] for name in said if name != 'image_meta'},
        )
        self.assertEqual('fedora-coreos', said['image_meta']['os_distro'])

    def test_both_formats_tell_the_same_but_for_image_and_ports(self):
        old = samples.event(samples.server('compute.instance.create.end'))
        new = samples.event(samples.server('instance.create.end', uuid=SERVER))
        self.assertEqual(event.COARSE, new.source)
        self.assertEqual(old.fact_at, new.fact_at)
        self.assertNotEqual(old.message_id, new.message_id)
        differing = {'image_meta', 'launched_at', 'ports'}
        self.assertNotIn('image_meta', new.attributes)
        self.assertNotIn('ports', old.attributes)
        self.assertEqual(
            ['2efecf07-7a1d-4750-a33a-2d1d9be37482'], new.attributes['ports']
        )
        self.assertEqual(
            {k: v for k, v in old.attributes.items() if k not in differing},
            {k: v for k, v in new.attributes.items() if k not in differing},
        )

    def test_a_server_that_boots_from_a_volume_has_no_image(self):
        for prefix, name, value in (
            ('compute.instance', 'image_ref_url', 'http://h:9292/images/'),
            ('instance', 'image_uuid', ''),
            ('instance', 'image_uuid', None),
        ):
            message = samples.server(f'{prefix}.create.end')
            said = samples.event(samples.like(message, **{name: value}))
            self.assertEqual('', said.attributes['image_id'])
            self.assertEqual('linux', said.attributes['os_type'])

    def test_the_image_may_be_named_without_a_url(self):
        message = samples.server('compute.instance.create.end')
        one = samples.event(samples.like(message, image_ref_url='abc'))
        self.assertEqual('abc', one.attributes['image_id'])

    def test_disk_is_root_and_ephemeral_together(self):
        for prefix in BOTH:
            said = samples.event(
                samples.server(f'{prefix}.rebuild.end')
            ).attributes
            self.assertEqual(80, said['root_gb'])
            self.assertEqual(20, said['ephemeral_gb'])
            self.assertEqual(100, said['disk_gb'])

    def test_a_server_that_was_never_launched_has_no_created_at(self):
        for prefix, nothing in (('compute.instance', ''), ('instance', None)):
            message = samples.server(
                f'{prefix}.delete.end', launched_at=nothing
            )
            self.assertNotIn('created_at', samples.event(message).attributes)

    def test_updates_of_servers_that_were_never_launched_tell_nothing(self):
        for prefix, nothing in (('compute.instance', ''), ('instance', None)):
            message = samples.server(
                f'{prefix}.update', launched_at=nothing, state='error'
            )
            self.assertEqual([], samples.events(message))


class ResizeTestCase(unittest.TestCase):
    def test_a_flavor_changes_when_the_resize_is_confirmed(self):
        for name in (
            'compute.instance.resize.confirm.end',
            'instance.resize_confirm.end',
        ):
            message = samples.server(name)
            one = samples.event(message)
            self.assertEqual(event.RESIZE, one.kind)
            self.assertEqual(message.fact_at, one.fact_at)
            self.assertEqual('r1.huge', one.attributes['flavor'])

    def test_preparing_and_finishing_a_resize_tells_nothing(self):
        for name in (
            'compute.instance.resize.prep.end',
            'compute.instance.resize.end',
            'compute.instance.finish_resize.end',
            'instance.resize_prep.end',
            'instance.resize.end',
            'instance.resize_finish.end',
        ):
            self.assertEqual([], samples.events(samples.server(name)))

    def test_a_revert_is_no_resize(self):
        for name in (
            'compute.instance.resize.revert.end',
            'instance.resize_revert.end',
        ):
            one = samples.event(samples.server(name))
            self.assertEqual(event.UPDATE, one.kind)
            self.assertEqual('m1.medium', one.attributes['flavor'])

    def test_a_flavor_that_may_be_reverted_is_left_out(self):
        for prefix in BOTH:
            for message in samples.messages(f'{prefix}.exists'):
                data = message.payload.get('nova_object.data', message.payload)
                said = samples.event(message).attributes
                self.assertEqual(data['state'] != 'resized', 'flavor' in said)

    def test_the_old_flavor_before_a_resize_is_told(self):
        one = samples.event(
            samples.server(
                'compute.instance.exists',
                state_description='resize_prep',
            )
        )
        self.assertIn('flavor', one.attributes)

    def test_the_flavor_is_left_out_while_a_resize_is_under_way(self):
        for prefix, name in (
            ('compute.instance', 'state_description'),
            ('instance', 'task_state'),
        ):
            message = samples.server(f'{prefix}.power_off.end')
            message = samples.like(message, **{name: 'resize_migrating'})
            said = samples.event(message).attributes
            for attribute in FLAVOR:
                self.assertNotIn(attribute, said)


class RebuildTestCase(unittest.TestCase):
    def test_a_rebuild_tells_the_new_image(self):
        for prefix in BOTH:
            one = samples.event(samples.server(f'{prefix}.rebuild.end'))
            self.assertEqual(event.REBUILD, one.kind)
            self.assertEqual(
                '21c9d9d0-2790-4a74-970d-c1c6bae21ca9',
                one.attributes['image_id'],
            )

    def test_an_audit_during_a_rebuild_says_nothing_of_the_image(self):
        for prefix, name in (
            ('compute.instance', 'state_description'),
            ('instance', 'task_state'),
        ):
            message = samples.server(
                f'{prefix}.exists', **{name: 'rebuilding'}
            )
            said = samples.event(message).attributes
            for attribute in IMAGE:
                self.assertNotIn(attribute, said)
            self.assertIn('flavor', said)

    def test_the_shelved_image_is_not_taken_for_the_image(self):
        """Nova shows it for some moments while it unshelves a server."""
        for prefix, name in (
            ('compute.instance', 'state_description'),
            ('instance', 'task_state'),
        ):
            message = samples.server(
                f'{prefix}.update',
                state='shelved_offloaded',
                **{name: 'spawning'},
            )
            message = samples.like(message, old_display_name='other')
            for attribute in IMAGE:
                self.assertNotIn(attribute, samples.event(message).attributes)


class UpdateTestCase(unittest.TestCase):
    def test_a_change_of_state_is_told(self):
        for prefix in BOTH:
            message = samples.server(f'{prefix}.update', state='stopped')
            one = samples.event(message)
            self.assertEqual(event.UPDATE, one.kind)
            self.assertEqual(message.fact_at, one.fact_at)
            self.assertEqual('stopped', one.attributes['state'])

    def test_every_new_name_is_told(self):
        for prefix in BOTH:
            renamed = [
                message
                for message in samples.messages(f'{prefix}.update')
                if message.payload.get(
                    'nova_object.data', message.payload
                ).get('old_display_name')
            ]
            self.assertEqual(30, len(renamed))
            for message in renamed:
                name = samples.event(message).attributes['display_name']
                self.assertRegex(name, '^renamed-')

    def test_a_new_host_name_is_told(self):
        message = samples.server(
            'compute.instance.update', state='active', state_description=''
        )
        message = samples.like(
            message,
            old_state='active',
            old_task_state=None,
            new_task_state=None,
            hostname='new',
        )
        self.assertEqual('new', samples.event(message).attributes['name'])

    def test_a_new_name_in_the_midst_of_a_task_is_told(self):
        for prefix, name in (
            ('compute.instance', 'state_description'),
            ('instance', 'task_state'),
        ):
            message = samples.server(
                f'{prefix}.update', **{name: 'resize_prep'}
            )
            message = samples.like(message, old_display_name='before')
            self.assertEqual(event.UPDATE, samples.event(message).kind)

    def test_steps_within_a_task_tell_nothing(self):
        message = samples.server(
            'compute.instance.update', state_description='resize_migrating'
        )
        self.assertEqual([], samples.events(message))

    def test_states_are_known_without_state_change_notifications(self):
        for name, state in (
            ('pause', 'paused'),
            ('power_off', 'stopped'),
            ('suspend', 'suspended'),
            ('shelve_offload', 'shelved_offloaded'),
            ('unshelve', 'active'),
        ):
            for prefix in BOTH:
                one = samples.event(samples.server(f'{prefix}.{name}.end'))
                self.assertEqual(event.UPDATE, one.kind)
                self.assertEqual(state, one.attributes['state'])

    def test_soft_delete_and_restore_change_the_state_alone(self):
        """Not recorded: the payload is that of all other actions."""
        for prefix in BOTH:
            like = samples.server(f'{prefix}.power_off.end')
            for action, state in (
                ('soft_delete', 'soft-delete'),
                ('restore', 'active'),
            ):
                message = samples.like(
                    like, f'{prefix}.{action}.end', state=state
                )
                one = samples.event(message)
                self.assertEqual(event.UPDATE, one.kind)
                self.assertEqual(state, one.attributes['state'])

    def test_a_live_migration_tells_the_new_host(self):
        for name, like in (
            (
                'compute.instance.live_migration.post.dest.end',
                'compute.instance.power_on.end',
            ),
            (
                'instance.live_migration_post_dest.end',
                'instance.power_on.end',
            ),
        ):
            message = samples.like(samples.server(like), name, host='mini-2')
            self.assertEqual(
                'mini-2', samples.event(message).attributes['host']
            )


class DeleteTestCase(unittest.TestCase):
    def test_an_instance_ends_when_it_was_terminated(self):
        one = samples.event(samples.server('compute.instance.delete.end'))
        self.assertEqual(event.DELETE, one.kind)
        self.assertEqual(event.NOTIFICATION, one.source)
        self.assertEqual(samples.at('06:14:15.909596'), one.fact_at)

    def test_the_versioned_format_knows_whole_seconds_only(self):
        one = samples.event(samples.server('instance.delete.end'))
        self.assertEqual(event.COARSE, one.source)
        self.assertEqual(samples.at('06:14:15'), one.fact_at)

    def test_a_delete_can_stand_in_for_a_lost_create(self):
        for prefix in BOTH:
            said = samples.event(
                samples.server(f'{prefix}.delete.end')
            ).attributes
            self.assertEqual('2026-11-21T06:14:06+00:00', said['created_at'])
            self.assertEqual('c1.large', said['flavor'])

    def test_deleted_at_counts_where_terminated_at_is_missing(self):
        message = samples.like(
            samples.server('compute.instance.delete.end'), terminated_at=''
        )
        self.assertEqual(
            samples.at('06:14:16'), samples.event(message).fact_at
        )

    def test_the_time_of_the_message_counts_where_there_is_no_other(self):
        message = samples.like(
            samples.server('compute.instance.delete.end'),
            terminated_at='',
            deleted_at='',
        )
        self.assertEqual(message.fact_at, samples.event(message).fact_at)

    def test_a_forced_delete_without_the_host_is_an_end(self):
        message = samples.like(
            samples.server('compute.instance.delete.end'),
            'compute.instance.force_delete.end',
        )
        self.assertEqual(event.DELETE, samples.event(message).kind)

    def test_a_soft_delete_without_the_host_is_an_end(self):
        """The API deletes it at once, and the state says something else."""
        message = samples.like(
            samples.server('compute.instance.delete.end'), state='soft-delete'
        )
        self.assertEqual(event.DELETE, samples.event(message).kind)

    def test_a_delete_that_failed_is_no_end(self):
        """Nova sends delete.end all the same."""
        for prefix, nothing in (('compute.instance', ''), ('instance', None)):
            message = samples.like(
                samples.server(f'{prefix}.delete.end'),
                state='error',
                terminated_at=nothing,
                deleted_at=nothing,
            )
            self.assertEqual(event.UPDATE, samples.event(message).kind)

    def test_the_update_to_deleted_stands_in_for_a_lost_delete(self):
        for prefix in BOTH:
            message = samples.server(f'{prefix}.update', state='deleted')
            one = samples.event(message)
            self.assertEqual(event.DELETE, one.kind)
            self.assertEqual(event.COARSE, one.source)
            self.assertEqual(0, one.fact_at.microsecond)
            self.assertLess(one.fact_at, message.fact_at)

    def test_updates_after_the_delete_tell_nothing(self):
        late = 0
        for prefix in BOTH:
            for message in samples.messages(f'{prefix}.update'):
                data = message.payload.get('nova_object.data', message.payload)
                if data['deleted_at'] and data['state'] == 'deleted':
                    late += 1
                    self.assertEqual([], samples.events(message))
        self.assertEqual(180, late)
