# SPDX-License-Identifier: Apache-2.0
import json
import struct
import threading
import time
from unittest import mock

from amqp import exceptions as amqp_exc
from oslo_context import context
import oslo_messaging

from talea import exception
from talea.collector.bus import oslo
from talea.collector.bus import rabbit
from talea.collector.bus import topology
from talea.conf import collector as collector_conf
from talea.tests import base
from talea.tests import fixtures
from talea.tests import servers
from talea.tests.functional.flows import cloud


class Taker:
    """Takes batches from a bus in a thread, and acknowledges them."""

    def __init__(self, bus, settle=lambda batch: batch.ack()):
        self.bus = bus
        self.batches = []
        self.times = []
        self.error = None
        self._settle = settle
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            for batch in self.bus.batches():
                self.times.append(time.monotonic())
                self.batches.append(list(batch.deliveries))
                self._settle(batch)
        except Exception as error:
            self.error = error

    @property
    def bodies(self):
        return [one.body for batch in self.batches for one in batch]

    def stop(self):
        """Stop the bus; return how many seconds it took to end."""
        began = time.monotonic()
        self.bus.stop()
        self._thread.join(10)
        if self._thread.is_alive():
            raise AssertionError('the bus does not end')
        return time.monotonic() - began

    def join(self):
        self._thread.join(10)


class BusTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.rabbit = self.useFixture(fixtures.RabbitMQ())
        self.configure('default', self.rabbit.url)

    def configure(self, name, url, **options):
        collector_conf.deployment(self.conf, name)
        for option, value in {
            'transport_url': url,
            'exchanges': ['nova', 'neutron'],
            'topics': ['notifications'],
            'priorities': ['info', 'error'],
            **options,
        }.items():
            self.conf.set_override(option, value, f'deployment:{name}')

    def take(self, name='default', **kwargs):
        taker = Taker(rabbit.RabbitBus(self.conf, name), **kwargs)
        self.addCleanup(taker.stop)
        return taker


QUEUE = 'talea.nova.notifications.info'


class RabbitBusTest(BusTestCase):
    def setUp(self):
        super().setUp()
        self.services = self.useFixture(cloud.Services(self.rabbit.url))

    def publish(self, *bodies, exchange='nova', key='notifications.info'):
        for body in bodies:
            self.services.publish(exchange, key, body)

    def numbers(self, count):
        return [b'%d' % number for number in range(count)]

    def test_a_full_batch_is_given_at_once(self):
        self.conf.set_override('batch_size', 10, 'collector')
        self.conf.set_override('batch_timeout', 30.0, 'collector')
        taker = self.take()
        self.services.consumed(QUEUE)
        bodies = self.numbers(20)
        self.publish(*bodies)
        cloud.until(lambda: len(taker.batches) == 2, timeout=5)
        self.assertEqual([10, 10], [len(each) for each in taker.batches])
        self.assertEqual(bodies, taker.bodies)

    def test_a_batch_waits_its_timeout_and_no_longer(self):
        self.conf.set_override('batch_timeout', 0.5, 'collector')
        taker = self.take()
        self.services.consumed(QUEUE)
        began = time.monotonic()
        self.publish(*self.numbers(3))
        cloud.until(lambda: taker.batches)
        took = taker.times[0] - began
        self.assertEqual(self.numbers(3), taker.bodies)
        self.assertTrue(0.4 < took < 0.9, took)

    def test_an_idle_bus_stops_at_once_and_burns_no_time(self):
        taker = self.take()
        self.services.consumed(QUEUE)
        began = time.process_time()
        time.sleep(1)
        self.assertLess(time.process_time() - began, 0.2)
        self.assertLess(taker.stop(), 0.5)
        self.assertIsNone(taker.error)

    def test_heartbeats_keep_an_idle_bus_awake(self):
        self.configure('default', self.rabbit.url, heartbeat=1)
        self.conf.set_override('batch_timeout', 2.0, 'collector')
        with self.assertNoLogs('talea.collector.bus', 'WARNING'):
            taker = self.take()
            self.services.consumed(QUEUE)
            self.publish(b'one')
            began = time.monotonic()
            cloud.until(lambda: taker.batches)
            self.assertLess(time.monotonic() - began, 3)
            # The broker gives up on those that are silent for so long.
            time.sleep(4)
        self.assertLess(taker.stop(), 0.5)

    def test_a_delivery_says_where_it_comes_from(self):
        taker = self.take()
        self.services.consumed(QUEUE)
        self.publish(b'body', exchange='neutron', key='notifications.error')
        cloud.until(lambda: taker.batches)
        (delivery,) = taker.batches[0]
        self.assertEqual('default', delivery.deployment)
        self.assertEqual('neutron', delivery.exchange)
        self.assertEqual('notifications.error', delivery.routing_key)
        self.assertEqual('talea.neutron.notifications.error', delivery.origin)
        self.assertFalse(delivery.redelivered)
        self.assertIsNotNone(delivery.received_at.tzinfo)

    def test_bodies_are_the_bytes_that_were_sent(self):
        bodies = [
            b'',
            b'\xff\xfe\x00',
            b'{"priority": null}',
            b'[' * 100_000,
            b'x' * 10_000_000,
        ]
        taker = self.take()
        self.services.consumed(QUEUE)
        for body in bodies:
            self.services.publish('nova', 'notifications.info', body)
            self.services.publish(
                'nova',
                'notifications.info',
                body,
                content_type='application/x-python-serialize',
                content_encoding='no-such-encoding',
                headers={'odd': [1, {'nested': None}], 'text': '\u2603'},
            )
        cloud.until(lambda: len(taker.bodies) == 2 * len(bodies))
        self.assertEqual(
            [body for body in bodies for _ in range(2)], taker.bodies
        )
        self.services.drained(QUEUE)

    def test_properties_that_cannot_be_read_harm_nobody(self):
        taker = self.take()
        self.services.consumed(QUEUE)
        # A header "t": milliseconds where AMQP has seconds, or worse.
        table = b'\x01tT' + b'\xff' * 8
        flags = struct.pack('>H', 0x2000)
        self.services.publish_raw(
            'nova',
            'notifications.info',
            b'odd',
            flags + struct.pack('>L', len(table)) + table,
        )
        self.publish(b'good')
        cloud.until(lambda: taker.bodies == [b'odd', b'good'])

    def test_huge_messages_end_a_batch_before_it_is_full(self):
        taker = self.take()
        self.services.consumed(QUEUE)
        self.publish(*[b'x' * 9_000_000] * 4)
        cloud.until(lambda: len(taker.bodies) == 4)
        self.assertEqual([2, 2], [len(each) for each in taker.batches])

    def test_what_is_not_acknowledged_is_delivered_again(self):
        kept = []
        taker = self.take(settle=kept.append)
        self.services.consumed(QUEUE)
        self.publish(*self.numbers(5))
        cloud.until(lambda: taker.batches)
        taker.stop()
        again = self.take()
        cloud.until(lambda: len(again.bodies) == 5)
        self.assertEqual(self.numbers(5), again.bodies)
        self.assertTrue(all(one.redelivered for one in again.batches[0]))

    def test_a_batch_that_is_given_back_comes_again_in_its_order(self):
        self.conf.set_override('batch_timeout', 0.2, 'collector')
        tries = []

        def refuse_three_times(batch):
            tries.append(batch)
            if len(tries) <= 3:
                batch.requeue()
            else:
                batch.ack()

        taker = self.take(settle=refuse_three_times)
        self.services.consumed(QUEUE)
        self.publish(*self.numbers(5))
        cloud.until(lambda: len(tries) >= 4)
        self.assertIsNone(taker.error)
        self.assertEqual(
            self.numbers(5), [one.body for one in taker.batches[-1]]
        )
        self.services.drained(QUEUE)

    def test_stop_gives_back_what_was_not_yet_a_batch(self):
        self.conf.set_override('batch_timeout', 30.0, 'collector')
        taker = self.take()
        self.services.consumed(QUEUE)
        self.publish(*self.numbers(5))
        self.services.drained(QUEUE)
        self.assertLess(taker.stop(), 1)
        self.assertEqual([], taker.batches)
        cloud.until(lambda: self.services.queue(QUEUE) == (5, 0))

    def test_the_batch_in_hand_is_acknowledged_after_stop(self):
        in_hand = threading.Event()
        go_on = threading.Event()

        def slowly(batch):
            in_hand.set()
            go_on.wait(10)
            batch.ack()

        taker = self.take(settle=slowly)
        self.services.consumed(QUEUE)
        self.publish(b'one')
        in_hand.wait(10)
        taker.bus.stop()
        go_on.set()
        taker.join()
        cloud.until(lambda: self.services.queue(QUEUE) == (0, 0))

    def test_another_batch_size_counts_without_a_restart(self):
        self.conf.set_override('batch_size', 5, 'collector')
        self.conf.set_override('batch_timeout', 0.3, 'collector')
        taker = self.take()
        self.services.consumed(QUEUE)
        self.publish(*self.numbers(5))
        cloud.until(lambda: len(taker.batches) == 1)
        self.conf.set_override('batch_size', 50, 'collector')
        self.conf.set_override('batch_timeout', 5.0, 'collector')
        self.publish(*self.numbers(5))
        self.services.drained(QUEUE)
        self.publish(*self.numbers(100))
        cloud.until(lambda: len(taker.bodies) >= 105)
        self.assertIn(50, [len(each) for each in taker.batches])

    def test_no_batch_is_larger_when_much_has_piled_up(self):
        self.conf.set_override('batch_size', 10, 'collector')
        taker = self.take()
        self.services.consumed(QUEUE)
        taker.stop()
        for exchange in ('nova', 'neutron'):
            for key in ('notifications.info', 'notifications.error'):
                self.publish(*self.numbers(50), exchange=exchange, key=key)
        taker = self.take()
        cloud.until(lambda: len(taker.bodies) == 200)
        self.assertEqual({10}, {len(each) for each in taker.batches})

    def test_two_consumers_share_the_work(self):
        self.conf.set_override('batch_size', 5, 'collector')
        takers = [self.take(), self.take()]
        cloud.until(lambda: (self.services.queue(QUEUE) or (0, 0))[1] == 2)
        bodies = self.numbers(200)
        self.publish(*bodies)
        cloud.until(lambda: sum(len(each.bodies) for each in takers) == 200)
        self.assertCountEqual(bodies, takers[0].bodies + takers[1].bodies)
        self.assertTrue(all(each.bodies for each in takers))

    def test_a_deleted_queue_is_made_again(self):
        taker = self.take()
        self.services.consumed(QUEUE)
        self.services.delete(QUEUE)
        self.services.consumed(QUEUE)
        self.publish(b'after')
        cloud.until(lambda: taker.bodies == [b'after'])

    def test_publishers_queues_keep_their_messages(self):
        taker = self.take()
        self.services.consumed(QUEUE)
        self.services.bind('notifications.info', 'nova')
        self.publish(b'for both')
        cloud.until(lambda: taker.bodies)
        self.assertEqual((1, 0), self.services.queue('notifications.info'))


class DeploymentsTest(BusTestCase):
    def test_a_deployment_that_is_away_holds_up_no_other(self):
        other = self.useFixture(fixtures.RabbitMQ())
        self.configure('other', other.url)
        self.configure('away', 'rabbit://guest:guest@127.0.0.1:1/')
        takers = {
            name: self.take(name) for name in ('default', 'other', 'away')
        }
        for vhost, body in ((self.rabbit, b'first'), (other, b'second')):
            services = self.useFixture(cloud.Services(vhost.url))
            services.consumed(QUEUE)
            services.publish('nova', 'notifications.info', body)
        cloud.until(lambda: takers['default'].bodies == [b'first'])
        cloud.until(lambda: takers['other'].bodies == [b'second'])
        self.assertEqual(
            ['default'],
            [one.deployment for one in takers['default'].batches[0]],
        )
        self.assertLess(takers['away'].stop(), 1)

    def test_the_second_host_of_a_deployment_is_tried(self):
        url = self.rabbit.url.replace('@', '@127.0.0.1:1,guest:guest@')
        self.configure('default', url)
        taker = self.take()
        services = self.useFixture(cloud.Services(self.rabbit.url))
        services.consumed(QUEUE)
        services.publish('nova', 'notifications.info', b'here')
        cloud.until(lambda: taker.bodies == [b'here'])


class TopologyTest(BusTestCase):
    def test_durable_exchanges_of_publishers_are_used_as_they_are(self):
        services = self.useFixture(
            cloud.Services(self.rabbit.url, durable=True)
        )
        services.declare('nova')
        with self.assertLogs('talea.collector.bus', 'WARNING') as logs:
            taker = self.take()
            services.consumed(QUEUE)
        self.assertIn('exchange_durable', ''.join(logs.output))
        # Made by Talea like those that were there: its publisher declares
        # it so and may go on.
        services.declare('neutron')
        services.publish('nova', 'notifications.info', b'one')
        services.publish('neutron', 'notifications.info', b'two')
        cloud.until(lambda: sorted(taker.bodies) == [b'one', b'two'])

    def test_missing_exchanges_are_made_as_the_option_says(self):
        self.configure('default', self.rabbit.url, exchange_durable=True)
        self.take()
        services = self.useFixture(
            cloud.Services(self.rabbit.url, durable=True)
        )
        services.consumed(QUEUE)
        services.declare('nova')

    @mock.patch.object(rabbit, 'LOOK_EVERY', 0.2)
    def test_an_exchange_that_was_made_anew_is_bound_again(self):
        services = self.useFixture(cloud.Services(self.rabbit.url))
        taker = self.take()
        services.consumed(QUEUE)
        services.publish('nova', 'notifications.info', b'before')
        cloud.until(lambda: taker.bodies == [b'before'])
        services.delete_exchange('nova')
        services.declare('nova')

        def arrives():
            services.publish('nova', 'notifications.info', b'after')
            return b'after' in taker.bodies

        cloud.until(arrives, every=0.2)
        self.assertEqual(1, services.queue(QUEUE)[1])

    @mock.patch.object(rabbit, 'LOOK_EVERY', 0.2)
    def test_an_exchange_that_appears_later_is_taken_from(self):
        services = self.useFixture(cloud.Services(self.rabbit.url))
        services.declare('nova')
        # What the documentation says that Talea needs, and no more.
        user = self.useFixture(
            fixtures.RabbitUser(
                self.rabbit.vhost, r'^talea\.', r'^talea\.', '.*'
            )
        )
        self.configure('default', user.url_of(self.rabbit.url))
        with self.assertLogs('talea.collector.bus', 'WARNING') as logs:
            taker = self.take()
            services.consumed(QUEUE)
        self.assertIn('neutron is not there', ''.join(logs.output))
        services.declare('neutron')
        services.consumed(QUEUE.replace('nova', 'neutron'))
        services.publish('neutron', 'notifications.info', b'here')
        cloud.until(lambda: taker.bodies == [b'here'])

    @mock.patch.object(rabbit, 'LOOK_EVERY', 0.01)
    def test_looking_for_exchanges_makes_no_batch_larger(self):
        self.conf.set_override('batch_size', 5, 'collector')
        services = self.useFixture(cloud.Services(self.rabbit.url))
        taker = self.take()
        services.consumed(QUEUE)
        for number in range(100):
            services.publish('nova', 'notifications.info', b'%d' % number)
        cloud.until(lambda: len(taker.bodies) == 100)
        self.assertEqual(
            [b'%d' % number for number in range(100)], taker.bodies
        )
        self.assertLessEqual(max(map(len, taker.batches)), 5)

    def test_a_queue_with_other_properties_is_told_by_option_names(self):
        taker = self.take()
        services = self.useFixture(cloud.Services(self.rabbit.url))
        services.consumed(QUEUE)
        taker.stop()
        self.configure('default', self.rabbit.url, queue_quorum=True)
        with self.assertRaisesRegex(
            exception.BusError, r'\[deployment:default\] .*queue_quorum'
        ):
            next(rabbit.RabbitBus(self.conf, 'default').batches())

    def test_quorum_queues_are_consumed_and_give_back_for_ever(self):
        self.configure('default', self.rabbit.url, queue_quorum=True)
        tries = []

        def refuse(batch):
            tries.append(batch)
            if len(tries) > 3:
                batch.ack()
            else:
                batch.requeue()

        taker = self.take(settle=refuse)
        services = self.useFixture(cloud.Services(self.rabbit.url))
        services.consumed(QUEUE)
        services.publish('nova', 'notifications.info', b'one')
        cloud.until(lambda: len(taker.bodies) == 4)
        with self.assertRaises(amqp_exc.PreconditionFailed):
            services.redeclare(QUEUE)

    def test_a_transport_url_is_not_quoted_in_errors(self):
        self.configure('default', 'rabbit://talea:hidden@host:port/')
        with self.assertRaises(exception.BusError) as caught:
            rabbit.RabbitBus(self.conf, 'default')
        self.assertNotIn('hidden', str(caught.exception))

    def test_the_queues_of_publishers_are_counted(self):
        services = self.useFixture(cloud.Services(self.rabbit.url))
        services.bind('notifications.info', 'nova')
        services.publish('nova', 'notifications.info', b'one')
        bus = rabbit.RabbitBus(self.conf, 'default')
        group = collector_conf.deployment(self.conf, 'default')
        with bus.connect() as connection:
            self.assertEqual(
                [('notifications.info', 1, 0)],
                topology.publishers_queues(connection, group),
            )


class ConnectionTest(base.TestCase):
    def test_failures_are_warnings_and_one_error_and_it_goes_on(self):
        collector_conf.deployment(self.conf, 'default')
        for option, value in (
            ('transport_url', 'rabbit://guest:hidden@127.0.0.1:1/'),
            ('max_retries', 2),
        ):
            self.conf.set_override(option, value, 'deployment:default')
        with self.assertLogs('talea.collector.bus', 'WARNING') as logs:
            taker = Taker(rabbit.RabbitBus(self.conf, 'default'))
            self.addCleanup(taker.stop)
            cloud.until(lambda: len(logs.records) >= 3)
        self.assertEqual(
            ['WARNING', 'ERROR', 'WARNING'],
            [record.levelname for record in logs.records[:3]],
        )
        self.assertNotIn('hidden', ''.join(logs.output))
        self.assertLess(taker.stop(), 0.5)

    def test_it_connects_again_when_the_broker_was_restarted(self):
        broker = self.useFixture(fixtures.Server(servers.RabbitMQ)).server
        collector_conf.deployment(self.conf, 'default')
        self.conf.set_override(
            'transport_url', broker.url, 'deployment:default'
        )
        services = self.useFixture(cloud.Services(broker.url))
        taker = Taker(rabbit.RabbitBus(self.conf, 'default'))
        self.addCleanup(taker.stop)
        services.consumed(QUEUE)
        services.publish('nova', 'notifications.info', b'before')
        cloud.until(lambda: taker.bodies == [b'before'])
        with self.assertLogs('talea.collector.bus', 'WARNING') as logs:
            broker.restart()
            services.reconnect()
            services.consumed(QUEUE)
        services.publish('nova', 'notifications.info', b'after')
        cloud.until(lambda: taker.bodies == [b'before', b'after'])
        self.assertNotIn('ERROR', [one.levelname for one in logs.records])


class OsloBusTest(base.TestCase):
    def setUp(self):
        super().setUp()
        collector_conf.deployment(self.conf, 'default')
        for option, value in (
            ('transport_url', 'fake://'),
            ('exchanges', ['nova', 'openstack']),
        ):
            self.conf.set_override(option, value, 'deployment:default')
        self.conf.set_override('batch_timeout', 0.2, 'collector')
        transport = oslo_messaging.get_notification_transport(
            self.conf, 'fake://'
        )
        self.notifier = oslo_messaging.Notifier(
            transport,
            publisher_id='compute.host',
            driver='messaging',
            topics=['notifications'],
        )

    def take(self, **kwargs):
        taker = Taker(oslo.OsloBus(self.conf, 'default'), **kwargs)
        self.addCleanup(taker.stop)
        return taker

    def test_what_a_notifier_sends_arrives_as_its_envelope(self):
        taker = self.take()
        self.notifier.error(
            context.RequestContext(request_id='req-1'), 'compute.x', {'a': 1}
        )
        cloud.until(lambda: taker.batches)
        (delivery,) = taker.batches[0]
        outer = json.loads(delivery.body)
        inner = json.loads(outer['oslo.message'])
        # The control_exchange of a publisher that has none configured.
        self.assertEqual('openstack', delivery.exchange)
        self.assertEqual('notifications.error', delivery.routing_key)
        self.assertEqual('compute.x', inner['event_type'])
        self.assertEqual('compute.host', inner['publisher_id'])
        self.assertEqual('ERROR', inner['priority'])
        self.assertEqual({'a': 1}, inner['payload'])
        self.assertEqual('req-1', inner['_context_request_id'])
        self.assertTrue(inner['message_id'])
        self.assertTrue(inner['timestamp'])

    def test_a_batch_that_is_given_back_comes_again(self):
        tries = []

        def refuse_once(batch):
            tries.append(batch)
            if len(tries) == 1:
                batch.requeue()
            else:
                batch.ack()

        taker = self.take(settle=refuse_once)
        self.notifier.info({}, 'compute.y', {})
        cloud.until(lambda: len(tries) == 2)
        self.assertEqual(taker.batches[0], taker.batches[1])

    def test_it_stops_while_nothing_comes(self):
        taker = self.take()
        self.assertLess(taker.stop(), 3)
        self.assertIsNone(taker.error)
