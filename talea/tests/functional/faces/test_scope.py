# SPDX-License-Identifier: Apache-2.0
"""/v2/scope beyond what one request after the other can show."""

from concurrent import futures
import datetime
import itertools
import socket
import threading
import time
from unittest import mock

import oslo_messaging
from oslo_messaging import conffixture
from oslo_utils import timeutils

from talea import messaging
from talea.conf import processor as processor_conf
from talea.db import models
from talea.objects import activation
from talea.objects import period
from talea.objects import scope
from talea.objects import scope_reset
from talea.processor import rpcapi
from talea.tests import base as tests_base
from talea.tests import fixtures
from talea.tests.functional.faces import base
from talea.tests.functional.faces import personas
from talea.tests.functional.faces import test_malformed

UTC = datetime.UTC
PATH = '/v2/scope'
EVER = datetime.datetime(9000, 1, 1, tzinfo=UTC)


def at(hour, minute=0, second=0):
    return datetime.datetime(2026, 1, 31, hour, minute, second, tzinfo=UTC)


class ScopeTestCase(base.ApiTestCase):
    """A test at noon, or whenever *now* says; None: time goes on."""

    def setUp(self):
        super().setUp()
        self.now = at(12)
        real = timeutils.utcnow
        patch = mock.patch.object(
            timeutils,
            'utcnow',
            lambda with_timezone=False: self.now or real(with_timezone),
        )
        patch.start()
        self.addCleanup(patch.stop)

    def make(self, *identifiers, state=None, collector='ledger'):
        found = [
            (one, 'project_id', 'ledger', collector, state or at(10), at(0))
            for one in identifiers
        ]
        scope.discover(self.context, found, at(9))

    def ask(self, method, body, status=200):
        """Return the answer to a request with a body."""
        answer = self.request(
            method, PATH, body, content_type='application/json'
        )
        self.assertEqual(status, answer.status_int, answer.body)
        return answer.json

    def show(self, query=''):
        answer = self.request('GET', PATH + query)
        self.assertEqual(200, answer.status_int, answer.body)
        return answer.json['results']


@tests_base.on_all_engines
class PagesTest(ScopeTestCase):
    def setUp(self):
        super().setUp()
        # Those made first have come furthest, two at a time.
        for number in range(10):
            self.make(f'p{number}', state=at(10 - number // 2))

    def _walk(self, query):
        """Return the ids on each page from *query* on."""
        pages, url = [], PATH + query
        while url:
            answer = self.request('GET', url)
            self.assertEqual(200, answer.status_int, answer.body)
            pages.append([one['scope_id'] for one in answer.json['results']])
            link = answer.headers.get('Link')
            url = link and link.split('>')[0].lstrip('<')
        return pages

    def _assert_pages(self, query, size):
        pages = self._walk(f'{query}&limit={size}')
        whole = [one['scope_id'] for one in self.show(query)]
        self.assertEqual(whole, list(itertools.chain(*pages)))
        for page in pages[:-1]:
            self.assertEqual(size, len(page))

    def test_pages_are_the_list_cut_into_pieces(self):
        for size in (1, 2, 3, 5, 10, 11):
            self._assert_pages('?active=1', size)
            self._assert_pages('?sort_key=state', size)

    def test_the_first_page_may_begin_at_an_offset(self):
        self.assertEqual(
            [['p7', 'p8'], ['p9']], self._walk('?offset=7&limit=2')
        )

    def test_a_new_scope_is_on_the_last_page(self):
        first = self.request('GET', f'{PATH}?limit=9')
        self.make('a')
        link = first.headers['Link'].split('>')[0].lstrip('<')
        self.assertEqual([['p9', 'a']], self._walk(link.split('scope')[1]))

    def test_the_order_of_states_is_that_of_who_is_behind(self):
        self.assertEqual(
            ['p8', 'p9', 'p6', 'p7', 'p4', 'p5', 'p2', 'p3', 'p0', 'p1'],
            [one['scope_id'] for one in self.show('?sort_key=state')],
        )

    def test_a_long_list_comes_in_one_answer(self):
        self.make(*(f'q{number:04}' for number in range(2200)))
        answer = self.request('GET', f'{PATH}?limit=2205')
        names = [one['scope_id'] for one in answer.json['results']]
        self.assertEqual(2205, len(set(names)))
        self.assertEqual(['p0', 'q2194'], [names[0], names[-1]])
        self.assertIn('limit=2205&marker=', answer.headers['Link'])
        whole = self.show('?limit=999999999')
        self.assertEqual(2210, len(whole))
        self.assertEqual('q2199', whole[-1]['scope_id'])


@tests_base.on_all_engines
class ShownTest(ScopeTestCase):
    def _hear(self, service, sent):
        with self.database.engine.begin() as connection:
            connection.execute(
                models.WATERMARK.insert(),
                {
                    'deployment': 'region',
                    'service': service,
                    'sent_at': sent,
                    'received_at': sent,
                },
            )

    def test_how_far_it_is_behind(self):
        self.make('p1')
        self.now = at(12, 0, 5)
        self.assertEqual(7205, self.show()[0]['lag'])

    def test_how_far_all_was_heard(self):
        self.make('p1')
        self.assertIsNone(self.show()[0]['complete_until'])
        for number, (service, sent, shown) in enumerate(
            (
                ('nova', at(11), '2026-01-31T10:00:00+00:00'),
                ('cinder', at(9, 59), '2026-01-31T09:59:00+00:00'),
                ('glance', at(11), '2026-01-31T09:59:00+00:00'),
            )
        ):
            self._hear(service, sent)
            # It is looked up every few seconds.
            self.now = at(12, number + 1)
            self.assertEqual(shown, self.show()[0]['complete_until'])

    def test_what_went_wrong_and_what_was_revised(self):
        self.make('p1')
        error = 'No unit: "a\\b"\n\u00e9 \U0001f600'
        with self.database.engine.begin() as connection:
            connection.execute(
                models.SCOPE.update().values(
                    last_error=error, revised_at=at(11, 30)
                )
            )
        shown = self.show()[0]
        self.assertEqual(error, shown['last_error'])
        self.assertEqual('2026-01-31T11:30:00+00:00', shown['revised_at'])

    def test_all_methods_show_the_same(self):
        made = self.ask('POST', {'scope_id': 'p1', 'state': '20260131T1000'})
        self.assertEqual([made], self.show())
        self.now = at(12, 30)
        changed = self.ask('PATCH', {'scope_id': 'p1', 'active': False})
        self.assertEqual([changed], self.show())
        self.assertEqual(
            '2026-01-31T12:30:00+00:00',
            changed['scope_activation_toggle_date'],
        )


@tests_base.on_all_engines
class ChangeTest(ScopeTestCase):
    def test_a_bare_id_of_two_is_refused(self):
        self.make('p1')
        self.make('p1', collector='other')
        answer = self.ask('PATCH', {'scope_id': 'p1', 'active': False}, 404)
        self.assertEqual(
            {
                'message': 'Too many resources found with the same scope_id: '
                'p1.'
            },
            answer,
        )
        self.assertEqual([True, True], [one['active'] for one in self.show()])

    def test_the_defaults_of_a_new_one_are_configured(self):
        self.conf.set_override('discoveries', ['a', 'b'], 'processor')
        processor_conf.discovery(self.conf, 'a')
        for name in ('scope_key', 'fetcher', 'collector'):
            self.conf.set_override(name, f'my {name}', 'discovery:a')
        made = self.ask('POST', {'scope_id': 'p1', 'state': '2026-01-31'})
        self.assertEqual('my scope_key', made['scope_key'])
        self.assertEqual('my fetcher', made['fetcher'])
        self.assertEqual('my collector', made['collector'])

    def test_a_switch_is_known_to_the_microsecond(self):
        self.make('p1')
        body = {'scope_id': 'p1', 'active': False}
        for microsecond in (123456, 123457):
            self.now = at(12).replace(microsecond=microsecond)
            changed = self.ask('PATCH', body)
            self.assertEqual(
                '2026-01-31T12:00:00.123456+00:00',
                changed['scope_activation_toggle_date'],
            )

    def test_a_reset_sets_all_that_match(self):
        self.make(*(f'p{number}' for number in range(105)))
        self.ask('PATCH', {'scope_id': 'p50', 'active': False})
        body = {'all_scopes': True, 'state': '2026-01-31 08:59:59'}
        self.assertEqual({}, self.ask('PUT', body, 202))
        self.assertEqual({'2026-01-31 10:00:00'}, self._states())
        for one in scope_reset.pending(self.context):
            scope_reset.carry_out(self.context, one.id, 3600)
        self.assertEqual({'2026-01-31 08:00:00'}, self._states())

    def _states(self):
        return {one['state'] for one in self.show('?limit=1000')}

    def test_periods_are_closed_when_the_options_say_so(self):
        self.make('p1')
        body = {'scope_id': 'p1', 'state': '2026-01-31T09:00:00'}
        self.conf.set_override('close_after', 1, 'processor')
        # The period that ended a day ago is closed, the next one is not.
        for now, status in (
            (at(9) + datetime.timedelta(days=1), 202),
            (at(9, 59) + datetime.timedelta(days=1), 202),
            (at(10) + datetime.timedelta(days=1), 409),
        ):
            self.now = now
            self.ask('PUT', body, status)


@tests_base.on_all_engines
class MalformedTest(ScopeTestCase):
    """Whatever is sent: an answer, and never a 5xx."""

    BODIES = (
        ('PUT', {'scope_id': 'p1', 'state': '2026-01-31', 'force': True}),
        ('POST', {'scope_id': 'p2', 'state': '2026-01-31'}),
        ('PATCH', {'scope_id': 'p1'}),
    )
    MEMBERS = (
        'scope_id',
        'scope_key',
        'fetcher',
        'collector',
        'active',
        'all_scopes',
        'state',
        'last_processed_timestamp',
        'force',
    )

    def _visit(self, method, query='', **kwargs):
        kwargs.setdefault('content_type', 'application/json')
        answer = self.request(method, PATH + query, **kwargs)
        what = (method, query, str(kwargs)[:200], answer.body)
        self.assertLess(answer.status_int, 500, what)
        if answer.status_int >= 400:
            self.assertEqual(['message'], list(answer.json), what)

    def setUp(self):
        super().setUp()
        self.make('p1')

    def test_members_take_any_value(self):
        for method, body in self.BODIES:
            for name in self.MEMBERS:
                for value in test_malformed.VALUES:
                    self._visit(method, body={**body, name: value})

    def test_bodies_that_are_no_objects_are_refused(self):
        for method, _ in self.BODIES:
            for raw in test_malformed.BODIES:
                self._visit(method, raw=raw)

    def test_parameters_take_any_value(self):
        names = ('offset', 'limit', 'marker', 'sort_key', *self.MEMBERS)
        texts = (
            '',
            '-1',
            '9' * 9,
            '9' * 18,
            '9' * 20,
            'x' * 300,
            '%00',
            '%ff',
            '%ED%A0%80',
            '%F0%9F%92%A9',
            '0001-01-01T00:00:00~1',
            '9999-12-31T23:59:59.999999~1',
            '2026-01-31T10:00:00%2B01:00~1',
            '~',
            ',,',
        )
        for name in names:
            for text in texts:
                for order in ('', '&sort_key=state', '&limit=1'):
                    self._visit('GET', f'?{name}={text}{order}')


class OrderTest(personas.PersonasTestCase):
    """What is wrong is told before who may, and that before what is there."""

    def _status(self, token, method, query='', body=None):
        answer = self.request(
            method,
            PATH + query,
            body,
            token=token,
            content_type='application/json',
        )
        return answer.status_int

    def test_malformed_then_forbidden_then_missing(self):
        body = {'scope_id': 'p9', 'state': '2026-01-31'}
        null = {'scope_key': None}
        for method, query, good, wrong, bad in (
            ('GET', '?scope_id=p9', None, '?limit=0', None),
            ('PUT', '', body, '', {**body, **null}),
            ('PATCH', '', {'scope_id': 'p9'}, '', {'scope_id': 'p9', **null}),
        ):
            for token, malformed, fine in (
                ('reader', 400, 403),
                ('service', 400, 403),
                ('admin', 400, 404),
                ('nobody', 401, 401),
            ):
                broken = self._status(token, method, wrong, bad)
                self.assertEqual(malformed, broken, (token, method))
                whole = self._status(token, method, query, good)
                self.assertEqual(fine, whole, (token, method))

    def test_a_reset_and_a_new_scope_are_checked_as_a_whole(self):
        for method, body in (
            ('PUT', {'state': '2026-01-31'}),
            ('PUT', {'scope_id': 'p9'}),
            ('PUT', {'scope_id': 'p9', 'state': '2026', 'all_scopes': True}),
            ('POST', {'scope_id': 'p9'}),
        ):
            self.assertEqual(400, self._status('reader', method, '', body))
        for query in ('?marker=x', '?marker=3&sort_key=state'):
            self.assertEqual(400, self._status('reader', 'GET', query))


@tests_base.on_servers
class RaceTest(ScopeTestCase):
    """Eight operators at once."""

    def _together(self, actives):
        def patch(active):
            body = {'scope_id': 'p1', 'active': active}
            return self.ask('PATCH', body)

        with futures.ThreadPoolExecutor(8) as pool:
            return list(pool.map(patch, actives))

    def setUp(self):
        super().setUp()
        self.make('p1')
        self.now = None

    def test_one_of_them_switches_it(self):
        for number, active in enumerate((False, True, False), 1):
            answers = self._together([active] * 8)
            self.assertEqual([active] * 8, [one['active'] for one in answers])
            self.assertEqual(
                1,
                len({one['scope_activation_toggle_date'] for one in answers}),
            )
            self.assertEqual(number, scope.get(self.context, 'p1').generation)

    def test_each_real_change_is_one_interval(self):
        for _ in range(5):
            answers = self._together([True, False] * 4)
            self.assertEqual(
                [True, False] * 4, [one['active'] for one in answers]
            )
        found = scope.get(self.context, 'p1')
        pieces = activation.of_scopes(
            self.context, [found.id], period.EPOCH, EVER
        )[found.id]
        edges = [edge for piece in pieces for edge in piece]
        self.assertEqual(found.active, edges[-1] is None)
        moments = [edge for edge in edges if edge is not None]
        # All different, in order, and one for each change that was real.
        self.assertEqual(sorted(set(moments)), moments)
        self.assertEqual(found.generation + 1, len(moments))
        self.assertEqual(found.toggled, moments[-1])

    def test_the_same_scope_is_made_once(self):
        def post(_):
            answer = self.request(
                'POST',
                PATH,
                {'scope_id': 'new', 'state': '2026-01-31'},
                content_type='application/json',
            )
            return answer.status_int

        with futures.ThreadPoolExecutor(8) as pool:
            answers = sorted(pool.map(post, range(8)))
        self.assertEqual([200] + [404] * 7, answers)


class Ear:
    """A processor that waits to be woken up."""

    target = oslo_messaging.Target(version=rpcapi.VERSION)

    def __init__(self):
        self.woken = threading.Event()

    def wake(self, context):
        self.woken.set()


class WakeTest(ScopeTestCase):
    BODY = {'all_scopes': True, 'state': '2026-01-31', 'force': True}

    def setUp(self):
        super().setUp()
        self.make('p1')
        self.now = None

    def _configure(self, url):
        # It makes options known that the library looks for in vain otherwise.
        self.useFixture(conffixture.ConfFixture(self.conf))
        self.conf.set_override('transport_url', url)
        # Nobody's heart beats on when the queue is gone after the test.
        self.conf.set_override(
            'heartbeat_timeout_threshold', 0, 'oslo_messaging_rabbit'
        )

    def test_a_reset_wakes_all_processors(self):
        self._configure(self.useFixture(fixtures.RabbitMQ()).url)
        ears = [Ear(), Ear()]
        for number, ear in enumerate(ears):
            with mock.patch('socket.gethostname', return_value=f'h{number}'):
                server = messaging.server(self.conf, rpcapi.TOPIC, [ear])
            server.start()
            self.addCleanup(server.wait)
            self.addCleanup(server.stop)
        self.ask('PUT', self.BODY, 202)
        self.assertEqual([True, True], [ear.woken.wait(30) for ear in ears])

    def test_a_queue_that_is_away_holds_up_nobody(self):
        with socket.create_server(('127.0.0.1', 0)) as silent:
            port = silent.getsockname()[1]
            self._configure(f'rabbit://me:secret@127.0.0.1:{port}/')
            began = time.monotonic()
            for _ in range(3):
                self.ask('PUT', self.BODY, 202)
            self.assertLess(time.monotonic() - began, 2)
        self.assertEqual(3, len(scope_reset.pending(self.context)))

    def test_a_queue_that_cannot_be_harms_nobody(self):
        self._configure('nonsense')
        self.ask('PUT', self.BODY, 202)
        self.assertEqual(1, len(scope_reset.pending(self.context)))
