# SPDX-License-Identifier: Apache-2.0
import unittest

from talea import exception
from talea.objects import event
from talea.tests.unit.collector.definitions import samples


class InterfaceTestCase(unittest.TestCase):
    def test_addresses_and_ports_follow_interfaces(self):
        counts = []
        for name in ('interface_attach', 'interface_detach'):
            one = samples.event(samples.server(f'instance.{name}.end'))
            self.assertEqual(event.UPDATE, one.kind)
            counts.append(
                (
                    len(one.attributes['addresses']),
                    len(one.attributes['ports']),
                )
            )
        self.assertEqual([(2, 2), (1, 1)], counts)

    def test_they_are_in_order(self):
        said = samples.event(
            samples.server('instance.interface_attach.end')
        ).attributes
        self.assertEqual(['10.41.2.212', '10.41.3.171'], said['addresses'])
        self.assertEqual(
            [
                '2980f6c7-b91b-46a5-bcd6-6ba83f43b14a',
                '4cc5893b-df32-4eb0-a930-4d8b06d75f4c',
            ],
            said['ports'],
        )

    def test_most_messages_of_the_old_format_do_not_know_them(self):
        said = samples.event(samples.server('compute.instance.pause.end'))
        self.assertNotIn('addresses', said.attributes)

    def test_a_port_may_have_no_address_yet(self):
        message = samples.server('instance.interface_detach.end')
        one = samples.event(samples.like(message, ip_addresses=[]))
        self.assertEqual([], one.attributes['addresses'])
        self.assertEqual([], one.attributes['ports'])
        one = samples.event(samples.like(message, ip_addresses=None))
        self.assertNotIn('addresses', one.attributes)

    def test_what_is_deleted_keeps_those_that_it_had(self):
        for name in ('delete.end', 'exists', 'update'):
            message = samples.server(f'instance.{name}', state='deleted')
            self.assertEqual(
                [], message.payload['nova_object.data']['ip_addresses']
            )
            for one in samples.events(message):
                self.assertNotIn('addresses', one.attributes)
                self.assertNotIn('ports', one.attributes)

    def test_addresses_that_make_no_sense_are_a_bad_message(self):
        for name, value in (
            ('instance.create.end', ['10.0.0.5']),
            ('instance.create.end', [{'nova_object.data': {}}]),
        ):
            message = samples.like(samples.server(name), ip_addresses=value)
            with self.assertRaises(exception.BadMessage):
                samples.events(message)
        message = samples.like(
            samples.server('compute.instance.create.end'),
            fixed_ips=[{'address': 7}],
        )
        with self.assertRaises(exception.BadMessage):
            samples.events(message)
