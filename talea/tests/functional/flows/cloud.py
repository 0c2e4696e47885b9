# SPDX-License-Identifier: Apache-2.0
"""The cloud around Talea: services that publish, and time that passes."""

import datetime
import gzip
import itertools
import json
import pathlib
import time

import amqp
from amqp import exceptions as amqp_exc
import fixtures
import kombu
import tenacity

RECORDING = (
    pathlib.Path(__file__).parents[4]
    / 'samples'
    / 'cloud-a'
    / 'notifications.jsonl.gz'
)

PROPERTIES = {
    'content_type': 'application/json',
    'content_encoding': 'utf-8',
    'properties': {'delivery_mode': 2},
}


def recorded(count, start=0):
    """Return *count* messages of the recording, as dicts.

    Each has what the recorder of the cloud saw: ``exchange``,
    ``routing_key``, ``body`` and more.
    """
    with gzip.open(RECORDING, 'rt') as lines:
        return [
            json.loads(line)
            for line in itertools.islice(lines, start, start + count)
        ]


def message_id(message):
    """Return the id that the sender gave to a recorded message."""
    inner = json.loads(message['body'])['oslo.message']
    return json.loads(inner)['message_id']


def arrival(message):
    """Return when a recorded message arrived, aware UTC."""
    return datetime.datetime.fromisoformat(message['at'])


def until(true, timeout=30, every=0.05):
    """Wait until the function *true* returns something true; return that.

    :raises AssertionError: if it does not in so many seconds
    """
    end = time.monotonic() + timeout
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda result: not result),
        wait=tenacity.wait_fixed(every),
        stop=lambda state: time.monotonic() > end,
        retry_error_callback=lambda state: state.outcome.result(),
    )
    result = retrying(true)
    if not result:
        raise AssertionError(f'not within {timeout} s')
    return result


class _Raw(amqp.Message):
    def _serialize_properties(self):
        return self.raw


class Services(fixtures.Fixture):
    """The services of a cloud, which publish on a RabbitMQ.

    :param url: rabbit://...
    :param durable: what their exchanges are
    """

    def __init__(self, url, durable=False):
        super().__init__()
        self._url = url.replace('rabbit:', 'amqp:')
        self._durable = durable

    def _setUp(self):
        self._connect()
        self.addCleanup(lambda: self._connection.release())

    def _connect(self):
        self._connection = kombu.Connection(
            self._url, transport_options={'confirm_publish': True}
        )
        self._channel = self._connection.channel()
        self._declared = set()

    def reconnect(self):
        """Connect again, after the broker was restarted."""
        self._connection.release()
        self._connect()

    def declare(self, exchange, kind='topic'):
        self._channel.exchange_declare(
            exchange, kind, durable=self._durable, auto_delete=False
        )
        self._declared.add(exchange)

    def publish(self, exchange, routing_key, body, headers=None, **kwargs):
        """Publish one message; on return the broker has it."""
        if exchange not in self._declared:
            self.declare(exchange)
        message = self._channel.prepare_message(
            body, headers=headers, **(PROPERTIES | kwargs)
        )
        self._channel.basic_publish(message, exchange, routing_key)

    def publish_raw(self, exchange, routing_key, body, properties):
        """Publish a message with its properties as bytes on the wire."""
        if exchange not in self._declared:
            self.declare(exchange)
        message = _Raw(body)
        message.raw = properties
        self._channel.basic_publish(message, exchange, routing_key)

    def replay(self, messages):
        """Publish recorded messages where they were published."""
        for each in messages:
            self.publish(each['exchange'], each['routing_key'], each['body'])

    def queue(self, name):
        """Return (messages that wait, consumers), None if it is not there."""
        try:
            with self._connection.channel() as channel:
                answer = channel.queue_declare(name, passive=True)
        except amqp_exc.NotFound:
            return None
        return answer.message_count, answer.consumer_count

    def consumed(self, name):
        """Wait until somebody consumes the queue *name*."""
        until(lambda: (self.queue(name) or (0, 0))[1])

    def abandoned(self, name):
        """Wait until nobody consumes the queue *name*."""
        until(lambda: self.queue(name)[1] == 0)

    def drained(self, *names):
        """Wait until nothing waits in the queues *names*."""
        until(lambda: not any(self.queue(name)[0] for name in names))

    def delete(self, name):
        """Delete the queue *name*."""
        with self._connection.channel() as channel:
            channel.queue_delete(name)

    def delete_exchange(self, name):
        """Delete an exchange, and the bindings of whoever uses it."""
        with self._connection.channel() as channel:
            channel.exchange_delete(name)

    def bind(self, name, exchange):
        """Make a queue of the publishers, which is named like its key."""
        if exchange not in self._declared:
            self.declare(exchange)
        with self._connection.channel() as channel:
            channel.queue_declare(name, durable=False, auto_delete=False)
            channel.queue_bind(name, exchange, name)

    def redeclare(self, name):
        """Declare the queue *name* as a classic durable one."""
        with self._connection.channel() as channel:
            channel.queue_declare(name, durable=True, auto_delete=False)
