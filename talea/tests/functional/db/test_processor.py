# SPDX-License-Identifier: Apache-2.0
"""The processor as a loop."""

import threading
import time

import fixtures

from talea.db import models
from talea.objects import scope_filter
from talea.objects import scope_reset
from talea.processor import service
from talea.tests.functional.db import settling
from talea.tests.functional.db.settling import at


def until(function, seconds=30):
    """Wait until *function* says yes."""
    end = time.monotonic() + seconds
    while not function():
        if time.monotonic() > end:
            raise AssertionError('It did not come so far.')
        time.sleep(0.02)


class ProcessorTestCase(settling.SettlingCase):
    def setUp(self):
        super().setUp()
        self.price('2')
        self.now = at(12, 10)
        # It looks once, unless somebody wakes it up.
        self.conf.set_override('interval', 3600, 'processor')
        self.log = self.useFixture(fixtures.FakeLogger('talea.processor'))

    def start(self):
        self.processor = service.Processor(self.conf, lambda: self.now)
        self.thread = threading.Thread(target=self.processor.run, daemon=True)
        self.thread.start()
        self.addCleanup(self.thread.join)
        self.addCleanup(self.processor.stop)

    def state(self, identifier='p1'):
        for one in self.rows(models.SCOPE):
            if one.identifier == identifier:
                return (one.state - at(0)) // settling.HOUR
        return None

    def test_it_finds_scopes_and_settles_them_by_itself(self):
        self.create('i1', at(10))
        self.start()
        until(lambda: self.state() == 12)
        self.assertEqual({10: '2', 11: '2'}, self.owed())

    def test_woken_up_it_looks_at_once(self):
        self.create('i1', at(10))
        self.start()
        until(lambda: self.state() == 12)
        self.now = at(13, 10)
        time.sleep(0.3)
        self.assertEqual(12, self.state())
        self.processor.wake()
        until(lambda: self.state() == 13)

    def test_stopped_it_ends_at_once(self):
        self.create('i1', at(10))
        self.start()
        until(lambda: self.state() == 12)
        begin = time.monotonic()
        self.processor.stop()
        self.thread.join(5)
        self.assertFalse(self.thread.is_alive())
        self.assertLess(time.monotonic() - begin, 3)

    def test_stopped_amid_much_work_it_ends_after_a_chunk(self):
        self.conf.set_override('chunk', 1, 'processor')
        self.create('i1', at(10))
        self.now = at(24 * 300)
        self.start()
        until(lambda: (self.state() or 0) > 12)
        self.processor.stop()
        self.thread.join(5)
        self.assertFalse(self.thread.is_alive())
        self.assertLess(self.state(), 24 * 300)

    def test_resets_and_new_scopes_have_their_turn_amid_much_work(self):
        # A pass ends with each chunk, and none has a pause after it.
        self.useFixture(
            fixtures.MonkeyPatch('talea.processor.service._LONGEST', 0.0001)
        )
        self.conf.set_override('chunk', 1, 'processor')
        self.conf.set_override('discovery_interval', 1, 'processor')
        self.create('i1', at(10))
        self.now = at(24 * 60, 10)
        self.start()
        until(lambda: (self.state() or 0) > 12)
        self.create('i2', at(24 * 59), 'p2')
        scope_reset.request(
            self.context,
            scope_filter.Filter(scope_id=['p1']),
            at(24 * 50),
            self.now,
        )
        until(lambda: self.state('p2') is not None)
        until(lambda: self.state() == 24 * 60 == self.state('p2'), 60)
        # What was skipped by the reset was not settled.
        self.assertNotIn(24 * 50 - 1, self.owed())
        self.assertEqual([], scope_reset.pending(self.context))

    def test_marks_of_nobody_are_swept_away(self):
        self.create('i1', at(10), 'p1')
        self.conf.set_override('discoveries', [], 'processor')
        self.start()
        until(lambda: not self.rows(models.STALE))

    def test_a_pass_that_fails_is_not_the_last(self):
        self.create('i1', at(10))
        self.useFixture(
            fixtures.MonkeyPatch('talea.processor.service._PAUSE', 0.1)
        )
        self.conf.set_override('interval', 0.1, 'processor')
        wrong = [KeyError('something')]

        def now():
            if wrong:
                raise wrong.pop()
            return self.now

        self.processor = service.Processor(self.conf, now)
        self.thread = threading.Thread(target=self.processor.run, daemon=True)
        self.thread.start()
        self.addCleanup(self.thread.join)
        self.addCleanup(self.processor.stop)
        until(lambda: self.state() == 12)
        self.assertIn('A pass failed', self.log.output)

    def test_without_its_tables_it_waits_for_them(self):
        self.create('i1', at(10))
        self.useFixture(
            fixtures.MonkeyPatch('talea.processor.service._PAUSE', 0.1)
        )
        self.conf.set_override('interval', 0.1, 'processor')
        with self.database.engine.begin() as connection:
            connection.exec_driver_sql('ALTER TABLE scope_reset RENAME TO s')
        self.start()
        until(lambda: 'The database is away' in self.log.output)
        with self.database.engine.begin() as connection:
            connection.exec_driver_sql('ALTER TABLE s RENAME TO scope_reset')
        until(lambda: self.state() == 12)
