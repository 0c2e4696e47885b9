# SPDX-License-Identifier: Apache-2.0
"""What every test case starts from."""

import contextlib
import os
import sys

from oslotest import base
import sqlalchemy as sa

from talea.db import api
from talea.tests import fixtures


class TestCase(base.BaseTestCase):
    """A test with options and logs of its own.

    :ivar conf: fresh options, see fixtures.Conf
    """

    def setUp(self):
        # Logs go into the report of a failed test, not to the terminal.
        os.environ.setdefault('OS_LOG_CAPTURE', 'true')
        super().setUp()
        self.conf = self.useFixture(fixtures.Conf()).conf


class DatabaseTestCase(TestCase):
    """A test with a database of its own, already upgraded.

    :cvar backend: sqlite, mysql or postgresql
    :ivar database: the fixtures.Database
    :ivar context: carries the transactions of the test
    """

    backend = 'sqlite'

    def setUp(self):
        super().setUp()
        self.database = self.useFixture(
            fixtures.Database(self.backend, self.conf)
        )
        self.context = api.DbContext()

    @contextlib.contextmanager
    def statements(self):
        """Collect the statements of all connections meanwhile."""
        said = []

        def note(connection, cursor, statement, *rest):
            if statement != 'BEGIN':
                said.append(statement)

        engine = self.database.engine
        sa.event.listen(engine, 'before_cursor_execute', note)
        try:
            yield said
        finally:
            sa.event.remove(engine, 'before_cursor_execute', note)


def on_all_engines(case):
    """Repeat a class of tests on each engine; a class decorator.

    The class itself runs on SQLite; ``<name>MySQL`` and ``<name>PostgreSQL``
    appear beside it in its module.
    """
    _add_variant(case, 'PostgreSQL')
    _add_variant(case, 'MySQL')
    case.backend = 'sqlite'
    return case


def on_servers(case):
    """Repeat a class of tests on MySQL and PostgreSQL; a class decorator.

    The class itself runs on MySQL; ``<name>PostgreSQL`` appears beside it.
    """
    _add_variant(case, 'PostgreSQL')
    case.backend = 'mysql'
    return case


def _add_variant(case, suffix):
    name = case.__name__ + suffix
    variant = type(
        name,
        (case,),
        {'backend': suffix.lower(), '__module__': case.__module__},
    )
    setattr(sys.modules[case.__module__], name, variant)
