# SPDX-License-Identifier: Apache-2.0
import dataclasses
import datetime
from decimal import Decimal
import itertools

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from talea.objects import entity
from talea.objects import usage

UTC = datetime.UTC
ZERO = datetime.datetime(2026, 1, 1, tzinfo=UTC)
MICROSECOND = datetime.timedelta(microseconds=1)

# Two years, to the microsecond.
MOMENTS = st.integers(0, 2 * 366 * 86400 * 10**6).map(
    lambda number: ZERO + number * MICROSECOND
)


def _entity(start, end=None, kind='volume', size=1, **kwargs):
    return entity.Entity(
        entity_id='id',
        entity_type=kind,
        project_id='p1',
        seq=0,
        start=start,
        end=end,
        last_event=start,
        processed=start,
        name=None,
        flavor=kwargs.get('flavor'),
        volume_type_id=None,
        source='notification',
        attributes={} if size is None else {'size': size},
    )


def _cluster(start, end, workers, masters, completed=True):
    item = _entity(start, end, 'cluster')
    counts = {'node_count': workers, 'master_count': masters}
    return dataclasses.replace(
        item, attributes={'completed': completed, **counts}
    )


@st.composite
def clusters(draw):
    start = draw(MOMENTS)
    end = draw(st.one_of(st.none(), MOMENTS.filter(lambda at: at >= start)))
    return _cluster(
        start,
        end,
        draw(st.one_of(st.none(), st.integers(0, 1000))),
        draw(st.integers(0, 7)),
        draw(st.booleans()),
    )


@st.composite
def entities(draw):
    start = draw(MOMENTS)
    end = draw(st.one_of(st.none(), MOMENTS.filter(lambda at: at >= start)))
    kind = draw(st.sampled_from(('instance', 'volume', 'image', 'floatingip')))
    return _entity(start, end, kind, draw(st.integers(0, 2**40)))


class AmountTestCase(base.BaseTestCase):
    @given(st.lists(entities(), max_size=5), st.lists(MOMENTS, min_size=3))
    def test_a_window_is_the_sum_of_its_parts(self, items, edges):
        begin, *inner, end = sorted(edges)
        cuts = [begin, *inner, end]
        parts = sum(
            usage.amount(items, one, other)
            for one, other in zip(cuts, cuts[1:], strict=False)
        )
        self.assertEqual(usage.amount(items, begin, end), parts)

    @given(st.lists(entities()), MOMENTS, MOMENTS, st.randoms())
    def test_the_order_does_not_matter(self, items, one, other, random):
        begin, end = sorted((one, other))
        before = usage.amount(items, begin, end)
        random.shuffle(items)
        self.assertEqual(before, usage.amount(items, begin, end))

    @given(entities(), MOMENTS, MOMENTS)
    def test_nothing_is_used_outside_of_the_life(self, item, one, other):
        begin, end = sorted((one, other))
        used = usage.amount([item], begin, end)
        self.assertGreaterEqual(used, 0)
        if end <= item.start or (item.end is not None and item.end <= begin):
            self.assertEqual(0, used)

    @given(entities(), MOMENTS, MOMENTS)
    def test_splitting_an_entity_changes_nothing(self, item, cut, end):
        if item.end is not None and not item.start <= cut <= item.end:
            return
        cut = max(cut, item.start)
        halves = [
            _entity(item.start, cut, item.entity_type, **item.attributes),
            _entity(cut, item.end, item.entity_type, **item.attributes),
        ]
        self.assertEqual(
            usage.amount([item], ZERO, end), usage.amount(halves, ZERO, end)
        )

    def test_a_microsecond_counts(self):
        item = _entity(ZERO, ZERO + MICROSECOND, 'instance', None)
        day = datetime.timedelta(days=1)
        self.assertEqual(1, usage.amount([item], ZERO - day, ZERO + day))

    def test_the_end_is_exclusive(self):
        item = _entity(ZERO, ZERO + MICROSECOND, 'instance', None)
        window = (ZERO + MICROSECOND, ZERO + 2 * MICROSECOND)
        self.assertEqual(0, usage.amount([item], *window))

    def test_a_backward_window_holds_nothing(self):
        item = _entity(ZERO)
        self.assertEqual(
            0, usage.amount([item], ZERO + 2 * MICROSECOND, ZERO + MICROSECOND)
        )

    def test_a_size_that_is_not_known_is_no_usage(self):
        item = _entity(ZERO, size=None)
        day = ZERO + datetime.timedelta(days=1)
        self.assertEqual(0, usage.amount([item], ZERO, day))


class ClusterTestCase(base.BaseTestCase):
    @given(st.lists(clusters(), max_size=5), st.lists(MOMENTS, min_size=3))
    def test_node_hours_of_a_window_are_those_of_its_parts(self, items, edges):
        cuts = sorted(edges)
        for resource in (None, 'node'):
            parts = sum(
                usage.amount(items, one, other, resource)
                for one, other in itertools.pairwise(cuts)
            )
            self.assertEqual(
                usage.amount(items, cuts[0], cuts[-1], resource), parts
            )

    @given(clusters(), MOMENTS, MOMENTS)
    def test_there_are_as_many_node_hours_as_nodes(self, item, one, other):
        begin, end = sorted((one, other))
        hours = usage.amount([item], begin, end)
        workers = item.attributes['node_count']
        masters = item.attributes['master_count']
        nodes = 0 if workers is None else workers + masters
        self.assertEqual(
            hours * nodes, usage.amount([item], begin, end, 'node')
        )

    def test_masters_and_workers_are_nodes(self):
        day = ZERO + datetime.timedelta(days=1)
        total = usage.amount([_cluster(ZERO, None, 3, 1)], ZERO, day, 'node')
        row = usage.row('p1', 'node', '', total)
        self.assertEqual((Decimal(96), 'hour'), (row.quantity, row.unit))

    def test_before_it_is_complete_a_cluster_is_no_usage(self):
        day = ZERO + datetime.timedelta(days=1)
        item = _cluster(ZERO, None, 3, 1, completed=False)
        self.assertEqual(0, usage.amount([item], ZERO, day))
        self.assertEqual(0, usage.amount([item], ZERO, day, 'node'))

    def test_only_clusters_are_counted_twice(self):
        self.assertEqual(('cluster', 'node'), usage.resources('cluster'))
        self.assertEqual(('volume',), usage.resources('volume'))
        self.assertEqual(('cake',), usage.resources('cake'))


class UnitTestCase(base.BaseTestCase):
    HOUR = datetime.timedelta(hours=1)

    def _row(self, kind, size, span=HOUR):
        item = _entity(ZERO, None, kind, size)
        total = usage.amount([item], ZERO, ZERO + span)
        return usage.row('p1', kind, '', total)

    def test_instances_are_counted_in_hours(self):
        row = self._row('instance', None)
        self.assertEqual(
            (Decimal(1), 'hour', Decimal(3600)),
            (row.quantity, row.unit, row.seconds),
        )

    def test_volumes_are_counted_in_gib_hours(self):
        row = self._row('volume', 10)
        self.assertEqual(
            (Decimal(10), 'GiB.hour', Decimal(36000)),
            (row.quantity, row.unit, row.seconds),
        )

    def test_sizes_of_images_are_bytes(self):
        self.assertEqual(Decimal('0.5'), self._row('image', 2**29).quantity)
        byte = self._row('image', 1).seconds
        self.assertEqual(Decimal(3600), byte * 2**30)

    def test_round_numbers_are_written_out(self):
        row = self._row('volume', 100)
        self.assertEqual('100', str(row.quantity))

    @given(st.integers(1, 10**15))
    def test_every_microsecond_shows_in_the_hours(self, total):
        one = usage.hours(total, usage.HOUR)
        self.assertNotEqual(one, usage.hours(total + 1, usage.HOUR))
        self.assertEqual(total, round(one * 3600 * 10**6))

    @given(st.integers(0, 10**30))
    def test_seconds_are_exact(self, total):
        scale = 10**6 * usage.GIB
        seconds = usage.seconds(total, usage.GIB_HOUR)
        numerator, denominator = seconds.as_integer_ratio()
        self.assertEqual(total * denominator, numerator * scale)
