# SPDX-License-Identifier: Apache-2.0
import threading

from oslo_db import exception as db_exc
import sqlalchemy as sa

from talea.db import api
from talea.tests import base
from talea.tests import fixtures

METADATA = sa.MetaData()
THING = sa.Table(
    'thing',
    METADATA,
    sa.Column('id', sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column('value', sa.Integer(), nullable=False),
)


@api.reader
def values(context):
    return dict(context.session.execute(sa.select(THING)).all())


@api.writer
def insert(context, key, value):
    context.session.execute(THING.insert().values(id=key, value=value))


@api.writer
def add(context, key, value):
    context.session.execute(
        THING.update()
        .where(THING.c.id == key)
        .values(value=THING.c.value + value)
    )


class ApiTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        database = self.useFixture(
            fixtures.Database(self.backend, self.conf, upgrade=False)
        )
        METADATA.create_all(database.engine)

    def _together(self, *functions):
        """Run *functions* at the same time; raise what they raise."""
        errors = []

        def guard(function):
            try:
                function()
            except Exception as error:
                errors.append(error)

        threads = [
            threading.Thread(target=guard, args=[function])
            for function in functions
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual([], errors)


@base.on_all_engines
class TransactionTest(ApiTestCase):
    def test_nested_writers_are_one_transaction(self):
        @api.writer
        def both(context):
            insert(context, 1, 1)
            insert(context, 1, 2)

        self.assertRaises(db_exc.DBDuplicateEntry, both, api.DbContext())
        self.assertEqual({}, values(api.DbContext()))

    def test_writers_at_once_lose_nothing(self):
        insert(api.DbContext(), 1, 0)

        def writer():
            for _ in range(20):
                api.retry(add)(api.DbContext(), 1, 1)

        self._together(writer, writer, writer)
        self.assertEqual({1: 60}, values(api.DbContext()))

    def test_who_loses_a_race_for_a_key_tries_again(self):
        started = threading.Barrier(2)
        tries = []

        @api.retry
        @api.writer
        def insert_or_add(context):
            tries.append(1)
            known = values(context)
            if len(tries) <= 2:
                started.wait(30)
            if 1 in known:
                add(context, 1, 1)
            else:
                insert(context, 1, 1)

        def racer():
            insert_or_add(api.DbContext())

        self._together(racer, racer)
        self.assertEqual({1: 2}, values(api.DbContext()))
        self.assertEqual(3, len(tries))


@base.on_servers
class ServerTransactionTest(ApiTestCase):
    """What only a server of a database does: SQLite has one writer."""

    def test_a_transaction_reads_what_was_committed_in_between(self):
        @api.writer
        def read_twice(context):
            before = values(context)
            insert(api.DbContext(), 1, 1)
            return before, values(context)

        self.assertEqual(({}, {1: 1}), read_twice(api.DbContext()))

    def test_the_victim_of_a_deadlock_tries_again(self):
        insert(api.DbContext(), 1, 0)
        insert(api.DbContext(), 2, 0)
        locked = threading.Barrier(2)
        tries = []

        @api.retry
        @api.writer
        def add_to_both(context, first, second):
            tries.append(1)
            add(context, first, 1)
            if len(tries) <= 2:
                locked.wait(30)
            add(context, second, 1)

        self._together(
            lambda: add_to_both(api.DbContext(), 1, 2),
            lambda: add_to_both(api.DbContext(), 2, 1),
        )
        self.assertEqual({1: 2, 2: 2}, values(api.DbContext()))
        self.assertEqual(3, len(tries))


class IsolationTest(base.TestCase):
    def test_all_connections_see_what_others_commit(self):
        engine = self.useFixture(
            fixtures.Database('mysql', self.conf, upgrade=False)
        ).engine
        with engine.connect() as first, engine.connect() as second:
            levels = {
                one.exec_driver_sql('SELECT @@tx_isolation').scalar()
                for one in (first, second)
            }
        self.assertEqual({'READ-COMMITTED'}, levels)
