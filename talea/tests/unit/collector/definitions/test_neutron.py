# SPDX-License-Identifier: Apache-2.0
import unittest

from talea import exception
from talea.objects import event
from talea.tests.unit.collector.definitions import samples

ADDRESS = '224a9c07-fb7b-44b0-9267-21c97eb4abd6'


class FloatingIPTestCase(unittest.TestCase):
    def test_it_begins_when_its_record_was_created(self):
        one = samples.event(samples.first('floatingip.create.end'))
        self.assertEqual(
            ('floatingip', ADDRESS), (one.resource_type, one.resource_id)
        )
        self.assertEqual(event.CREATE, one.kind)
        self.assertEqual(samples.at('06:14:04'), one.fact_at)
        self.assertEqual(
            {
                'project_id': '1c795fa403d4485bbfaa2ba5d3c3ee13',
                'address': '203.0.113.45',
                'network_id': 'c9be9d26-06f4-48e0-8461-5283ebb8e40a',
                'port_id': None,
                'fixed_ip': None,
                'router_id': None,
                'state': 'DOWN',
                'description': '',
                'created_at': '2026-11-21T06:14:04+00:00',
            },
            one.attributes,
        )

    def test_requests_are_not_counted(self):
        """Their payload is the body of the request, without an id."""
        for name in ('create', 'update', 'delete'):
            message = samples.first(f'floatingip.{name}.start')
            self.assertEqual([], samples.events(message))

    def test_several_may_be_created_at_once(self):
        message = samples.first('floatingip.create.end')
        said = message.payload['floatingip']
        message = samples.like(
            message, floatingips=[said, said | {'id': 'other'}]
        )
        del message.payload['floatingip']
        self.assertEqual(
            [ADDRESS, 'other'],
            [one.resource_id for one in samples.events(message)],
        )

    def test_its_association_is_told(self):
        message = samples.first('floatingip.update.end')
        one = samples.event(message)
        self.assertEqual(event.UPDATE, one.kind)
        self.assertEqual(message.fact_at, one.fact_at)
        self.assertEqual(
            '4cc5893b-df32-4eb0-a930-4d8b06d75f4c', one.attributes['port_id']
        )
        self.assertEqual('10.41.2.212', one.attributes['fixed_ip'])

    def test_a_disassociation_is_told(self):
        last = [
            message
            for message in samples.messages('floatingip.update.end')
            if message.payload['floatingip']['port_id'] is None
        ]
        self.assertEqual(34, len(last))
        for message in last:
            self.assertIsNone(samples.event(message).attributes['port_id'])

    def test_it_ends_when_the_message_was_sent(self):
        message = samples.first('floatingip.delete.end')
        one = samples.event(message)
        self.assertEqual(event.DELETE, one.kind)
        self.assertEqual(message.fact_at, one.fact_at)
        self.assertIn('created_at', one.attributes)

    def test_it_ends_though_neutron_has_only_the_id_left(self):
        message = samples.like(
            samples.first('floatingip.delete.end'), floatingip={}
        )
        one = samples.event(message)
        self.assertEqual(event.DELETE, one.kind)
        self.assertEqual(message.payload['floatingip_id'], one.resource_id)

    def test_an_audit_tells_what_is_there(self):
        message = samples.first('floatingip.exists')
        one = samples.event(message)
        self.assertEqual((event.EXISTS, event.AUDIT), (one.kind, one.source))
        self.assertEqual(message.fact_at, one.fact_at)
        self.assertIn('created_at', one.attributes)
        self.assertNotIn('period_begin', one.attributes)

    def test_one_without_a_creation_time_begins_with_its_message(self):
        message = samples.first('floatingip.create.end')
        said = dict(message.payload['floatingip'])
        del said['created_at']
        message = samples.like(message, floatingip=said)
        one = samples.event(message)
        self.assertEqual(message.fact_at, one.fact_at)

    def test_other_resources_are_not_counted(self):
        for name in ('port.create.end', 'network.create.end', 'router.exists'):
            self.assertEqual([], samples.events(samples.first(name)))

    def test_a_payload_without_the_address_is_a_bad_message(self):
        for name in ('create.end', 'update.end', 'exists', 'delete.end'):
            message = samples.like(
                samples.first(f'floatingip.{name}'), floatingip=['a']
            )
            with self.assertRaises(exception.BadMessage):
                samples.events(message)
