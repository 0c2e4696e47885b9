# SPDX-License-Identifier: Apache-2.0
import signal

import psycopg2

from talea.tests.servers import server


class PostgreSQL(server.Server):
    """PostgreSQL; what was committed survives kill()."""

    # SIGTERM would wait until the clients go; SIGKILL leaves shared memory.
    _stop_signal = signal.SIGINT
    _close_signal = signal.SIGINT

    def variables(self):
        return {'TALEA_TEST_POSTGRESQL': self.url}

    def _prepare(self):
        self.port = server.free_port()
        self.url = f'postgresql+psycopg2://postgres@127.0.0.1:{self.port}/'
        self._run(
            'initdb',
            '--no-sync',
            f'--pgdata={self.directory}/data',
            '--username=postgres',
            '--auth=trust',
            '--encoding=UTF8',
        )

    def _launch(self):
        self._spawn(
            'postgres',
            '-D',
            self.directory / 'data',
            '-p',
            self.port,
            '-c',
            'listen_addresses=127.0.0.1',
            '-c',
            'unix_socket_directories=',
            '-c',
            'timezone=Asia/Kolkata',
            '-c',
            'max_connections=400',
            '-c',
            'fsync=off',
            '-c',
            'full_page_writes=off',
        )

    def _probe(self):
        psycopg2.connect(
            host='127.0.0.1', port=self.port, user='postgres'
        ).close()
