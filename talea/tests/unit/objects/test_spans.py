# SPDX-License-Identifier: Apache-2.0
import datetime

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from talea.objects import spans
from talea.tests.rated import at

MOMENTS = st.datetimes(
    at(1000, 1, 1).replace(tzinfo=None),
    at(9999, 12, 30, 23).replace(tzinfo=None),
    timezones=st.just(datetime.UTC),
)
# Edges of all spans, and what lies just beside them.
EDGES = st.builds(
    lambda year, month, hours, micro: (
        at(year, month, 1)
        + datetime.timedelta(hours=hours, microseconds=micro)
    ),
    st.integers(2023, 2025),
    st.integers(1, 12),
    st.sampled_from([-25, -24, -1, 0, 1, 24, 25]),
    st.integers(-1, 1),
)


class CutTestCase(base.BaseTestCase):
    def _shown(self, *arguments):
        return [
            (piece.span, piece.begin, piece.end)
            for piece in spans.cut(*arguments)
        ]

    def test_a_month(self):
        window = at(2026, 1, 1), at(2026, 2, 1)
        self.assertEqual([(spans.MONTH, *window)], self._shown(*window))

    def test_a_bit_of_everything(self):
        self.assertEqual(
            [
                (spans.FRAMES, at(2026, 1, 30, 5), at(2026, 1, 31)),
                (spans.DAY, at(2026, 1, 31), at(2026, 2, 1)),
                (spans.MONTH, at(2026, 2, 1), at(2026, 4, 1)),
                (spans.DAY, at(2026, 4, 1), at(2026, 4, 3)),
                (spans.FRAMES, at(2026, 4, 3), at(2026, 4, 3, 2)),
            ],
            self._shown(at(2026, 1, 30, 5), at(2026, 4, 3, 2)),
        )

    def test_days_where_months_do_not_tell_enough(self):
        window = at(2026, 1, 1), at(2026, 4, 1)
        self.assertEqual([(spans.DAY, *window)], self._shown(*window, False))

    def test_midnight_alone_cuts_nothing(self):
        window = at(2026, 1, 31, 5), at(2026, 2, 1, 2)
        self.assertEqual([(spans.FRAMES, *window)], self._shown(*window))

    def test_nothing(self):
        self.assertEqual([], self._shown(at(2026, 1, 1), at(2026, 1, 1)))
        self.assertEqual([], self._shown(at(2026, 1, 2), at(2026, 1, 1)))

    @given(EDGES | MOMENTS, EDGES | MOMENTS, st.booleans())
    def test_the_pieces_are_the_window(self, one, other, months):
        begin, end = min(one, other), max(one, other)
        pieces = spans.cut(begin, end, months)
        edges = [begin, *(piece.end for piece in pieces)]
        if begin < end:
            self.assertEqual(edges[:-1], [piece.begin for piece in pieces])
            self.assertEqual(end, edges[-1])
        for piece in pieces:
            whole = {spans.DAY: spans.day, spans.MONTH: spans.month}
            if piece.span in whole:
                for edge in (piece.begin, piece.end):
                    self.assertEqual(edge, whole[piece.span](edge)[0])

    @given(EDGES | MOMENTS, EDGES | MOMENTS)
    def test_what_is_left_is_less_than_the_next_span(self, one, other):
        begin, end = min(one, other), max(one, other)
        for piece in spans.cut(begin, end):
            length = piece.end - piece.begin
            if piece.span == spans.FRAMES:
                self.assertLess(length, datetime.timedelta(days=2))
            elif piece.span == spans.DAY:
                self.assertLess(length, datetime.timedelta(days=62))


class BoundsTestCase(base.BaseTestCase):
    def test_weeks_begin_on_sunday(self):
        self.assertEqual(
            (at(2025, 12, 28), at(2026, 1, 4)),
            spans.week(at(2026, 1, 1, 12, 30)),
        )
        self.assertEqual(at(2026, 1, 4), spans.week(at(2026, 1, 4))[0])

    def test_months_and_years_are_as_long_as_they_are(self):
        self.assertEqual(
            (at(2024, 2, 1), at(2024, 3, 1)), spans.month(at(2024, 2, 29, 3))
        )
        self.assertEqual(
            (at(2024, 1, 1), at(2025, 1, 1)), spans.year(at(2024, 12, 31, 23))
        )

    @given(
        MOMENTS | EDGES,
        st.sampled_from([spans.day, spans.week, spans.month, spans.year]),
    )
    def test_every_moment_is_in_one(self, moment, span):
        begin, end = span(moment)
        self.assertTrue(begin <= moment < end)
        self.assertEqual((begin, end), span(begin))
        if end.year < 9999:
            self.assertEqual(end, span(end)[0])
