# SPDX-License-Identifier: Apache-2.0
"""Notifications from files, as if they came from a bus.

A file holds one JSON value on each line, or one JSON list of them, plain or
compressed by gzip. Each value is either what a recorder saw on a bus, an
object with ``exchange``, ``routing_key``, ``at`` and the ``body`` as text, or
the body itself: a notification, with the envelope of oslo.messaging or not.
"""

import contextlib
import gzip
import io
import json
import os
import sys
import threading
import zlib

from talea import exception
from talea.collector import bus
from talea.collector.definitions import moments

STDIN = '-'

# Bytes of one line, or characters of one item of a list. What is longer is
# cut, or handled as lines; an envelope that is so long is no good anyway.
_LONGEST = 16 * 1024 * 1024
_CHUNK = 64 * 1024

_GZIP = b'\x1f'


class FileBatch:
    """Some deliveries of a FileBus."""

    def __init__(self, deliveries):
        self.deliveries = deliveries
        self.requeued = False

    def ack(self):
        pass

    def requeue(self):
        self.requeued = True


class FileBus:
    """Some files, one after the other; see talea.collector.bus.Bus.

    While it waits for more of the standard input, stop does not wake it.

    :ivar size: bytes of all files as they are on the disk, None if the
        standard input is among them
    :ivar position: how many of these were read
    """

    def __init__(self, paths, deployment, batch_size, now):
        """Look for the files, open none yet.

        :param paths: names of files; ``-`` is the standard input
        :param deployment: name that the deliveries get
        :param batch_size: deliveries in a batch at most
        :param now: aware UTC, arrival of what does not tell its own
        :raises talea.exception.TaleaError: if there is no such file
        """
        self._paths = list(paths)
        self._deployment = deployment
        self._batch_size = batch_size
        self._now = now
        self._stopping = threading.Event()
        self.position = 0
        self.size = 0
        for path in self._paths:
            if path == STDIN:
                self.size = None
            elif not os.path.exists(path):
                raise exception.TaleaError(f'There is no file {path}')
            elif self.size is not None:
                self.size += os.path.getsize(path)

    def batches(self):
        """Yield batches until the files end; see talea.collector.bus.Bus.

        :raises talea.exception.TaleaError: if a file cannot be read, or not
            to its end; what could be read was yielded before
        """
        deliveries = self._deliveries()
        failure = None
        more = True
        while more and not self._stopping.is_set():
            taken = []
            try:
                more = self._take(deliveries, taken)
            except exception.TaleaError as error:
                failure = error
                more = False
            while taken and not self._stopping.is_set():
                batch = FileBatch(taken)
                yield batch
                if not batch.requeued:
                    break
        if failure is not None:
            raise failure

    def stop(self):
        self._stopping.set()

    def _take(self, deliveries, taken):
        """Fill *taken*; return whether there may be more."""
        room = _LONGEST
        for delivery in deliveries:
            taken.append(delivery)
            room -= len(delivery.body)
            if len(taken) >= self._batch_size or room <= 0:
                return True
            if self._stopping.is_set():
                return False
        return False

    def _deliveries(self):
        for path in self._paths:
            name = 'standard input' if path == STDIN else path
            try:
                with self._opened(path) as stream:
                    for origin, value in _values(stream, name):
                        yield self._delivery(value, origin)
            except (OSError, EOFError, zlib.error) as error:
                reason = getattr(error, 'strerror', None) or error
                raise exception.TaleaError(
                    f'Cannot read {name}: {reason}'
                ) from error

    @contextlib.contextmanager
    def _opened(self, path):
        """Open a file, decompressed."""
        with contextlib.ExitStack() as stack:
            if path == STDIN:
                source = sys.stdin.buffer
            else:
                source = stack.enter_context(open(path, 'rb'))
            stream = io.BufferedReader(_Counted(source, self), _CHUNK)
            if stream.peek(1)[:1] == _GZIP:
                stream = stack.enter_context(gzip.GzipFile(fileobj=stream))
            yield stream

    def _delivery(self, value, origin):
        """Make a Delivery of the bytes of one value."""
        try:
            seen = json.loads(value)
        except (ValueError, RecursionError):
            seen = None
        if (
            not isinstance(seen, dict)
            or not isinstance(seen.get('body'), str)
            or not isinstance(seen.get('exchange'), str)
            or not isinstance(seen.get('routing_key'), str)
        ):
            return bus.Delivery(
                self._deployment, '', '', value, self._now, origin=origin
            )
        return bus.Delivery(
            self._deployment,
            seen['exchange'],
            seen['routing_key'],
            seen['body'].encode('utf-8', 'surrogatepass'),
            self._arrival(seen.get('at')),
            seen.get('redelivered') is True,
            origin,
        )

    def _arrival(self, at):
        """Return when a recorder saw it; now if it does not tell."""
        try:
            return moments.known(at) or self._now
        except ValueError:
            return self._now


class _Counted(io.RawIOBase):
    """A stream that tells its bus how many bytes were read."""

    def __init__(self, source, file_bus):
        super().__init__()
        self._source = source
        self._bus = file_bus

    def readable(self):
        return True

    def readinto(self, buffer):
        found = self._source.read1(len(buffer))
        buffer[: len(found)] = found
        self._bus.position += len(found)
        return len(found)


def _values(stream, name):
    """Yield (origin, bytes of one JSON value), of lines or of a list."""
    while (head := stream.peek(1)[:1]).isspace():
        stream.read(1)
    text = io.TextIOWrapper(stream, 'utf-8', 'surrogateescape', newline='\n')
    values = _items(text) if head == b'[' else _lines(text, 'line')
    for place, value in values:
        yield f'{name}, {place}', value.encode('utf-8', 'surrogateescape')


def _lines(text, noun):
    """Yield (place, line), of too long a line its beginning."""
    number = 0
    while line := text.readline(_LONGEST):
        number += 1
        rest = line
        while len(rest) == _LONGEST and rest[-1] != '\n':
            rest = text.readline(_LONGEST)
        line = line.strip()
        if line:
            yield f'{noun} {number}', line


def _items(text):
    """Yield (place, item of a JSON list), never the whole list in memory.

    If there is something else than an item, what follows are taken for
    lines: nothing is passed over in silence.
    """
    decoder = json.JSONDecoder()
    number = 0
    text.read(1)
    pending = ''
    while True:
        pending = pending.lstrip(' \t\r\n,')
        end = 0
        if pending and pending[0] != ']':
            with contextlib.suppress(ValueError, RecursionError):
                end = decoder.raw_decode(pending)[1]
        if 0 < end < len(pending):
            number += 1
            yield f'item {number}', pending[:end]
            pending = pending[end:]
            continue
        more = ''
        if len(pending) < _LONGEST and pending[:1] != ']':
            # Twice as much each time: it is parsed from its start again.
            more = text.read(max(_CHUNK, len(pending)))
        if not more:
            break
        pending += more
    if pending[:1] != ']':
        rest = io.StringIO(pending + text.readline())
        yield from _lines(rest, f'after item {number}, line')
        yield from _lines(text, f'later after item {number}, line')
