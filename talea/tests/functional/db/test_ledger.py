# SPDX-License-Identifier: Apache-2.0
"""Usage as entities have it: points of the collector "ledger"."""

from decimal import Decimal
import pathlib

import fixtures

from talea.objects import event
from talea.objects import period
from talea.processor.collectors import base as collectors
from talea.processor.collectors import ledger
from talea.rating import metrics
from talea.tests import base
from talea.tests.functional.db import settling
from talea.tests.functional.db.settling import at

METRICS = """
metrics:
  server:
    entity: instance
    unit: hour
    groupby: {flavor: flavor, flavor_id: flavor_id}
    metadata: {distro: os.distro, memory: memory_mb}
  server.cpu:
    entity: instance
    unit: vCPU.hour
    measure: vcpus
    factor: 1/2
  disk:
    entity: volume
    unit: GiB.hour
    measure: size
    groupby: {type_id: volume_type_id, type_name: volume_type}
  share:
    entity: share
    unit: GiB.hour
    measure: size
"""


class LedgerCase(settling.SettlingCase):
    def setUp(self):
        super().setUp()
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path, 'file')
        path.write_text(METRICS)
        self.ledger = ledger.Ledger(self.conf, metrics.load(str(path)))

    def ask(self, *pieces, scope_id='p1', scope_key='project_id', window=None):
        """Return the points of one question."""
        window = window or period.hull(pieces)
        (points,) = self.ledger.collect(
            self.context,
            [collectors.Question(scope_id, scope_key, window, pieces)],
        )
        return points

    def shown(self, *pieces, metric='server', **kwargs):
        return [
            (one.groupby['id'], settling.plain(one.quantity))
            for one in self.ask(*pieces, **kwargs)
            if one.metric == metric
        ]


@base.on_all_engines
class ClusterTestCase(LedgerCase):
    def setUp(self):
        super().setUp()
        self.ledger = ledger.Ledger(self.conf, metrics.load())

    def test_clusters_and_nodes_are_measured_once_they_are_complete(self):
        def tell(what, moment, kind, **attributes):
            self.tell(
                kind, what, moment, resource_type='cluster', **attributes
            )

        tell('c1', at(10), event.CREATE, node_count=2, master_count=1)
        tell('c1', at(10, 15), event.UPDATE, completed=True)
        tell('c1', at(10, 30), event.RESIZE, node_count=4, master_count=3)
        tell('c2', at(10), event.CREATE, node_count=2, master_count=1)
        for piece, expected in (
            ((at(10), at(10, 15)), {}),
            ((at(10, 15), at(10, 30)), ('0.25', '0.75')),
            ((at(10), at(11)), ('0.75', '4.25')),
        ):
            shown = {
                (one.metric, one.groupby['id']): settling.plain(one.quantity)
                for one in self.ask(piece)
            }
            if expected:
                expected = {
                    ('cluster', 'c1'): expected[0],
                    ('cluster.nodes', 'c1'): expected[1],
                }
            self.assertEqual(expected, shown)


@base.on_all_engines
class LedgerTestCase(LedgerCase):
    def test_a_point_tells_what_metrics_wish_to_know(self):
        self.create(
            'i1',
            at(10),
            flavor_id='f1',
            vcpus=4,
            memory_mb=512,
            image_meta={'distro': 'debian', 'version': '12'},
            host='a',
        )
        server, cpu = self.ask((at(11), at(12)))
        self.assertEqual(
            {
                'id': 'i1',
                'project_id': 'p1',
                'flavor': 'small',
                'flavor_id': 'f1',
            },
            server.groupby,
        )
        self.assertEqual({'distro': 'debian', 'memory': 512}, server.metadata)
        self.assertEqual(
            ('server.cpu', 'vCPU.hour', Decimal(2)),
            (cpu.metric, cpu.unit, cpu.quantity),
        )

    def test_only_the_pieces_count_to_the_microsecond(self):
        self.create('i1', at(10, 0, 0, 500000))
        self.assertEqual(
            [('i1', '0.75')],
            self.shown(
                (at(10, 15, 0, 500000), at(10, 30, 0, 500000)),
                (at(10, 30, 0, 500000), at(11, 0, 0, 500000)),
                window=(at(10), at(12)),
            ),
        )
        self.delete('i1', at(10, 15, 0, 500001))
        (point,) = self.ask(
            (at(10, 15, 0, 500000), at(10, 30)), window=(at(10), at(11))
        )
        self.assertAlmostEqual(Decimal(1) / 3_600_000_000, point.quantity, 27)

    def test_what_only_touches_is_no_usage(self):
        self.create('i1', at(10))
        self.delete('i1', at(11))
        self.assertEqual([], self.ask((at(11), at(12))))
        self.assertEqual([], self.ask((at(9), at(10))))

    def test_what_nobody_sees_change_stays_one_point(self):
        self.create('i1', at(10), vcpus=4)
        # A new entity, for another image.
        self.tell(event.REBUILD, 'i1', at(10, 15), image_id='other')
        self.tell(event.RESIZE, 'i1', at(10, 30), flavor='large', vcpus=4)
        points = self.ask((at(10), at(11)))
        self.assertEqual(
            [
                ('server', 'small', '0.5'),
                ('server', 'large', '0.5'),
                ('server.cpu', None, '2'),
            ],
            [
                (
                    one.metric,
                    one.groupby.get('flavor'),
                    settling.plain(one.quantity),
                )
                for one in points
            ],
        )

    def test_of_several_questions_each_has_its_own_answer(self):
        self.create('i1', at(10), 'p1')
        self.create('i2', at(10, 30), 'p2')
        questions = [
            collectors.Question(scope_id, key, window, (window,))
            for scope_id in ('p2', 'p1', 'nobody')
            for key in ('project_id', 'customer')
            for window in ((at(11), at(12)), (at(10), at(11)), (at(9), at(10)))
        ]
        found = self.ledger.collect(self.context, questions)
        shown = [
            [
                (set(one.groupby) - {'id'}, settling.plain(one.quantity))
                for one in points
            ]
            for points in found
        ]

        def answers(first):
            """Return those of eleven, ten and nine o'clock, for each key."""
            for key in ('project_id', 'customer'):
                names = {key, 'flavor', 'flavor_id'}
                yield from ([(names, '1')], [(names, first)], [])

        self.assertEqual([*answers('0.5'), *answers('1'), *[[]] * 6], shown)

    def test_the_type_of_a_volume_has_the_name_that_it_had_then(self):
        for moment, name in ((at(5), 'slow'), (at(10, 30), 'fast')):
            self.tell(
                event.CREATE if name == 'slow' else event.UPDATE,
                't1',
                moment,
                '',
                resource_type='volume_type',
                name=name,
            )
        for number, moment in enumerate((at(10), at(10, 30))):
            self.create(
                f'v{number}',
                moment,
                resource_type='volume',
                size=10,
                volume_type_id='t1',
                launched_at=moment.isoformat(),
            )
        self.assertEqual(
            [('v0', 't1', 'slow', '10'), ('v1', 't1', 'fast', '5')],
            [
                (
                    one.groupby['id'],
                    one.groupby['type_id'],
                    one.groupby['type_name'],
                    settling.plain(one.quantity),
                )
                for one in self.ask((at(10), at(11)))
            ],
        )

    def test_sizes_that_are_no_numbers_are_not_measured(self):
        for number, vcpus in enumerate((2, True, [2], None, '2', {'a': 2})):
            self.create(f'i{number}', at(10), vcpus=vcpus)
        self.assertEqual(
            [('i0', '1')],
            self.shown((at(10), at(11)), metric='server.cpu'),
        )

    def test_a_size_with_a_fraction_is_what_was_sent(self):
        self.create('s1', at(10), resource_type='share', size=0.1)
        self.assertEqual(
            [('s1', '0.1')], self.shown((at(10), at(11)), metric='share')
        )

    def test_odd_attributes_are_texts(self):
        self.create('i1', at(10), flavor_id={'b': 1, 'a': [None]})
        (point,) = self.ask((at(10), at(11)))
        self.assertEqual('{"a": [null], "b": 1}', point.groupby['flavor_id'])
        # And do not keep it from being settled.
        self.passes._rater.collectors['ledger'] = self.ledger
        self.make_scope()
        self.settle(at(11, 10))
        self.assertEqual(1, len(self.frames()))
