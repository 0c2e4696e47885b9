# SPDX-License-Identifier: Apache-2.0
"""Summaries are what adding up the frames by hand gives, however asked."""

import collections
import dataclasses
import datetime
from decimal import Decimal
import itertools

import hypothesis
from hypothesis import given
from hypothesis import strategies as st
import sqlalchemy as sa

from talea.objects import spans
from talea.objects import summary
from talea.objects import vocabulary
from talea.rating import point
from talea.tests import base
from talea.tests.rated import HOUR
from talea.tests.rated import at
from talea.tests.rated import frame
from talea.tests.rated import line
from talea.tests.rated import post

BEGIN = at(2025, 12, 20)
END = at(2026, 3, 10)
# Hours that have usage: edges of days, weeks, months and years among them.
HOURS = [
    BEGIN + step * HOUR
    for step in sorted(
        {*range(0, (END - BEGIN) // HOUR, 7), *range(280, 300), 959, 960, 961}
    )
]
SPANS = {
    'time-d': spans.day,
    'time-w': spans.week,
    'time-m': spans.month,
    'time-y': spans.year,
}


def _lines(hour, project):
    number = (hour - BEGIN) // HOUR
    step = Decimal(number) / 1000
    yield line(
        'instance',
        1 + step,
        '0.0000000000000000000000000001',
        f'{project}-vm',
        flavor='small' if number % 2 else 'large',
        zone=None if number % 5 else 'az1',
        metadata={'host': f'h{number % 3}'},
    )
    yield line(
        'volume.size',
        step,
        step / 7 * -1 if number % 11 == 0 else step,
        f'{project}-disk',
        'GiB.hour',
        volume_type='fast',
        size=number % 3,
        metadata={'flavor': 'not grouped by'},
    )


def _frames():
    return [
        frame(hour, [_rounded(one) for one in _lines(hour, project)], project)
        for hour in HOURS
        for project in ('p1', 'p2', 'P2')
    ]


def _rounded(one):
    return dataclasses.replace(
        one,
        quantity=point.rounded(one.quantity),
        price=point.rounded(one.price),
    )


FRAMES = _frames()


def _value(one, of, word):
    if word == 'type':
        return one.metric
    if word == of.scope_key:
        return of.scope_id
    if word in one.groupby:
        return one.groupby[word]
    # A name that no metric is grouped by.
    return one.metadata.get(word) if word == 'host' else None


def by_hand(begin, end, group_by=(), filters=None, frames=None):
    """Return {(begin, end, values): [quantity, price]}."""
    totals = collections.defaultdict(lambda: [Decimal(0), Decimal(0)])
    for of in FRAMES if frames is None else frames:
        if not begin <= of.begin < end:
            continue
        for one in of.lines:
            if any(
                str(_value(one, of, word)) not in texts
                for word, texts in (filters or {}).items()
            ):
                continue
            bounds = begin, end
            for word in group_by:
                if word == 'time':
                    bounds = of.begin, of.end
                elif word in SPANS:
                    bounds = SPANS[word](of.begin)
            values = tuple(
                _value(one, of, word)
                for word in group_by
                if not word.startswith('time')
            )
            total = totals[(*bounds, *values)]
            total[0] = point.EXACT.add(total[0], one.quantity)
            total[1] = point.EXACT.add(total[1], one.price)
    return {key: total for key, total in totals.items() if any(total)}


class SummaryCase(base.DatabaseTestCase):
    def ask(self, begin, end, group_by=(), filters=None, **kwargs):
        """Return (total, rows) of a summary."""
        rows = []
        page = {
            name: kwargs.pop(name)
            for name in ('offset', 'limit')
            if name in kwargs
        }
        selection = vocabulary.Selection(
            begin,
            end,
            {
                word: frozenset(texts)
                for word, texts in (filters or {}).items()
            },
            **kwargs,
        )
        question = summary.Question(
            selection, tuple(group_by), **{'limit': 10**6, **page}
        )
        total = summary.walk(self.context, question, rows.append)
        return total, rows

    def sums(self, *arguments, **kwargs):
        """Return the sums of a summary, as by_hand() does."""
        total, rows = self.ask(*arguments, **kwargs)
        self.assertEqual(total, len(rows))
        found = {
            (row.begin, row.end, *row.values): [row.quantity, row.price]
            for row in rows
        }
        self.assertEqual(total, len(found))
        return found


@base.on_all_engines
class SummaryTestCase(SummaryCase):
    def setUp(self):
        super().setUp()
        post(self.context, FRAMES)

    def _check(self, *arguments, **kwargs):
        expected = by_hand(*arguments, **kwargs)
        self.assertEqual(expected, self.sums(*arguments, **kwargs))
        return expected

    def test_every_way_to_group(self):
        names = ('project_id', 'type', 'flavor', 'zone', 'size', 'host', 'id')
        times = ('time', *SPANS)
        for count in (0, 1, 2):
            for words in itertools.combinations(names, count):
                for time in ((), *((one,) for one in times)):
                    self._check(BEGIN + 5 * HOUR, END, (*time, *words))

    def test_every_way_to_filter(self):
        window = BEGIN + 5 * HOUR, END - HOUR
        for filters in (
            {'project_id': ['p1']},
            {'project_id': ['p1', 'p2']},
            {'type': ['instance']},
            {'type': ['instance', 'volume.size'], 'project_id': ['p1']},
            {'flavor': ['small']},
            {'flavor': ['small'], 'type': ['instance'], 'project_id': ['P2']},
            {'size': ['1', '2']},
            {'host': ['h1', 'h2']},
            {'id': ['p1-vm'], 'flavor': ['large']},
            {'id': ['p1-vm'], 'project_id': ['p2']},
            {'colour': ['red']},
        ):
            for group_by in ((), ('project_id',), ('type', 'time-w')):
                self._check(*window, group_by, filters=filters)

    def test_a_time_of_the_year_is_not_one_of_another_year(self):
        more = [
            frame(at(year, 1, 1), [line(quantity='2')], 'p9')
            for year in (2020, 2021)
        ]
        post(self.context, more)
        for word in SPANS:
            found = self.sums(
                at(2019, 1, 1), at(2022, 1, 1), (word, 'project_id')
            )
            self.assertEqual(2, len(found), word)

    def test_pages_are_the_whole_cut_into_pieces(self):
        window = BEGIN, END
        group_by = ('time-d', 'project_id', 'type')
        total, whole = self.ask(*window, group_by)
        self.assertEqual(
            whole, sorted(whole, key=lambda row: (row.begin, row.values))
        )
        pages = []
        for offset in range(0, total + 50, 50):
            count, rows = self.ask(*window, group_by, offset=offset, limit=50)
            self.assertEqual(total, count)
            pages += rows
        self.assertEqual(whole, pages)

    def test_nothing(self):
        self.assertEqual((0, []), self.ask(END, BEGIN))
        self.assertEqual((0, []), self.ask(END, END + HOUR, ('type',)))
        self.assertEqual((0, []), self.ask(BEGIN, END, (), {'type': ['x']}))

    def test_only_one_scope_may_be_seen(self):
        own = ('project_id', 'p1')
        expected = by_hand(BEGIN, END, ('project_id',), {'project_id': 'p1'})
        for filters in ({}, {'project_id': ['p1', 'p2']}):
            found = self.sums(BEGIN, END, ('project_id',), filters, scope=own)
            self.assertEqual(1, len(found))
            self.assertEqual(set(expected), set(found))
        for filters in ({'project_id': ['p2']}, {'id': ['p2-vm']}):
            self.assertEqual(
                (0, []), self.ask(BEGIN, END, (), filters, scope=own)
            )
        self.assertEqual(
            (0, []), self.ask(BEGIN, END, scope=('domain_id', 'p1'))
        )

    def test_a_rating_that_was_superseded_does_not_count(self):
        with self.database.engine.begin() as connection:
            first = connection.execute(
                sa.text("SELECT MIN(id) FROM frame WHERE scope_id = 'p1'")
            ).scalar()
        old = dataclasses.replace(FRAMES[0], id=first)
        new = dataclasses.replace(
            FRAMES[0], revision=1, lines=(line(price='77', quantity='0'),)
        )
        post(self.context, [new], [old])
        kept = [new, *FRAMES[1:]]
        for words in ((), ('project_id',), ('id',), ('time-d', 'type')):
            self.assertEqual(
                by_hand(BEGIN, END, words, frames=kept),
                self.sums(BEGIN, END, words),
            )

    def test_what_was_withdrawn_is_no_group(self):
        one = frame(at(2030, 1, 1), [line(kind='odd')], 'p7')
        post(self.context, [one])
        with self.database.engine.begin() as connection:
            found = connection.execute(
                sa.text("SELECT id FROM frame WHERE scope_id = 'p7'")
            ).scalar()
        post(self.context, [], [dataclasses.replace(one, id=found)])
        for words in ((), ('kind',), ('id',)):
            self.assertEqual(
                (0, []), self.ask(at(2030, 1, 1), at(2030, 2, 1), words)
            )


@base.on_all_engines
class SeveralKeysTestCase(SummaryCase):
    """Projects and domains are billed side by side."""

    def setUp(self):
        super().setUp()
        self.frames = [
            frame(BEGIN, [line(quantity='1')], 'x'),
            frame(BEGIN, [line(quantity='2')], 'y'),
            # The same usage once more, by its domain.
            frame(
                BEGIN,
                [line(quantity='4', project_id='x'), line(quantity='8')],
                'x',
                scope_key='domain_id',
            ),
        ]
        post(self.context, self.frames)

    def _quantities(self, group_by=(), filters=None, **kwargs):
        sums = self.sums(BEGIN, at(2026, 3, 1), group_by, filters, **kwargs)
        return {key[2:]: quantity for key, (quantity, _) in sums.items()}

    def test_groups(self):
        self.assertEqual({(): 15}, self._quantities())
        # Of the last one the project is not known.
        self.assertEqual(
            {('x',): 5, ('y',): 2, (None,): 8},
            self._quantities(['project_id']),
        )
        self.assertEqual(
            {('x',): 12, (None,): 3}, self._quantities(['domain_id'])
        )

    def test_filters(self):
        for word in ('type', 'id'):
            for key, total in (('project_id', 5), ('domain_id', 12)):
                found = self._quantities([word], {key: ['x']})
                self.assertEqual([total], list(found.values()))

    def test_of_one_scope_no_other_is_seen(self):
        for word in ('type', 'id', 'project_id'):
            for key, total in (('project_id', 1), ('domain_id', 12)):
                found = self._quantities([word], scope=(key, 'x'))
                self.assertEqual(total, sum(found.values()), (word, key))
        self.assertEqual(
            {},
            self._quantities(
                [], {'project_id': ['y']}, scope=('domain_id', 'x')
            ),
        )


MOMENTS = st.one_of(
    st.sampled_from(HOURS),
    st.integers(-5, 90).map(lambda days: BEGIN + datetime.timedelta(days)),
    st.sampled_from([at(2026, 1, 1), at(2026, 2, 1), at(2026, 3, 1)]),
    st.datetimes(
        BEGIN.replace(tzinfo=None),
        END.replace(tzinfo=None),
        timezones=st.just(datetime.UTC),
    ),
)
WORDS = st.lists(
    st.sampled_from(['project_id', 'type', 'flavor', 'size', 'id']),
    unique=True,
    max_size=3,
)


class SplitTestCase(SummaryCase):
    """What the parts of a window amount to is what the whole does."""

    def setUp(self):
        super().setUp()
        post(self.context, FRAMES)

    @hypothesis.settings(max_examples=50, deadline=None)
    @given(st.lists(MOMENTS, min_size=2, max_size=5), WORDS)
    def test_the_sum_over_any_split(self, edges, words):
        edges = sorted(edges)
        totals = collections.defaultdict(lambda: [Decimal(0), Decimal(0)])
        for begin, end in itertools.pairwise(edges):
            for (_, _, *values), sums in self.sums(begin, end, words).items():
                for place, number in enumerate(sums):
                    total = totals[tuple(values)]
                    total[place] = point.EXACT.add(total[place], number)
        whole = {
            key[2:]: sums
            for key, sums in self.sums(edges[0], edges[-1], words).items()
        }
        self.assertEqual(whole, {k: v for k, v in totals.items() if any(v)})
        hand = by_hand(edges[0], edges[-1], words)
        self.assertEqual({key[2:]: sums for key, sums in hand.items()}, whole)
