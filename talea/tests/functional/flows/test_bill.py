# SPDX-License-Identifier: Apache-2.0
"""Whatever happens, and in whatever order it becomes known: one bill.

Lives are told by real messages, late, twice and in any order, while scopes
are switched off and on, prices change, and processors settle what they know.
In the end the bill is what it would be if all had been orderly.
"""

import datetime
import decimal

import hypothesis
from hypothesis import strategies as st

from talea.db import api as db
from talea.db import models
from talea.objects import scope
from talea.tests import billing
from talea.tests import lives
from talea.tests.functional.flows import rated
from talea.tests.functional.flows import test_lives

PROJECT = 'project-1'
HOUR = datetime.timedelta(hours=1)
END = lives.EPOCH + datetime.timedelta(days=5)

# Not at the very moment in which the scope is made.
MOMENTS = st.integers(1, 2 * 86_400_000_000)
STEPS = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.integers(1_500_000, 4_000_000_000),
        st.integers(0, 2),
    ),
    max_size=5,
)
COSTS = st.decimals(min_value=0, max_value=100, places=7)
SERVERS = st.lists(
    st.tuples(test_lives.BEGIN, test_lives.FORMATS, STEPS, st.booleans()),
    min_size=1,
    max_size=2,
)
VOLUMES = st.lists(
    st.tuples(test_lives.BEGIN, STEPS, st.booleans()), max_size=1
)
# When the price changes, and to what.
PRICES = st.lists(
    st.tuples(MOMENTS, COSTS), max_size=2, unique_by=lambda one: one[0]
)


class Prices:
    """A price that changes now and then.

    :param first: cost
    :param later: (moment, cost)
    """

    def __init__(self, first, later):
        self.changes = [(lives.EPOCH - HOUR, first), *sorted(later)]

    def at(self, moment):
        """Return the price of a period that begins at *moment*."""
        return [cost for when, cost in self.changes if when <= moment][-1]

    def periods(self):
        """Return (cost, begin, end)."""
        ends = [when for when, _ in self.changes[1:]]
        return [
            (cost, when, end)
            for (when, cost), end in zip(
                self.changes, [*ends, None], strict=True
            )
        ]


def lose(server, last, lost):
    """Lose messages of a server, whose audit heals that.

    What it was before a resize no audit tells; only that of one which was
    never resized can be lost.
    """
    server.audit(last + HOUR, whole=True)
    if len({flavor for _, _, flavor, *_ in server.truth}) > 1:
        lost = lost - {'create'}
    server.messages = [one for one in server.messages if one.tag not in lost]
    end = server.truth[-1][1]
    if end is not None and 'delete' in lost:
        # Nova's own table has whole seconds.
        server.truth[-1][1] = lives.seconds(end)


def stretches(one, prices):
    """Yield (metric, stretch) of a life; see billing.bill()."""
    for begin, end, value, *_ in one.truth:
        if one.resource_type == 'volume':
            cost = prices['volume'].at
            yield 'volume.size', (begin, end, value, cost)
            continue
        flavor = lives.FLAVORS[value]
        yield 'instance', (begin, end, 1, prices[value].at)
        # Without a price of its own it costs nothing.
        yield (
            'instance.vcpu',
            (begin, end, flavor['vcpus'], lambda _: decimal.Decimal(0)),
        )


class BillTestCase(rated.RatedTestCase):
    """Each example has a database of its own."""

    def setUp(self):
        super().setUp()
        self.conf.set_override('silence_timeout', 1, 'processor')
        self.conf.set_override('volume_existence_threshold', 0, 'entities')

    def _fill_in(self, prices):
        service = self.make('service', name='instance')
        field = self.make('field', service_id=service, name='flavor_name')
        volume = self.make('service', name='volume.size')
        for name, changing in prices.items():
            for cost, begin, end in changing.periods():
                if name == 'volume':
                    self.price(cost, begin, end, service_id=volume)
                else:
                    self.price(cost, begin, end, field_id=field, value=name)

    def _live(self, told, toggles, dice):
        """Tell *told*, switch the scope, and settle, all mixed up.

        :returns: when the scope was active
        """
        story = [(when, 'toggle', None) for when in toggles]
        cuts = sorted(dice.randint(0, len(told)) for _ in range(3))
        parts = [
            told[begin:end]
            for begin, end in zip([0, *cuts], [*cuts, None], strict=True)
        ]
        for part in parts:
            moment = lives.EPOCH + HOUR * dice.randint(1, 80)
            story.append((moment, 'tell', part))
            story.append((moment, 'settle', None))
        active = [[billing.EPOCH, None]]
        for moment, what, part in sorted(story, key=lambda one: one[0]):
            context = db.DbContext()
            if what == 'tell':
                # So long ago that nobody waits for more.
                self.record(part, lives.EPOCH)
            elif what == 'settle':
                self.settle(moment)
            else:
                on = active[-1][1] is not None
                scope.patch(context, PROJECT, {'active': on}, moment)
                if on:
                    active.append([moment, None])
                else:
                    active[-1][1] = moment
        self.settle(END + HOUR)
        return active

    @hypothesis.settings(max_examples=40, deadline=None)
    @hypothesis.given(
        SERVERS,
        VOLUMES,
        st.fixed_dictionaries(
            {
                name: st.tuples(COSTS, PRICES)
                for name in (*lives.FLAVORS, 'volume')
            }
        ),
        st.lists(MOMENTS, max_size=4, unique=True),
        st.sets(st.sampled_from(('create', 'delete'))),
        st.booleans(),
        st.randoms(use_true_random=False),
    )
    def test_the_bill_is_what_is_owed_in_any_order(
        self, servers, volumes, costs, toggles, lost, late_prices, dice
    ):
        self._start_again()
        resources = []
        for one, last in [test_lives.server(*some) for some in servers]:
            lose(one, last, lost)
            resources.append(one)
        resources += [test_lives.volume(*one)[0] for one in volumes]
        prices = {
            name: Prices(
                first,
                [(test_lives.moment(when), cost) for when, cost in later],
            )
            for name, (first, later) in costs.items()
        }
        told = [message for one in resources for message in one.messages]
        told += dice.sample(told, dice.randint(0, len(told)))
        dice.shuffle(told)
        toggles = sorted(map(test_lives.moment, toggles))
        if not late_prices:
            self._fill_in(prices)
        active = self._live(told, toggles, dice)
        if late_prices:
            # Everything was settled for nothing, and is settled again.
            self._fill_in(prices)
            self.settle(END + 2 * HOUR)
            self.settle(END + 2 * HOUR)
        self._check(resources, prices, active, late_prices)

    def _start_again(self):
        """Empty the database: each example is a cloud of its own."""
        with self.database.engine.begin() as connection:
            for table in models.METADATA.sorted_tables:
                # Cells are never deleted, and known by heart.
                if table is not models.CELL:
                    connection.execute(table.delete())
        self.send('PUT', '/v2/rating/modules/hashmap', {'enabled': True})
        scope.create(
            db.DbContext(),
            PROJECT,
            'project_id',
            'ledger',
            'ledger',
            lives.EPOCH,
            True,
            lives.EPOCH,
        )

    def _check(self, resources, prices, active, later):
        until = END + HOUR if later else END
        owed = {}
        for one in resources:
            for metric, stretch in stretches(one, prices):
                owed.setdefault(metric, []).append(stretch)
        expected = {
            (PROJECT, metric): billing.bill(some, HOUR, until, active)
            for metric, some in owed.items()
        }
        self.assertEqual(
            {key: price for key, price in expected.items() if price},
            self.billed(),
        )
