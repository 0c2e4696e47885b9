# SPDX-License-Identifier: Apache-2.0
"""Something that answers, but never comes to the end of its first lines."""

import contextlib
import socket
import threading

import fixtures

_BEGIN = b'HTTP/1.1 200 OK\r\nX-Endless: '


class Dripping(fixtures.Fixture):
    """It listens on loopback.

    :param pause: seconds between two bytes
    :ivar url: of it
    """

    def __init__(self, pause):
        super().__init__()
        self._pause = pause

    def _setUp(self):
        self._over = threading.Event()
        self._listener = socket.create_server(('127.0.0.1', 0))
        self.url = 'http://{}:{}'.format(*self._listener.getsockname())
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()
        self.addCleanup(self._end)

    def _end(self):
        self._over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        # More may come as long as the first one runs.
        for one in self._threads:
            one.join()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                thread = threading.Thread(target=self._drip, args=(client,))
                self._threads.append(thread)
                thread.start()

    def _drip(self, client):
        with client, contextlib.suppress(OSError):
            client.recv(65536)
            client.sendall(_BEGIN)
            while not self._over.wait(self._pause):
                client.sendall(b'.')
