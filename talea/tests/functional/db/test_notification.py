# SPDX-License-Identifier: Apache-2.0
"""The archive, and what is derived from it again, on each engine."""

import dataclasses
import datetime
import json
import threading

import sqlalchemy as sa

from talea import exception
from talea.db import api
from talea.db import models
from talea.objects import event
from talea.objects import notification
from talea.objects import preview
from talea.objects import rebuild
from talea.objects import resource
from talea.objects import skipped
from talea.objects import timeline
from talea.tests import base

NOON = datetime.datetime(2026, 11, 21, 12, 0, 0, 123456, datetime.UTC)
RULES = timeline.Rules()


def made(number, **kwargs):
    """Return a Notification; they arrive a second after one another."""
    at = NOON + datetime.timedelta(seconds=number)
    values = {
        field.name: None
        for field in dataclasses.fields(notification.Notification)
    }
    values.update(
        message_id=f'message-{number}',
        deployment='default',
        exchange='nova',
        routing_key='notifications.info',
        priority='INFO',
        event_type='compute.instance.update',
        publisher_id='compute.host',
        service='nova',
        fact_at=at,
        sent_at=at,
        received_at=at,
        body=json.dumps({'number': number, 'text': 'häß' * 100}).encode(),
        payload={},
        context={},
    )
    values.update(kwargs)
    return notification.Notification(**values)


def created(number, name='one', resource_id='server'):
    return event.Event(
        f'message-{number}',
        'instance',
        resource_id,
        NOON,
        event.CREATE,
        event.NOTIFICATION,
        {'project_id': 'p', 'name': name, 'flavor': 'm1.tiny'},
    )


@base.on_all_engines
class ArchiveTest(base.DatabaseTestCase):
    def insert(self, *numbers, **kwargs):
        return notification.insert(
            self.context, [made(number, **kwargs) for number in numbers]
        )

    def test_what_is_archived_comes_back_as_it_was(self):
        one = made(1, fault='a "fault"', state='active')
        notification.insert(self.context, [one])
        self.assertEqual(
            one,
            dataclasses.replace(
                notification.get(self.context, 'message-1'),
                payload={},
                context={},
            ),
        )

    def test_only_new_ones_are_told_and_the_first_word_stays(self):
        self.assertEqual({'message-1', 'message-2'}, self.insert(1, 2, 1))
        self.assertEqual({'message-3'}, self.insert(2, 3, event_type='other'))
        self.assertEqual(
            'compute.instance.update',
            notification.get(self.context, 'message-2').event_type,
        )

    def test_ids_are_compared_exactly(self):
        self.insert(1)
        self.assertEqual(
            {'MESSAGE-1', 'message-1 '},
            notification.insert(
                self.context,
                [
                    made(1, message_id='MESSAGE-1'),
                    made(1, message_id='message-1 '),
                ],
            ),
        )

    def test_texts_longer_than_their_columns_harm_nobody(self):
        notification.insert(
            self.context,
            [made(1, event_type='ü' * 300, priority='p' * 99), made(2)],
        )
        self.assertEqual(2, notification.count(self.context))
        one = notification.get(self.context, 'message-1')
        self.assertEqual('ü' * 255, one.event_type)

    def test_two_that_insert_the_same_at_once_leave_one_row_each(self):
        barrier = threading.Barrier(2)
        errors = []

        def insert():
            context = api.DbContext()
            try:
                for start in range(0, 200, 20):
                    barrier.wait(30)
                    api.retry(notification.insert)(
                        context, [made(start + one) for one in range(20)]
                    )
            except Exception as error:
                errors.append(error)
                barrier.abort()

        threads = [threading.Thread(target=insert) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([], errors)
        self.assertEqual(200, notification.count(self.context))

    def test_pages_go_from_the_newest_to_the_oldest(self):
        self.insert(*range(5))
        first = notification.page(self.context, limit=3)
        self.assertEqual(
            ['message-4', 'message-3', 'message-2'],
            [one.message_id for one in first],
        )
        rest = notification.page(
            self.context, marker=first[-1].message_id, limit=3
        )
        self.assertEqual(
            ['message-1', 'message-0'], [one.message_id for one in rest]
        )

    def test_faulty_ones_are_listed_and_counted_by_reason(self):
        self.insert(1, 2)
        self.insert(3, 4, fault='no date')
        self.insert(5, fault='no JSON')
        faulty = notification.page(self.context, faulty=True)
        self.assertEqual(
            ['message-5', 'message-4', 'message-3'],
            [one.message_id for one in faulty],
        )
        self.assertEqual(
            [
                ('nova', 'compute.instance.update', 'no date', 2),
                ('nova', 'compute.instance.update', 'no JSON', 1),
            ],
            notification.faults(self.context),
        )

    def test_what_is_not_archived_is_not_found(self):
        for call in (
            lambda: notification.get(self.context, 'nobody'),
            lambda: notification.page(self.context, marker='nobody'),
        ):
            self.assertRaises(exception.NotFound, call)

    def test_a_purge_takes_the_oldest_first_a_part_at_a_time(self):
        self.insert(*range(10))
        before = NOON + datetime.timedelta(seconds=5)
        self.assertEqual(3, notification.purge(self.context, before, 3))
        self.assertEqual(2, notification.purge(self.context, before, 3))
        self.assertEqual(0, notification.purge(self.context, before, 3))
        self.assertEqual(5, notification.count(self.context))

    def test_the_archive_is_walked_in_its_order_from_any_time(self):
        self.insert(*range(6))
        start = notification.position(
            self.context, NOON + datetime.timedelta(seconds=2)
        )
        self.assertEqual(4, notification.count(self.context, position=start))
        part = notification.after(self.context, start, 3)
        self.assertEqual(
            ['message-2', 'message-3', 'message-4'],
            [one.message_id for _, one in part],
        )
        self.assertEqual(made(2).body, part[0][1].body)
        rest = notification.after(self.context, part[-1][0], 3)
        self.assertEqual(['message-5'], [one.message_id for _, one in rest])
        later = notification.position(
            self.context, NOON + datetime.timedelta(days=1)
        )
        self.assertEqual([], notification.after(self.context, later))

    def test_the_newest_is_the_one_sent_last(self):
        self.assertIsNone(notification.newest(self.context))
        self.insert(7, 3)
        self.assertEqual(
            NOON + datetime.timedelta(seconds=7),
            notification.newest(self.context),
        )


@base.on_all_engines
class AgainTest(base.DatabaseTestCase):
    def entities(self):
        with self.database.engine.connect() as connection:
            return connection.execute(
                sa.select(models.ENTITY.c.entity_id, models.ENTITY.c.name)
            ).all()

    def again(self, *events):
        return resource.derive_again(
            self.context, ['message-1'], list(events), RULES, NOON
        )

    def test_other_events_of_a_message_replace_those_it_had(self):
        resource.apply(self.context, [created(1)], RULES, NOON)
        self.assertEqual([('server', 'one')], self.entities())
        self.assertEqual(1, self.again(created(1, name='two')))
        self.assertEqual([('server', 'two')], self.entities())
        self.assertEqual(0, self.again(created(1, name='two')))

    def test_a_message_without_events_any_more_leaves_no_entity(self):
        resource.apply(self.context, [created(1)], RULES, NOON)
        self.assertEqual(1, self.again())
        self.assertEqual([], self.entities())
        resource.apply(self.context, [created(2)], RULES, NOON)
        self.assertEqual([('server', 'one')], self.entities())

    def test_a_message_may_speak_of_another_resource_now(self):
        resource.apply(self.context, [created(1)], RULES, NOON)
        self.assertEqual(2, self.again(created(1, resource_id='other')))
        self.assertEqual([('other', 'one')], self.entities())

    def test_a_preview_counts_and_writes_nothing(self):
        resource.apply(self.context, [created(1)], RULES, NOON)
        found = preview.of(
            self.context,
            [
                created(3, resource_id='other'),
                event.Event(
                    'message-4',
                    'instance',
                    'server',
                    NOON + datetime.timedelta(hours=1),
                    event.RESIZE,
                    event.NOTIFICATION,
                    {'flavor': 'm1.small'},
                ),
            ],
            RULES,
        )
        self.assertEqual(
            preview.Preview(resources=1, added=2, changed=1, removed=0), found
        )
        self.assertEqual([('server', 'one')], self.entities())

    def test_a_rebuild_knows_how_far_it_was_until_it_is_finished(self):
        self.assertIsNone(rebuild.get(self.context, 'all'))
        rebuild.save(self.context, 'all', 5, NOON)
        rebuild.save(self.context, 'all', 9, NOON)
        self.assertEqual((9, NOON), rebuild.get(self.context, 'all'))
        rebuild.forget(self.context, 'all')
        self.assertIsNone(rebuild.get(self.context, 'all'))

    def test_what_is_no_usage_is_counted_with_its_reason(self):
        notification.insert(
            self.context, [made(1), made(2), made(3, fault='no date')]
        )
        failed = event.Event(
            'message-4',
            'volume',
            'v',
            NOON,
            event.DELETE,
            event.NOTIFICATION,
            {},
        )
        resource.apply(self.context, [created(1), failed], RULES, NOON)
        self.assertEqual(
            [
                (1, 'nova compute.instance.update', 'no date'),
                (1, 'nova notifications', 'say nothing about usage'),
                (1, 'volume resources', 'never came to life'),
            ],
            skipped.show(self.context),
        )
