# SPDX-License-Identifier: Apache-2.0
"""Any other transport of oslo.messaging: ``fake://``, ``kafka://``.

oslo.messaging opens the messages itself, and drops what it cannot open or
whose priority it does not know. What it gives is put into an envelope again,
so that everything behind the bus is the same.
"""

import datetime
import functools
import queue
import threading
import urllib.parse

import oslo_messaging
from oslo_serialization import jsonutils

from talea import exception
from talea.collector import bus
from talea.conf import collector as collector_conf

# Transports without exchanges, that cannot take a message back either: what
# is given back waits in this process.
_PLAIN = ('kafka',)


class OsloBatch:
    """Messages of one priority; the listener's thread waits until settled."""

    def __init__(self, deliveries, offer):
        self.deliveries = deliveries
        self.result = None
        self._offer = offer
        self._settled = threading.Event()

    def ack(self):
        self.settle(oslo_messaging.NotificationResult.HANDLED)

    def requeue(self):
        self._offer(self)

    def settle(self, result):
        if self.result is None:
            self.result = result
            self._settled.set()

    def wait(self):
        self._settled.wait()
        return self.result


class OsloBus:
    """The bus of one deployment; see talea.collector.bus.Bus."""

    def __init__(self, conf, name):
        """Prepare, connect to nothing yet.

        :param conf: ConfigOpts
        :param name: of the deployment
        """
        self._conf = conf
        self._name = name
        self._group = collector_conf.deployment(conf, name)
        self._stopping = threading.Event()
        # Batches that wait to be taken; None wakes up whoever waits for one.
        self._offered = queue.SimpleQueue()
        self._open = set()
        self._lock = threading.Lock()

    def batches(self):
        listeners = self._listeners()
        for listener in listeners:
            listener.start()
        try:
            while not self._stopping.is_set():
                batch = self._offered.get()
                if batch is not None and not self._stopping.is_set():
                    yield batch
        finally:
            self._give_back()
            for listener in listeners:
                listener.stop()
            for listener in listeners:
                listener.wait()

    def stop(self):
        self._stopping.set()
        self._offered.put(None)

    def take(self, deliveries):
        """Offer deliveries, from a listener's thread, until settled.

        :returns: oslo_messaging.NotificationResult
        """
        batch = OsloBatch(deliveries, self._offered.put)
        with self._lock:
            if self._stopping.is_set():
                return oslo_messaging.NotificationResult.REQUEUE
            self._open.add(batch)
        self._offered.put(batch)
        result = batch.wait()
        with self._lock:
            self._open.discard(batch)
        return result

    def _give_back(self):
        self._stopping.set()
        with self._lock:
            for batch in self._open:
                batch.settle(oslo_messaging.NotificationResult.REQUEUE)

    def _listeners(self):
        url = self._group.transport_url
        try:
            transport = oslo_messaging.get_notification_transport(
                self._conf, url
            )
        except (
            oslo_messaging.InvalidTransportURL,
            oslo_messaging.DriverLoadFailure,
            ValueError,
        ):
            # The error quotes the URL, password and all.
            raise exception.BusError(
                reason=f'[deployment:{self._name}] transport_url names no '
                'transport that can be used'
            ) from None
        plain = urllib.parse.urlsplit(url).scheme in _PLAIN
        return [
            oslo_messaging.get_batch_notification_listener(
                transport,
                [
                    oslo_messaging.Target(
                        exchange=exchange or None, topic=topic
                    )
                ],
                [_Endpoint(self, self._name, exchange, topic)],
                allow_requeue=not plain,
                # A copy of our own: nobody is deprived of a message.
                pool=self._group.queue_prefix,
                batch_size=self._conf.collector.batch_size,
                batch_timeout=self._conf.collector.batch_timeout,
            )
            for exchange in ([''] if plain else self._group.exchanges)
            for topic in self._group.topics
        ]


class _Endpoint:
    """Takes the messages of one exchange and topic, of all priorities."""

    def __init__(self, taker, name, exchange, topic):
        self._taker = taker
        self._name = name
        self._exchange = exchange
        self._topic = topic

    def _take(self, messages, priority):
        now = datetime.datetime.now(datetime.UTC)
        return self._taker.take(
            [
                bus.Delivery(
                    self._name,
                    self._exchange,
                    f'{self._topic}.{priority}',
                    _body(message, priority),
                    now,
                )
                for message in messages
            ]
        )

    audit = functools.partialmethod(_take, priority='audit')
    debug = functools.partialmethod(_take, priority='debug')
    info = functools.partialmethod(_take, priority='info')
    warn = functools.partialmethod(_take, priority='warn')
    error = functools.partialmethod(_take, priority='error')
    critical = functools.partialmethod(_take, priority='critical')
    sample = functools.partialmethod(_take, priority='sample')


def _body(message, priority):
    """Return the envelope that a message came in, as bytes."""
    context = message['ctxt'] or {}
    # fake:// hands over the very object that the publisher gave.
    if hasattr(context, 'to_dict'):
        context = context.to_dict()
    inner = {
        **{f'_context_{key}': value for key, value in context.items()},
        **message['metadata'],
        'publisher_id': message['publisher_id'],
        'event_type': message['event_type'],
        'priority': priority.upper(),
        'payload': message['payload'],
    }
    return jsonutils.dump_as_bytes(
        {'oslo.version': '2.0', 'oslo.message': jsonutils.dumps(inner)}
    )
