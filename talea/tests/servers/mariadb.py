# SPDX-License-Identifier: Apache-2.0
import pymysql

from talea.tests.servers import server


class MariaDB(server.Server):
    """MariaDB; what was committed survives kill()."""

    def variables(self):
        return {'TALEA_TEST_MYSQL': self.url}

    def _prepare(self):
        self.port = server.free_port()
        self.url = f'mysql+pymysql://root@127.0.0.1:{self.port}/'
        self._run(
            'mariadb-install-db',
            '--no-defaults',
            f'--datadir={self.directory}/data',
            '--auth-root-authentication-method=normal',
            '--skip-test-db',
        )

    def _launch(self):
        self._spawn(
            'mariadbd',
            '--no-defaults',
            f'--datadir={self.directory}/data',
            f'--socket={self.directory}/socket',
            f'--pid-file={self.directory}/pid',
            '--bind-address=127.0.0.1',
            f'--port={self.port}',
            # Far from UTC, so that nothing works by accident.
            '--default-time-zone=+05:30',
            '--character-set-server=utf8mb4',
            '--max-connections=400',
            '--max-allowed-packet=64M',
            '--innodb-flush-method=nosync',
            '--innodb-flush-log-at-trx-commit=2',
        )

    def _probe(self):
        pymysql.connect(host='127.0.0.1', port=self.port, user='root').close()
