# SPDX-License-Identifier: Apache-2.0
import datetime

from alembic import autogenerate
from alembic import migration as alembic_migration
from oslo_db import exception as db_exc
import sqlalchemy as sa

from talea.conductor import question
from talea.conductor.drivers import ledger
from talea.db import api
from talea.db import migration
from talea.db import models
from talea.db import types
from talea.objects import activation
from talea.objects import period
from talea.objects import scope
from talea.tests import base
from talea.tests import fixtures


@base.on_all_engines
class MigrationsTest(base.TestCase):
    """The schema grows from nothing, and to what the models say."""

    def setUp(self):
        super().setUp()
        self.engine = self.useFixture(
            fixtures.Database(self.backend, self.conf, upgrade=False)
        ).engine

    def test_an_empty_database_has_no_version(self):
        self.assertIsNone(migration.version(self.engine))

    def test_an_empty_database_is_upgraded_to_the_newest_version(self):
        migration.upgrade(self.engine)
        self.assertEqual(migration.head(), migration.version(self.engine))

    def test_a_second_upgrade_changes_nothing(self):
        migration.upgrade(self.engine)
        migration.upgrade(self.engine)
        self.assertEqual(migration.head(), migration.version(self.engine))

    def test_migrations_and_models_give_the_same_schema(self):
        migration.upgrade(self.engine)
        with self.engine.connect() as connection:
            found = alembic_migration.MigrationContext.configure(
                connection, opts={'compare_type': True}
            )
            self.assertEqual(
                [], autogenerate.compare_metadata(found, models.METADATA)
            )


# The table as it was before scopes could be switched off.
OLD_SCOPE = sa.table(
    'scope',
    *(
        sa.column(name, types.Name())
        for name in ('identifier', 'scope_key', 'fetcher', 'collector')
    ),
    sa.column('state', types.UtcDateTime()),
)
STATE = datetime.datetime(2026, 1, 31, 10, tzinfo=datetime.UTC)


@base.on_all_engines
class ScopeMigrationsTest(base.TestCase):
    """Scopes that are there learn what they were not asked for."""

    def setUp(self):
        super().setUp()
        self.engine = self.useFixture(
            fixtures.Database(self.backend, self.conf, upgrade=False)
        ).engine
        self.context = api.DbContext()
        migration.upgrade(self.engine, '2026112401')
        self._insert('p1')
        self._insert('p2')

    def _insert(self, identifier):
        row = dict.fromkeys(('scope_key', 'fetcher', 'collector'), 'x')
        row |= {'identifier': identifier, 'state': STATE}
        with self.engine.begin() as connection:
            connection.execute(sa.insert(OLD_SCOPE), row)

    def _rows(self):
        with self.engine.connect() as connection:
            return connection.execute(
                sa.text('SELECT * FROM scope ORDER BY id')
            ).all()

    def test_they_are_active_since_the_migration(self):
        begin = datetime.datetime.now(datetime.UTC)
        migration.upgrade(self.engine, '2026112402')
        end = datetime.datetime.now(datetime.UTC)
        columns = models.SCOPE.c
        with self.engine.connect() as connection:
            rows = connection.execute(
                sa.select(
                    columns.state,
                    columns.active,
                    columns.scope_activation_toggle_date,
                )
            ).all()
        self.assertEqual(2, len(rows))
        for state, active, toggled in rows:
            self.assertEqual(STATE, state)
            self.assertTrue(active)
            self.assertTrue(begin <= toggled <= end, toggled)

    def test_they_have_been_active_for_ever(self):
        migration.upgrade(self.engine, '2026112402')
        found = activation.of_scopes(
            self.context, [1, 2], period.EPOCH, types.OPEN
        )
        interval = (period.EPOCH, None)
        self.assertEqual({1: [interval], 2: [interval]}, found)

    def test_they_go_on_where_they_were(self):
        migration.upgrade(self.engine)
        found = scope.get(self.context, 'p2')
        self.assertEqual(STATE, found.state)
        self.assertEqual(STATE, found.due_at)
        self.assertEqual(STATE, found.rated_until)
        self.assertEqual(0, found.generation)
        changed = scope.patch(
            self.context, 'p2', {'active': False}, found.toggled
        )
        self.assertFalse(changed.active)

    def test_a_second_upgrade_changes_nothing(self):
        migration.upgrade(self.engine, '2026112402')
        before = self._rows()
        migration.upgrade(self.engine, '2026112402')
        self.assertEqual(before, self._rows())
        migration.upgrade(self.engine)
        before = self._rows()
        migration.upgrade(self.engine)
        self.assertEqual(before, self._rows())

    def test_no_later_scope_gets_the_date_of_the_migration(self):
        migration.upgrade(self.engine, '2026112402')
        columns = sa.inspect(self.engine).get_columns('scope')
        defaults = {one['name']: one['default'] for one in columns}
        self.assertIsNone(defaults['active'])
        self.assertIsNone(defaults['scope_activation_toggle_date'])

    def test_nothing_that_names_a_scope_is_null(self):
        migration.upgrade(self.engine)
        columns = sa.inspect(self.engine).get_columns('scope')
        required = {one['name'] for one in columns if not one['nullable']}
        self.assertLessEqual(
            {'identifier', 'scope_key', 'fetcher', 'collector', 'active'}
            | {'scope_activation_toggle_date', 'state', 'generation'},
            required,
        )

    def test_the_four_names_together_are_unique(self):
        migration.upgrade(self.engine)
        with self.assertRaises(db_exc.DBError), self.engine.begin() as one:
            one.execute(
                sa.text('UPDATE scope SET identifier = :same'), {'same': 'p'}
            )


@base.on_all_engines
class TallyMigrationsTest(base.TestCase):
    """Clusters that are there are counted by themselves."""

    def setUp(self):
        super().setUp()
        self.engine = self.useFixture(
            fixtures.Database(self.backend, self.conf, upgrade=False)
        ).engine
        migration.upgrade(self.engine, '2026112404')
        row = {
            'resource_pk': 1,
            'seq': 0,
            'entity_type': 'cluster',
            'entity_id': 'c',
            'project_id': 'p1',
            'start_at': STATE,
            'end_at': None,
            'last_event_at': STATE,
            'processed_at': STATE,
            'name': 'name',
            'attributes': '{"state": "CREATE_COMPLETE", "node_count": 2}',
            'source': 'notification',
        }
        with self.engine.begin() as connection:
            connection.execute(sa.insert(models.ENTITY), row)

    def _figures(self):
        answer = ledger.Ledger(self.conf).answer(question.Question(), STATE)
        self.assertEqual(STATE, answer.collected_at)
        return answer.rows[0].figures

    def _counts(self):
        with self.engine.connect() as connection:
            return [
                connection.scalar(sa.select(sa.func.count()).select_from(one))
                for one in (models.TALLY, models.TALLY_MARK)
            ]

    def test_nothing_is_counted_yet(self):
        migration.upgrade(self.engine)
        self.assertEqual([0, 0], self._counts())

    def test_the_first_who_asks_has_them_counted(self):
        migration.upgrade(self.engine)
        figures = self._figures()
        self.assertEqual((1, 2), (figures.clusters, figures.nodes))
        self.assertEqual([1, 0], self._counts())

    def test_a_second_upgrade_changes_nothing(self):
        migration.upgrade(self.engine)
        self._figures()
        migration.upgrade(self.engine)
        self.assertEqual([1, 0], self._counts())
