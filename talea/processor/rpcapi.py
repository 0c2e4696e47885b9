# SPDX-License-Identifier: Apache-2.0
"""What others ask of processors through the message queue.

Nothing depends on it: what is to be done stands in the database, where
processors look at each pass. Whoever is woken up looks at once.
"""

import logging
import queue
import threading

import oslo_messaging

from talea import messaging

LOG = logging.getLogger(__name__)

TOPIC = 'talea-processor'
VERSION = '1.0'


class _Messenger(threading.Thread):
    """Sends in a thread of its own: a queue that is away holds up nobody."""

    def __init__(self, conf):
        super().__init__(name='messenger', daemon=True)
        self._conf = conf
        self.request_ids = queue.SimpleQueue()

    def run(self):
        client = None
        while True:
            request_id = self.request_ids.get()
            try:
                if client is None and messaging.is_configured(self._conf):
                    client = _client(self._conf)
                if client is not None:
                    client.cast({'request_id': request_id}, 'wake')
            except Exception as error:
                LOG.warning('Processors were not woken up: %s', error)


def _client(conf):
    target = oslo_messaging.Target(topic=TOPIC, version=VERSION, fanout=True)
    transport = oslo_messaging.get_rpc_transport(conf)
    # Seconds later the processors look by themselves: one attempt will do.
    return oslo_messaging.get_rpc_client(transport, target, retry=0)


# {id of a ConfigOpts: its messenger}
_messengers = {}
_LOCK = threading.Lock()


def wake(conf, context):
    """Let all processors look for work now; returns at once.

    :param context: RequestContext of whoever asks for it
    """
    with _LOCK:
        messenger = _messengers.get(id(conf))
        # After a fork there is none, whatever the parent had.
        if messenger is None or not messenger.is_alive():
            messenger = _messengers[id(conf)] = _Messenger(conf)
            messenger.start()
    messenger.request_ids.put(context.request_id)
