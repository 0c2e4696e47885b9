# SPDX-License-Identifier: Apache-2.0
"""An HTTP server in threads of this process."""

import socket
import threading
import time

import waitress
from waitress import wasyncore

# Seconds that requests have to be answered once the server is to end.
GRACE = 3

# Bytes. The API itself refuses bodies far below this; here the disk is
# protected, where larger bodies are kept until they are complete.
MAX_BODY = 16 * 1024 * 1024


class Server:
    """Waitress, to be stopped from another thread. See talea.worker.Loop.

    :ivar port: number that it listens on
    """

    def __init__(self, application, host, port, threads):
        """Bind, answer nothing yet.

        :param application: WSGI application
        :param host: address
        :param port: number, 0 for any that is free
        :param threads: requests that are answered at the same time
        :raises OSError: if the address is not to be had
        """
        family = socket.AF_INET6 if ':' in host else socket.AF_INET
        # One socket, whatever a host name may stand for.
        listener = socket.create_server((host, port), family=family)
        self.port = listener.getsockname()[1]
        self._map = {}
        self._server = waitress.create_server(
            application,
            map=self._map,
            sockets=[listener],
            threads=threads,
            ident='talea',
            max_request_body_size=MAX_BODY,
            # The application judges them itself.
            clear_untrusted_proxy_headers=False,
        )
        self._stopping = False
        self._closed = False
        # Held by whoever closes what wakes the loop, or uses it.
        self._waking = threading.Lock()

    def run(self):
        while not self._stopping:
            self._turn(1)
        self._server.accepting = False
        deadline = time.monotonic() + GRACE
        while self._busy() and time.monotonic() < deadline:
            self._turn(0.05)
        self._server.task_dispatcher.shutdown(timeout=0.5)
        with self._waking:
            wasyncore.close_all(self._map)
            self._closed = True

    def stop(self):
        self._stopping = True
        # If another one has it, the loop has been woken or has ended. To wait
        # would be for ever in the handler of a signal.
        if not self._waking.acquire(blocking=False):
            return
        try:
            if not self._closed:
                self._server.pull_trigger()
        finally:
            self._waking.release()

    def _turn(self, timeout):
        wasyncore.loop(timeout=timeout, use_poll=True, map=self._map, count=1)

    def _busy(self):
        """Whether a request is worked on, or an answer not yet sent."""
        return any(
            channel.requests or channel.total_outbufs_len
            for channel in self._server.active_channels.values()
        )
