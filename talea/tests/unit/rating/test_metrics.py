# SPDX-License-Identifier: Apache-2.0
import datetime
import decimal
import fractions
import itertools
import pathlib
import textwrap

import fixtures
from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from talea.objects import period
from talea.rating import metrics
from talea.rating import point

WHOLE = """
metrics:
  a:
    entity: instance
    unit: hour
"""
SECOND = 10**6


class MetricsTestCase(base.BaseTestCase):
    def load(self, text, *arguments):
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path, 'file')
        path.write_text(textwrap.dedent(text))
        return metrics.load(str(path), *arguments)

    def metric(self, *lines):
        """Return a metric that has some more lines than it needs."""
        return self.load(WHOLE + ''.join(f'    {one}\n' for one in lines))['a']

    def check(self, reason, text, *arguments):
        """Pass if *text* is refused with *reason*, beside the path."""
        error = self.assertRaises(
            metrics.BadMetrics, self.load, text, *arguments
        )
        _, _, said = str(error).partition('/file: ')
        self.assertEqual(reason, said)

    def refuse(self, reason, *lines):
        text = WHOLE + ''.join(f'    {one}\n' for one in lines)
        self.check(reason, text)


class LoadTestCase(MetricsTestCase):
    def test_the_shipped_file_measures_what_clouds_sell(self):
        found = metrics.load()
        self.assertEqual(
            {
                'instance': ('instance', None, 'hour'),
                'instance.vcpu': ('instance', 'vcpus', 'vCPU.hour'),
                'instance.memory': ('instance', 'memory_mb', 'GiB.hour'),
                'volume.size': ('volume', 'size', 'GiB.hour'),
                'snapshot.size': ('snapshot', 'size', 'GiB.hour'),
                'image.size': ('image', 'size', 'GiB.hour'),
                'ip.floating': ('floatingip', None, 'hour'),
                'cluster': ('cluster', None, 'hour'),
                'cluster.nodes': ('cluster', 'nodes', 'hour'),
            },
            {
                name: (one.entity, one.measure, one.unit)
                for name, one in found.items()
            },
        )
        self.assertEqual(
            {'volume_type_id': 'volume_type_id', 'volume_type': 'volume_type'},
            found['volume.size'].groupby,
        )

    def test_what_is_not_said_has_a_default(self):
        self.assertEqual(
            metrics.Metric(
                name='a',
                entity='instance',
                unit='hour',
                measure=None,
                factor=fractions.Fraction(1),
                offset=fractions.Fraction(0),
                mutate='NONE',
                mutate_map={},
                groupby={},
                metadata={},
                description='',
            ),
            self.metric(),
        )

    def test_no_metrics_at_all_is_a_wish_too(self):
        self.assertEqual({}, self.load('metrics: {}'))

    def test_plugins_may_add_kinds_with_flavor_and_size(self):
        found = self.load(
            """
            metrics:
              share.size:
                {entity: share, unit: GiB, measure: size,
                 groupby: {what: flavor}}
            """
        )
        self.assertEqual('size', found['share.size'].measure)

    def test_the_state_counts_if_it_begins_entities(self):
        text = WHOLE + '    groupby: {state: state}\n'
        self.assertEqual(
            {'state': 'state'}, self.load(text, True)['a'].groupby
        )
        self.check(
            'there is no attribute state of instance that could be rated '
            '(the state of an instance needs [entities] split_on_state) @ '
            "data['metrics']['a']",
            text,
        )

    def test_properties_of_images_are_attributes_of_instances(self):
        found = self.metric('metadata: {distro: os.distro}')
        self.assertEqual({'distro': 'os.distro'}, found.metadata)
        self.refuse(
            'there is no attribute os. of instance that could be rated '
            '(the state of an instance needs [entities] split_on_state) @ '
            "data['metrics']['a']",
            'metadata: {distro: os.}',
        )
        self.check(
            'there is no attribute os.distro of volume that could be rated '
            '(the state of an instance needs [entities] split_on_state) @ '
            "data['metrics']['a']",
            WHOLE.replace('instance', 'volume')
            + '    metadata: {distro: os.distro}\n',
        )

    def test_a_file_that_is_not_there(self):
        error = self.assertRaises(
            metrics.BadMetrics, metrics.load, '/not/there.yaml'
        )
        self.assertEqual(
            '/not/there.yaml: [Errno 2] No such file or directory: '
            "'/not/there.yaml'",
            str(error),
        )

    def test_a_file_that_is_no_text(self):
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path, 'file')
        path.write_bytes(b'\xff')
        error = self.assertRaises(metrics.BadMetrics, metrics.load, str(path))
        self.assertIn(
            "/file: 'utf-8' codec can't decode byte 0xff", str(error)
        )

    def test_a_file_that_is_no_yaml(self):
        error = self.assertRaises(metrics.BadMetrics, self.load, 'metrics: [')
        self.assertIn('/file: while parsing a flow node', str(error))
        self.assertIn('line 1, column 11', str(error))
        self.assertNotIn('\n', str(error))

    def test_a_file_that_would_make_objects(self):
        self.assertRaises(
            metrics.BadMetrics,
            self.load,
            'metrics: !!python/object/apply:os.getcwd []',
        )

    def test_a_file_of_another_form(self):
        inside = "for dictionary value @ data['metrics']"
        self.check('expected a dictionary', '')
        self.check('expected a dictionary', '- metrics')
        self.check('required key not provided @ data[\'metrics\']', '{}')
        self.check(f'expected a dictionary {inside}', 'metrics: [1]')
        self.check(
            "extra keys not allowed @ data['more']", 'metrics: {}\nmore: 1'
        )
        self.check(f"expected a dictionary {inside}['a']", 'metrics: {a: [1]}')
        self.check(
            "must be text of 1 to 255 characters @ data['metrics'][1]",
            'metrics: {1: {entity: a, unit: b}}',
        )

    def test_a_metric_without_a_kind_or_a_unit(self):
        for name in ('entity', 'unit'):
            self.check(
                'required key not provided @ '
                f"data['metrics']['a']['{name}']",
                '\n'.join(
                    line for line in WHOLE.splitlines() if name not in line
                ),
            )

    def test_what_is_there_twice_is_no_choice(self):
        error = self.assertRaises(metrics.BadMetrics, self.metric, 'unit: day')
        self.assertIn('/file: unit is there twice in', str(error))
        self.assertIn('line 6, column 5', str(error))
        error = self.assertRaises(
            metrics.BadMetrics, self.load, WHOLE + WHOLE.split('\n', 2)[2]
        )
        self.assertIn('/file: a is there twice in', str(error))

    def test_values_of_another_form(self):
        place = "for dictionary value @ data['metrics']['a']"
        number = 'must be a number or a fraction like 1/1024'
        for name in ('factor', 'offset'):
            for value in ('x', '1/0', 'true', '.inf', '.nan', '2026-01-01'):
                self.refuse(f"{number} {place}['{name}']", f'{name}: {value}')
        self.refuse(
            "value must be one of ['CEIL', 'FLOOR', 'MAP', 'NONE', "
            f"'NOTNUMBOOL', 'NUMBOOL'] {place}['mutate']",
            'mutate: ROUND',
        )
        self.refuse(
            f"expected a dictionary {place}['groupby']", 'groupby: [flavor]'
        )
        self.refuse(
            "must be text of 1 to 64 characters @ "
            "data['metrics']['a']['groupby']['']",
            'groupby: {"": flavor}',
        )
        self.refuse(f"not a valid value {place}['measure']", 'measure: 7')
        self.refuse(f"expected str {place}['description']", 'description: 7')
        self.refuse(
            "extra keys not allowed @ data['metrics']['a']['price']",
            'price: 7',
        )
        self.check(
            f"must be text of 1 to 64 characters {place}['unit']",
            WHOLE.replace('hour', '""'),
        )

    def test_a_map_and_the_wish_for_it_go_together(self):
        reason = "mutate MAP and mutate_map go together @ data['metrics']['a']"
        self.refuse(reason, 'mutate: MAP')
        self.refuse(reason, 'mutate_map: {1: 2}')
        self.refuse(
            'must be a number or a fraction like 1/1024 @ '
            "data['metrics']['a']['mutate_map']['large']",
            'mutate: MAP',
            'mutate_map: {large: 2}',
        )

    def test_a_name_means_one_thing(self):
        self.refuse(
            "what is in groupby and in metadata @ data['metrics']['a']",
            'groupby: {what: flavor}',
            'metadata: {what: vcpus}',
        )
        for name in ('id', 'type', 'time', 'time-d', 'begin', 'qty'):
            for place in ('groupby', 'metadata'):
                self.refuse(
                    f'the name "{name}" means something else in summaries '
                    "@ data['metrics']['a']",
                    f'{place}: {{{name}: flavor}}',
                )

    def test_what_is_only_known_last_is_no_ground_for_a_price(self):
        for name in ('host', 'image_id', 'display_name'):
            for line in (
                f'measure: {name}',
                f'groupby: {{what: {name}}}',
                f'metadata: {{what: {name}}}',
            ):
                self.refuse(
                    f'there is no attribute {name} of instance that could be '
                    'rated (the state of an instance needs [entities] '
                    'split_on_state) @ '
                    "data['metrics']['a']",
                    line,
                )


class LevelTestCase(MetricsTestCase):
    def levels(self, values, *lines):
        metric = self.metric('measure: vcpus', *lines)
        return [metric.level(value) for value in values]

    def test_each_counts_as_one_where_nothing_is_measured(self):
        metric = self.metric('factor: 1/3', 'offset: 2')
        self.assertEqual(fractions.Fraction(7, 3), metric.level(None))

    def test_what_is_no_number_is_not_measured(self):
        for value in (None, '7', True, [7], float('nan'), float('inf')):
            self.assertEqual([None], self.levels([value]))

    def test_a_float_is_the_number_that_was_sent(self):
        self.assertEqual(
            [fractions.Fraction(1, 10), fractions.Fraction(10**22)],
            self.levels([0.1, 1e22]),
        )

    def test_factor_and_offset_are_exact_fractions(self):
        self.assertEqual(
            [fractions.Fraction(3, 10) + fractions.Fraction(5, 1048576)],
            self.levels([5], 'factor: 1/1048576', 'offset: 0.3'),
        )

    def test_mutations(self):
        values = [0, 1, 2, 5]
        for name, wanted in {
            # Of -1/2, 0, 1/2 and 2.
            'NONE': [
                fractions.Fraction(-1, 2),
                0,
                fractions.Fraction(1, 2),
                2,
            ],
            'NUMBOOL': [1, 0, 1, 1],
            'NOTNUMBOOL': [0, 1, 0, 0],
            'FLOOR': [-1, 0, 0, 2],
            'CEIL': [0, 0, 1, 2],
        }.items():
            self.assertEqual(
                wanted,
                self.levels(
                    values, 'factor: 1/2', 'offset: -0.5', f'mutate: {name}'
                ),
            )

    def test_a_map_knows_numbers_and_all_others_are_nothing(self):
        self.assertEqual(
            [fractions.Fraction(1, 4), 10, 0],
            self.levels(
                [1, 2, 3],
                'factor: 0.5',
                'mutate: MAP',
                'mutate_map: {0.5: 1/4, "1": 10}',
            ),
        )


LEVELS = st.fractions(0, 10**9, max_denominator=2**40)
# Microseconds since 1970, up to the year 2100.
MOMENTS = st.integers(0, 4102444800 * SECOND)


class ReadingTestCase(base.BaseTestCase):
    def test_an_hour_is_an_hour(self):
        begin = (
            datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC) - period.EPOCH
        ) // datetime.timedelta(microseconds=1)
        self.assertEqual(
            decimal.Decimal('2.5'),
            metrics.reading(fractions.Fraction(5, 2), begin + 3600 * SECOND)
            - metrics.reading(fractions.Fraction(5, 2), begin),
        )

    def test_a_third_has_all_digits_that_there_are(self):
        self.assertEqual(
            decimal.Decimal('0.' + '3' * point.PLACES),
            metrics.reading(fractions.Fraction(1), 1200 * SECOND),
        )

    @given(LEVELS, MOMENTS)
    def test_it_is_off_by_half_of_the_last_digit_at_most(self, level, moment):
        found = fractions.Fraction(metrics.reading(level, moment))
        true = level * moment / (3600 * SECOND)
        self.assertLessEqual(
            abs(found - true), fractions.Fraction(1, 2 * 10**point.PLACES)
        )

    @given(
        LEVELS,
        st.lists(MOMENTS, min_size=2, max_size=20, unique=True).map(sorted),
        st.decimals(0, 10**6, places=point.PLACES),
    )
    def test_the_parts_add_up_to_the_whole_to_the_last_digit(
        self, level, moments, price
    ):
        def meter(*pieces):
            return point.Point(
                'a',
                'hour',
                tuple(
                    (
                        metrics.reading(level, begin),
                        metrics.reading(level, end),
                    )
                    for begin, end in pieces
                ),
                {},
                {},
            )

        whole = meter((moments[0], moments[-1]))
        pieces = list(itertools.pairwise(moments))
        for parts in ([meter(one) for one in pieces], [meter(*pieces)]):
            quantity = cost = decimal.Decimal(0)
            for part in parts:
                quantity = point.EXACT.add(quantity, part.quantity)
                cost = point.EXACT.add(cost, part.costs(price))
            self.assertEqual(whole.quantity, quantity)
            self.assertEqual(whole.costs(price), cost)
