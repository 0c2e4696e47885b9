# SPDX-License-Identifier: Apache-2.0
"""Private servers for tests: MariaDB, PostgreSQL, RabbitMQ.

Run a command with servers that live exactly as long as it does::

    python -m talea.tests.servers -- stestr run
    python -m talea.tests.servers --only rabbitmq,mariadb -- \\
        python -m unittest talea.tests.functional.test_something

The command finds them in the environment: ``TALEA_TEST_MYSQL``,
``TALEA_TEST_POSTGRESQL``, ``TALEA_TEST_RABBITMQ`` and
``TALEA_TEST_RABBITMQ_MANAGEMENT``. All of them listen on free ports of
loopback only and keep their data in one temporary directory. Called by root,
they run as ``nobody``: none of them should, some of them would not, run as
root.
"""

from talea.tests.servers.mariadb import MariaDB
from talea.tests.servers.postgresql import PostgreSQL
from talea.tests.servers.rabbitmq import RabbitMQ
from talea.tests.servers.server import ServerError

__all__ = ['MariaDB', 'PostgreSQL', 'RabbitMQ', 'ServerError']
