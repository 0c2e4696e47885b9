# SPDX-License-Identifier: Apache-2.0
"""What scopes owe once their periods are settled, and settled again."""

import datetime
import itertools

from talea.objects import event
from talea.objects import scope_filter
from talea.objects import scope_reset
from talea.objects import volume_type
from talea.processor import settle
from talea.tests import base
from talea.tests.functional.db import settling
from talea.tests.functional.db.settling import HOUR
from talea.tests.functional.db.settling import at

DAY = datetime.timedelta(days=1)


@base.on_all_engines
class SettleTestCase(settling.SettlingCase):
    def setUp(self):
        super().setUp()
        self.price('2')
        self.make_scope()

    def test_what_was_used_is_owed(self):
        self.create('i1', at(10, 15))
        done = self.settle(at(12, 10))
        self.assertEqual(settle.Outcome(1, 2, 2, 0, 2), done)
        self.assertEqual({10: '1.5', 11: '2'}, self.owed())
        found = self.scope()
        self.assertEqual(
            (at(12), at(12), at(12), None, None),
            (
                found.state,
                found.rated_until,
                found.due_at,
                found.revised_at,
                found.last_error,
            ),
        )
        first, _ = self.frames()
        (line,) = first.lines
        self.assertEqual(
            ('instance', 'hour', '0.75', (('mapping', 'm0', 1),)),
            (
                line.metric,
                line.unit,
                settling.plain(line.quantity),
                line.rules,
            ),
        )
        self.assertEqual(
            {'id': 'i1', 'project_id': 'p1', 'flavor': 'small'}, line.groupby
        )

    def test_nothing_used_is_no_frame_but_settled(self):
        self.assertEqual(settle.Outcome(1, 2), self.settle(at(12, 10)))
        self.assertEqual([], self.frames())
        self.assertEqual(at(12), self.scope().state)
        self.assertEqual(settle.Outcome(), self.settle(at(12, 10)))

    def test_a_period_is_settled_when_it_ended_and_the_wait_is_over(self):
        for now, state in (
            (at(11, 4, 59, 999999), 10),
            (at(11, 5), 11),
            (at(12, 5), 12),
        ):
            self.settle(now, wait=300)
            self.assertEqual(at(state), self.scope().state)

    def test_a_change_is_two_points_and_no_change_is_one(self):
        self.create('i1', at(10))
        self.resize('i1', at(10, 15), 'large')
        self.resize('i1', at(10, 45), 'small')
        self.settle(at(11, 10))
        (made,) = self.frames()
        self.assertEqual(
            {'small': '0.5', 'large': '0.5'},
            {
                line.groupby['flavor']: settling.plain(line.quantity)
                for line in made.lines
            },
        )
        self.assertEqual({10: '2'}, self.owed())

    def test_many_periods_are_caught_up_with_in_order(self):
        self.create('i1', at(10))
        # Four periods in one transaction.
        done = self.settle(at(60, 10), chunk=1)
        self.assertEqual(settle.Outcome(13, 50, 50, 0, 50), done)
        self.assertEqual(dict.fromkeys(range(10, 60), '2'), self.owed())
        made = [one.begin for one in self.frames()]
        self.assertEqual(sorted(made), made)

    def test_a_late_event_is_a_revision_by_itself(self):
        self.create('i1', at(10))
        self.settle(at(13, 10))
        self.delete('i1', at(11, 30))
        done = self.settle(at(13, 20))
        self.assertEqual(settle.Outcome(1, 2, 1, 1, 1), done)
        self.assertEqual({10: '2', 11: '1'}, self.owed())
        self.assertEqual(
            [(10, 0, False), (11, 0, True), (11, 1, False), (12, 0, True)],
            self.revisions(),
        )
        # What was billed once can still be read.
        (old,) = self.frames(begin=at(11), revision=0)
        self.assertEqual('2', settling.plain(old.lines[0].price))
        self.assertEqual(at(13, 20), old.superseded)
        self.assertEqual(at(13, 20), self.scope().revised_at)
        self.assertEqual(at(13), self.scope().state)
        self.assertEqual(settle.Outcome(), self.settle(at(13, 30)))

    def test_a_late_event_that_changes_no_price_is_no_revision(self):
        self.create('i1', at(10), host='a')
        self.settle(at(13, 10))
        self.tell(event.UPDATE, 'i1', at(11, 30), host='b')
        self.settle(at(13, 20))
        self.assertEqual(
            [(10, 0, False), (11, 0, False), (12, 0, False)],
            self.revisions(),
        )
        self.assertIsNone(self.scope().revised_at)

    def test_usage_before_the_begin_of_all_is_not_billed(self):
        self.make_scope('p2', 10, rates_from=9)
        self.create('late', at(7, 30), 'p2')
        self.settle(at(12, 10))
        self.assertEqual({9: '2', 10: '2', 11: '2'}, self.owed('p2'))

    def test_what_is_closed_is_corrected_in_the_open_period(self):
        self.conf.set_override('close_after', 1, 'processor')
        self.create('i1', at(10))
        self.settle(at(13, 10))
        self.delete('i1', at(11, 30))
        # Until eleven o'clock of the day after the first is closed.
        self.settle(at(24 + 11, 50))
        now = at(24 + 11)
        self.assertEqual(
            [
                (at(10), at(10), 0, None),
                (at(11), at(11), 0, at(24 + 11, 50)),
                (at(12), at(12), 0, at(24 + 11, 50)),
                (at(11), at(11), 1, None),
            ],
            [
                (one.begin, one.usage_at, one.revision, one.superseded)
                for one in self.frames()
            ],
        )
        self.tell(event.UPDATE, 'i1', at(13))
        self.create('i2', at(10, 45))
        self.delete('i2', at(12, 15))
        self.settle(at(24 + 11, 55))
        (made,) = self.frames(usage_at=at(10), begin=now)
        self.assertEqual((now + HOUR, 0), (made.end, made.revision))
        self.assertEqual('0.5', settling.plain(made.lines[0].price))
        self.assertEqual({10: '2.5', 11: '3', 12: '0.5'}, self.owed())
        # And once more.
        self.create('i3', at(10, 30))
        self.delete('i3', at(11))
        self.settle(at(24 + 11, 56))
        self.assertEqual(
            [0, 1],
            [one.revision for one in self.frames(usage_at=at(10), begin=now)],
        )
        self.assertEqual({10: '3.5', 11: '3', 12: '0.5'}, self.owed())

    def test_a_price_of_the_past_rates_all_again(self):
        self.create('i1', at(10))
        self.make_scope('p2')
        self.create('i2', at(11), 'p2')
        self.settle(at(13, 10))
        self.price('3', at(10, 30), at(13, 20))
        self.settle(at(13, 30))
        # The rule at the begin of a period counts.
        self.assertEqual({10: '2', 11: '3', 12: '3'}, self.owed())
        self.assertEqual({11: '3', 12: '3'}, self.owed('p2'))

    def test_rules_are_read_once_for_each_change(self):
        self.create('i1', at(10))
        for hour in (11, 12, 13):
            with self.statements() as said:
                self.settle(at(hour, 10))
            read = [one for one in said if 'FROM hashmap_mapping' in one]
            self.assertEqual(1 if hour == 11 else 0, len(read))
        self.price('3', at(20), at(14))
        with self.statements() as said:
            self.settle(at(14, 10))
        read = [one for one in said if 'FROM hashmap_mapping' in one]
        self.assertEqual(1, len(read))

    def test_the_name_of_a_type_of_volumes_may_become_known_late(self):
        self.create(
            'v1',
            at(10),
            resource_type='volume',
            size=7,
            volume_type_id='t1',
            launched_at=at(10).isoformat(),
        )
        self.settle(at(12, 10))
        self.tell(
            event.CREATE,
            't1',
            at(9),
            '',
            resource_type='volume_type',
            name='fast',
        )
        self.assertEqual('fast', volume_type.get(self.context, 't1').name)
        self.settle(at(12, 20))
        self.assertEqual(
            {'fast'},
            {
                line.groupby['volume_type']
                for one in self.frames(superseded=None)
                for line in one.lines
            },
        )


@base.on_all_engines
class SwitchTestCase(settling.SettlingCase):
    def setUp(self):
        super().setUp()
        self.price('2')

    def test_only_time_when_it_was_on_is_owed_whatever_was_settled(self):
        off, on = at(10, 30), at(12, 20)
        story = [(off, False), (on, True)]
        times = [at(10, 40), at(11, 10), at(12, 10), at(12, 40), at(13, 10)]
        number = 0
        for count in range(len(times) + 1):
            for chosen in itertools.combinations(times, count):
                number += 1
                name = f'p{number}'
                self.make_scope(name)
                self.create(name, at(9), name)
                for moment, active in sorted(
                    [*story, *((one, None) for one in chosen)],
                    key=lambda one: one[0],
                ):
                    if active is None:
                        self.settle(moment)
                    else:
                        self.switch(active, moment, name)
                self.settle(at(14, 10))
                self.assertEqual(
                    {10: '1', 12: settling.costs(on, at(13)), 13: '2'},
                    self.owed(name),
                )
                self.assertEqual(at(14), self.scope(name).state)
        self.assertEqual(32, number)

    def test_a_microsecond_more_is_a_microsecond_more(self):
        self.make_scope()
        self.create('i1', at(9))
        self.switch(False, at(10, 0, 0, 1))
        self.switch(True, at(10, 59, 59, 999999))
        self.settle(at(11, 10))
        (line,) = self.frames()[0].lines
        # Two of 3,600,000,000; the meter rounds its readings.
        self.assertEqual(
            '0.0000000005555555555555555556', settling.plain(line.quantity)
        )

    def test_what_became_known_late_counts_as_long_as_it_was_on(self):
        self.make_scope()
        self.create('i1', at(9))
        self.switch(False, at(10, 30))
        self.settle(at(14, 10))
        self.create('late', at(10, 15))
        self.settle(at(14, 20))
        self.assertEqual({10: '1.5'}, self.owed())
        self.assertEqual(at(11), self.scope().state)

    def test_all_time_is_owed_to_those_who_want_it_so(self):
        self.conf.set_override('rate_inactive_time', True, 'processor')
        self.make_scope()
        self.create('i1', at(9))
        self.switch(False, at(10, 30))
        self.settle(at(12, 10))
        # As long as it is off nothing happens.
        self.assertEqual({10: '2'}, self.owed())
        self.switch(True, at(12, 20))
        self.settle(at(13, 10))
        self.assertEqual({10: '2', 11: '2', 12: '2'}, self.owed())

    def test_who_wants_it_otherwise_gets_it_after_a_reset(self):
        self.test_all_time_is_owed_to_those_who_want_it_so()
        self.conf.set_override('rate_inactive_time', False, 'processor')
        self.reset(at(10), at(13, 20))
        self.settle(at(13, 30))
        self.assertEqual(
            {10: '1', 12: settling.costs(at(12, 20), at(13))}, self.owed()
        )

    def reset(self, state, now):
        scope_reset.request(
            self.context, scope_filter.Filter(scope_id=['p1']), state, now
        )
        self.passes.reset(self.context)

    def test_a_reset_rates_again_what_is_another_amount(self):
        self.make_scope()
        self.create('i1', at(10))
        self.settle(at(14, 10))
        self.reset(at(11), at(14, 20))
        self.assertEqual(at(11), self.scope().state)
        # All the while the old frames can be read.
        self.assertEqual(4, len(self.frames(superseded=None)))
        self.settle(at(14, 30))
        self.assertEqual(4, len(self.frames()))
        self.assertEqual(at(14), self.scope().state)

    def test_a_state_in_the_future_bills_no_usage_that_is_to_come(self):
        self.make_scope()
        self.reset(at(100), at(10, 10))
        self.create('i1', at(9, 30))
        self.settle(at(12, 10))
        self.assertEqual([], self.frames(begin=at(12)))
        self.assertLessEqual(
            max((one.begin for one in self.frames()), default=at(0)), at(11)
        )
        self.assertEqual(at(100), self.scope().state)
        self.assertEqual(settle.Outcome(), self.settle(at(12, 20)))

    def test_one_made_inactive_owes_nothing(self):
        self.make_scope()
        self.switch(False, at(10, 0, 0, 1))
        self.create('i1', at(10, 0, 0, 1))
        self.settle(at(12, 10))
        self.assertEqual([], self.frames())
        self.assertIsNone(self.scope().due_at)
