# SPDX-License-Identifier: Apache-2.0
import collections
import datetime
import unittest

from talea import exception
from talea.objects import event
from talea.tests.unit.collector.definitions import samples

IMAGE = '21c9d9d0-2790-4a74-970d-c1c6bae21ca9'


class ImageTestCase(unittest.TestCase):
    def test_an_image_begins_when_it_is_activated(self):
        message = samples.first('image.activate')
        one = samples.event(message)
        self.assertEqual(
            ('image', IMAGE),
            (
                one.resource_type,
                one.resource_id,
            ),
        )
        self.assertEqual(event.CREATE, one.kind)
        self.assertEqual(message.sent_at, one.fact_at)
        self.assertEqual(
            {
                'project_id': '266627d52b85415da77e03417925b358',
                'name': 'linux',
                'size': 1048576,
                'visibility': 'public',
                'state': 'active',
                'created_at': '2026-11-21T06:13:52+00:00',
            },
            one.attributes,
        )

    def test_an_image_without_data_is_not_counted(self):
        for name in ('create', 'prepare', 'upload'):
            message = samples.first(f'image.{name}')
            self.assertEqual([], samples.events(message))
        found = collections.Counter(
            (message.payload['status'], len(samples.events(message)))
            for message in samples.messages('image.update')
        )
        self.assertEqual(
            {('saving', 0): 91, ('queued', 0): 32, ('active', 1): 101}, found
        )

    def test_a_rename_is_told(self):
        message = samples.first(
            'image.update', lambda payload: payload['status'] == 'active'
        )
        one = samples.event(samples.like(message, name='new'))
        self.assertEqual(event.UPDATE, one.kind)
        self.assertEqual('new', one.attributes['name'])

    def test_an_active_image_can_stand_in_for_a_lost_activation(self):
        for message in samples.messages('image.update'):
            for one in samples.events(message):
                self.assertIn('created_at', one.attributes)
                self.assertIn('size', one.attributes)

    def test_a_deleted_image_that_never_had_data_proves_nothing(self):
        found = collections.Counter()
        for message in samples.messages('image.delete'):
            one = samples.event(message)
            self.assertEqual(event.DELETE, one.kind)
            found['created_at' in one.attributes] += 1
        self.assertEqual({True: 49, False: 88}, found)

    def test_an_image_does_not_end_before_it_began(self):
        """deleted_at is cut to whole seconds."""
        began = {
            one.resource_id: one.fact_at
            for message in samples.messages('image.activate')
            for one in samples.events(message)
        }
        for message in samples.messages('image.delete'):
            one = samples.event(message)
            self.assertLess(
                abs(one.fact_at - message.sent_at),
                datetime.timedelta(seconds=1),
            )
            if one.resource_id in began:
                self.assertLess(began[one.resource_id], one.fact_at)

    def test_deleted_at_counts_where_the_message_is_late(self):
        message = samples.like(
            samples.first('image.delete'), deleted_at='2026-11-21T06:12:01Z'
        )
        self.assertEqual(
            samples.at('06:12:01'), samples.event(message).fact_at
        )

    def test_errors_are_plain_text_and_tell_nothing(self):
        errors = [
            message
            for message in samples.messages('image.upload')
            if message.priority == 'error'
        ]
        self.assertEqual(32, len(errors))
        for message in errors:
            self.assertEqual([], samples.events(message))

    def test_an_image_without_an_id_is_a_bad_message(self):
        message = samples.without(samples.first('image.activate'), 'id')
        with self.assertRaisesRegex(exception.BadMessage, "no 'id'"):
            samples.events(message)
