# SPDX-License-Identifier: Apache-2.0
import dataclasses
import datetime

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from talea.objects import due as dues
from talea.objects import period
from talea.objects import stale
from talea.processor import plan
from talea.tests.rated import HOUR

GRID = period.Grid.of(3600)
MICROSECOND = datetime.timedelta(microseconds=1)
EVER = [(period.EPOCH, stale.FOREVER)]


def at(hour, minute=0, microsecond=0):
    """Return a moment of the day of which these tests tell, or after it."""
    return datetime.datetime(
        2026, 1, 31, tzinfo=datetime.UTC
    ) + datetime.timedelta(
        hours=hour, minutes=minute, microseconds=microsecond
    )


def scope(state=10, active=True, toggled=0, **more):
    """Return a scope that is rated until the hour *state*."""
    given = {
        'pk': 1,
        'scope_id': 'p1',
        'scope_key': 'project_id',
        'collector': 'ledger',
        'state': at(state),
        'active': active,
        'toggled': at(toggled),
        'generation': 0,
        'rates_from': at(-100),
        'rated_until': at(state),
        'failures': 0,
        **more,
    }
    return dues.Due(**given)


def mark(begin, end, number=1, scope_pk=None):
    """Return a mark; its edges are hours or moments, None: for ever."""

    def moment(value):
        if value is None:
            return stale.FOREVER
        return at(value) if isinstance(value, int) else value

    return stale.Mark(number, 'p1', scope_pk, moment(begin), moment(end), None)


def make(due, end, marks=(), active=None, most=100, ended=1000):
    return plan.make(due, GRID, at(end), at(ended), marks, active, most)


def hours(made):
    """Return the hours of the periods of a plan."""
    return [
        (cell.window[0] - at(0)) // HOUR
        for cell in made.cells
        if cell.window[1] - cell.window[0] == HOUR
    ]


class ForwardTestCase(base.BaseTestCase):
    def test_what_is_due_is_settled_in_order(self):
        made = make(scope(10), 13)
        self.assertEqual([10, 11, 12], hours(made))
        self.assertEqual(at(13), made.state)
        self.assertFalse(made.idle)
        self.assertFalse(any(cell.again for cell in made.cells))

    def test_before_the_end_nothing_is(self):
        for end in (10, 9):
            made = make(scope(10), end)
            self.assertTrue(made.idle)
            self.assertEqual(at(10), made.state)

    def test_as_many_as_are_allowed(self):
        made = make(scope(10), 1000, most=2)
        self.assertEqual([10, 11], hours(made))
        self.assertEqual(at(12), made.state)

    def test_whole_periods_count_where_nothing_is_switched(self):
        (cell,) = make(scope(10), 11).cells
        self.assertEqual((cell.window,), cell.pieces)
        (cell,) = make(scope(10), 11, active=EVER).cells
        self.assertEqual((cell.window,), cell.pieces)

    def test_only_time_when_it_was_on_counts_to_the_microsecond(self):
        off, on = at(10, 30, 1), at(12, 20, 999999)
        intervals = [(period.EPOCH, off), (on, stale.FOREVER)]
        made = make(scope(10, toggled=12), 14, active=intervals)
        self.assertEqual(
            [
                ((at(10), off),),
                # Nothing of the eleventh hour, which is not even looked at.
                ((on, at(13)),),
                ((at(13), at(14)),),
            ],
            [cell.pieces for cell in made.cells],
        )
        self.assertEqual(at(14), made.state)

    def test_several_pieces_of_one_period_count(self):
        intervals = [
            (period.EPOCH, at(10, 10)),
            (at(10, 20), at(10, 30)),
            (at(10, 40), stale.FOREVER),
        ]
        (cell,) = make(scope(10, toggled=10), 11, active=intervals).cells
        self.assertEqual(
            (
                (at(10), at(10, 10)),
                (at(10, 20), at(10, 30)),
                (at(10, 40), at(11)),
            ),
            cell.pieces,
        )

    def test_years_of_silence_are_jumped_over_at_once(self):
        later = 10 + 5 * 365 * 24
        intervals = [
            (period.EPOCH, at(10, 30)),
            (at(later, 30), stale.FOREVER),
        ]
        made = make(
            scope(10, toggled=later), later + 1, active=intervals, most=2
        )
        self.assertEqual([10, later], hours(made))
        self.assertEqual(
            ((at(later, 30), at(later + 1)),), made.cells[1].pieces
        )

    def test_a_jump_ends_where_settling_does(self):
        intervals = [(period.EPOCH, at(10)), (at(100), stale.FOREVER)]
        made = make(scope(10, toggled=100), 50, active=intervals)
        self.assertEqual([], hours(made))
        self.assertEqual(at(50), made.state)
        self.assertFalse(made.idle)

    def test_one_that_never_was_on_is_settled_at_once(self):
        made = make(scope(10, active=False, toggled=90), 100, active=[])
        self.assertEqual((), made.cells)
        self.assertEqual(at(90), made.state)

    def test_time_that_was_rated_once_is_not_jumped_over(self):
        # It was on then, or time in which it was off was rated, too.
        due = scope(8, toggled=12, rated_until=at(11))
        intervals = [(period.EPOCH, at(8, 30)), (at(12), stale.FOREVER)]
        made = make(due, 13, active=intervals)
        self.assertEqual([8, 9, 10, 12], hours(made))
        self.assertEqual((), made.cells[1].pieces)
        self.assertEqual(
            [True, True, True, False], [cell.again for cell in made.cells]
        )

    @given(
        st.lists(st.integers(0, 20 * 60), max_size=8, unique=True),
        st.integers(0, 10),
        st.integers(0, 20),
        st.integers(1, 20),
    )
    def test_the_pieces_are_the_time_in_which_it_was_on(
        self, switches, state, end, most
    ):
        edges = [period.EPOCH]
        edges += [at(0, minute) for minute in sorted(switches)]
        if len(edges) % 2:
            edges.append(stale.FOREVER)
        intervals = list(zip(edges[::2], edges[1::2], strict=True))
        active = intervals[-1][1] == stale.FOREVER
        due = dataclasses.replace(
            scope(state, active=active), toggled=max(edges[:-1])
        )
        if not active:
            due = dataclasses.replace(due, toggled=edges[-1])
        pieces = []
        while not (made := make(due, end, (), intervals, most)).idle:
            self.assertTrue(all(cell.pieces for cell in made.cells))
            pieces += [one for cell in made.cells for one in cell.pieces]
            due = dataclasses.replace(due, state=made.state)
        wanted = period.clip(intervals, (at(state), max(at(state), at(end))))
        self.assertEqual(period.union(wanted), period.union(pieces))
        # None twice.
        self.assertEqual(
            sum((end - begin for begin, end in wanted), datetime.timedelta()),
            sum((end - begin for begin, end in pieces), datetime.timedelta()),
        )


class InactiveTestCase(base.BaseTestCase):
    off = [(period.EPOCH, at(10, 30))]

    def test_the_last_bit_is_settled_and_no_more(self):
        due = scope(9, active=False, toggled=0)
        due = dataclasses.replace(due, toggled=at(10, 30))
        made = make(due, 100, active=self.off)
        self.assertEqual([9, 10], hours(made))
        self.assertEqual(((at(10), at(10, 30)),), made.cells[1].pieces)
        self.assertEqual(at(11), made.state)

    def test_inactive_and_settled_is_idle(self):
        due = scope(11, active=False, rated_until=at(11))
        due = dataclasses.replace(due, toggled=at(10, 30))
        self.assertTrue(make(due, 100, active=self.off).idle)

    def test_switched_off_at_an_edge_it_ends_there(self):
        due = scope(9, active=False, toggled=10)
        made = make(due, 100, active=[(period.EPOCH, at(10))])
        self.assertEqual([9], hours(made))
        self.assertEqual(at(10), made.state)

    def test_what_became_known_late_is_settled_all_the_same(self):
        due = scope(11, active=False)
        due = dataclasses.replace(due, toggled=at(10, 30))
        made = make(due, 100, [mark(9, 10)], self.off)
        self.assertEqual([9], hours(made))
        self.assertEqual((1,), made.done)
        self.assertEqual(at(11), made.state)

    def test_inactive_time_is_rated_whole_by_those_who_want_that(self):
        due = scope(10, active=False)
        due = dataclasses.replace(due, toggled=at(10, 30))
        (cell,) = make(due, 100, active=None).cells
        self.assertEqual(((at(10), at(11)),), cell.pieces)


class AgainTestCase(base.BaseTestCase):
    def test_a_mark_is_for_the_periods_that_it_overlaps(self):
        marks = [mark(at(7, 59, 1), at(9, 0, 1))]
        made = make(scope(20), 20, marks)
        self.assertEqual([7, 8, 9], hours(made))
        self.assertTrue(all(cell.again for cell in made.cells))
        self.assertEqual((1,), made.done)
        self.assertEqual(at(20), made.state)

    def test_an_edge_is_no_overlap(self):
        made = make(scope(20), 20, [mark(8, 9)])
        self.assertEqual([8], hours(made))

    def test_marks_that_overlap_settle_each_period_once(self):
        marks = [mark(7, 9, 1), mark(8, 10, 2), mark(10, 11, 3), mark(8, 9, 4)]
        made = make(scope(20), 20, marks)
        self.assertEqual([7, 8, 9, 10], hours(made))
        self.assertEqual((1, 2, 3, 4), made.done)

    def test_what_was_not_settled_yet_is_done_when_it_is_due(self):
        made = make(scope(10), 12, [mark(9, None, 1), mark(15, 16, 2)])
        self.assertEqual([9, 10, 11], hours(made))
        self.assertEqual(
            [True, False, False], [cell.again for cell in made.cells]
        )
        self.assertEqual((1, 2), made.done)
        self.assertEqual((), made.left)

    def test_a_mark_alone_is_reason_enough(self):
        made = make(scope(10), 10, [mark(15, 16)])
        self.assertEqual((), made.cells)
        self.assertEqual((1,), made.done)
        self.assertFalse(made.idle)

    def test_the_oldest_come_first_and_what_is_due_waits_for_all(self):
        made = make(scope(20), 30, [mark(5, 18)], most=4)
        self.assertEqual([5, 6, 7, 8], hours(made))
        self.assertEqual(at(20), made.state)
        self.assertEqual(((), (1,), at(9)), (made.done, made.left, made.next))

    def test_marks_are_done_partly_or_not_at_all(self):
        marks = [
            mark(5, 7, 1),
            mark(6, 12, 2),
            # It ends where the rest begins.
            mark(5, 9, 3),
            mark(at(8, 30), at(9, 0, 1), 4),
            mark(9, 10, 5),
            mark(40, 41, 6),
        ]
        made = make(scope(20), 30, marks, most=4)
        self.assertEqual([5, 6, 7, 8], hours(made))
        self.assertEqual((1, 3), made.done)
        self.assertEqual((2, 4), made.left)
        self.assertEqual(at(9), made.next)

    def test_the_budget_that_marks_leave_is_for_what_is_due(self):
        made = make(scope(20), 30, [mark(5, 7)], most=4)
        self.assertEqual([5, 6, 20, 21], hours(made))
        self.assertEqual(at(22), made.state)
        made = make(scope(20), 30, [mark(5, 9)], most=4)
        self.assertEqual([5, 6, 7, 8], hours(made))
        self.assertEqual(at(20), made.state)
        self.assertEqual((1,), made.done)

    def test_nothing_is_rated_before_the_begin_of_all(self):
        due = scope(20, rates_from=at(8))
        made = make(due, 20, [mark(at(5, 30), 7, 1), mark(6, 10, 2)])
        self.assertEqual([8, 9], hours(made))
        self.assertEqual((1, 2), made.done)

    def test_marks_of_others_are_left_to_them(self):
        marks = [mark(5, 6, 1, scope_pk=1), mark(6, 7, 2, scope_pk=7)]
        made = make(scope(20), 20, marks)
        self.assertEqual([5], hours(made))
        self.assertEqual((1,), made.done)

    def test_only_time_when_it_was_on_counts_again(self):
        intervals = [(period.EPOCH, at(5, 30)), (at(6, 40), stale.FOREVER)]
        made = make(scope(20), 20, [mark(5, 7)], intervals)
        self.assertEqual(
            [((at(5), at(5, 30)),), ((at(6, 40), at(7)),)],
            [cell.pieces for cell in made.cells],
        )

    def test_a_state_in_the_future_is_no_usage(self):
        # Somebody has set it so. What begins now goes on for ever.
        made = make(scope(1000), 10, [mark(at(8, 30), None)], ended=10)
        self.assertEqual([8, 9], hours(made))
        self.assertEqual((1,), made.done)
        self.assertEqual(at(1000), made.state)

    def test_what_comes_before_the_past_that_was_rated_is_new(self):
        # A state that was set back, and what comes after it.
        made = make(scope(10, rated_until=at(12)), 14)
        self.assertEqual(
            [(10, True), (11, True), (12, False), (13, False)],
            [
                (hour, cell.again)
                for hour, cell in zip(hours(made), made.cells, strict=True)
            ],
        )

    @given(
        st.lists(
            st.tuples(
                # In minutes.
                st.integers(0, 12 * 60),
                st.none() | st.integers(1, 6 * 60),
            ),
            max_size=5,
        ),
        st.integers(0, 10),
        st.integers(0, 14),
        st.integers(1, 20),
        st.integers(0, 5),
    )
    def test_going_on_until_nothing_is_left_settles_all_that_is_meant(
        self, given_marks, state, end, most, rates_from
    ):
        due = scope(state, rates_from=at(rates_from))
        marks = [
            mark(
                at(0, begin),
                None if length is None else at(0, begin + length),
                number,
            )
            for number, (begin, length) in enumerate(given_marks)
        ]
        wanted = {
            hour
            for one in marks
            for hour in range(rates_from, state)
            if one.begin < at(hour + 1) and one.end > at(hour)
        }
        wanted |= set(range(state, end))
        done = []
        while not (made := make(due, end, marks, most=most)).idle:
            self.assertLessEqual(len(made.cells), most)
            done += hours(made)
            marks = [
                dataclasses.replace(one, begin=made.next)
                if one.id in made.left
                else one
                for one in marks
                if one.id not in made.done
            ]
            due = dataclasses.replace(
                due,
                state=made.state,
                rated_until=max(due.rated_until, made.state),
            )
        self.assertEqual([], marks)
        # Each once, in order: first again, then for the first time.
        self.assertEqual(sorted(wanted), done)
        self.assertEqual(at(max(state, end)), due.state)
