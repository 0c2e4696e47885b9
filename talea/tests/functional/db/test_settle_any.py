# SPDX-License-Identifier: Apache-2.0
"""Whatever is done to a scope, in whatever order: it owes what it used."""

import datetime
import decimal

import hypothesis
from hypothesis import strategies as st
import sqlalchemy as sa

from talea.db import models
from talea.objects import period
from talea.objects import scope_filter
from talea.objects import scope_reset
from talea.tests import billing
from talea.tests.functional.db import settling
from talea.tests.functional.db.settling import HOUR
from talea.tests.functional.db.settling import at

GRID = period.Grid.of(3600)
WAIT = datetime.timedelta(minutes=5)
DAYS = 2

# Minutes of the first days; usage of then becomes known at any time.
MINUTES = st.integers(0, DAYS * 24 * 60)
STEPS = st.lists(
    st.one_of(
        # A server, from when to when; None: it is still there.
        st.tuples(st.just('use'), MINUTES, st.none() | st.integers(1, 1500)),
        st.tuples(st.just('end'), st.integers(0, 5), MINUTES),
        st.tuples(st.just('switch')),
        st.tuples(st.just('reset'), st.integers(0, DAYS * 24 + 24)),
        st.tuples(st.just('price'), MINUTES, st.integers(0, 5)),
        st.tuples(st.just('settle')),
        st.tuples(st.just('settle')),
    ),
    max_size=14,
)


class Truth:
    """What is known of a scope, and what it owes for it. Simple and slow."""

    def __init__(self, begin):
        self.state = self.rated = self.rates_from = begin
        self.switches = []
        self.skipped = set()
        self.prices = [(period.EPOCH, 2)]
        # [begin, end or None]
        self.servers = []

    @property
    def active(self):
        return len(self.switches) % 2 == 0

    def settle(self, now):
        end = GRID.floor(now - WAIT)
        if not self.active:
            end = min(end, GRID.ceil(self.switches[-1]))
        self.state = max(self.state, end)
        self.rated = max(self.rated, self.state)

    def reset(self, state):
        reached = max(self.state, self.rated)
        self.skipped = {hour for hour in self.skipped if hour < state}
        self.skipped |= set(self._hours(reached, state))
        self.state = state
        self.rated = max(self.rated, state)
        self.rates_from = min(self.rates_from, state)

    def _hours(self, begin, end):
        while begin < end:
            yield begin
            begin += HOUR

    def _on(self):
        """Return when it was on."""
        edges = [period.EPOCH, *self.switches]
        if len(edges) % 2:
            edges.append(None)
        return list(zip(edges[::2], edges[1::2], strict=True))

    def owed(self):
        """Return {hour: what is owed for it, in 1e-28}."""
        owed = {}
        for hour in self._hours(self.rates_from, self.state):
            if hour in self.skipped:
                continue
            price = [cost for when, cost in self.prices if when <= hour][-1]
            digits = sum(
                billing.costs(price, 1, start, stop)
                for begin, end in self.servers
                for on, off in self._on()
                for start, stop in [
                    (
                        max(begin, on, hour),
                        min(
                            end or hour + HOUR, off or hour + HOUR, hour + HOUR
                        ),
                    )
                ]
                if start < stop
            )
            if digits:
                owed[(hour - at(0)) // HOUR] = digits
        return owed


class AnyTestCase(settling.SettlingCase):
    """Each example has a project of its own."""

    def setUp(self):
        super().setUp()
        self._examples = iter(range(10**6))
        self.conf.set_override('close_after', 1, 'processor')

    @hypothesis.settings(max_examples=25, deadline=None)
    @hypothesis.given(
        STEPS, st.integers(0, 30), st.lists(st.integers(1, 900), min_size=14)
    )
    def test_it_owes_what_it_used(self, steps, begin, passing):
        self._start_again()
        project = f'p{next(self._examples)}'
        truth = Truth(at(begin))
        self.make_scope(project, begin)
        now = at(begin, 1)
        for (what, *values), minutes in zip(steps, passing, strict=False):
            now += datetime.timedelta(minutes=minutes)
            getattr(self, f'step_{what}')(truth, project, now, *values)
        now = max(now, at(24 * (DAYS + 1), 10))
        for _ in range(2):
            self.step_settle(truth, project, now)
        self.assertEqual(*self._differing(truth.owed(), project))
        self.assertEqual(truth.state, self.scope(project).state)
        self.check_sums()

    def _start_again(self):
        with self.database.engine.begin() as connection:
            for table in models.METADATA.sorted_tables:
                # These are never deleted, and known by heart.
                if table not in (models.CELL, models.GENERATION):
                    connection.execute(sa.delete(table))
        self._price = None
        self.price('2')

    def _differing(self, wanted, project):
        """Return what of *wanted* is not owed, and what is owed instead."""
        found = {
            hour: billing.digits(decimal.Decimal(total))
            for hour, total in self.owed(project).items()
        }
        hours = {
            hour
            for hour in wanted.keys() | found.keys()
            if wanted.get(hour) != found.get(hour)
        }
        return (
            {hour: wanted.get(hour) for hour in sorted(hours)},
            {hour: found.get(hour) for hour in sorted(hours)},
        )

    def step_use(self, truth, project, now, minute, length):
        begin = at(0, minute)
        name = f'{project}-{len(truth.servers)}'
        if length is None:
            self.create(name, begin, project)
            truth.servers.append([begin, None])
        else:
            end = begin + datetime.timedelta(minutes=length)
            self.visit(name, begin, end, project)
            truth.servers.append([begin, end])

    def step_end(self, truth, project, now, number, minute):
        if number < len(truth.servers) and truth.servers[number][1] is None:
            server = truth.servers[number]
            server[1] = max(
                server[0] + datetime.timedelta(minutes=1), at(0, minute)
            )
            self.delete(f'{project}-{number}', server[1], project)

    def step_switch(self, truth, project, now):
        truth.switches.append(now)
        self.switch(truth.active, now, project)

    def step_reset(self, truth, project, now, hour):
        scope_reset.request(
            self.context,
            scope_filter.Filter(scope_id=[project]),
            at(hour),
            now,
        )
        self.passes.reset(self.context)
        truth.reset(at(hour))

    def step_price(self, truth, project, now, minute, cost):
        start = at(0, minute)
        # Only the last one can be followed by another.
        if start > truth.prices[-1][0]:
            self.price(str(cost), start, now)
            truth.prices.append((start, cost))

    def step_settle(self, truth, project, now):
        self.settle(now)
        truth.settle(now)
