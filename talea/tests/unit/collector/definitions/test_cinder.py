# SPDX-License-Identifier: Apache-2.0
import collections
import unittest

from talea import exception
from talea.objects import event
from talea.tests.unit.collector.definitions import samples

FAILED = 'a83323cd-c397-4854-be77-4455251f3fa8'
AUDITED = 'audit_period_beginning'
STANDARD = 'dd2302ea-741e-4a77-ba1c-bc8eef8a893b'


def first(event_type, audited=False, **wanted):
    return samples.first(
        event_type,
        lambda payload: (
            (AUDITED in payload) == audited
            and all(payload.get(name) == wanted[name] for name in wanted)
        ),
    )


class VolumeTestCase(unittest.TestCase):
    def test_a_volume_begins_when_its_record_was_created(self):
        one = samples.event(first('volume.create.end'))
        self.assertEqual(event.CREATE, one.kind)
        self.assertEqual(event.NOTIFICATION, one.source)
        self.assertEqual(samples.at('06:13:59'), one.fact_at)
        self.assertEqual('volume', one.resource_type)
        self.assertEqual(
            {
                'project_id': '59e09862a35b40a696f3d50da2d74a7e',
                'name': 'v99-000',
                'size': 244,
                'volume_type_id': STANDARD,
                'zone': 'nova',
                'state': 'available',
                'metadata': {'team': 'v'},
                'attached_to': [],
                'created_at': '2026-11-21T06:13:59+00:00',
            },
            one.attributes,
        )

    def test_changes_are_told_when_they_are_done(self):
        for name, kind, attribute in (
            ('volume.resize.end', event.RESIZE, 'size'),
            ('volume.retype', event.RETYPE, 'volume_type_id'),
            ('volume.update.end', event.UPDATE, 'name'),
            ('volume.attach.end', event.ATTACH, 'attached_to'),
            ('volume.detach.end', event.DETACH, 'attached_to'),
        ):
            message = first(name)
            one = samples.event(message)
            self.assertEqual(kind, one.kind)
            self.assertEqual(message.fact_at, one.fact_at)
            self.assertIn(attribute, one.attributes)
            self.assertIn('created_at', one.attributes)

    def test_a_resize_tells_the_new_size_and_a_retype_the_new_type(self):
        self.assertEqual(
            95, samples.event(first('volume.resize.end')).attributes['size']
        )
        self.assertEqual(
            'cc4d5e0e-2087-4687-9b0a-8c6426ab9a54',
            samples.event(first('volume.retype')).attributes['volume_type_id'],
        )

    def test_the_start_of_a_resize_tells_the_old_size(self):
        one = samples.event(first('volume.resize.start'))
        self.assertEqual(event.UPDATE, one.kind)
        self.assertEqual(45, one.attributes['size'])
        self.assertIn('created_at', one.attributes)
        self.assertNotIn('state', one.attributes)

    def test_a_rename_tells_the_new_name(self):
        one = samples.event(first('volume.update.end'))
        self.assertEqual('renamed', one.attributes['name'])

    def test_an_accepted_transfer_tells_the_new_project(self):
        """Not recorded: Cinder reads the volume again and tells its usage."""
        message = samples.like(
            first('volume.update.end'),
            'volume.transfer.accept.end',
            tenant_id='other',
        )
        one = samples.event(message)
        self.assertEqual(event.TRANSFER, one.kind)
        self.assertEqual('other', one.attributes['project_id'])

    def test_offering_a_volume_changes_nothing(self):
        for name in ('volume.transfer.create.end', 'volume.transfer.delete'):
            message = samples.like(first('volume.update.end'), name)
            self.assertEqual([], samples.events(message))

    def test_a_volume_ends_when_the_message_was_sent(self):
        message = first('volume.delete.end')
        one = samples.event(message)
        self.assertEqual(event.DELETE, one.kind)
        self.assertEqual(message.fact_at, one.fact_at)
        self.assertIn('created_at', one.attributes)

    def test_a_volume_that_is_managed_from_now_on_is_created(self):
        message = samples.like(
            first('volume.create.end'), 'volume.manage_existing.end'
        )
        self.assertEqual(event.CREATE, samples.event(message).kind)

    def test_a_volume_that_is_no_longer_managed_ends(self):
        message = samples.like(
            first('volume.delete.end'), 'volume.unmanage.end'
        )
        self.assertEqual(event.DELETE, samples.event(message).kind)

    def test_metadata_may_be_a_list_an_object_or_empty_text(self):
        message = first('volume.create.end')
        for given, expected in (
            ([{'key': 'a', 'value': 'b'}], {'a': 'b'}),
            ({'a': 'b'}, {'a': 'b'}),
            ('', {}),
            (None, {}),
        ):
            one = samples.event(samples.like(message, metadata=given))
            self.assertEqual(expected, one.attributes['metadata'])

    def test_a_volume_without_a_type_is_told_so(self):
        message = samples.like(first('volume.create.end'), volume_type=None)
        self.assertIsNone(samples.event(message).attributes['volume_type_id'])


class AttachmentTestCase(unittest.TestCase):
    def attached_to(self, message, **payload):
        message = samples.like(message, **payload)
        return samples.event(message).attributes['attached_to']

    def test_all_servers_are_told_in_order(self):
        message = first('volume.attach.end')
        (one,) = message.payload['volume_attachment']
        both = [
            one | {'instance_uuid': 'b'},
            one | {'instance_uuid': 'a'},
        ]
        self.assertEqual(
            ['a', 'b'], self.attached_to(message, volume_attachment=both)
        )

    def test_a_reserved_attachment_is_none(self):
        """Nova reserves the volumes of servers that it shelves."""
        message = first('volume.detach.end', status='reserved')
        self.assertEqual(1, len(message.payload['volume_attachment']))
        self.assertEqual([], self.attached_to(message))

    def test_an_attachment_to_a_host_names_no_server(self):
        message = first('volume.attach.end')
        (one,) = message.payload['volume_attachment']
        to_host = [one | {'instance_uuid': None}]
        self.assertEqual(
            [], self.attached_to(message, volume_attachment=to_host)
        )

    def test_the_single_server_of_old_releases_is_understood(self):
        message = samples.without(
            first('volume.attach.end'), 'volume_attachment'
        )
        self.assertEqual(['s'], self.attached_to(message, instance_uuid='s'))
        self.assertEqual([], self.attached_to(message, instance_uuid=None))

    def test_a_reset_of_the_state_tells_what_is_left(self):
        message = samples.like(
            first('volume.update.end'), 'volume.reset_status.end'
        )
        one = samples.event(message)
        self.assertEqual(event.DETACH, one.kind)
        self.assertEqual([], one.attributes['attached_to'])


class FailedVolumeTestCase(unittest.TestCase):
    def test_launched_at_in_the_very_present_proves_no_launch(self):
        """Cinder fills it in where it is null."""
        message = first('volume.delete.end', volume_id=FAILED)
        self.assertTrue(message.payload['launched_at'])
        self.assertNotIn('created_at', samples.event(message).attributes)

    def test_nor_does_it_in_old_stories(self):
        for name in ('create.end', 'delete.end', 'exists'):
            message = first(f'volume.{name}', audited=True, volume_id=FAILED)
            self.assertNotIn('created_at', samples.event(message).attributes)

    def test_exactly_the_failed_volumes_have_no_proof(self):
        unproven = {
            one.resource_id
            for message in samples.messages('volume.delete.end')
            for one in samples.events(message)
            if 'created_at' not in one.attributes
        }
        failed = {
            message.payload['volume_id']
            for message in samples.messages('scheduler.create_volume')
        }
        self.assertEqual(failed, unproven)


class OldStoriesTestCase(unittest.TestCase):
    def test_they_are_words_of_an_audit(self):
        for name in ('volume', 'snapshot'):
            for story in ('create.end', 'delete.end'):
                message = first(f'{name}.{story}', audited=True)
                one = samples.event(message)
                self.assertEqual(event.EXISTS, one.kind)
                self.assertEqual(event.AUDIT, one.source)
                self.assertEqual(message.fact_at, one.fact_at)

    def test_a_delete_story_tells_the_true_end(self):
        for name in ('volume', 'snapshot'):
            told = 0
            for message in samples.messages(f'{name}.delete.end'):
                if AUDITED in message.payload:
                    ended = samples.event(message).attributes['ended_at']
                    self.assertEqual(
                        message.payload[AUDITED].replace(' ', 'T'), ended
                    )
                    told += 1
            self.assertGreater(told, 20)

    def test_an_audit_of_a_deleted_one_tells_that_it_is_gone(self):
        for name in ('volume', 'snapshot'):
            message = first(f'{name}.exists', audited=True, status='deleted')
            said = samples.event(message).attributes
            self.assertIs(True, said['gone'])
            self.assertNotIn('ended_at', said)
            self.assertEqual('2026-11-21T06:30:00+00:00', said['period_end'])

    def test_an_audit_of_a_living_one_tells_nothing_of_an_end(self):
        message = first('volume.exists', audited=True, status='available')
        said = samples.event(message).attributes
        self.assertNotIn('gone', said)
        self.assertIn('attached_to', said)

    def test_the_period_does_not_begin_before_the_volume(self):
        for message in samples.messages('volume.exists'):
            said = samples.event(message).attributes
            if 'created_at' in said:
                self.assertEqual(said['created_at'], said['period_begin'])

    def test_a_create_story_has_no_period(self):
        message = first('volume.create.end', audited=True)
        self.assertNotIn('period_end', samples.event(message).attributes)


class SnapshotTestCase(unittest.TestCase):
    def test_a_snapshot_begins_when_its_record_was_created(self):
        one = samples.event(first('snapshot.create.end'))
        self.assertEqual(event.CREATE, one.kind)
        self.assertEqual(samples.at('06:14:02'), one.fact_at)
        self.assertEqual(
            {
                'project_id': '59e09862a35b40a696f3d50da2d74a7e',
                'name': 'snap',
                'size': 244,
                'volume_id': 'c277a940-87b9-4b50-beea-c62f79532c7f',
                'state': 'available',
                'created_at': '2026-11-21T06:14:02+00:00',
            },
            one.attributes,
        )

    def test_a_delete_does_not_prove_that_it_was_ever_taken(self):
        one = samples.event(first('snapshot.delete.end'))
        self.assertEqual(event.DELETE, one.kind)
        self.assertNotIn('created_at', one.attributes)

    def test_an_error_does_not_prove_it_either(self):
        message = samples.like(
            first('snapshot.exists', audited=True),
            status='error',
            deleted='',
        )
        self.assertNotIn('created_at', samples.event(message).attributes)

    def test_an_audit_heals_a_life_that_was_lost(self):
        said = samples.event(
            first('snapshot.delete.end', audited=True)
        ).attributes
        self.assertLessEqual(said['created_at'], said['ended_at'])

    def test_a_rename_tells_the_new_name(self):
        message = samples.like(
            first('snapshot.create.end'),
            'snapshot.update.end',
            display_name='new',
        )
        one = samples.event(message)
        self.assertEqual(event.UPDATE, one.kind)
        self.assertEqual('new', one.attributes['name'])

    def test_it_may_have_moved_to_another_project_with_its_volume(self):
        """Cinder has no message of that; the next audit shows it."""
        message = samples.like(
            first('snapshot.exists', audited=True),
            status='available',
            deleted='',
            tenant_id='other',
        )
        said = samples.event(message).attributes
        self.assertEqual('other', said['project_id'])


class VolumeTypeTestCase(unittest.TestCase):
    def test_a_type_has_a_name_from_its_creation(self):
        one = samples.event(first('volume_type.create'))
        self.assertEqual(
            ('volume_type', STANDARD),
            (
                one.resource_type,
                one.resource_id,
            ),
        )
        self.assertEqual(event.CREATE, one.kind)
        self.assertEqual(samples.at('06:13:51'), one.fact_at)
        self.assertEqual({'name': 'standard'}, one.attributes)

    def test_it_can_be_renamed_and_deleted(self):
        for name, kind in (('update', event.UPDATE), ('delete', event.DELETE)):
            message = samples.like(
                first('volume_type.create'), f'volume_type.{name}'
            )
            one = samples.event(message)
            self.assertEqual(kind, one.kind)
            self.assertEqual(message.fact_at, one.fact_at)

    def test_an_attempt_that_failed_tells_nothing(self):
        message = samples.like(
            first('volume_type.create'),
            priority='error',
            volume_types={'name': 'x'},
            error_message='exists',
        )
        self.assertEqual([], samples.events(message))

    def test_its_extra_specs_are_not_counted(self):
        for name in ('create', 'delete'):
            message = first(f'volume_type_extra_specs.{name}')
            self.assertEqual([], samples.events(message))


class BadMessageTestCase(unittest.TestCase):
    def test_what_cannot_be_kept_is_a_bad_message(self):
        message = first('volume.create.end')
        for payload in (
            {'size': 'big'},
            {'size': 2**63},
            {'size': True},
            {'volume_id': ''},
            {'volume_id': None},
            {'volume_id': 'v' * 256},
            {'tenant_id': 'p' * 256},
            {'tenant_id': ['p']},
            {'display_name': {}},
            {'metadata': [1]},
            {'volume_attachment': [{'attach_status': 'attached'}, 7]},
            {'created_at': None},
        ):
            with (
                self.subTest(payload),
                self.assertRaises(exception.BadMessage),
            ):
                samples.events(samples.like(message, **payload))

    def test_every_recorded_message_makes_sense(self):
        kinds = collections.Counter()
        for name in samples.known_types():
            if name.startswith(('volume', 'snapshot')):
                for message in samples.messages(name):
                    kinds.update(one.kind for one in samples.events(message))
        self.assertEqual(213 + 62 + 3, kinds[event.CREATE])
        self.assertEqual(193 + 62, kinds[event.DELETE])
