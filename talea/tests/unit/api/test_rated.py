# SPDX-License-Identifier: Apache-2.0
from decimal import Decimal
import json

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from talea.api.types import rated
from talea.tests.rated import HOUR
from talea.tests.rated import at
from talea.tests.rated import frame
from talea.tests.rated import line

DECIMALS = st.decimals(
    min_value=Decimal(-(10**36)),
    max_value=Decimal(10**36),
    allow_nan=False,
    allow_infinity=False,
    places=28,
)
NAMES = st.text(max_size=5)
SCALARS = st.none() | st.booleans() | st.integers() | NAMES


def text_of(table):
    text = b''.join(table)
    assert len(text) == table.length
    table.close()
    return text.decode()


class NumberTestCase(base.BaseTestCase):
    def test_no_zeros_at_the_end(self):
        for text, expected in (
            ('1.50', '1.5'),
            ('100', '100'),
            ('1E+2', '100'),
            ('0E-28', '0'),
            ('-0.0', '0'),
            ('-0', '0'),
            ('-1.0', '-1'),
            ('1E-28', '0.0000000000000000000000000001'),
        ):
            self.assertEqual(expected, rated.number(Decimal(text)))

    @given(DECIMALS)
    def test_the_value_stays(self, value):
        text = rated.number(value)
        self.assertEqual(value, Decimal(text))
        self.assertEqual(
            value, json.loads(f'[{text}]', parse_float=Decimal)[0]
        )


class TablesTestCase(base.BaseTestCase):
    @given(
        st.lists(NAMES, unique=True, min_size=1, max_size=4),
        st.lists(st.lists(SCALARS | DECIMALS, min_size=4, max_size=4)),
    )
    def test_tables_and_objects_are_json(self, columns, rows):
        rows = [row[: len(columns)] for row in rows]
        table, objects = rated.Table(columns), rated.Objects(columns)
        for row in rows:
            table.add(row)
            objects.add(row)
        read = json.loads(text_of(table.end(7)), parse_float=Decimal)
        self.assertEqual(
            {
                'format': 'table',
                'columns': columns if rows else [],
                'results': rows,
                'total': 7,
            },
            read,
        )
        read = json.loads(text_of(objects.end(7)), parse_float=Decimal)
        self.assertEqual(
            {
                'format': 'object',
                'results': [
                    dict(zip(columns, row, strict=True)) for row in rows
                ],
                'total': 7,
            },
            read,
        )

    def test_moments_are_text(self):
        table = rated.Table(['at'])
        table.add([at(2026, 1, 2)])
        self.assertEqual(
            [['2026-01-02T00:00:00+00:00']],
            json.loads(text_of(table.end(1)))['results'],
        )
        table = rated.Csv(['at', 'x', 'y'])
        table.add([at(2026, 1, 2), Decimal('1.50'), None])
        self.assertEqual(
            'at,x,y\r\n2026-01-02T00:00:00+00:00,1.5,\r\n',
            text_of(table.end(1)),
        )


class FramesTestCase(base.BaseTestCase):
    @given(
        st.lists(
            st.tuples(NAMES, NAMES, DECIMALS, DECIMALS, NAMES, SCALARS),
            min_size=1,
        )
    )
    def test_frames_are_json(self, points):
        one = frame(
            at(2026, 1, 1),
            [
                line(
                    metric, quantity, price, unit=unit, metadata={name: value}
                )
                for metric, unit, quantity, price, name, value in points
            ],
        )
        frames = rated.Frames(False)
        frames.add(one, one.lines)
        read = json.loads(text_of(frames.end(3)), parse_float=Decimal)
        self.assertEqual(3, read['total'])
        (shown,) = read['dataframes']
        self.assertEqual({'period', 'usage'}, set(shown))
        found = [
            (
                metric,
                point['vol']['unit'],
                point['vol']['qty'],
                point['rating']['price'],
                *next(iter(point['metadata'].items())),
            )
            for metric, several in shown['usage'].items()
            for point in several
        ]
        self.assertCountEqual(points, found)

    def test_nothing(self):
        self.assertEqual(
            {'dataframes': [], 'total': 0},
            json.loads(text_of(rated.Frames(True).end(0))),
        )

    def test_revisions(self):
        begin = at(2026, 1, 1)
        old = frame(begin, [line()], superseded=begin + HOUR)
        new = frame(begin, [line()], revision=1, usage_at=at(2025, 1, 1))
        frames = rated.Frames(True)
        for one in (old, new):
            frames.add(one, one.lines)
        read = json.loads(text_of(frames.end(2)))['dataframes']
        self.assertEqual(
            [
                (0, '2026-01-01T01:00:00+00:00', None),
                (1, None, '2025-01-01T00:00:00+00:00'),
            ],
            [
                (one['revision'], one['superseded_at'], one['corrects'])
                for one in read
            ],
        )
