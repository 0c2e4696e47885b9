# SPDX-License-Identifier: Apache-2.0
from alembic import autogenerate
from alembic import migration as alembic_migration

from talea.db import migration
from talea.db import models
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
