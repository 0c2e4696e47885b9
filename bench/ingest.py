# SPDX-License-Identifier: Apache-2.0
"""What it costs to take notifications from RabbitMQ and to store them.

Run it with a private RabbitMQ and MariaDB::

    python -m talea.tests.servers --only rabbitmq,mariadb -- \
        python bench/ingest.py

The messages are those of the recording that ships, each once. They wait in
the queues when a flow begins to connect. Each flow runs in processes of its
own, with a virtual host and a database of its own; the archives that are
there before are loaded by SQL.
"""

import argparse
import contextlib
import gzip
import itertools
import json
import logging
import multiprocessing
import pathlib

import flows
import sqlalchemy as sa

from talea.collector.bus import rabbit
from talea.collector.bus import topology
from talea.tests import fixtures

RECORDING = (
    pathlib.Path(__file__).parents[1]
    / 'samples/cloud-a/notifications.jsonl.gz'
)
# Bodies as large as those of recorded messages are when compressed.
ARCHIVE = """
INSERT INTO notification (message_id, deployment, exchange, routing_key,
    priority, event_type, publisher_id, service, host, request_id, project_id,
    resource_id, fact_at, sent_at, received_at, faulty, body)
SELECT UUID(), 'bench', 'nova', 'notifications.info', 'info',
    'compute.instance.update', 'compute.old', 'nova', 'old', UUID(),
    CONCAT('project-', seq MOD 1000), UUID(), @at := '2026-01-01' +
    INTERVAL seq SECOND, @at, @at, 0, REPEAT(UUID(), 30)
FROM seq_{first}_to_{last}
"""
STEP = 50_000
TITLES = {
    'a': 'AMQP alone',
    'b': "oslo.messaging's listener alone",
    'c': 'b + parse, compress, insert',
    'd': 'a + parse, compress, insert',
    'e': 'the collector',
}


def recorded(number):
    """Return the first *number* messages: (exchange, routing key, body)."""
    with gzip.open(RECORDING) as lines:
        return [
            (one['exchange'], one['routing_key'], one['body'])
            for one in map(json.loads, itertools.islice(lines, number))
        ]


def publish(url, flow, messages):
    """Make queues as the consumers of *flow* expect them, and fill them."""
    conf, group = flows.options(url, 'sqlite://')
    queues = {
        (each.exchange, each.routing_key): each.queue
        for each in topology.bindings(group)
    }
    if flow in 'bc':
        # What publishers and oslo.messaging's listener share.
        queues = {key: key[1] for key in queues}
    with rabbit.RabbitBus(conf, flows.NAME).connect() as connection:
        channel = connection.channel()
        for exchange in group.exchanges:
            channel.exchange_declare(
                exchange, 'topic', durable=True, auto_delete=False
            )
        for (exchange, routing_key), queue in queues.items():
            channel.queue_declare(queue, durable=True, auto_delete=False)
            channel.queue_bind(queue, exchange, routing_key)
        for exchange, routing_key, body in messages:
            channel.basic_publish(
                channel.prepare_message(
                    body,
                    content_type='application/json',
                    content_encoding='utf-8',
                    properties={'delivery_mode': 2},
                ),
                exchange,
                routing_key,
            )


def load(engine, present, rows):
    """Fill the archive up to *rows* notifications."""
    for first in range(present + 1, rows + 1, STEP):
        last = min(first + STEP - 1, rows)
        with engine.begin() as connection:
            connection.exec_driver_sql(
                ARCHIVE.replace('{first}', str(first)).replace(
                    '{last}', str(last)
                )
            )


def work(flow, bus, database, wanted, taken, done, ready, results):
    """Run a flow; this is a process."""
    # What is faulty in the recording is no news.
    logging.basicConfig(level=logging.ERROR)
    meter = flows.Meter(wanted, taken, done)
    ready.wait()
    meter.begin()
    flows.FLOWS[flow](flows.Job(bus, database, meter))
    results.put(meter.finish())


def run(flow, bus, database, wanted, processes):
    """Run *processes* processes of *flow*; return the Figures of each."""
    spawn = multiprocessing.get_context('spawn')
    taken, done, results = spawn.Value('q', 0), spawn.Event(), spawn.Queue()
    ready = spawn.Barrier(processes)
    crew = [
        spawn.Process(
            target=work,
            args=(flow, bus, database, wanted, taken, done, ready, results),
        )
        for _ in range(processes)
    ]
    for process in crew:
        process.start()
    figures = [results.get(timeout=1800) for _ in crew]
    for process in crew:
        process.join()
    return figures


def show(name, figures):
    """Print a line; return messages a second."""
    messages = sum(one.messages for one in figures)
    busy = [one for one in figures if one.messages]
    took = max(one.ended for one in busy) - min(one.began for one in busy)
    cpu = sum(one.cpu for one in figures) / messages
    memory = max(one.memory for one in figures) / 2**20
    print(
        f'{name:<46}{messages:>8}{messages / took:>9.0f}'
        f'{cpu * 1e3:>9.3f}{memory:>7.0f}',
        flush=True,
    )
    return messages / took


def measure(name, flow, messages, processes=1, archived=0):
    """Run a flow on servers made for it, and print a line."""
    with contextlib.ExitStack() as stack:
        bus = stack.enter_context(fixtures.RabbitMQ())
        database = stack.enter_context(fixtures.Database('mysql'))
        flows.BODY.create(database.engine)
        load(database.engine, 0, archived)
        publish(bus.url, flow, messages)
        figures = run(flow, bus.url, database.url, len(messages), processes)
        rate = show(name, figures)
        stored = sa.text('SELECT COUNT(*) FROM notification')
        with database.engine.connect() as connection:
            count = connection.scalar(stored)
        if flow == 'e' and count != archived + len(messages):
            raise SystemExit(f'{count} notifications are archived')
    return rate


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--messages', type=int, default=16_433)
    parser.add_argument('--archived', type=int, nargs='*',
                        default=[10_000, 1_000_000])  # fmt: skip
    parser.add_argument('--flows', default='abcde', help='Some of abcde.')
    arguments = parser.parse_args()
    messages = recorded(arguments.messages)
    print(
        f'{"flow":<46}{"messages":>8}{"msg/s":>9}{"CPU ms":>9}{"MB":>7}',
        flush=True,
    )
    rates = {
        flow: measure(f'{flow}  {TITLES[flow]}', flow, messages)
        for flow in arguments.flows
    }
    if 'e' in rates:
        measure('e  two processes', 'e', messages, processes=2)
        for archived in arguments.archived:
            name = f'e  with {archived:,} archived before'
            measure(name, 'e', messages, archived=archived)
    for other in rates.keys() & {'c', 'd'} if 'e' in rates else ():
        ratio = rates['e'] / rates[other]
        print(f'The collector is {ratio:.2f} times as fast as {other}.')


if __name__ == '__main__':
    main()
