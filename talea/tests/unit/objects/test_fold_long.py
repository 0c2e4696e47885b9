# SPDX-License-Identifier: Apache-2.0
"""What it costs to fold a long history from its start."""

import datetime
import time
import unittest

from talea.objects import event as events
from talea.objects import fold
from talea.objects import timeline

BEGIN = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
MINUTES = datetime.timedelta(minutes=2)


def history(length, kinds, **said):
    """Return *length* events of *kinds* in turn, the attributes likewise."""
    return [
        events.Event(
            f'm-{number}',
            'volume',
            'v',
            BEGIN + number * MINUTES,
            kinds[number % len(kinds)] if number else events.CREATE,
            events.NOTIFICATION,
            {
                'project_id': 'p',
                **{
                    name: values[number % len(values)]
                    for name, values in said.items()
                },
            },
        )
        for number in range(length)
    ]


def cost(*args, **said):
    """Return the CPU seconds that folding takes."""
    given = history(*args, **said)
    begin = time.process_time()
    fold.fold(given, timeline.Rules())
    return time.process_time() - begin


class TestLong(unittest.TestCase):
    """Eight times the events may cost eight times as much, not 64 times."""

    def assert_linear(self, *kinds, **said):
        short = min(cost(1500, kinds, **said) for _ in range(3))
        self.assertLess(cost(12_000, kinds, **said), 30 * short)

    def test_of_resizes(self):
        self.assert_linear(events.RESIZE, size=(1, 2))

    def test_of_attachments(self):
        self.assert_linear(
            events.DETACH, events.ATTACH, attached_to=([], ['i'])
        )

    def test_of_audits_that_show_what_was_lost(self):
        self.assert_linear(events.EXISTS, size=(1, 2))

    def test_of_renames(self):
        self.assert_linear(events.UPDATE, name=('a', 'b'))

    def test_of_many_lives(self):
        self.assert_linear(events.CREATE, events.DELETE, size=(1,))
