# SPDX-License-Identifier: Apache-2.0
"""Ways to take messages from RabbitMQ, from doing nothing to the collector.

Each is a function of a Job that takes messages until all are taken, and says
so to the job's Meter. They run in processes of their own, see ingest.py.
"""

# It chooses threads, before oslo.messaging chooses something else.
from talea import wsgi  # noqa: F401

# isort: split
import dataclasses
import json
import threading
import time
import zlib

from oslo_config import cfg
import oslo_messaging
import sqlalchemy as sa

from talea import conf as talea_conf
from talea.collector import service
from talea.collector.bus import rabbit
from talea.collector.bus import topology
from talea.conf import collector as collector_conf
from talea.db import api

BATCH = 200
NAME = 'bench'
BODY = sa.Table(
    'bench_body',
    sa.MetaData(),
    sa.Column('id', sa.BigInteger(), primary_key=True),
    sa.Column('body', sa.LargeBinary(), nullable=False),
)


@dataclasses.dataclass
class Figures:
    """What one process did from connecting to its last message.

    :ivar began: seconds of the clock that all processes share
    :ivar cpu: seconds of processor time
    :ivar memory: bytes, the most that the process ever had
    """

    messages: int = 0
    began: float = 0
    ended: float = 0
    cpu: float = 0
    memory: int = 0


class Meter:
    """Counts the messages of one process among those of all.

    :ivar done: set when the processes together have taken all
    """

    def __init__(self, wanted, taken, done):
        self.figures = Figures()
        self.done = done
        self._wanted = wanted
        self._taken = taken
        self._lock = threading.Lock()

    def begin(self):
        """Say that the work begins."""
        self.figures.began = time.monotonic()
        self.figures.cpu = -time.process_time()

    def take(self, number):
        """Say that *number* more are done with; return whether all are."""
        with self._lock:
            self.figures.messages += number
            self.figures.ended = time.monotonic()
        with self._taken.get_lock():
            self._taken.value += number
            if self._taken.value >= self._wanted:
                self.done.set()
        return self.done.is_set()

    def finish(self):
        """Return the Figures of this process."""
        self.figures.cpu += time.process_time()
        with open('/proc/self/status') as status:
            for line in status:
                if line.startswith('VmHWM:'):
                    self.figures.memory = int(line.split()[1]) * 1024
        return self.figures


@dataclasses.dataclass
class Job:
    """What a flow needs to know.

    :ivar bus: URL of the virtual host
    :ivar database: URL of the database
    """

    bus: str
    database: str
    meter: Meter


def options(bus, database):
    """Return ConfigOpts of a collector of *bus* and *database*."""
    conf = cfg.ConfigOpts()
    talea_conf.register(conf)
    conf([], project='talea', default_config_files=[], default_config_dirs=[])
    conf.set_override('deployments', [NAME], 'collector')
    conf.set_override('batch_size', BATCH, 'collector')
    conf.set_override('connection', database, 'database')
    group = collector_conf.deployment(conf, NAME)
    conf.set_override('transport_url', bus, f'deployment:{NAME}')
    conf.set_override('exchange_durable', True, f'deployment:{NAME}')
    return conf, group


def bare(job, store=None):
    """(a) Take raw messages, acknowledge each two hundred of them."""
    conf, group = options(job.bus, job.database)
    waiting = []

    def settle():
        if store is not None:
            store([message.body for message in waiting])
        channel.basic_ack(waiting[-1].delivery_tag, multiple=True)
        job.meter.take(len(waiting))
        waiting.clear()

    def receive(message):
        waiting.append(message)
        if len(waiting) == BATCH:
            settle()

    with rabbit.RabbitBus(conf, NAME).connect() as connection:
        channel = connection.channel()
        channel.auto_decode = False
        channel.basic_qos(0, 2 * BATCH, False)
        for each in topology.bindings(group):
            channel.basic_consume(each.queue, callback=receive)
        while not job.meter.done.is_set():
            try:
                connection.drain_events(timeout=0.2)
            except TimeoutError:
                if waiting:
                    settle()


class Endpoint:
    """Whom oslo.messaging gives batches of messages."""

    def __init__(self, meter, store):
        self._meter = meter
        self._store = store

    def _take(self, messages):
        if self._store is not None:
            self._store(messages)
        self._meter.take(len(messages))
        return oslo_messaging.NotificationResult.HANDLED

    info = warn = error = debug = audit = critical = sample = _take


def listener(job, store=None):
    """(b) Take batches from oslo.messaging's own listener."""
    conf, group = options(job.bus, job.database)
    transport = oslo_messaging.get_notification_transport(conf, job.bus)
    conf.set_override('amqp_durable_queues', True, 'oslo_messaging_rabbit')
    server = oslo_messaging.get_batch_notification_listener(
        transport,
        [
            oslo_messaging.Target(topic=topic, exchange=exchange)
            for exchange in group.exchanges
            for topic in group.topics
        ],
        [Endpoint(job.meter, store)],
        executor='threading',
        batch_size=BATCH,
        batch_timeout=0.2,
        allow_requeue=True,
    )
    server.start()
    job.meter.done.wait()
    server.stop()
    server.wait()


def listener_and_insert(job):
    """(c) The same, and parse, compress and insert what came."""
    engine = sa.create_engine(job.database)

    def store(messages):
        insert(engine, [json.dumps(one).encode() for one in messages])

    listener(job, store)


def bare_and_insert(job):
    """(d) Take raw messages, and parse, compress and insert them."""
    engine = sa.create_engine(job.database)

    def store(bodies):
        inner = [json.loads(body)['oslo.message'] for body in bodies]
        for one in inner:
            json.loads(one)
        insert(engine, [one.encode() for one in inner])

    bare(job, store)


def insert(engine, bodies):
    with engine.begin() as connection:
        connection.execute(
            BODY.insert(),
            [{'body': zlib.compress(body, 1)} for body in bodies],
        )


class MeteredBus:
    """A bus that tells the meter what is acknowledged."""

    def __init__(self, inner, meter):
        self._inner = inner
        self._meter = meter
        self.stop = inner.stop

    def batches(self):
        for batch in self._inner.batches():
            yield batch
            self._meter.take(len(batch.deliveries))


def collector(job):
    """(e) The collector: mask, archive, derive events, fold entities."""
    conf = options(job.bus, job.database)[0]
    api.configure(conf)
    bus = MeteredBus(service.open_bus(conf, NAME), job.meter)
    worker = service.Collector(conf, bus, NAME)

    def watch():
        job.meter.done.wait()
        worker.stop()

    threading.Thread(target=watch).start()
    worker.run()


FLOWS = {
    'a': bare,
    'b': listener,
    'c': listener_and_insert,
    'd': bare_and_insert,
    'e': collector,
}
