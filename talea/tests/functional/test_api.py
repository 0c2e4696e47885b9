# SPDX-License-Identifier: Apache-2.0
"""The gabbits: what the API says, request by request.

Every file has a new database and a new application. Those of the entities'
life run on MariaDB and PostgreSQL too.
"""

import datetime
import pathlib
import types

from gabbi import driver
from gabbi import fixture

from talea.api import app
from talea.db import api as db
from talea.objects import scope
from talea.tests import fixtures
from talea.tests.functional import bills

UTC = datetime.UTC
KEY = 'a private key'
GABBITS = pathlib.Path(__file__).parent / 'gabbits'
# Files that say something about the database.
EVERYWHERE = (
    'instances_',
    'volumes_',
    'lists_',
    'usage_',
    'scope_',
    'rating-',
)


class Api(fixture.GabbiFixture):
    """The application with a private key."""

    engine = 'sqlite'
    application = None

    def start_fixture(self):
        self.database = fixtures.Database(self.engine)
        self.database.setUp()
        conf = self.database.conf
        conf.set_override('private_key', KEY, 'auth')
        conf.set_override('max_limit', 3, 'api')
        Api.application = app.make_app(conf)

    def stop_fixture(self):
        self.database.cleanUp()


class Scopes(fixture.GabbiFixture):
    """Scopes aaaa to hhhh; the later made, the further behind."""

    def start_fixture(self):
        toggled = datetime.datetime(2019, 1, 15, 10, 30, 0, 1, UTC)
        found = []
        for number, letter in enumerate('abcdefgh'):
            state = datetime.datetime(2019, 1, 8 - number, tzinfo=UTC)
            found.append(
                (
                    letter * 4,
                    f'key{number % 2 + 1}',
                    f'fet{number // 4 + 1}',
                    f'col{number // 2 % 2 + 1}',
                    state,
                    state,
                )
            )
        scope.discover(db.DbContext(), found, toggled)


def _application():
    # Asked for when the tests are loaded, long before a fixture starts.
    return lambda *arguments: Api.application(*arguments)


def _suite(loader, engine):
    module = types.SimpleNamespace(
        Api=type('Api', (Api,), {'engine': engine}),
        Bills=bills.Bills,
        Scopes=Scopes,
    )
    return driver.build_tests(
        str(GABBITS),
        loader,
        intercept=_application,
        fixture_module=module,
        test_loader_name=f'{__name__}.{engine}',
        safe_yaml=False,
    )


def load_tests(loader, tests, pattern):
    tests.addTest(_suite(loader, 'sqlite'))
    for engine in ('mysql', 'postgresql'):
        for file in _suite(loader, engine):
            if next(iter(file)).id().split('.')[-2].startswith(EVERYWHERE):
                tests.addTest(file)
    return tests
