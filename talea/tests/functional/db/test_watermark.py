# SPDX-License-Identifier: Apache-2.0
"""How far services were heard, and what that means for settling."""

import datetime
import json

from talea.collector import bus
from talea.collector import definitions
from talea.collector import envelope
from talea.collector import recorder
from talea.db import api as db
from talea.objects import timeline
from talea.objects import watermark
from talea.tests import base
from talea.tests.functional.db import settling
from talea.tests.functional.db.settling import at

KNOWN = definitions.load()
MINUTE = datetime.timedelta(minutes=1)
SECOND = datetime.timedelta(seconds=1)


class WatermarkCase(settling.SettlingCase):
    def setUp(self):
        super().setUp()
        self._messages = iter(range(10**6))

    def record(self, *messages):
        """Take in messages that hear() made."""
        recorder.record(
            db.DbContext(), messages, KNOWN, timeline.Rules(), at(0)
        )

    def say(
        self,
        sent,
        service='nova',
        deployment='one',
        received=None,
        telling=True,
        number=None,
    ):
        """Return a message about a volume type, which anybody may send."""
        if number is None:
            number = next(self._messages)
        body = {
            'message_id': f'message-{number}',
            'publisher_id': 'volume.host',
            'event_type': 'volume_type.create' if telling else 'nothing',
            'priority': 'INFO',
            'payload': {
                'volume_types': {'id': f'type-{number}', 'name': 'fast'}
            },
            'timestamp': sent.strftime('%Y-%m-%d %H:%M:%S.%f'),
        }
        return envelope.open(
            bus.Delivery(
                deployment,
                service,
                'notifications.info',
                json.dumps(body).encode(),
                received or sent + SECOND,
            ),
            self.conf.collector,
        )

    def marks(self):
        return {
            (one.deployment, one.service): (one.sent, one.received)
            for one in watermark.list_(self.context)
        }


@base.on_all_engines
class HearTestCase(WatermarkCase):
    def test_the_newest_message_of_each_service_counts(self):
        self.record(
            self.say(at(10)),
            self.say(at(10, 5)),
            self.say(at(9), 'cinder'),
            self.say(at(8), 'cinder', 'two'),
        )
        self.record(self.say(at(10, 3)), self.say(at(9, 30), 'cinder'))
        self.assertEqual(
            {
                ('one', 'nova'): (at(10, 5), at(10, 5) + SECOND),
                ('one', 'cinder'): (at(9, 30), at(9, 30) + SECOND),
                ('two', 'cinder'): (at(8), at(8) + SECOND),
            },
            self.marks(),
        )

    def test_whoever_tells_nothing_of_usage_does_not_count(self):
        self.record(self.say(at(10), 'keystone', telling=False))
        self.assertEqual({}, self.marks())
        self.record(self.say(at(10)))
        # Once it has, everything that it says is a sign of life.
        self.record(self.say(at(11), telling=False))
        self.assertEqual([at(11)], [sent for sent, _ in self.marks().values()])

    def test_the_same_message_again_is_a_sign_of_life_too(self):
        message = self.say(at(10), number=7)
        self.record(message)
        self.record(message)
        self.assertEqual([at(10)], [sent for sent, _ in self.marks().values()])

    def test_a_clock_that_is_ahead_promises_nothing(self):
        self.record(self.say(at(20), received=at(10)))
        self.assertEqual([(at(10), at(10))], list(self.marks().values()))
        self.record(self.say(at(11), received=at(11)))
        self.assertEqual([(at(11), at(11))], list(self.marks().values()))

    def test_a_mark_is_moved_in_steps_and_never_back(self):
        self.record(self.say(at(10)))
        almost = at(10) + SECOND - datetime.timedelta(microseconds=1)
        for sent in (almost, at(9)):
            self.record(self.say(sent))
            self.assertEqual(
                [at(10)], [sent for sent, _ in self.marks().values()]
            )
        self.record(self.say(at(10) + SECOND))
        self.assertEqual(
            [at(10) + SECOND], [sent for sent, _ in self.marks().values()]
        )


@base.on_all_engines
class HorizonTestCase(WatermarkCase):
    def setUp(self):
        super().setUp()
        self.price('2')
        self.make_scope()
        self.create('i1', at(10))
        self.conf.set_override('wait', 300, 'processor')

    def settled(self, now, **options):
        """Return until which hour is settled at *now*."""
        self.settle(now, **options)
        return (self.scope().state - at(0)) // settling.HOUR

    def test_where_nobody_ever_spoke_nobody_is_waited_for(self):
        self.assertEqual(13, self.settled(at(13, 5)))

    def test_a_period_waits_until_all_were_heard_past_its_end(self):
        self.record(
            self.say(at(11, 30)),
            self.say(at(12), 'cinder'),
            self.say(at(10, 59, 59, 999999), 'nova', 'two'),
        )
        options = {'silence_timeout': 0}
        self.assertEqual(10, self.settled(at(13, 10), **options))
        self.record(self.say(at(11, 0, 1), 'nova', 'two'))
        self.assertEqual(11, self.settled(at(13, 10), **options))
        self.record(self.say(at(12, 30), 'nova', 'two'), self.say(at(12, 30)))
        self.assertEqual(12, self.settled(at(13, 10), **options))

    def test_whoever_has_been_silent_has_nothing_to_say(self):
        self.record(
            self.say(at(11, 0, 5), 'glance'),
            self.say(at(11, 59), 'nova'),
        )
        # Nova may still say something of the hour before twelve.
        self.assertEqual(11, self.settled(at(12, 50), silence_timeout=3600))
        self.record(self.say(at(12, 55), 'nova'))
        # The images were heard an hour ago: nothing until an hour ago.
        self.assertEqual(11, self.settled(at(12, 59, 30)))
        self.assertEqual(12, self.settled(at(13, 0, 10)))

    def test_without_a_timeout_the_silent_are_waited_for_for_ever(self):
        self.record(self.say(at(11, 0, 5), 'glance'))
        self.assertEqual(11, self.settled(at(9999), silence_timeout=0))

    def test_the_end_of_silence_is_when_a_message_came_not_its_date(self):
        # It waited in a queue: more of them may wait there.
        self.record(self.say(at(11, 30), 'nova', received=at(14)))
        self.assertEqual(11, self.settled(at(14, 59), silence_timeout=3600))
        self.assertEqual(14, self.settled(at(15)))

    def test_the_horizon_is_that_of_the_last(self):
        marks = [
            watermark.Watermark('one', 'nova', at(11), at(11)),
            watermark.Watermark('one', 'cinder', at(12), at(12)),
        ]
        hour = datetime.timedelta(hours=1)
        for timeout, wanted in (
            (None, at(11)),
            (hour, at(11)),
            (hour / 4, at(11, 45)),
        ):
            self.assertEqual(wanted, watermark.horizon(marks, at(12), timeout))
        self.assertIsNone(watermark.horizon([], at(12), hour))
