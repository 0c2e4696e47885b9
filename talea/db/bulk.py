# SPDX-License-Identifier: Apache-2.0
"""Writes of many rows that may have been written before."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite

from talea.db import types

_INSERT: dict[str, Any] = {
    'mariadb': mysql.insert,
    'mysql': mysql.insert,
    'postgresql': postgresql.insert,
    'sqlite': sqlite.insert,
}


def insert_missing(
    session: Any,
    table: sa.Table,
    key: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """Insert *rows* (dicts), leaving alone those whose *key* is there.

    :param key: names of the columns of the unique constraint
    """
    if not rows:
        return
    dialect = session.get_bind().dialect.name
    statement = _INSERT[dialect](table)
    if dialect in ('mysql', 'mariadb'):
        # INSERT IGNORE would hide other errors too.
        unchanged = table.c[key[0]]
        statement = statement.on_duplicate_key_update({key[0]: unchanged})
    else:
        statement = statement.on_conflict_do_nothing(index_elements=key)
    session.execute(statement, rows)


def replace(
    session: Any,
    table: sa.Table,
    key: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """Insert *rows* (dicts), replacing those whose *key* is there."""
    _upsert(session, table, key, rows, lambda old, new: new)


def add(
    session: Any,
    table: sa.Table,
    key: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """Insert *rows* (dicts), adding to the Numbers of those that are there."""
    _upsert(session, table, key, rows, types.exact_add)


def _upsert(
    session: Any,
    table: sa.Table,
    key: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    combine: Callable[[Any, Any], Any],
) -> None:
    if not rows:
        return
    dialect = session.get_bind().dialect.name
    statement = _INSERT[dialect](table)
    values = [name for name in rows[0] if name not in key]
    if dialect in ('mysql', 'mariadb'):
        statement = statement.on_duplicate_key_update(
            {
                name: combine(table.c[name], statement.inserted[name])
                for name in values
            }
        )
    else:
        statement = statement.on_conflict_do_update(
            index_elements=key,
            set_={
                name: combine(table.c[name], statement.excluded[name])
                for name in values
            },
        )
    session.execute(statement, rows)
