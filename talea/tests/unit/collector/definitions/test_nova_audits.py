# SPDX-License-Identifier: Apache-2.0
import collections
import unittest

from talea import exception
from talea.objects import event
from talea.tests.unit.collector.definitions import samples

BOTH = ('compute.instance', 'instance')


class ExistsTestCase(unittest.TestCase):
    def test_an_audit_says_what_it_looked_back_on(self):
        message = samples.server('compute.instance.exists')
        one = samples.event(message)
        self.assertEqual(event.EXISTS, one.kind)
        self.assertEqual(event.AUDIT, one.source)
        self.assertEqual(message.fact_at, one.fact_at)
        self.assertEqual(
            '2026-11-21T06:14:09.688747+00:00', one.attributes['period_end']
        )

    def test_the_period_does_not_begin_before_the_server(self):
        for prefix in BOTH:
            one = samples.event(samples.server(f'{prefix}.exists'))
            self.assertEqual(
                '2026-11-21T06:14:03+00:00', one.attributes['period_begin']
            )

    def test_the_hourly_audit_says_when_a_server_ended(self):
        for prefix in BOTH:
            found = collections.Counter(
                'ended_at' in samples.event(message).attributes
                for message in samples.messages(f'{prefix}.exists')
            )
            self.assertEqual({True: 91, False: 159}, found)

    def test_a_server_that_is_gone_without_a_time_is_gone(self):
        message = samples.server('compute.instance.exists', state='deleted')
        message = samples.like(message, terminated_at='', deleted_at='')
        self.assertIs(True, samples.event(message).attributes['gone'])

    def test_launched_at_that_moved_is_not_taken_for_the_creation(self):
        moved = 0
        for message in samples.messages('compute.instance.exists'):
            said = samples.event(message).attributes
            moved += said['launched_at'] > said['created_at']
            self.assertLessEqual(said['created_at'], said['launched_at'])
        self.assertEqual(250, moved)


class BadMessageTestCase(unittest.TestCase):
    def test_a_missing_member_is_named(self):
        message = samples.without(
            samples.server('compute.instance.create.end'), 'tenant_id'
        )
        with self.assertRaisesRegex(
            exception.BadMessage,
            "compute.instance.create.end: it has no 'tenant_id'",
        ):
            samples.events(message)

    def test_a_date_that_nobody_can_read_is_a_bad_message(self):
        for name in ('created_at', 'launched_at', 'terminated_at'):
            for value in ('yesterday', 7, '2026-13-45', [], '0001-01-01'):
                message = samples.like(
                    samples.server('compute.instance.delete.end'),
                    **{name: value},
                )
                with self.assertRaises(exception.BadMessage):
                    samples.events(message)

    def test_a_message_in_the_other_format_is_a_bad_message(self):
        message = samples.like(
            samples.server('compute.instance.create.end'),
            'instance.create.end',
        )
        with self.assertRaisesRegex(exception.BadMessage, 'nova_object.data'):
            samples.events(message)

    def test_the_whole_recording_makes_sense(self):
        kinds = collections.Counter()
        for name in samples.known_types():
            for message in samples.messages(name):
                kinds.update(one.kind for one in samples.events(message))
        self.assertEqual(2 * 46 + 49 + 28, kinds[event.RESIZE])
        self.assertEqual(2 * 30, kinds[event.REBUILD])
