# SPDX-License-Identifier: Apache-2.0
from oslo_db import exception as db_exc
import sqlalchemy as sa

from talea.db import api
from talea.db import bulk
from talea.tests import base
from talea.tests import fixtures

METADATA = sa.MetaData()
THING = sa.Table(
    'thing',
    METADATA,
    sa.Column('a', sa.Integer(), primary_key=True),
    sa.Column('b', sa.Integer(), primary_key=True),
    sa.Column('value', sa.String(64), nullable=False),
)


def row(a, b, value):
    return {'a': a, 'b': b, 'value': value}


@base.on_all_engines
class BulkTest(base.TestCase):
    """Rows that may have been written before are written once."""

    def setUp(self):
        super().setUp()
        database = self.useFixture(
            fixtures.Database(self.backend, self.conf, upgrade=False)
        )
        METADATA.create_all(database.engine)

    def _write(self, function, rows):
        with api.writer.using(api.DbContext()) as session:
            function(session, THING, ['a', 'b'], rows)

    def _rows(self):
        with api.reader.using(api.DbContext()) as session:
            return {
                (row.a, row.b): row.value
                for row in session.execute(sa.select(THING))
            }

    def test_missing_rows_are_inserted_and_present_ones_left_alone(self):
        self._write(bulk.insert_missing, [row(1, 1, 'old')])
        self._write(bulk.insert_missing, [row(1, 1, 'new'), row(1, 2, 'new')])
        self.assertEqual({(1, 1): 'old', (1, 2): 'new'}, self._rows())

    def test_of_one_row_twice_in_a_batch_the_first_is_inserted(self):
        self._write(
            bulk.insert_missing, [row(1, 1, 'first'), row(1, 1, 'second')]
        )
        self.assertEqual({(1, 1): 'first'}, self._rows())

    def test_insert_missing_does_not_hide_other_errors(self):
        self.assertRaises(
            db_exc.DBError,
            self._write,
            bulk.insert_missing,
            [row(1, 1, None)],
        )
        self.assertEqual({}, self._rows())

    def test_present_rows_are_replaced_and_missing_ones_inserted(self):
        self._write(bulk.replace, [row(1, 1, 'old'), row(2, 2, 'other')])
        self._write(bulk.replace, [row(1, 1, 'new'), row(1, 2, 'new')])
        self.assertEqual(
            {(1, 1): 'new', (1, 2): 'new', (2, 2): 'other'}, self._rows()
        )

    def test_no_rows_are_no_statement(self):
        self._write(bulk.insert_missing, [])
        self._write(bulk.replace, [])
        self.assertEqual({}, self._rows())

    def test_thousands_of_rows_go_in_at_once(self):
        rows = [row(a, b, 'x') for a in range(50) for b in range(50)]
        self._write(bulk.insert_missing, rows)
        self._write(bulk.replace, [dict(r, value='y') for r in rows])
        self.assertEqual({'y'}, set(self._rows().values()))
        self.assertEqual(2500, len(self._rows()))
