# SPDX-License-Identifier: Apache-2.0
"""What tests stand on: options, databases, vhosts, servers of their own.

The shared servers come from ``talea.tests.servers``; a test that needs one
and does not find it fails.
"""

import os
import pathlib
import uuid

import fixtures
from oslo_config import cfg
from oslo_db.sqlalchemy import enginefacade
import requests
import sqlalchemy as sa

from talea import conf as talea_conf
from talea.db import api
from talea.tests import prepared


def server_url(variable):
    """Return where a shared server is.

    :param variable: TALEA_TEST_MYSQL, TALEA_TEST_POSTGRESQL,
        TALEA_TEST_RABBITMQ or TALEA_TEST_RABBITMQ_MANAGEMENT
    :raises AssertionError: if it was not started
    """
    try:
        return os.environ[variable]
    except KeyError:
        raise AssertionError(
            f'{variable} is not set: run "python -m talea.tests.servers -- '
            'COMMAND", it starts the servers that this test needs'
        ) from None


class Conf(fixtures.Fixture):
    """Fresh options with their defaults, no files read.

    :ivar conf: an oslo ConfigOpts with all options of Talea
    """

    def _setUp(self):
        self.conf = cfg.ConfigOpts()
        talea_conf.register(self.conf)
        self.conf(
            [],
            project='talea',
            default_config_files=[],
            default_config_dirs=[],
        )
        self.addCleanup(self.conf.reset)


class Database(fixtures.Fixture):
    """A new database, upgraded, behind ``talea.db.api`` for this test.

    :param engine: sqlite, mysql or postgresql
    :param conf: options that learn where the database is; default: new ones
    :param upgrade: False leaves the database empty
    :ivar url: for other processes
    :ivar engine: the SQLAlchemy engine
    """

    def __init__(self, engine='sqlite', conf=None, upgrade=True):
        super().__init__()
        self.kind = engine
        self.conf = conf
        self.upgrade = upgrade

    def _setUp(self):
        if self.conf is None:
            self.conf = self.useFixture(Conf()).conf
        getattr(self, f'_make_{self.kind}')()
        self._configure()

    def _make_sqlite(self):
        directory = self.useFixture(fixtures.TempDir()).path
        path = pathlib.Path(directory) / prepared.new_name()
        self.url = f'sqlite:///{path}'
        if self.upgrade:
            prepared.sqlite(path)

    def _make_mysql(self):
        server = server_url('TALEA_TEST_MYSQL')
        if self.upgrade:
            databases = prepared.mysql(server)
            name = databases.take()
            self.addCleanup(databases.give_back, name)
        else:
            name = prepared.new_name()
            prepared.execute(
                server, f'CREATE DATABASE {name} CHARACTER SET utf8mb4'
            )
            self.addCleanup(prepared.execute, server, f'DROP DATABASE {name}')
        self._locate(server, name)

    def _make_postgresql(self):
        server = server_url('TALEA_TEST_POSTGRESQL')
        name = prepared.new_name()
        if self.upgrade:
            prepared.postgresql(server, name)
        else:
            prepared.execute(server, f'CREATE DATABASE {name}')
        self.addCleanup(
            prepared.execute, server, f'DROP DATABASE {name} WITH (FORCE)'
        )
        self._locate(server, name)

    def _locate(self, server, name):
        url = sa.make_url(server).set(database=name)
        self.url = url.render_as_string(False)

    def _configure(self):
        self.conf.set_override('connection', self.url, 'database')
        facade = enginefacade.transaction_context()
        api.configure(self.conf, facade)
        self.addCleanup(api.FACADE.patch_factory(facade))
        self.engine = api.FACADE.writer.get_engine()
        self.addCleanup(self.engine.dispose)


class RabbitMQ(fixtures.Fixture):
    """A new virtual host of the shared RabbitMQ.

    :ivar url: for kombu and oslo.messaging alike
    :ivar vhost: its name
    """

    def _setUp(self):
        server = server_url('TALEA_TEST_RABBITMQ')
        self.vhost = f'talea-{uuid.uuid4().hex}'
        self.url = server + self.vhost
        _manage('put', f'vhosts/{self.vhost}')
        self.addCleanup(_manage, 'delete', f'vhosts/{self.vhost}')


class RabbitUser(fixtures.Fixture):
    """A user of the shared RabbitMQ who may not do everything.

    :param vhost: where it may do something
    :param configure: pattern of names, as of rabbitmqctl set_permissions
    :param write: likewise
    :param read: likewise
    """

    def __init__(self, vhost, configure, write, read):
        super().__init__()
        self._vhost = vhost
        self._permissions = {
            'configure': configure,
            'write': write,
            'read': read,
        }

    def _setUp(self):
        self.name = f'talea-{uuid.uuid4().hex}'
        _manage('put', f'users/{self.name}', {'password': 'p', 'tags': ''})
        self.addCleanup(_manage, 'delete', f'users/{self.name}')
        _manage(
            'put', f'permissions/{self._vhost}/{self.name}', self._permissions
        )

    def url_of(self, url):
        """Return a URL of the broker with the name of this user in it."""
        return url.replace('guest:guest@', f'{self.name}:p@')


def _manage(method, path, body=None):
    """Call the management API of the shared RabbitMQ."""
    management = server_url('TALEA_TEST_RABBITMQ_MANAGEMENT')
    requests.request(
        method,
        f'{management}/api/{path}',
        auth=('guest', 'guest'),
        json={} if body is None else body,
        timeout=30,
    ).raise_for_status()


class Server(fixtures.Fixture):
    """A server of this test's own, to be stopped, killed, started again.

    :param kind: talea.tests.servers.MariaDB, PostgreSQL or RabbitMQ
    :ivar server: the started one, with stop(), kill(), launch(), restart()
    """

    def __init__(self, kind):
        super().__init__()
        self.server = kind()

    def _setUp(self):
        self.addCleanup(self.server.close)
        self.server.start()
