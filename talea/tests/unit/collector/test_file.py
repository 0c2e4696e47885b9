# SPDX-License-Identifier: Apache-2.0
import datetime
import gzip
import io
import json
import os
import pathlib
import tempfile
import tracemalloc
import unittest
from unittest import mock

from talea import exception
from talea.collector.bus import file

NOW = datetime.datetime(2026, 11, 21, 8, 0, tzinfo=datetime.UTC)
RECORDING = (
    pathlib.Path(__file__).parents[4]
    / 'samples/cloud-a/notifications.jsonl.gz'
)

SEEN = {
    'at': '2026-11-21T06:11:45.298137+00:00',
    'exchange': 'nova',
    'routing_key': 'notifications.error',
    'redelivered': True,
    'body': '{"oslo.version": "2.0", "oslo.message": "{}"}',
}
BARE = [{'message_id': str(n), 'payload': {'name': 'é'}} for n in range(5)]


class FileTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def write(self, content, name='file'):
        path = self.directory / name
        path.write_bytes(content)
        return str(path)

    def bus(self, *paths, batch_size=200):
        return file.FileBus(paths, 'home', batch_size, NOW)

    def read(self, content):
        """Return the deliveries in a file of these bytes, after a replay."""
        return deliveries(self.bus(self.write(content)))

    def bodies(self, content):
        return [one.body for one in self.read(content)]


def deliveries(bus):
    return [one for batch in bus.batches() for one in batch.deliveries]


class Dribble(io.RawIOBase):
    """A pipe whose writer is slow."""

    def __init__(self, content):
        super().__init__()
        self._content = io.BytesIO(content)

    def readable(self):
        return True

    def readinto(self, buffer):
        return self._content.readinto(memoryview(buffer)[:1])


def lines(values):
    return '\n'.join(json.dumps(value) for value in values).encode()


class FormatTest(FileTest):
    def test_a_recording_tells_where_and_when_a_body_was_seen(self):
        (found,) = self.read(lines([SEEN]))
        self.assertEqual('nova', found.exchange)
        self.assertEqual('notifications.error', found.routing_key)
        self.assertEqual(SEEN['body'].encode(), found.body)
        self.assertEqual(
            datetime.datetime(
                2026, 11, 21, 6, 11, 45, 298137, tzinfo=datetime.UTC
            ),
            found.received_at,
        )
        self.assertTrue(found.redelivered)
        self.assertEqual('home', found.deployment)
        self.assertTrue(found.origin.endswith('file, line 1'))

    def test_a_recording_without_a_readable_time_arrives_now(self):
        for at in (None, 'yesterday', 5, '0001-01-01T00:00:00+14:00'):
            (found,) = self.read(lines([SEEN | {'at': at}]))
            self.assertEqual(NOW, found.received_at, at)

    def test_notifications_may_be_one_on_each_line(self):
        found = self.read(lines(BARE))
        self.assertEqual(BARE, [json.loads(one.body) for one in found])
        self.assertEqual({('', '', NOW)}, {
            (one.exchange, one.routing_key, one.received_at) for one in found
        })  # fmt: skip

    def test_notifications_may_be_one_list(self):
        for indent in (None, 2):
            found = self.bodies(json.dumps(BARE, indent=indent).encode())
            self.assertEqual(BARE, [json.loads(body) for body in found])

    def test_an_item_of_a_list_keeps_its_bytes(self):
        items = [b'{"a":1}', b'{"a" : 1.50, "b": "\xc3\xa9\xff"}', b'17']
        self.assertEqual(items, self.bodies(b' [' + b' , '.join(items) + b']'))

    def test_a_list_may_hold_what_a_recorder_saw(self):
        (found,) = self.read(json.dumps([SEEN]).encode())
        self.assertEqual('nova', found.exchange)

    def test_all_formats_may_be_compressed(self):
        for content in (lines([SEEN, SEEN]), json.dumps(BARE).encode()):
            self.assertEqual(
                self.bodies(content), self.bodies(gzip.compress(content))
            )

    def test_a_name_says_nothing_about_compression(self):
        path = self.write(lines(BARE), 'plain.gz')
        self.assertEqual(5, len(deliveries(self.bus(path))))

    def test_the_standard_input_may_be_any_of_it(self):
        for content in (lines(BARE), gzip.compress(json.dumps(BARE).encode())):
            stdin = io.TextIOWrapper(io.BytesIO(content))
            with mock.patch('sys.stdin', stdin):
                bus = self.bus('-')
                self.assertEqual(5, len(deliveries(bus)))
            self.assertIsNone(bus.size)

    def test_the_standard_input_may_come_in_single_bytes(self):
        source = Dribble(gzip.compress(lines(BARE)))
        stdin = io.TextIOWrapper(io.BufferedReader(source))
        with mock.patch('sys.stdin', stdin):
            self.assertEqual(5, len(deliveries(self.bus('-'))))

    def test_an_empty_file_holds_nothing(self):
        for content in (b'', b' \n\n', b'[]', gzip.compress(b'')):
            self.assertEqual([], self.read(content))

    def test_the_recording_that_ships_is_read_whole(self):
        bus = self.bus(str(RECORDING))
        sizes = [len(batch.deliveries) for batch in bus.batches()]
        self.assertEqual(16433, sum(sizes))
        self.assertEqual({200}, set(sizes[:-1]))
        self.assertEqual(os.path.getsize(RECORDING), bus.size)
        self.assertEqual(bus.size, bus.position)


class BrokenTest(FileTest):
    def test_a_broken_line_is_delivered_as_it_is(self):
        good = lines(BARE)
        bad = b'{"message_id": \xff"'
        found = self.bodies(good + b'\n' + bad + b'\n\n' + good)
        self.assertEqual(11, len(found))
        self.assertEqual(bad, found[5])

    def test_a_line_like_a_recording_without_a_body_is_a_message(self):
        value = {'exchange': 'nova', 'routing_key': 'x', 'body': None}
        self.assertEqual([lines([value])], self.bodies(lines([value])))

    def test_a_deep_line_is_delivered_as_it_is(self):
        deep = b'{"a":' + b'[' * 100_000
        self.assertEqual([deep, b'{}'], self.bodies(deep + b'\n{}'))

    def test_what_follows_a_broken_item_is_delivered_in_lines(self):
        self.assertEqual(
            [b'{"a": 1}', b'{oops}, {"b": 2},', b'{"c": 3}]'],
            self.bodies(b'[{"a": 1}, {oops}, {"b": 2},\n{"c": 3}]'),
        )

    def test_a_list_that_ends_too_early_gives_what_it_has(self):
        self.assertEqual(
            [b'{"a": 1}', b'{"b":'], self.bodies(b'[{"a": 1}, {"b":')
        )

    def test_of_a_line_without_end_the_beginning_is_delivered(self):
        with mock.patch.object(file, '_LONGEST', 1000):
            found = self.bodies(b'x' * 5000 + b'\n{}\n')
        self.assertEqual([b'x' * 1000, b'{}'], found)

    def test_an_item_without_end_is_given_up(self):
        with (
            mock.patch.object(file, '_LONGEST', 1000),
            mock.patch.object(file, '_CHUNK', 100),
        ):
            found = self.bodies(b'[{"a": "' + b'x' * 5000 + b'\n{"b": 2}\n')
        self.assertEqual(b'{"b": 2}', found[-1])

    def test_a_missing_file_is_named_before_anything_is_read(self):
        there = self.write(lines(BARE))
        with self.assertRaisesRegex(exception.TaleaError, 'no file /nowhere'):
            self.bus(there, '/nowhere')

    def test_a_directory_is_no_file(self):
        with self.assertRaisesRegex(exception.TaleaError, 'Cannot read'):
            deliveries(self.bus(str(self.directory)))

    def test_what_a_damaged_file_has_is_delivered_before_it_fails(self):
        whole = gzip.compress(b'\n'.join([lines(BARE)] * 20000))
        path = self.write(whole[: len(whole) // 2])
        found = 0
        with self.assertRaisesRegex(exception.TaleaError, 'Cannot read'):
            for batch in self.bus(path).batches():
                found += len(batch.deliveries)
        self.assertGreater(found, 1000)


class BusTest(FileTest):
    def test_a_batch_that_is_given_back_comes_again(self):
        bus = self.bus(self.write(lines(BARE)), batch_size=2)
        seen = []
        for batch in bus.batches():
            seen.append([one.body for one in batch.deliveries])
            if len(seen) in (1, 2):
                batch.requeue()
            else:
                batch.ack()
        self.assertEqual(seen[0], seen[1])
        self.assertEqual(seen[0], seen[2])
        self.assertEqual([2, 2, 2, 2, 1], [len(one) for one in seen])

    def test_stop_ends_it_after_the_batch_in_hand(self):
        bus = self.bus(self.write(lines(BARE)), batch_size=2)
        batches = bus.batches()
        next(batches)
        bus.stop()
        self.assertEqual([], list(batches))

    def test_files_follow_each_other_in_one_batch(self):
        first = self.write(lines(BARE), 'a')
        second = self.write(lines(BARE), 'b')
        (batch,) = self.bus(first, second).batches()
        self.assertEqual(10, len(batch.deliveries))

    def test_the_position_grows_to_the_size(self):
        path = self.write(lines(BARE * 5000))
        bus = self.bus(path)
        positions = [bus.position for _batch in bus.batches()]
        self.assertEqual(sorted(positions), positions)
        self.assertGreater(len(set(positions)), 5)
        self.assertEqual(bus.size, positions[-1])

    def test_batches_of_large_messages_are_small(self):
        big = json.dumps({'x': 'x' * 100_000}).encode()
        with mock.patch.object(file, '_LONGEST', 1_000_000):
            bus = self.bus(self.write(b'\n'.join([big] * 30)))
            sizes = [len(batch.deliveries) for batch in bus.batches()]
        self.assertEqual([10, 10, 10], sizes)

    def test_memory_does_not_grow_with_the_file(self):
        item = json.dumps({'x': 'x' * 1000})
        path = self.write(f'[{",".join([item] * 40_000)}]'.encode())
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        count = sum(len(one.deliveries) for one in self.bus(path).batches())
        peak = tracemalloc.get_traced_memory()[1]
        self.assertEqual(40_000, count)
        self.assertLess(peak, 5_000_000)
