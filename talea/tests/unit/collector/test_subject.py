# SPDX-License-Identifier: Apache-2.0
import unittest

from talea.collector import subject

CONTEXT = {'request_id': 'req-1', 'project_id': 'cp', 'user_id': 'cu'}


def of(event_type, payload, **context):
    return subject.of(event_type, payload, CONTEXT | context)


def versioned(**data):
    return {'nova_object.name': 'InstancePayload', 'nova_object.data': data}


class ServiceTest(unittest.TestCase):
    def test_event_types_tell_the_service(self):
        for event_type, service in (
            ('compute.instance.create.end', 'nova'),
            ('instance.create.end', 'nova'),
            ('compute_task.build_instances', 'nova'),
            ('scheduler.select_destinations.start', 'nova'),
            ('flavor.create', 'nova'),
            ('keypair.import.start', 'nova'),
            ('volume.usage', 'nova'),
            ('volume.create.end', 'cinder'),
            ('volume_type.create', 'cinder'),
            ('snapshot.delete.end', 'cinder'),
            ('scheduler.create_volume', 'cinder'),
            ('floatingip.update.end', 'neutron'),
            ('security_group.delete.end', 'neutron'),
            ('image.activate', 'glance'),
            ('identity.user.created', 'keystone'),
            ('magnum.cluster.create', 'magnum'),
            ('unheard.of', ''),
            ('', ''),
        ):
            self.assertEqual(service, subject.service(event_type), event_type)


class HostTest(unittest.TestCase):
    def test_the_host_follows_the_first_dot_or_colon(self):
        for publisher_id, host in (
            ('compute.mini-1', 'mini-1'),
            ('compute.mini-1.example.org', 'mini-1.example.org'),
            ('nova-compute:mini-1.example.org', 'mini-1.example.org'),
            ('volume.mini-1@null1#null1', 'mini-1@null1#null1'),
            ('compute.[::1]:80', '[::1]:80'),
            ('compute', None),
            ('compute.', None),
            ('', None),
        ):
            self.assertEqual(host, subject.host(publisher_id), publisher_id)


class SubjectTest(unittest.TestCase):
    def test_both_formats_of_nova_tell_the_same_of_an_update(self):
        legacy = {
            'tenant_id': 'p',
            'user_id': 'u',
            'instance_id': 'i',
            'state': 'active',
            'old_state': 'building',
            'new_task_state': None,
            'old_task_state': 'spawning',
        }
        update = {
            'old_state': 'building',
            'state': 'active',
            'old_task_state': 'spawning',
            'new_task_state': None,
        }
        new = versioned(
            tenant_id='p',
            user_id='u',
            uuid='i',
            state='active',
            task_state='old news',
            state_update=versioned(**update),
        )
        wanted = subject.Subject(
            'req-1', 'p', 'u', 'i', 'active', 'building', None, 'spawning'
        )
        self.assertEqual(wanted, of('compute.instance.update', legacy))
        self.assertEqual(wanted, of('instance.update', new))

    def test_the_versioned_format_tells_the_task_of_every_message(self):
        payload = versioned(uuid='i', task_state='pausing')
        self.assertEqual('pausing', of('instance.pause.start', payload).task)

    def test_a_project_that_is_null_in_the_payload_is_none(self):
        self.assertIsNone(of('x', {'tenant_id': None}).project_id)
        self.assertEqual('cp', of('x', {}).project_id)

    def test_the_server_of_a_failure_is_found(self):
        for payload in (
            {'instance_uuid': 'i', 'instance_id': 'no'},
            {'instance_uuid': None, 'exception': {'kwargs': {'uuid': 'i'}}},
            {'instance_id': '', 'exception': {'kwargs': {'uuid': 'i'}}},
            {'exception': {'kwargs': {}}, 'instance': {'uuid': 'i'}},
            {'exception': 'text', 'instance': {'uuid': 'i'}},
        ):
            found = of('compute_task.build_instances', payload)
            self.assertEqual('i', found.resource_id, payload)

    def test_resources_of_other_services_are_found(self):
        for event_type, payload, project_id, resource_id, state in (
            (
                'volume.create.end',
                {'volume_id': 'v', 'tenant_id': 'p', 'status': 'creating',
                 'snapshot_id': 's'},
                'p', 'v', 'creating',
            ),
            (
                'snapshot.create.end',
                {'volume_id': 'v', 'tenant_id': 'p', 'snapshot_id': 's'},
                'p', 's', None,
            ),
            ('scheduler.retype', {'volume_id': 'v'}, 'cp', 'v', None),
            (
                'floatingip.create.end',
                {'floatingip': {'id': 'f', 'project_id': 'p',
                                'status': 'DOWN'}},
                'p', 'f', 'DOWN',
            ),
            ('floatingip.delete.start', {'floatingip_id': 'f'},
             'cp', 'f', None),
            ('floatingip.update.start', {'id': 'f', 'floatingip': {}},
             'cp', 'f', None),
            (
                'image.activate',
                {'id': 'g', 'owner': 'p', 'status': 'active'},
                'p', 'g', 'active',
            ),
            (
                'magnum.cluster.create',
                {'id': 'event', 'target': {'id': 'c', 'attachments': [
                    {'content': {'status': 'CREATE_COMPLETE',
                                 'project_id': 'p'}}]}},
                'p', 'c', 'CREATE_COMPLETE',
            ),
        ):  # fmt: skip
            found = of(event_type, payload)
            self.assertEqual(
                (project_id, resource_id, state),
                (found.project_id, found.resource_id, found.state),
            )

    def test_numbers_are_names_but_other_things_are_not(self):
        self.assertEqual('7', of('x', {'tenant_id': 7}).project_id)
        for value in (True, 1.5, [], {}, ''):
            self.assertIsNone(of('x', {'tenant_id': value}).project_id)

    def test_the_user_of_the_payload_goes_before_that_of_the_context(self):
        self.assertEqual('u', of('x', {'user_id': 'u'}).user_id)
        self.assertEqual('cu', of('x', {}).user_id)
        self.assertEqual('old', of('x', {}, user_id=None, user='old').user_id)
