# SPDX-License-Identifier: Apache-2.0
import datetime
import itertools

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from talea.objects import period
from talea.tests.rated import HOUR
from talea.tests.rated import at

MICROSECOND = datetime.timedelta(microseconds=1)
MOMENTS = st.datetimes(
    at(1900, 1, 1).replace(tzinfo=None),
    at(9999, 12, 1).replace(tzinfo=None),
    timezones=st.just(datetime.UTC),
)
GRIDS = st.sampled_from([60, 300, 3600, 7200, 86400, 3607]).map(period.Grid.of)
# Few minutes, so that pieces meet, overlap, adjoin and contain one another.
PIECES = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 12)), max_size=8
)
WINDOWS = st.tuples(st.integers(0, 30), st.integers(0, 12))


def pieces(given):
    """Return [(begin, end)] of pairs of a minute and a length."""
    return [window(one) for one in given]


def window(given):
    start, length = given
    begin = at(2026, 1, 1) + start * datetime.timedelta(minutes=1)
    return begin, begin + length * datetime.timedelta(minutes=1)


def minutes(pieces):
    """Return the minutes of which *pieces* have any."""
    found = set()
    for begin, end in pieces:
        while begin < end:
            found.add(begin)
            begin += datetime.timedelta(minutes=1)
    return found


class GridTestCase(base.BaseTestCase):
    grid = period.Grid.of(3600)

    def test_an_edge_is_in_the_period_that_it_begins(self):
        self.assertEqual(at(2026, 1, 1, 5), self.grid.floor(at(2026, 1, 1, 5)))
        self.assertEqual(at(2026, 1, 1, 5), self.grid.ceil(at(2026, 1, 1, 5)))

    def test_a_microsecond_makes_it_another_period(self):
        before = at(2026, 1, 1, 5) - MICROSECOND
        after = at(2026, 1, 1, 5) + MICROSECOND
        self.assertEqual(at(2026, 1, 1, 4), self.grid.floor(before))
        self.assertEqual(at(2026, 1, 1, 5), self.grid.ceil(before))
        self.assertEqual(at(2026, 1, 1, 5), self.grid.floor(after))
        self.assertEqual(at(2026, 1, 1, 6), self.grid.ceil(after))

    def test_periods_are_counted_from_1970_whatever_their_length(self):
        grid = period.Grid.of(7 * 86400)
        # A Thursday, as the first of January 1970 was.
        self.assertEqual(at(2026, 1, 1), grid.floor(at(2026, 1, 7, 23, 59)))

    def test_time_before_1970_has_periods_too(self):
        self.assertEqual(
            at(1969, 12, 31, 23), self.grid.floor(period.EPOCH - MICROSECOND)
        )

    def test_whatever_overlaps_has_its_period(self):
        self.assertEqual(
            [
                (at(2026, 1, 1, hour), at(2026, 1, 1, hour + 1))
                for hour in (4, 5, 6)
            ],
            list(
                self.grid.periods(
                    at(2026, 1, 1, 5) - MICROSECOND,
                    at(2026, 1, 1, 6) + MICROSECOND,
                )
            ),
        )

    def test_no_time_has_no_period(self):
        moment = at(2026, 1, 1, 5)
        self.assertEqual([], list(self.grid.periods(moment, moment)))
        self.assertEqual([], list(self.grid.periods(moment, moment - HOUR)))

    @given(GRIDS, MOMENTS)
    def test_every_moment_lies_between_its_edges(self, grid, moment):
        below, above = grid.floor(moment), grid.ceil(moment)
        self.assertLessEqual(below, moment)
        self.assertLessEqual(moment, above)
        self.assertLess(moment - below, grid.length)
        self.assertIn(above - below, (datetime.timedelta(0), grid.length))
        for edge in (below, above):
            self.assertFalse((edge - period.EPOCH) % grid.length)
            self.assertEqual(edge, grid.floor(edge))
            self.assertEqual(edge, grid.ceil(edge))

    @given(GRIDS, MOMENTS, st.integers(1, 10**11))
    def test_periods_adjoin_and_cover(self, grid, begin, length):
        end = begin + datetime.timedelta(microseconds=length)
        found = list(itertools.islice(grid.periods(begin, end), 1000))
        self.assertEqual(grid.floor(begin), found[0][0])
        for one, following in itertools.pairwise(found):
            self.assertEqual(one[1], following[0])
        if len(found) < 1000:
            self.assertEqual(grid.ceil(end), found[-1][1])


class PiecesTestCase(base.BaseTestCase):
    @given(PIECES, WINDOWS)
    def test_clipping_keeps_what_both_have(self, some, whole):
        found = period.clip(pieces(some), window(whole))
        self.assertEqual(
            minutes(pieces(some)) & minutes([window(whole)]), minutes(found)
        )

    @given(PIECES)
    def test_a_union_is_the_same_time_in_order_with_gaps(self, some):
        found = period.union(pieces(some))
        self.assertEqual(minutes(pieces(some)), minutes(found))
        for begin, end in found:
            self.assertLess(begin, end)
        for one, following in itertools.pairwise(found):
            self.assertLess(one[1], following[0])

    @given(PIECES.filter(bool))
    def test_a_hull_has_all_of_them_and_no_more(self, some):
        begin, end = period.hull(pieces(some))
        self.assertIn(begin, [one[0] for one in pieces(some)])
        self.assertIn(end, [one[1] for one in pieces(some)])
        self.assertLessEqual(minutes(pieces(some)), minutes([(begin, end)]))

    def test_what_only_touches_is_not_in_it(self):
        whole = at(2026, 1, 1, 5), at(2026, 1, 1, 6)
        touching = [
            (at(2026, 1, 1, 4), at(2026, 1, 1, 5)),
            (at(2026, 1, 1, 6), at(2026, 1, 1, 7)),
        ]
        self.assertEqual([], period.clip(touching, whole))

    def test_what_has_no_length_is_nothing(self):
        moment = at(2026, 1, 1, 5)
        self.assertEqual([], period.union([(moment, moment)]))
        self.assertEqual([], period.union([(moment, moment - HOUR)]))

    @given(PIECES, st.integers(0, 5))
    def test_groups_have_each_of_them_once_and_lie_apart(self, some, minutes):
        gap = datetime.timedelta(minutes=minutes)
        whole = pieces(some)
        found = period.groups(whole, gap)
        self.assertEqual(
            list(range(len(whole))), sorted(itertools.chain(*found))
        )
        hulls = [period.hull([whole[one] for one in each]) for each in found]
        for one, following in itertools.pairwise(hulls):
            self.assertGreater(following[0] - one[1], gap)
        for each, (begin, end) in zip(found, hulls, strict=True):
            # Within one there is no such gap.
            wider = [(whole[one][0], whole[one][1] + gap) for one in each]
            joined = period.union(wider)
            if joined:
                self.assertEqual([(begin, end + gap)], joined)


class SubtractTestCase(base.BaseTestCase):
    @given(PIECES, PIECES)
    def test_what_is_left_is_in_one_and_not_in_the_other(self, one, other):
        kept = period.union(pieces(one))
        left = period.subtract(kept, pieces(other))
        self.assertEqual(minutes(kept) - minutes(pieces(other)), minutes(left))
        self.assertTrue(all(begin < end for begin, end in left))
        self.assertEqual(sorted(left), left)
