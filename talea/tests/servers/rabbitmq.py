# SPDX-License-Identifier: Apache-2.0
import signal
import socket

import kombu

from talea.tests.servers import server


class RabbitMQ(server.Server):
    """RabbitMQ with its management API, and an epmd of its own.

    :ivar management: URL of the management API
    """

    # An orderly stop takes six seconds.
    _close_signal = signal.SIGKILL

    def variables(self):
        return {
            'TALEA_TEST_RABBITMQ': self.url,
            'TALEA_TEST_RABBITMQ_MANAGEMENT': self.management,
        }

    def _prepare(self):
        server.find('rabbitmq-server')
        self.port = server.free_port()
        self.management_port = server.free_port()
        self._epmd_port = server.free_port()
        self._distribution_port = server.free_port()
        self.url = f'rabbit://guest:guest@127.0.0.1:{self.port}/'
        self.management = f'http://127.0.0.1:{self.management_port}'
        (self.directory / 'rabbitmq.conf').write_text(
            'management.tcp.ip = 127.0.0.1\n'
            f'management.tcp.port = {self.management_port}\n'
            'management_agent.disable_metrics_collector = true\n'
            # A full disk of the developer is no reason to block publishers.
            'disk_free_limit.absolute = 50MB\n'
        )
        (self.directory / 'enabled_plugins').write_text(
            '[rabbitmq_management].\n'
        )

    def _environment(self):
        return super()._environment() | {
            'ERL_EPMD_ADDRESS': '127.0.0.1',
            'ERL_EPMD_PORT': str(self._epmd_port),
            'RABBITMQ_CONFIG_FILE': str(self.directory / 'rabbitmq.conf'),
            'RABBITMQ_CONF_ENV_FILE': '/dev/null',
            'RABBITMQ_DIST_PORT': str(self._distribution_port),
            'RABBITMQ_ENABLED_PLUGINS_FILE': str(
                self.directory / 'enabled_plugins'
            ),
            'RABBITMQ_LOG_BASE': str(self.directory / 'logs'),
            'RABBITMQ_MNESIA_BASE': str(self.directory / 'mnesia'),
            'RABBITMQ_NODENAME': f'talea-{self.port}@localhost',
            'RABBITMQ_NODE_IP_ADDRESS': '127.0.0.1',
            'RABBITMQ_NODE_PORT': str(self.port),
            'RABBITMQ_PID_FILE': str(self.directory / 'pid'),
            'RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS': (
                '-kernel inet_dist_use_interface {127,0,0,1}'
            ),
        }

    def _launch(self):
        # Started first and in the foreground: one that Erlang starts itself
        # becomes a daemon and outlives it.
        self._spawn('epmd')
        self._spawn('rabbitmq-server')

    def _probe(self):
        with kombu.Connection(
            hostname='127.0.0.1', port=self.port, transport='pyamqp'
        ) as connection:
            connection.connect()
        with socket.create_connection(('127.0.0.1', self.management_port)):
            pass
