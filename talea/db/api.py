# SPDX-License-Identifier: Apache-2.0
"""The one facade to the database: ``@reader`` and ``@writer`` functions.

Each takes a context first; nested calls on one context share its
transaction.
"""

import functools

from oslo_db import api as oslo_db_api
from oslo_db import exception as db_exc
from oslo_db.sqlalchemy import enginefacade
import sqlalchemy as sa

from talea import exception
from talea.db import types

FACADE = enginefacade.transaction_context()
reader = FACADE.reader
writer = FACADE.writer

# Errors that say nothing about what was asked: the database is away.
AWAY = (
    db_exc.DBConnectionError,
    db_exc.DBNonExistentDatabase,
    db_exc.DBNonExistentTable,
    db_exc.CantStartEngineError,
    sa.exc.TimeoutError,
)


@enginefacade.transaction_context_provider
class DbContext:
    """Carries a transaction where no request does: collector, commands."""


def configure(conf, facade=FACADE):
    """Point the facade at ``[database] connection`` of *conf*."""
    options = dict(conf.database)
    for name in ('connection', 'slave_connection'):
        options[name] = _in_utf8mb4(options[name])
    # At the end of each transaction it would let other green threads run.
    facade.configure(thread_checkin=False, **options)
    facade.append_on_engine_create(prepare_engine)


def _in_utf8mb4(connection):
    """Let MySQL's connections carry all of Unicode.

    oslo.db asks for "utf8" otherwise, which ends at three bytes: one emoji in
    the name of a server would fail the batch.
    """
    if not connection:
        return connection
    url = sa.make_url(connection)
    mysql = url.get_backend_name() in ('mysql', 'mariadb')
    if mysql and 'charset' not in url.query:
        url = url.update_query_dict({'charset': 'utf8mb4'})
    return url.render_as_string(hide_password=False)


def prepare_engine(engine):
    """Make the engines behave alike.

    READ COMMITTED everywhere: a fold reads, after it has locked a resource,
    what others have just committed for it. A snapshot from the start of the
    transaction would hide that.
    """
    if engine.dialect.name == 'sqlite':
        sa.event.listen(engine, 'connect', _prepare_sqlite)
    elif engine.dialect.name in ('mysql', 'mariadb'):
        sa.event.listen(engine, 'connect', _prepare_mysql)
        # A connection has been made already, to see whether there is one.
        engine.dispose()


def _prepare_mysql(connection, record):
    # Once for each connection. As an option of the engine it would be set,
    # and set back, for each transaction.
    with connection.cursor() as cursor:
        cursor.execute(
            'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED'
        )


def _prepare_sqlite(connection, record):
    # Readers go on while one writes; a second writer waits its turn.
    connection.execute('PRAGMA journal_mode=WAL')
    connection.execute('PRAGMA busy_timeout=30000')
    # Sums of decimals without a float in between; see talea.db.types.
    connection.create_aggregate('talea_sum', 1, types.SqliteSum)
    connection.create_function(
        'talea_add', 2, types.sqlite_add, deterministic=True
    )


def _again(error):
    """Whether a failed transaction is worth trying from the start."""
    if isinstance(error, exception.ConcurrentUpdate):
        return True
    # Two transactions inserted the same unique key at once.
    if isinstance(error, db_exc.DBDuplicateEntry):
        return True
    # SQLite: another one wrote what this transaction had read. oslo.db leaves
    # this error as it is.
    return isinstance(error, sa.exc.OperationalError) and (
        'database is locked' in str(error)
    )


def retry(function):
    """Repeat the outermost writer on deadlocks and lost races.

    Put it above ``@writer``, and only on functions that are called outside of
    a transaction: inside of one it would repeat only a part.
    """
    wrapped = oslo_db_api.wrap_db_retry(
        max_retries=20,
        retry_interval=0.05,
        inc_retry_interval=True,
        max_retry_interval=1,
        retry_on_deadlock=True,
        exception_checker=_again,
        jitter=True,
    )(function)
    return functools.wraps(function)(wrapped)
