# SPDX-License-Identifier: Apache-2.0
import collections
import dataclasses
import datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from talea.objects import due as dues
from talea.objects import period
from talea.processor import plan
from talea.processor import revise
from talea.rating import point
from talea.tests.rated import HOUR
from talea.tests.rated import at
from talea.tests.rated import line

BEGIN = at(2026, 1, 31, 10)
WINDOW = (BEGIN, BEGIN + HOUR)
GRID = period.Grid.of(3600)
CLOSE_AFTER = datetime.timedelta(days=35)
SOON = BEGIN + datetime.timedelta(hours=2, minutes=7)
LATE = BEGIN + datetime.timedelta(days=36, minutes=7)
CELL = plan.Cell(
    dues.Due(
        pk=7,
        scope_id='p1',
        scope_key='project_id',
        collector='ledger',
        state=BEGIN + 100 * HOUR,
        active=True,
        toggled=BEGIN,
        generation=3,
        rates_from=BEGIN,
        rated_until=BEGIN + 100 * HOUR,
        failures=0,
    ),
    WINDOW,
    (WINDOW,),
)


def sums(lines):
    """Return {what is the same: [quantity, price]} without zeros."""
    totals = collections.defaultdict(lambda: [point.ZERO, point.ZERO])
    for one in lines:
        total = totals[
            one.metric,
            one.unit,
            tuple(sorted(one.groupby.items())),
            tuple(sorted(one.metadata.items())),
        ]
        total[0] = point.EXACT.add(total[0], one.quantity)
        total[1] = point.EXACT.add(total[1], one.price)
    return {key: total for key, total in totals.items() if any(total)}


class Usage:
    """The frames of one period, as a database has them."""

    def __init__(self):
        self.frames = []

    def settle(self, lines, now, close_after=CLOSE_AFTER):
        """Settle once more; return the change."""
        open_ = GRID.floor(now)
        change = revise.again(
            CELL,
            lines,
            self.frames,
            now - close_after,
            (open_, open_ + HOUR),
            now,
        )
        gone = {one.id for one in change.old}
        self.frames = [
            dataclasses.replace(one, superseded=now) if one.id in gone else one
            for one in self.frames
        ]
        for one in change.new:
            number = len(self.frames)
            self.frames.append(dataclasses.replace(one, id=number))
        return change

    @property
    def current(self):
        return [one for one in self.frames if one.superseded is None]

    @property
    def shown(self):
        """Return (begin, revision, prices, superseded?) of each frame."""
        return [
            (
                one.begin,
                one.revision,
                [str(each.price) for each in one.lines],
                one.superseded is not None,
            )
            for one in self.frames
        ]


class FirstTestCase(base.BaseTestCase):
    def test_what_was_used_is_a_frame(self):
        change = revise.first(CELL, [line()], SOON)
        (made,) = change.new
        self.assertEqual((), change.old)
        self.assertEqual(
            (7, 'project_id', 'p1', *WINDOW, BEGIN, 0, SOON, None),
            (
                made.scope_pk,
                made.scope_key,
                made.scope_id,
                made.begin,
                made.end,
                made.usage_at,
                made.revision,
                made.settled,
                made.superseded,
            ),
        )
        self.assertEqual((line(),), made.lines)

    def test_nothing_used_is_no_frame(self):
        self.assertEqual(revise.Change(), revise.first(CELL, [], SOON))


class RevisionTestCase(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.usage = Usage()
        self.usage.settle([line(), line(resource='i2')], SOON)

    def test_the_same_lines_in_any_order_change_nothing(self):
        for now in (SOON, LATE):
            change = self.usage.settle(
                [line(resource='i2', price='0.50'), line(quantity='1.0')], now
            )
            self.assertEqual(revise.Change(), change)

    def test_other_lines_are_a_revision(self):
        self.usage.settle([line(price='0.7')], SOON + HOUR)
        self.usage.settle([line(price='0.9')], SOON + 2 * HOUR)
        self.assertEqual(
            [
                (BEGIN, 0, ['0.5', '0.5'], True),
                (BEGIN, 1, ['0.7'], True),
                (BEGIN, 2, ['0.9'], False),
            ],
            self.usage.shown,
        )
        self.assertEqual(SOON + HOUR, self.usage.frames[0].superseded)
        self.assertEqual(SOON + HOUR, self.usage.frames[1].settled)

    def test_one_line_twice_is_not_that_line_once(self):
        usage = Usage()
        usage.settle([line()], SOON)
        self.assertTrue(usage.settle([line(), line()], SOON).new)

    def test_nothing_left_withdraws_what_there_was(self):
        change = self.usage.settle([], SOON + HOUR)
        self.assertEqual((), change.new)
        self.assertEqual([], self.usage.current)
        # What comes then does not take the number of what was withdrawn.
        self.usage.settle([line()], SOON + HOUR)
        self.assertEqual([1], [one.revision for one in self.usage.current])

    def test_another_rule_at_the_same_price_is_a_revision(self):
        self.usage.settle(
            [
                line(rules=(('mapping', 'a', 1),)),
                line(resource='i2', rules=(('mapping', 'a', 1),)),
            ],
            SOON,
        )
        self.assertEqual([1], [one.revision for one in self.usage.current])


class CorrectionTestCase(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.usage = Usage()
        self.usage.settle([line(price='0.5')], SOON)
        self.open = GRID.floor(LATE)

    def test_a_closed_period_stays_and_the_open_one_has_the_difference(self):
        change = self.usage.settle(
            [line(price='0.7'), line(resource='i2', price='1')], LATE
        )
        (made,) = change.new
        self.assertEqual((), change.old)
        self.assertEqual((self.open, self.open + HOUR), (made.begin, made.end))
        self.assertEqual(BEGIN, made.usage_at)
        self.assertEqual(
            sums([line(quantity='0', price='0.2')])
            | sums([line(resource='i2', price='1')]),
            sums(made.lines),
        )

    def test_it_is_closed_so_long_after_its_end_to_the_microsecond(self):
        closed = WINDOW[1] + CLOSE_AFTER
        micro = datetime.timedelta(microseconds=1)
        change = self.usage.settle([line(price='0.7')], closed - micro)
        self.assertEqual([BEGIN], [one.begin for one in change.new])
        change = self.usage.settle([line(price='0.9')], closed)
        self.assertEqual([closed], [one.begin for one in change.new])

    def test_corrections_add_up(self):
        for price in ('0.7', '0.3', '0.5'):
            self.usage.settle([line(price=price)], LATE)
        self.assertEqual(
            [
                (BEGIN, 0, ['0.5'], False),
                (self.open, 0, ['0.2'], False),
                (self.open, 1, ['-0.4'], False),
                (self.open, 2, ['0.2'], False),
            ],
            self.usage.shown,
        )

    def test_each_open_period_counts_by_itself(self):
        self.usage.settle([line(price='0.7')], LATE)
        self.usage.settle([line(price='0.8')], LATE + HOUR)
        self.assertEqual(
            [(BEGIN, 0), (self.open, 0), (self.open + HOUR, 0)],
            [(one.begin, one.revision) for one in self.usage.frames],
        )

    def test_what_never_was_is_taken_back(self):
        (made,) = self.usage.settle([], LATE).new
        self.assertEqual(
            [(Decimal(-1), Decimal('-0.5'))],
            [(one.quantity, one.price) for one in made.lines],
        )

    def test_another_rule_at_the_same_price_is_no_correction(self):
        change = self.usage.settle(
            [line(price='0.5', rules=(('mapping', 'b', 1),))], LATE
        )
        self.assertEqual(revise.Change(), change)

    def test_not_a_digit_is_lost_on_the_way(self):
        tiny = '1234567890123456789.0000000000000000000000000001'
        (made,) = self.usage.settle([line(price=tiny)], LATE).new
        self.assertEqual(
            Decimal('1234567890123456788.5000000000000000000000000001'),
            made.lines[0].price,
        )

    def test_a_period_that_is_open_again_keeps_its_corrections(self):
        # Somebody has raised close_after.
        self.usage.settle([line(price='0.7')], LATE)
        later = datetime.timedelta(days=100)
        self.usage.settle([line(price='0.9')], LATE + HOUR, later)
        self.assertEqual(
            [
                (BEGIN, 0, ['0.5'], True),
                (self.open, 0, ['0.2'], False),
                (BEGIN, 1, ['0.7'], False),
            ],
            self.usage.shown,
        )
        change = self.usage.settle([line(price='0.9')], LATE + HOUR, later)
        self.assertEqual(revise.Change(), change)


NUMBERS = st.decimals(-1000, 1000, places=3)
LINES = st.lists(
    st.builds(
        lambda resource, flavor, zone, quantity, price, rule: line(
            resource=resource,
            quantity=quantity,
            price=price,
            metadata={'zone': zone},
            rules=(('mapping', rule, 1),),
            flavor=flavor,
        ),
        st.sampled_from(['i1', 'i2']),
        st.sampled_from(['small', 'large', None]),
        st.sampled_from([1, None]),
        NUMBERS,
        NUMBERS,
        st.sampled_from(['a', 'b']),
    ),
    max_size=4,
)
# After how many hours, and after how many days it was closed then.
STEPS = st.lists(
    st.tuples(LINES, st.integers(2, 2000), st.sampled_from([1, 35, 80])),
    min_size=1,
    max_size=8,
)


class AnyTestCase(base.BaseTestCase):
    @given(STEPS)
    def test_current_frames_always_add_up_to_the_newest_lines(self, steps):
        usage = Usage()
        steps.sort(key=lambda step: step[1])
        for lines, hours, days in steps:
            before = {
                one.id: dataclasses.replace(one, superseded=None)
                for one in usage.frames
            }
            usage.settle(
                lines,
                BEGIN + hours * HOUR,
                datetime.timedelta(days=days),
            )
            self.assertEqual(
                sums(lines),
                sums([each for one in usage.current for each in one.lines]),
            )
            # What there was is only ever superseded.
            self.assertEqual(
                before,
                {
                    one.id: dataclasses.replace(one, superseded=None)
                    for one in usage.frames[: len(before)]
                },
            )
            names = [
                (one.usage_at, one.begin, one.revision) for one in usage.frames
            ]
            self.assertEqual(len(names), len(set(names)))
            self.assertEqual({BEGIN}, {name[0] for name in names} | {BEGIN})
            # Settling the same again is always nothing.
            change = usage.settle(
                lines, BEGIN + hours * HOUR, datetime.timedelta(days=days)
            )
            self.assertEqual(revise.Change(), change)
