# SPDX-License-Identifier: Apache-2.0
"""Frames and the sums of them, on each engine."""

from concurrent import futures
import datetime
import decimal
import threading

import hypothesis
from hypothesis import strategies as st
from oslo_db import exception as db_exc
import sqlalchemy as sa

from talea.db import api as db
from talea.db import models
from talea.objects import frame as frames
from talea.objects import posting
from talea.objects import settled
from talea.tests import base
from talea.tests.functional.db import settling
from talea.tests.rated import HOUR
from talea.tests.rated import at
from talea.tests.rated import frame
from talea.tests.rated import line
from talea.tests.rated import post

BEGIN = at(2026, 1, 31, 22)
NOW = at(2026, 2, 1, 12)


class PostingCase(settling.SettlingCase):
    """At the end of each test the sums are those of the frames."""

    def post(self, *new, old=(), now=NOW):
        post(db.DbContext(), new, old, now)

    def all(self, **wanted):
        return self.frames(**wanted)

    def sums(self):
        """Return {(span, begin): price}, over all cells."""
        totals = {}
        for one in self.rows(models.ROLLUP):
            key = (one.span, one.begin_at)
            totals[key] = totals.get(key, 0) + one.price
        return {key: settling.plain(total) for key, total in totals.items()}


@base.on_all_engines
class PostingTestCase(PostingCase):
    def test_a_frame_comes_back_as_it_was(self):
        given = frame(
            BEGIN,
            [
                line(
                    quantity='12345678901234567890.1234567890123456789012345678',
                    price='-0.0000000000000000000000000001',
                    metadata={'name': 'Größe \U0001f600', 'none': None},
                    rules=(('mapping', 'm', 3),),
                    size=7,
                    ratio=0.5,
                    on=True,
                ),
                line(resource='i2'),
            ],
            scope_pk=7,
            usage_at=BEGIN - 5 * HOUR,
            revision=3,
        )
        self.post(given)
        (found,) = self.all()
        self.assertEqual(given, frames.Frame(None, *_values(found)[1:]))

    def test_sums_are_kept_by_day_and_by_month_in_utc(self):
        for hours in (0, 1, 2, 3):
            self.post(frame(BEGIN + hours * HOUR, [line(price='1')]))
        self.assertEqual(
            {
                (posting.DAY, at(2026, 1, 31)): '2',
                (posting.DAY, at(2026, 2, 1)): '2',
                (posting.MONTH, at(2026, 1, 1)): '2',
                (posting.MONTH, at(2026, 2, 1)): '2',
            },
            self.sums(),
        )

    def test_resources_share_a_cell_and_what_summaries_see_does_not(self):
        same = {'flavor': 'small'}
        self.post(
            frame(
                BEGIN,
                [
                    line(resource='i1', **same),
                    line(resource='i2', metadata={'host': 'a'}, **same),
                    line(resource='i2', flavor='large'),
                    line(resource='i2', flavor=None),
                    line(resource='i2', unit='day', **same),
                    line('other', resource='i2', **same),
                ],
            ),
            frame(BEGIN, [line(resource='i3', **same)], 'p2'),
            frame(BEGIN, [line(resource='i3', **same)], scope_key='customer'),
        )
        self.assertEqual(6, len(self.rows(models.CELL)))

    def test_one_and_true_are_not_the_same(self):
        values = [1, True, 1.5, '1', 'true', None, 0, False]
        self.post(
            frame(BEGIN, [line(value=value) for value in values]),
        )
        self.assertEqual(
            {'1', 'true', '1.5', '"1"', '"true"', 'null', '0', 'false'},
            {
                one.groupby.removeprefix('{"value": ').removesuffix('}')
                for one in self.rows(models.CELL)
            },
        )

    def test_a_revision_counts_and_what_it_supersedes_does_not(self):
        self.post(frame(BEGIN, [line(price='5'), line('other')], scope_pk=1))
        (old,) = self.all()
        self.post(
            frame(BEGIN, [line(price='7')], scope_pk=1, revision=1),
            old=[old],
        )
        self.assertEqual({'7'}, set(self.sums().values()))
        (old,) = self.all(revision=0)
        self.assertEqual(NOW, old.superseded)
        (new,) = self.all(revision=1)
        self.post(old=[new])
        self.assertEqual({'0'}, set(self.sums().values()))

    def test_a_frame_of_one_name_is_there_once(self):
        given = frame(BEGIN, [line()], scope_pk=1)
        self.post(given)

        @db.writer
        def again(context):
            posting.post(context, [given], [], NOW)

        self.assertRaises(db_exc.DBDuplicateEntry, again, db.DbContext())
        self.assertEqual(1, len(self.all()))
        # Those that are pushed have no name.
        for _ in range(2):
            self.post(frame(BEGIN, [line()]))
        self.assertEqual(3, len(self.all()))

    def test_what_is_rolled_back_is_not_taken_for_known(self):
        @db.writer
        def fail(context):
            posting.post(context, [frame(BEGIN, [line(a='b')])], [], NOW)
            raise KeyError

        self.assertRaises(KeyError, fail, db.DbContext())
        self.assertEqual([], self.rows(models.CELL))
        self.post(frame(BEGIN, [line(a='b')]))
        self.assertEqual(1, len(self.rows(models.CELL)))

    def test_cells_are_looked_for_once(self):
        self.post(frame(BEGIN, [line(a='b')]))
        with self.statements() as said:
            self.post(frame(BEGIN, [line(a='b')]))
        self.assertEqual([], [one for one in said if ' cell ' in one])

    def test_many_writers_at_once_lose_nothing(self):
        start = threading.Barrier(4)

        def run(number):
            start.wait()
            for hour in range(5):
                self.post(
                    frame(
                        BEGIN + hour * HOUR,
                        [
                            line(price='0.1', kind=kind)
                            for kind in ('a', 'b', 'c')
                        ],
                        f'p{(number + hour) % 2}',
                    )
                )

        with futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(run, range(4)))
        total = sum(
            decimal.Decimal(price)
            for (span, _), price in self.sums().items()
            if span == posting.MONTH
        )
        self.assertEqual(decimal.Decimal('6'), total)


def _values(one):
    return [getattr(one, name) for name in frames.Frame.__dataclass_fields__]


@base.on_all_engines
class SettledTestCase(PostingCase):
    """settled.of_periods(): what there is of a period already."""

    def test_exactly_the_periods_that_are_asked_for(self):
        later = BEGIN + 24 * HOUR
        for pk in (1, 2, 3):
            for begin in (BEGIN, BEGIN + HOUR, later):
                self.post(
                    frame(begin, [line()], scope_pk=pk),
                    frame(begin, [line()], scope_pk=pk, revision=1),
                    # A correction of the hour before it.
                    frame(
                        begin + HOUR,
                        [line()],
                        scope_pk=pk,
                        usage_at=begin,
                    ),
                )
        ask = db.reader(settled.of_periods)
        found = ask(db.DbContext(), [(1, BEGIN), (2, later), (9, BEGIN)])
        self.assertEqual({(1, BEGIN), (2, later)}, set(found))
        for (pk, begin), some in found.items():
            self.assertEqual(
                [
                    (pk, begin, begin, 0),
                    (pk, begin, begin, 1),
                    (pk, begin, begin + HOUR, 0),
                ],
                sorted(
                    (one.scope_pk, one.usage_at, one.begin, one.revision)
                    for one in some
                ),
            )
        with self.statements() as said:
            self.assertEqual({}, ask(db.DbContext(), []))
        self.assertEqual([], said)


PRICES = st.decimals(
    -(10**12), 10**12, places=28, allow_nan=False, allow_infinity=False
)


class AnyTestCase(PostingCase):
    @hypothesis.settings(max_examples=25, deadline=None)
    @hypothesis.given(
        st.lists(
            st.tuples(
                st.integers(0, 60),
                st.lists(
                    st.tuples(PRICES, st.sampled_from(['a', 'b', None])),
                    max_size=3,
                ),
                # Which of those there are is superseded.
                st.none() | st.integers(0, 10),
            ),
            max_size=8,
        )
    )
    def test_sums_are_those_of_the_frames_whatever_becomes_of_them(
        self, steps
    ):
        self.empty()
        for number, (hours, lines, superseded) in enumerate(steps):
            current = self.all(superseded=None)
            old = [] if superseded is None else current[superseded:][:1]
            self.post(
                frame(
                    BEGIN + hours * HOUR,
                    [
                        line(price=price, quantity=-price, kind=kind)
                        for price, kind in lines
                    ],
                    scope_pk=1,
                    revision=number,
                ),
                old=old,
                now=NOW + datetime.timedelta(seconds=number),
            )
            self.check_sums()

    def empty(self):
        with self.database.engine.begin() as connection:
            for table in (models.FRAME, models.ROLLUP):
                connection.execute(sa.delete(table))
