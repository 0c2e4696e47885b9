# SPDX-License-Identifier: Apache-2.0
"""New databases with the newest schema, faster than by migrating each.

SQLite's is a copy of a file, PostgreSQL's one of a template. MariaDB has
no such thing: there a database that a test is done with is emptied, if it
still has the schema, and used again. Each process has its own.
"""

import functools
import os
import pathlib
import tempfile
import uuid

import sqlalchemy as sa

from talea.db import migration

_SCHEMA = sa.text(
    'SELECT table_name, column_name, column_type, is_nullable, column_key '
    'FROM information_schema.columns WHERE table_schema = :name '
    'ORDER BY table_name, column_name'
)
_TRIGGERS = sa.text(
    'SELECT 1 FROM information_schema.triggers WHERE trigger_schema = :name'
)
_USED = sa.text(
    'SELECT table_name FROM information_schema.tables '
    'WHERE table_schema = :name AND auto_increment > 1'
)


def new_name():
    """Return a name that no database has."""
    return f'talea_{uuid.uuid4().hex}'


def admin(server):
    """Return an engine by which databases of *server* come and go."""
    return sa.create_engine(
        sa.make_url(server),
        isolation_level='AUTOCOMMIT',
        poolclass=sa.pool.NullPool,
    )


def execute(server, statement):
    """Execute a statement outside of transactions."""
    with admin(server).connect() as connection:
        connection.exec_driver_sql(statement)


def _migrate(url):
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    migration.upgrade(engine)
    engine.dispose()


@functools.cache
def _sqlite():
    # The directory of a test is gone when the next one wants the file.
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / 'template'
        _migrate(f'sqlite:///{path}')
        return path.read_bytes()


def sqlite(path):
    """Make the database file *path*."""
    path.write_bytes(_sqlite())


@functools.cache
def _postgresql(server, process):
    name = new_name()
    execute(server, f'CREATE DATABASE {name}')
    _migrate(sa.make_url(server).set(database=name))
    return name


def postgresql(server, name):
    """Make the database *name*; templates stay as long as the server."""
    template = _postgresql(server, os.getpid())
    execute(server, f'CREATE DATABASE {name} TEMPLATE {template}')


class MySQL:
    """Databases of one server that wait for a test."""

    def __init__(self, server):
        self._server = server
        self._waiting = []
        self._schema = None

    def take(self):
        """Return the name of an empty database with the schema."""
        if self._waiting:
            return self._waiting.pop()
        name = new_name()
        execute(self._server, f'CREATE DATABASE {name} CHARACTER SET utf8mb4')
        _migrate(sa.make_url(self._server).set(database=name))
        with admin(self._server).connect() as connection:
            self._schema = connection.execute(_SCHEMA, {'name': name}).all()
        return name

    def give_back(self, name):
        """Empty a database for the next test, or drop it."""
        try:
            with admin(self._server).connect() as connection:
                # Somebody may still hold a table.
                connection.exec_driver_sql('SET lock_wait_timeout = 5')
                found = connection.execute(_SCHEMA, {'name': name}).all()
                triggers = connection.execute(_TRIGGERS, {'name': name}).all()
                if found != self._schema or triggers:
                    raise ValueError('another schema')
                self._empty(connection, name)
        except (ValueError, sa.exc.SQLAlchemyError):
            execute(self._server, f'DROP DATABASE IF EXISTS {name}')
        else:
            self._waiting.append(name)

    def _empty(self, connection, name):
        tables = {row.table_name for row in self._schema}
        tables.remove('alembic_version')
        full = ' UNION ALL '.join(
            f"SELECT '{table}' FROM DUAL WHERE EXISTS "  # noqa: S608
            f'(SELECT 1 FROM {name}.`{table}`)'
            for table in sorted(tables)
        )
        dirty = set(connection.exec_driver_sql(full).scalars())
        dirty |= set(connection.execute(_USED, {'name': name}).scalars())
        for table in dirty:
            connection.exec_driver_sql(f'TRUNCATE {name}.`{table}`')


@functools.cache
def _mysql(server, process):
    return MySQL(server)


def mysql(server):
    """Return the MySQL of this process for *server*."""
    return _mysql(server, os.getpid())
