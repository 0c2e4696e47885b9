# SPDX-License-Identifier: Apache-2.0
"""Column types: what the engines do not agree on is settled here, once."""

import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

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
        return value.replace(tzinfo=None)

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
