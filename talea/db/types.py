# SPDX-License-Identifier: Apache-2.0
"""Column types: what the engines do not agree on is settled here, once."""

import datetime
import decimal

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.ext import compiler
from sqlalchemy.sql import functions

UTC = datetime.UTC

# Stands for "not ended" in the database, so that "ends after T" is one range
# of one index. A day before the last moment there is: PostgreSQL gives times
# in the zone of the session, and east of UTC that moment is in year 10000.
_OPEN = datetime.datetime(9999, 12, 31, tzinfo=UTC)

BigId = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
"""A surrogate key. SQLite numbers rows by itself only in INTEGER columns."""


class UtcDateTime(sa.types.TypeDecorator):
    """A moment: aware UTC in Python, microseconds in every engine.

    :raises ValueError: when a naive datetime is given
    """

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect):
        if dialect.name in ('mysql', 'mariadb'):
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        if dialect.name == 'postgresql':
            return dialect.type_descriptor(sa.DateTime(timezone=True))
        return dialect.type_descriptor(sa.DateTime())

    def process_bind_param(self, value, dialect):
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f'naive datetime {value}')
        if dialect.name == 'postgresql':
            return value
        if value.tzinfo is not UTC:
            value = value.astimezone(UTC)
        value = value.replace(tzinfo=None)
        if dialect.name == 'sqlite':
            return value
        # PyMySQL takes three times as long to write a datetime.
        return value.isoformat(' ')

    def process_result_value(self, value, dialect):
        if value is None:
            return None
        if value.tzinfo is None:
            return value.replace(tzinfo=UTC)
        return value.astimezone(UTC)


class OpenEnd(UtcDateTime):
    """The exclusive end of a period, None while it is still open.

    None is stored as a moment after all others: "not ended before T" is then
    ``end_at >= T`` alone.
    """

    cache_ok = True

    def process_bind_param(self, value, dialect):
        return super().process_bind_param(
            _OPEN if value is None else value, dialect
        )

    def process_result_value(self, value, dialect):
        value = super().process_result_value(value, dialect)
        return None if value is None or value >= _OPEN else value


OPEN = _OPEN
"""The right side for a comparison with an OpenEnd column that means open."""


def _exact_collation(dialect):
    # The others fold case, or ignore trailing spaces.
    return 'utf8mb4_nopad_bin' if dialect.is_mariadb else 'utf8mb4_0900_bin'


class Name(sa.types.TypeDecorator):
    """Text of up to 255 characters, compared exactly."""

    impl = sa.String
    cache_ok = True

    def __init__(self, length=255):
        super().__init__(length)

    def load_dialect_impl(self, dialect):
        if dialect.name not in ('mysql', 'mariadb'):
            return dialect.type_descriptor(sa.String(self.impl.length))
        return dialect.type_descriptor(
            mysql.VARCHAR(
                self.impl.length,
                charset='utf8mb4',
                collation=_exact_collation(dialect),
            )
        )


class _LongText(sa.types.TypeDecorator):
    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect):
        if dialect.name not in ('mysql', 'mariadb'):
            return dialect.type_descriptor(sa.Text())
        return dialect.type_descriptor(
            mysql.LONGTEXT(
                charset='utf8mb4', collation=_exact_collation(dialect)
            )
        )


LongText = _LongText()
"""Text of any length, compared exactly."""

LongBytes = sa.LargeBinary().with_variant(mysql.LONGBLOB(), 'mysql', 'mariadb')
"""Bytes of any length."""


PLACES = 28
"""Decimal places of money and quantities, on every engine."""

# Wide enough for every product that is rounded to PLACES afterwards.
EXACT = decimal.Context(prec=200, rounding=decimal.ROUND_HALF_EVEN)


class Number(sa.types.TypeDecorator):
    """A Decimal with up to 37 digits before the point and 28 behind it.

    NUMERIC on MariaDB and PostgreSQL. SQLite's own NUMERIC is a float: there
    it is text; sums are those of exact_sum() and exact_add(). What comes back
    has no zeros at its end, whatever engine it was on.

    :raises ValueError: when there are more than 28 places; rounding is for
        whoever calculates
    """

    impl = sa.Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect):
        if dialect.name == 'sqlite':
            return dialect.type_descriptor(sa.Text())
        return dialect.type_descriptor(
            sa.Numeric(37 + PLACES, PLACES, asdecimal=True)
        )

    def process_bind_param(self, value, dialect):
        if value is None:
            return None
        if dialect.name == 'sqlite':
            # One text for each number, so that equal ones are equal there
            # too.
            value = EXACT.add(decimal.Decimal(value), 0).normalize(EXACT)
        text = format(value, 'f')
        point = text.find('.')
        if point >= 0 and len(text) - point > PLACES + 1:
            raise ValueError(f'{value} has more than {PLACES} places')
        return text

    def process_result_value(self, value, dialect):
        if value is None:
            return None
        return decimal.Decimal(value).normalize(EXACT)


class exact_sum(functions.GenericFunction):  # noqa: N801
    """The sum of a Number column, without a float in between."""

    type = Number()
    inherit_cache = True


class exact_add(functions.GenericFunction):  # noqa: N801
    """One Number plus another one."""

    type = Number()
    inherit_cache = True


@compiler.compiles(exact_sum)
def _sum(element, compiler, **kwargs):
    return f'sum({compiler.process(element.clauses, **kwargs)})'


@compiler.compiles(exact_sum, 'sqlite')
def _sum_sqlite(element, compiler, **kwargs):
    return f'talea_sum({compiler.process(element.clauses, **kwargs)})'


@compiler.compiles(exact_add)
def _add(element, compiler, **kwargs):
    left, right = element.clauses
    return (
        f'({compiler.process(left, **kwargs)} + '
        f'{compiler.process(right, **kwargs)})'
    )


@compiler.compiles(exact_add, 'sqlite')
def _add_sqlite(element, compiler, **kwargs):
    return f'talea_add({compiler.process(element.clauses, **kwargs)})'


class SqliteSum:
    """The aggregate behind exact_sum() on SQLite."""

    def __init__(self):
        self._total = None

    def step(self, value):
        if value is not None:
            self._total = EXACT.add(
                self._total or decimal.Decimal(0), decimal.Decimal(value)
            )

    def finalize(self):
        return None if self._total is None else format(self._total, 'f')


def sqlite_add(left, right):
    """The function behind exact_add() on SQLite."""
    return format(
        EXACT.add(decimal.Decimal(left), decimal.Decimal(right)), 'f'
    )


class moment_text(functions.GenericFunction):  # noqa: N801
    """A UtcDateTime column as text, "2026-01-31 10:00:00.000000", in UTC."""

    type = sa.String()
    inherit_cache = True


@compiler.compiles(moment_text)
def _moment_text(element, compiler, **kwargs):
    # MariaDB writes all six digits of a DATETIME(6).
    return f'CAST({compiler.process(element.clauses, **kwargs)} AS CHAR)'


@compiler.compiles(moment_text, 'sqlite')
def _moment_text_sqlite(element, compiler, **kwargs):
    # That is how it is kept.
    return compiler.process(element.clauses, **kwargs)


@compiler.compiles(moment_text, 'postgresql')
def _moment_text_postgresql(element, compiler, **kwargs):
    column = compiler.process(element.clauses, **kwargs)
    form = 'YYYY-MM-DD HH24:MI:SS.US'
    return f"to_char({column} AT TIME ZONE 'UTC', '{form}')"


class json_row(functions.GenericFunction):  # noqa: N801
    """Texts, numbers and booleans as one text, an array of JSON.

    For long lists that show just what they read: a driver that is written in
    Python takes a multiple of the time for the values one by one.
    """

    type = sa.Text()
    inherit_cache = True


@compiler.compiles(json_row)
def _json_row(element, compiler, **kwargs):
    return f'json_array({compiler.process(element.clauses, **kwargs)})'


@compiler.compiles(json_row, 'postgresql')
def _json_row_postgresql(element, compiler, **kwargs):
    values = compiler.process(element.clauses, **kwargs)
    return f'CAST(json_build_array({values}) AS TEXT)'
