# SPDX-License-Identifier: Apache-2.0
"""How scopes are found: by their usage, in a list, by Keystone."""

import socket

import fixtures as third_party

from talea import exception
from talea.conf import processor as processor_conf
from talea.db import models
from talea.processor import discovery
from talea.processor import passes
from talea.tests import base
from talea.tests import identity
from talea.tests.functional.db import settling
from talea.tests.functional.db.settling import at


class DiscoveryCase(settling.SettlingCase):
    def options(self, name='default', **options):
        """Set options of a discovery."""
        processor_conf.discovery(self.conf, name)
        for option, value in options.items():
            self.conf.set_override(option, value, f'discovery:{name}')

    def discover(self, *names, now=None):
        """Let a processor look for new scopes; return how many there were."""
        if names:
            self.conf.set_override('discoveries', names, 'processor')
        return passes.Passes(self.conf).discover(
            self.context, now or at(12, 10)
        )

    def found(self):
        """Return {identifier: hour from which on it is rated}."""
        return {
            one.identifier: (one.state - at(0)) // settling.HOUR
            for one in self.rows(models.SCOPE)
        }

    def log(self):
        return self.useFixture(third_party.FakeLogger('talea.processor'))


@base.on_all_engines
class LedgerTestCase(DiscoveryCase):
    def test_projects_begin_with_the_period_of_their_first_usage(self):
        self.create('i1', at(10, 15), 'p1')
        self.create('i2', at(11), 'p1')
        self.create('i3', at(11), 'p2')
        self.tell('create', 't', at(5), '', resource_type='volume_type')
        self.assertEqual(2, self.discover())
        self.assertEqual({'p1': 10, 'p2': 11}, self.found())
        self.assertEqual(0, self.discover())
        (one, _) = self.rows(models.SCOPE)
        self.assertEqual(
            ('project_id', 'ledger', 'ledger', True, at(12, 10)),
            (
                one.scope_key,
                one.fetcher,
                one.collector,
                one.active,
                one.scope_activation_toggle_date,
            ),
        )

    def test_usage_before_the_first_of_the_month_is_not_rated(self):
        self.conf.clear_override('rate_from', 'processor')
        self.create('i1', at(-24 * 40))
        self.discover()
        self.assertEqual({'p1': -24 * 30}, self.found())
        (one,) = self.rows(models.SCOPE)
        self.assertEqual(at(-24 * 30), one.rates_from)

    def test_or_before_a_date_that_is_given(self):
        self.create('i1', at(-24 * 40))
        for text, hour in (
            ('2026-01-31T08:30:00+00:00', 8),
            ('2026-01-31T08:30:00', 8),
            ('2026-01-31T08:30:00+05:30', 3),
            ('2026-01-31', 0),
        ):
            self.conf.set_override('rate_from', text, 'processor')
            self.discover()
            self.assertEqual({'p1': hour}, self.found())
            with self.database.engine.begin() as connection:
                connection.execute(models.SCOPE.delete())
                connection.execute(models.ACTIVATION.delete())

    def test_a_date_that_is_none_is_refused_at_the_start(self):
        self.conf.set_override('rate_from', 'yesterday', 'processor')
        error = self.assertRaises(
            exception.InvalidValue, passes.Passes, self.conf
        )
        self.assertIn('[processor] rate_from', str(error))

    def test_names_are_those_of_the_options(self):
        self.create('i1', at(10))
        self.options(scope_key='tenant', collector='special')
        self.discover()
        (one,) = self.rows(models.SCOPE)
        self.assertEqual(
            ('tenant', 'ledger', 'special'),
            (one.scope_key, one.fetcher, one.collector),
        )

    def test_a_fetcher_that_there_is_not_is_refused_at_the_start(self):
        self.options(fetcher='gnocchi')
        error = self.assertRaises(
            discovery.BadDiscovery, passes.Passes, self.conf
        )
        self.assertEqual(
            '[discovery:default] there is no fetcher gnocchi', str(error)
        )


@base.on_all_engines
class SourceTestCase(DiscoveryCase):
    def test_those_on_the_list_are_found_with_usage_or_without(self):
        self.create('i1', at(10), 'p1')
        self.create('i2', at(10), 'other')
        self.options(fetcher='source', scopes=['p1', 'p2', 'p1'])
        self.assertEqual(2, self.discover())
        # Without any it begins when it is found.
        self.assertEqual({'p1': 10, 'p2': 12}, self.found())

    def test_what_becomes_known_of_it_later_is_rated(self):
        self.price('2')
        self.options(fetcher='source', scopes=['p2'])
        self.discover()
        self.create('i1', at(10, 30), 'p2')
        self.settle(at(13, 10))
        self.assertEqual({10: '1', 11: '2', 12: '2'}, self.owed('p2'))


class KeystoneTestCase(DiscoveryCase):
    def setUp(self):
        super().setUp()
        self.keystone = self.useFixture(identity.Keystone())
        self.keystone.projects = [
            (f'k{number}', number != 4) for number in range(7)
        ]
        self.keystone.configure(self.conf)
        self.options('cloud', fetcher='keystone')

    def test_all_projects_on_all_pages_are_found(self):
        self.create('i1', at(10, 15), 'k5')
        self.create('i2', at(10, 15), 'nobody')
        self.assertEqual(7, self.discover('cloud'))
        self.assertEqual(
            {f'k{number}': 10 if number == 5 else 12 for number in range(7)},
            self.found(),
        )
        self.assertEqual(3, self.keystone.paths.count('/v3/projects'))
        self.assertEqual(
            {'keystone'}, {one.fetcher for one in self.rows(models.SCOPE)}
        )

    def test_those_that_are_disabled_count_if_that_is_wanted(self):
        self.options('cloud', disabled_projects=False)
        self.assertEqual(6, self.discover('cloud'))
        self.assertNotIn('k4', self.found())

    def test_only_those_in_which_the_user_has_a_role(self):
        self.options('cloud', role='billed')
        self.keystone.roles = [
            ({'project': {'id': 'k1'}}, 'billed'),
            ({'project': {'id': 'k2'}}, 'admin'),
            ({'project': {'id': 'k4'}}, 'billed'),
            ({'domain': {'id': 'k3'}}, 'billed'),
            ({'system': {'all': True}}, 'billed'),
            ({'project': {'id': 'gone'}}, 'billed'),
        ]
        self.assertEqual(2, self.discover('cloud'))
        self.assertEqual({'k1', 'k4'}, set(self.found()))

    def test_a_second_look_asks_with_the_same_token(self):
        self.conf.set_override('discoveries', ['cloud'], 'processor')
        work = passes.Passes(self.conf)
        work.discover(self.context, at(12))
        self.keystone.projects.append(('k9', True))
        self.assertEqual(1, work.discover(self.context, at(13)))
        self.assertEqual(1, self.keystone.paths.count('/v3/auth/tokens'))

    def test_what_two_ways_lead_to_is_billed_once(self):
        self.price('2')
        self.create('i1', at(10), 'k1')
        self.assertEqual(7, self.discover('default', 'cloud'))
        self.assertEqual(0, self.discover('cloud', 'default'))
        self.settle(at(11, 10))
        self.assertEqual({10: '2'}, self.owed('k1'))

    def _others_go_on(self, reason):
        """Pass if the other discoveries find what they know of."""
        log = self.log()
        self.create('i1', at(10), 'p1')
        self.assertEqual(1, self.discover('cloud', 'default'))
        self.assertEqual({'p1': 10}, self.found())
        self.assertIn('Discovery cloud: Keystone does not list', log.output)
        self.assertIn(reason, log.output)
        self.assertNotIn('forgotten', log.output)

    def test_a_keystone_that_is_away_holds_up_no_other(self):
        # Bound but not listening: whoever connects is refused.
        away = socket.socket()
        self.addCleanup(away.close)
        away.bind(('127.0.0.1', 0))
        self.conf.set_override(
            'auth_url',
            f'http://127.0.0.1:{away.getsockname()[1]}/v3',
            'service_credentials',
        )
        self._others_go_on('Unable to establish connection')

    def test_neither_does_one_that_fails(self):
        self.keystone.answer = (503, 'later')
        self._others_go_on('503')

    def test_nor_one_that_lets_nobody_in(self):
        self.keystone.configure(self.conf, 'forgotten')
        self._others_go_on('401')

    def test_nor_an_answer_of_something_else(self):
        self.conf.set_override('discoveries', ['cloud'], 'processor')
        work = passes.Passes(self.conf)
        work.discover(self.context, at(12))
        log = self.log()
        for body in ('<html>', '[]', '{}', '{"projects": [{}]}'):
            self.keystone.answer = (200, body)
            self.assertEqual(0, work.discover(self.context, at(12)))
        self.assertEqual(4, log.output.count('is no answer of Keystone'))
        self.keystone.answer = None
        self.keystone.projects.append(('k9', True))
        self.assertEqual(1, work.discover(self.context, at(12)))

    def test_nor_credentials_that_nobody_has_given(self):
        self.conf.clear_override('auth_type', 'service_credentials')
        self._others_go_on('')


class OddTestCase(DiscoveryCase):
    def test_a_fetcher_that_breaks_holds_up_no_other(self):
        self.create('i1', at(10), 'p1')
        self.options('odd', fetcher='source', scopes=['p2'])
        self.conf.set_override('discoveries', ['odd', 'default'], 'processor')
        work = passes.Passes(self.conf)

        def fail(context):
            raise KeyError('something')

        work._discoveries[0]._fetcher.fetch = fail
        log = self.log()
        self.assertEqual(1, work.discover(self.context, at(12)))
        self.assertIn('Discovery odd failed', log.output)
