# SPDX-License-Identifier: Apache-2.0
"""RabbitMQ through kombu: queues of our own beside those of the publishers.

Bodies are taken as raw bytes. kombu's consumers and their decoding of every
message are left out, they cost more than all the rest of it, and a body that
cannot be decoded is for the envelope to judge.
"""

import contextlib
import datetime
import itertools
import logging
import pathlib
import select
import socket
import threading
import time

from amqp import method_framing
import kombu
from kombu.transport import pyamqp
import oslo_messaging
import tenacity

from talea import exception
from talea.collector import bus
from talea.collector.bus import topology
from talea.conf import collector as collector_conf

LOG = logging.getLogger(__name__)

# What the library raises when a connection or a channel is no more.
LOST = (
    *pyamqp.Transport.connection_errors,
    *pyamqp.Transport.channel_errors,
    kombu.exceptions.OperationalError,
)

SCHEMES = ('rabbit', 'kombu')

CONNECT_TIMEOUT = 4
CLOSE_TIMEOUT = 2
MAX_PAUSE = 30
# Seconds between two looks whether exchanges and bindings are still there.
LOOK_EVERY = 60

# Of AMQP: types of frames, the length of a header before the flags that tell
# which properties follow, and those flags when none do.
_CONTENT_HEADER, _HEARTBEAT = 2, 8
_FIXED, _NO_PROPERTIES = 12, b'\0\0'

# A batch ends before it is full if its bodies are larger than this, so that
# a few huge messages do not fill the memory.
MAX_BATCH_BYTES = 16 * 1024 * 1024


class RabbitBatch:
    """Deliveries of one channel, in the order of their tags."""

    def __init__(self, consumer, deliveries, tag):
        self.deliveries = deliveries
        self._consumer = consumer
        self._tag = tag

    def ack(self):
        self._consumer.ack(self._tag)

    def requeue(self):
        self._consumer.give_back()


class RabbitBus:
    """The bus of one deployment; see talea.collector.bus.Bus."""

    def __init__(self, conf, name):
        """Prepare, connect to nothing yet.

        :param conf: ConfigOpts
        :param name: of the deployment
        :raises talea.exception.BusError: if its options cannot be used
        """
        self._conf = conf
        self._name = name
        self._section = f'deployment:{name}'
        self._group = collector_conf.deployment(conf, name)
        self._hosts = itertools.cycle(_hosts(conf, self._group, self._section))
        self._stopping = threading.Event()
        # Written by stop(), watched wherever the bus waits.
        self._wake, self._alarm = socket.socketpair()

    def batches(self):
        while not self._stopping.is_set():
            consumer = self._connect()
            if consumer is None:
                break
            try:
                yield from consumer.batches()
            except LOST as error:
                if not self._stopping.is_set():
                    LOG.warning(
                        'Lost the connection to the bus of deployment '
                        '%(name)s, connecting again: %(error)s',
                        {'name': self._name, 'error': error},
                    )
            finally:
                consumer.close()
        self._wake.close()
        self._alarm.close()

    def stop(self):
        self._stopping.set()
        # It may have ended before.
        with contextlib.suppress(OSError):
            self._wake.send(b'\0')

    def connect(self):
        """Connect once, to the next host in the list.

        :returns: kombu Connection, connected
        :raises: one of LOST if there is no way
        """
        connection = kombu.Connection(**next(self._hosts))
        try:
            connection.ensure_connection(max_retries=0)
        except BaseException:
            connection.release()
            raise
        return connection

    def _connect(self):
        """Connect and consume, trying until it succeeds or stop is called.

        :returns: _Consumer, None after stop
        """
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(LOST),
            stop=tenacity.stop_when_event_set(self._stopping),
            sleep=tenacity.sleep_using_event(self._stopping),
            wait=tenacity.wait_exponential(multiplier=0.2, max=MAX_PAUSE)
            + tenacity.wait_random(0, 0.5),
            before_sleep=self._complain,
            retry_error_callback=lambda state: None,
        )
        return retrying(self._consume)

    def _consume(self):
        if self._stopping.is_set():
            return None
        connection = self.connect()
        try:
            found = topology.establish(connection, self._group, self._section)
            consumer = _Consumer(
                self._conf, self._name, connection, found, self._alarm
            )
        except BaseException:
            connection.release()
            raise
        LOG.info(
            'Taking notifications of deployment %(name)s from %(count)d '
            'queues at %(host)s.',
            {
                'name': self._name,
                'count': len(found),
                'host': connection.hostname,
            },
        )
        return consumer

    def _complain(self, state):
        """Log that an attempt to connect failed; tenacity calls it."""
        tries = state.attempt_number
        level = logging.WARNING
        if tries == self._group.max_retries:
            level = logging.ERROR
        LOG.log(
            level,
            'Cannot connect to the bus of deployment %(name)s (attempt '
            '%(tries)d): %(error)s',
            {
                'name': self._name,
                'tries': tries,
                'error': state.outcome.exception(),
            },
        )


class _Consumer:
    """One connection that consumes, from its first message to its end."""

    def __init__(self, conf, name, connection, found, alarm):
        self._conf = conf
        self._name = name
        self._connection = connection
        self._found = found
        self._alarm = alarm
        self._lost = False
        self._inbox = []
        self._bytes = 0
        self._size = conf.collector.batch_size
        self._channel = connection.channel()
        # For each queue. The next batch is there while one is stored.
        self._channel.basic_qos(0, min(2 * self._size, 65535), False)
        for each in found:
            # Not waiting for each answer: messages would come in meanwhile,
            # more than a batch may have. The name serves as consumer tag.
            self._channel.basic_consume(
                each.queue, each.queue, callback=self._receive, nowait=True
            )
        self._waiter = select.poll()
        self._waiter.register(alarm, select.POLLIN)
        self._transport = connection.connection.transport
        self._waiter.register(self._transport.sock, select.POLLIN)
        beat = connection.get_heartbeat_interval() or 60
        self._beat = beat / 4
        self._next_beat = time.monotonic() + self._beat
        self._next_look = time.monotonic() + LOOK_EVERY

    def batches(self):
        """Yield batches until the bus is stopped or the connection lost."""
        while not self._lost and self._size == self._conf.collector.batch_size:
            if not self._fill():
                return
            # More than that may have come in during a look.
            deliveries = self._inbox[: self._size]
            self._inbox = self._inbox[self._size :]
            self._bytes = sum(len(each.body) for _tag, each in self._inbox)
            yield RabbitBatch(
                self,
                [delivery for _tag, delivery in deliveries],
                deliveries[-1][0],
            )

    def ack(self, tag):
        try:
            self._channel.basic_ack(tag, multiple=True)
        except LOST as error:
            # The messages come again, and are known then.
            LOG.warning(
                'Could not acknowledge to the bus of deployment %(name)s: '
                '%(error)s',
                {'name': self._name, 'error': error},
            )
            self._lost = True

    def give_back(self):
        # With the connection all that is not acknowledged goes back to its
        # place in the queues. Nor has the broker to be kept content while
        # whoever gave back waits for better times.
        self._lost = True
        self.close()

    def close(self):
        connection, self._connection = self._connection, None
        if connection is None:
            return
        self._channel = None
        try:
            if self._transport.sock is not None:
                self._transport.sock.settimeout(CLOSE_TIMEOUT)
            connection.release()
        except LOST as error:
            LOG.debug('The connection was not closed in order: %s', error)

    def _fill(self):
        """Take messages until the inbox is a batch.

        :returns: False if the bus was stopped, or has to connect again
        """
        deadline = None
        while len(self._inbox) < self._size and self._bytes < MAX_BATCH_BYTES:
            if self._inbox and deadline is None:
                timeout = self._conf.collector.batch_timeout
                deadline = time.monotonic() + timeout
            now = time.monotonic()
            if now >= self._next_beat:
                self._connection.heartbeat_check()
                self._next_beat = now + self._beat
            if now >= self._next_look:
                if self._look():
                    return False
                continue
            if deadline is not None and now >= deadline:
                break
            until = min(self._next_beat, self._next_look)
            if deadline is not None:
                until = min(until, deadline)
            if not self._wait(until - now):
                return False
        return True

    def _look(self):
        """Bind again what may have been lost; tell of new exchanges."""
        self._next_look = time.monotonic() + LOOK_EVERY
        group = collector_conf.deployment(self._conf, self._name)
        return topology.bind_again(self._connection, group, self._found)

    def _wait(self, seconds):
        """Take what the connection gives, for so long at most.

        :returns: False if the bus was stopped
        """
        sock = self._transport.sock
        if not getattr(sock, 'pending', int)():
            ready = self._waiter.poll(max(0, seconds) * 1000)
            if any(fd == self._alarm.fileno() for fd, _event in ready):
                return False
            if not ready:
                return True
        # What was seen may be half of a message; the other half is waited
        # for, as long as the kernel believes in the connection.
        self._connection.drain_events()
        return True

    def _receive(self, message):
        info = message.delivery_info
        # The library leaves text where a message has no body at all.
        body = message.body or b''
        self._inbox.append(
            (
                info['delivery_tag'],
                bus.Delivery(
                    self._name,
                    info['exchange'],
                    info['routing_key'],
                    body,
                    datetime.datetime.now(datetime.UTC),
                    info['redelivered'],
                    info['consumer_tag'],
                ),
            )
        )
        self._bytes += len(body)


def _bare_frames(connection, callback):
    """Return a frame handler that leaves the properties of messages unread.

    Nothing in them is needed, reading them takes time, and the library stops
    at some that publishers can send, such as a date in the year 50,000.
    """
    handle = method_framing.frame_handler(connection, callback)

    def strip(frame):
        kind, channel, payload = frame
        if kind == _CONTENT_HEADER:
            frame = kind, channel, payload[:_FIXED] + _NO_PROPERTIES
        # Nothing comes of a heartbeat: the library would wait on for what
        # does, deaf to stop(), and send no heartbeats of its own meanwhile.
        return handle(frame) or kind == _HEARTBEAT

    return strip


def _hosts(conf, group, section):
    """Return keyword arguments of kombu.Connection, a dict for each host."""
    try:
        url = oslo_messaging.TransportURL.parse(conf, group.transport_url)
    except (oslo_messaging.InvalidTransportURL, ValueError):
        # The error quotes the URL, password and all.
        raise exception.BusError(
            reason=f'[{section}] transport_url is not a URL'
        ) from None
    if not url.hosts:
        raise exception.BusError(
            reason=f'[{section}] transport_url names no host'
        )
    return [
        {
            'hostname': host.hostname,
            'port': host.port or (5671 if group.ssl else 5672),
            'userid': host.username or 'guest',
            'password': host.password or 'guest',
            'virtual_host': url.virtual_host or '/',
            'transport': 'pyamqp',
            'heartbeat': group.heartbeat,
            'connect_timeout': CONNECT_TIMEOUT,
            'transport_options': {'frame_handler': _bare_frames},
            'ssl': _ssl(group, section),
        }
        for host in url.hosts
    ]


def _ssl(group, section):
    if not group.ssl:
        return False
    files = {
        'ca_certs': group.ssl_ca_file,
        'certfile': group.ssl_cert_file,
        'keyfile': group.ssl_key_file,
    }
    given = {name: path for name, path in files.items() if path}
    for path in given.values():
        if not pathlib.Path(path).is_file():
            raise exception.BusError(
                reason=f'[{section}] there is no file {path}'
            )
    # None: the certificate must name the host that was asked for.
    return given | {'server_hostname': None}
