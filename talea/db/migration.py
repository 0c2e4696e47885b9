# SPDX-License-Identifier: Apache-2.0
"""Bring the database to the newest schema, or say where it is."""

import pathlib

from alembic import command
from alembic import config
from alembic import migration
from alembic import script

from talea.db import api

_HERE = pathlib.Path(__file__).parent


def _config(engine):
    cfg = config.Config(_HERE / 'alembic.ini')
    cfg.set_main_option('script_location', str(_HERE / 'migrations'))
    cfg.attributes['engine'] = engine
    return cfg


def upgrade(engine=None, revision='head'):
    """Upgrade to *revision*; doing it again changes nothing."""
    engine = engine or api.FACADE.writer.get_engine()
    command.upgrade(_config(engine), revision)


def version(engine=None):
    """Return the revision the database is at, None when it is empty."""
    engine = engine or api.FACADE.writer.get_engine()
    with engine.connect() as connection:
        return migration.MigrationContext.configure(
            connection
        ).get_current_revision()


def head():
    """Return the newest revision that this release knows."""
    directory = script.ScriptDirectory(str(_HERE / 'migrations'))
    return directory.get_current_head()


def is_behind(revision):
    """Return whether *revision* is one of this release, and not the newest.

    False for what only a newer release knows.
    """
    directory = script.ScriptDirectory(str(_HERE / 'migrations'))
    known = {each.revision for each in directory.walk_revisions()}
    return revision in known and revision != directory.get_current_head()
