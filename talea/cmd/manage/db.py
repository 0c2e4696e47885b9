# SPDX-License-Identifier: Apache-2.0
"""talea-manage db: the schema."""

from cliff import command

from talea import service
from talea.db import migration


class _Schema(command.Command):
    """A command for a database of any schema, or none."""

    def run(self, parsed_args):
        # Reading the configuration is what tells where the database is.
        self.conf = self.app.conf
        return super().run(parsed_args)


class Upgrade(_Schema):
    """Bring the database to the schema of this release.

    Doing it again changes nothing.
    """

    def take_action(self, parsed_args):
        before = migration.version()
        migration.upgrade()
        after = migration.version()
        if not self.app.quiet:
            self.app.stdout.write(
                f'The database was at version {after} already.\n'
                if before == after
                else f'The database is at version {after} now.\n'
            )


class Version(_Schema):
    """Print the schema version of the database; "empty" if it has none."""

    def take_action(self, parsed_args):
        self.app.stdout.write(f'{migration.version() or "empty"}\n')


class Check(_Schema):
    """Succeed if the database has the schema of this release."""

    def take_action(self, parsed_args):
        service.check_database()
        self.app.stdout.write(
            f'The database is at version {migration.version()}.\n'
        )
