# SPDX-License-Identifier: Apache-2.0
import threading
import unittest

from talea.wsgi import server


def _application(environ, start_response):
    start_response('200 OK', [])
    return [b'']


class ServerTest(unittest.TestCase):
    def test_it_may_be_stopped_however_often_by_whomever(self):
        """What wakes it is not used once it is closed."""
        for _ in range(100):
            one = server.Server(_application, '127.0.0.1', 0, 1)
            runs = threading.Thread(target=one.run)
            runs.start()
            stops = [threading.Thread(target=one.stop) for _ in range(3)]
            for thread in stops:
                thread.start()
            for thread in stops:
                thread.join()
            runs.join(10)
            self.assertFalse(runs.is_alive())
            one.stop()
