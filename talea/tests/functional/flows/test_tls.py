# SPDX-License-Identifier: Apache-2.0
"""A RabbitMQ that is reached through TLS."""

import contextlib
import pathlib
import socket
import ssl
import subprocess
import threading
import urllib.parse

import fixtures as _fixtures

from talea import exception
from talea.collector.bus import rabbit
from talea.conf import collector as collector_conf
from talea.tests import base
from talea.tests import fixtures
from talea.tests.functional.flows import cloud

QUEUE = 'talea.nova.notifications.info'


class Tls(_fixtures.Fixture):
    """TLS in front of a server that has none.

    :param port: of the server, on 127.0.0.1
    :param name: whom the certificate is for
    :ivar port: where TLS is spoken
    :ivar certificate: file, the authority of itself
    :ivar key: file
    :ivar clients: the certificates that clients showed
    """

    def __init__(self, port, name='IP:127.0.0.1'):
        super().__init__()
        self._server = port
        self._name = name

    def _setUp(self):
        directory = pathlib.Path(self.useFixture(_fixtures.TempDir()).path)
        self.certificate = directory / 'certificate.pem'
        self.key = directory / 'key.pem'
        subprocess.run(
            [
                *('openssl', 'req', '-x509', '-nodes', '-days', '2'),
                *('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'),
                *('-subj', '/CN=talea', '-addext'),
                f'subjectAltName={self._name}',
                *('-out', self.certificate, '-keyout', self.key),
            ],
            check=True,
            capture_output=True,
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        context.load_verify_locations(self.certificate)
        context.verify_mode = ssl.CERT_OPTIONAL
        self.clients = []
        self._listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(self._listener.close)
        self.port = self._listener.getsockname()[1]
        threading.Thread(
            target=self._accept, args=(context,), daemon=True
        ).start()

    def _accept(self, context):
        with contextlib.suppress(OSError):
            while True:
                plain, _address = self._listener.accept()
                threading.Thread(
                    target=self._serve, args=(context, plain), daemon=True
                ).start()

    def _serve(self, context, plain):
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            near = stack.enter_context(
                context.wrap_socket(plain, server_side=True)
            )
            self.clients.append(near.getpeercert())
            far = stack.enter_context(
                socket.create_connection(('127.0.0.1', self._server))
            )
            threading.Thread(
                target=_copy, args=(near, far), daemon=True
            ).start()
            _copy(far, near)


def _copy(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_RDWR)


class TlsTest(base.TestCase):
    def setUp(self):
        super().setUp()
        self.rabbit = self.useFixture(fixtures.RabbitMQ())
        self.plain = urllib.parse.urlsplit(self.rabbit.url).port

    def configure(self, tls, **options):
        collector_conf.deployment(self.conf, 'default')
        for option, value in {
            'transport_url': self.rabbit.url.replace(
                f':{self.plain}', f':{tls.port}'
            ),
            'exchanges': ['nova'],
            'topics': ['notifications'],
            'priorities': ['info'],
            'ssl': True,
            'ssl_ca_file': str(tls.certificate),
            **options,
        }.items():
            self.conf.set_override(option, value, 'deployment:default')
        return rabbit.RabbitBus(self.conf, 'default')

    def test_batches_come_through_tls_without_waiting(self):
        tls = self.useFixture(Tls(self.plain))
        bus = self.configure(tls)
        services = self.useFixture(cloud.Services(self.rabbit.url))
        bodies = [b'%d ' % number * 1000 for number in range(500)]
        taken = []

        def take():
            for batch in bus.batches():
                taken.extend(each.body for each in batch.deliveries)
                batch.ack()

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        self.addCleanup(bus.stop)
        services.consumed(QUEUE)
        for body in bodies:
            services.publish('nova', 'notifications.info', body)
        cloud.until(lambda: len(taken) == len(bodies), timeout=10)
        self.assertEqual(bodies, taken)
        services.drained(QUEUE)
        bus.stop()
        thread.join(2)
        self.assertFalse(thread.is_alive())

    def test_a_certificate_for_another_name_is_refused(self):
        tls = self.useFixture(Tls(self.plain, 'DNS:other.example.org'))
        with self.assertRaisesRegex(rabbit.LOST, '(?i)certificate'):
            self.configure(tls).connect()

    def test_a_certificate_of_another_authority_is_refused(self):
        tls = self.useFixture(Tls(self.plain))
        other = self.useFixture(Tls(self.plain))
        with self.assertRaisesRegex(rabbit.LOST, '(?i)certificate'):
            self.configure(tls, ssl_ca_file=str(other.certificate)).connect()

    def test_a_client_shows_its_own_certificate(self):
        tls = self.useFixture(Tls(self.plain))
        bus = self.configure(
            tls, ssl_cert_file=str(tls.certificate), ssl_key_file=str(tls.key)
        )
        bus.connect().release()
        self.configure(
            tls, ssl_cert_file=None, ssl_key_file=None
        ).connect().release()
        self.assertEqual([True, False], list(map(bool, tls.clients)))

    def test_a_file_that_is_not_there_is_told_by_its_option(self):
        tls = self.useFixture(Tls(self.plain))
        with self.assertRaisesRegex(exception.BusError, '/nowhere.pem'):
            self.configure(tls, ssl_ca_file='/nowhere.pem')
