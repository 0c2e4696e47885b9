# SPDX-License-Identifier: Apache-2.0
"""What is known of snapshots that may have failed."""

import dataclasses
import datetime
import unittest

from talea.objects import fold
from talea.objects import timeline
from talea.tests.unit.collector.definitions import samples

AUDITED = 'audit_period_beginning'
HOUR = datetime.timedelta(hours=1)
AUDIT = {
    'status': 'deleted',
    'audit_period_beginning': '2026-11-21 06:30:00',
    'audit_period_ending': '2026-11-21 06:30:00',
}
BEGIN = ('snapshot.create.start', {})
END = ('snapshot.create.end', {})
DELETE = ('snapshot.delete.end', {})


def first(event_type, audited=False):
    return samples.first(
        event_type, lambda payload: (AUDITED in payload) == audited
    )


def story(*told):
    """Return what comes of messages about one snapshot, an hour apart."""
    begin = first('snapshot.create.start')
    events = []
    for number, (name, changes) in enumerate(told):
        message = samples.like(
            first(name, audited=AUDITED in changes),
            snapshot_id=begin.payload['snapshot_id'],
            created_at=begin.payload['created_at'],
            **changes,
        )
        message = dataclasses.replace(
            message,
            message_id=f'm-{number}',
            fact_at=begin.fact_at + number * HOUR,
        )
        events += samples.events(message)
    return fold.fold(events, timeline.Rules()).spans


class FailedTestCase(unittest.TestCase):
    def test_one_that_failed_is_not_counted_when_an_audit_finds_it(self):
        for name in (
            'snapshot.create.end',
            'snapshot.delete.end',
            'snapshot.exists',
        ):
            with self.subTest(name):
                self.assertEqual([], story(BEGIN, DELETE, (name, AUDIT)))

    def test_one_of_which_nothing_was_told_is(self):
        audit = ('snapshot.delete.end', AUDIT)
        self.assertEqual(1, len(story(DELETE, audit)))

    def test_one_that_was_seen_is(self):
        seen = ('snapshot.exists', {**AUDIT, 'status': 'available'})
        self.assertEqual(1, len(story(BEGIN, seen, DELETE)))

    def test_its_begin_comes_after_the_creation_of_its_record(self):
        (span,) = story(END, BEGIN)
        self.assertEqual('available', span.values['state'])

    def test_the_begin_that_an_audit_tells_again_says_nothing(self):
        message = first('snapshot.create.start', audited=True)
        self.assertEqual([], samples.events(message))
