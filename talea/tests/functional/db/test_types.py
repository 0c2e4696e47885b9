# SPDX-License-Identifier: Apache-2.0
import datetime
import json

from oslo_db import exception as db_exc
import sqlalchemy as sa

from talea.db import types
from talea.tests import base
from talea.tests import fixtures

UTC = datetime.UTC
MOMENT = datetime.datetime(2026, 11, 21, 23, 59, 59, 999999, UTC)
METADATA = sa.MetaData()
THING = sa.Table(
    'thing',
    METADATA,
    sa.Column('id', types.BigId, primary_key=True, autoincrement=True),
    sa.Column('name', types.Name(), unique=True),
    sa.Column('at', types.UtcDateTime()),
    sa.Column('end_at', types.OpenEnd(), nullable=False),
    sa.Column('note', types.LongText),
    sa.Column('body', types.LongBytes),
)


@base.on_all_engines
class TypesTest(base.TestCase):
    """Every engine gives back what it was given."""

    def setUp(self):
        super().setUp()
        database = self.useFixture(
            fixtures.Database(self.backend, self.conf, upgrade=False)
        )
        self.connection = database.engine.connect()
        self.addCleanup(self.connection.close)
        METADATA.create_all(self.connection)

    def _insert(self, **values):
        values.setdefault('end_at', None)
        result = self.connection.execute(THING.insert().values(values))
        return result.inserted_primary_key.id

    def _read(self, column, key):
        return self.connection.execute(
            sa.select(column).where(THING.c.id == key)
        ).scalar_one()

    def _names(self, condition):
        query = sa.select(THING.c.name).where(condition)
        return (
            self.connection.execute(query.order_by(THING.c.id)).scalars().all()
        )

    def test_ids_are_counted_by_the_engine(self):
        self.assertLess(self._insert(), self._insert())

    def test_a_moment_keeps_its_microseconds_and_is_utc(self):
        at = self._read(THING.c.at, self._insert(at=MOMENT))
        self.assertEqual(MOMENT, at)
        self.assertIs(UTC, at.tzinfo)

    def test_a_moment_of_another_time_zone_stays_the_same_moment(self):
        zone = datetime.timezone(datetime.timedelta(hours=-9, minutes=-30))
        at = self._read(THING.c.at, self._insert(at=MOMENT.astimezone(zone)))
        self.assertEqual(MOMENT, at)
        self.assertIs(UTC, at.tzinfo)

    def test_a_naive_moment_is_refused(self):
        with self.assertRaisesRegex(db_exc.DBError, 'naive datetime'):
            self._insert(at=MOMENT.replace(tzinfo=None))

    def test_no_moment_stays_none(self):
        self.assertIsNone(self._read(THING.c.at, self._insert(at=None)))

    def test_moments_are_ordered_to_the_microsecond(self):
        step = datetime.timedelta(microseconds=1)
        self._insert(name='before', at=MOMENT - step)
        self._insert(name='same', at=MOMENT)
        self._insert(name='after', at=MOMENT + step)
        self.assertEqual(['after'], self._names(THING.c.at > MOMENT))
        self.assertEqual(['before', 'same'], self._names(THING.c.at <= MOMENT))

    def test_an_open_end_comes_back_as_none(self):
        key = self._insert(end_at=None)
        self.assertIsNone(self._read(THING.c.end_at, key))

    def test_a_closed_end_comes_back_as_it_was(self):
        key = self._insert(end_at=MOMENT)
        self.assertEqual(MOMENT, self._read(THING.c.end_at, key))

    def test_an_open_end_is_after_every_moment(self):
        self._insert(name='closed', end_at=MOMENT)
        self._insert(name='open', end_at=None)
        self.assertEqual(['open'], self._names(THING.c.end_at > MOMENT))
        self.assertEqual(['open'], self._names(THING.c.end_at == types.OPEN))

    def _check_told_apart(self, column):
        texts = ['a', 'A', 'á', 'a ', ' a', '🐘', '']
        for text in texts:
            self._insert(**{column.name: text})
        query = sa.select(column)
        for text in texts:
            found = self.connection.execute(query.where(column == text))
            self.assertEqual([text], found.scalars().all())

    def test_names_are_told_apart_by_case_accent_and_trailing_space(self):
        self._check_told_apart(THING.c.name)

    def test_long_texts_are_told_apart_by_the_same(self):
        self._check_told_apart(THING.c.note)

    def test_the_same_name_twice_is_a_duplicate(self):
        self._insert(name='same')
        self.assertRaises(db_exc.DBDuplicateEntry, self._insert, name='same')

    def test_a_name_of_255_characters_of_four_bytes_is_kept(self):
        name = '🐘' * 255
        self.assertEqual(
            name, self._read(THING.c.name, self._insert(name=name))
        )

    def test_long_text_and_bytes_pass_the_64_kib_of_mysql(self):
        note, body = 'ü🐘' * 100_000, bytes(range(256)) * 2_000
        key = self._insert(note=note, body=body)
        self.assertEqual(note, self._read(THING.c.note, key))
        self.assertEqual(body, self._read(THING.c.body, key))

    def test_a_moment_is_given_as_text_in_utc(self):
        text = sa.func.moment_text(THING.c.at)
        key = self._insert(at=MOMENT)
        self.assertEqual('2026-11-21 23:59:59.999999', self._read(text, key))
        key = self._insert(at=MOMENT.replace(microsecond=0))
        self.assertEqual('2026-11-21 23:59:59.000000', self._read(text, key))
        self.assertIsNone(self._read(text, self._insert()))

    def test_a_row_is_given_as_an_array_of_json(self):
        name = '"\\\x01\x1f\x7f/\n\t\u2028</a>ü🐘'
        key = self._insert(name=name, at=MOMENT)
        row = sa.func.json_row(
            THING.c.id,
            THING.c.name,
            sa.func.moment_text(THING.c.at),
            THING.c.note,
        )
        self.assertEqual(
            [key, name, '2026-11-21 23:59:59.999999', None],
            json.loads(self._read(row, key)),
        )
