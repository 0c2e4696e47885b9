# SPDX-License-Identifier: Apache-2.0
"""Scopes, through CloudKitty's own client."""

import datetime

from talea.objects import scope
from talea.objects import scope_reset
from talea.tests.functional.faces import cloudkitty

UTC = datetime.UTC
NOW = datetime.datetime(2026, 1, 31, 9, tzinfo=UTC)
STATE = '2026-01-31 08:00:00'


class ScopesTestCase(cloudkitty.ClientTestCase):
    def setUp(self):
        super().setUp()
        state = NOW.replace(hour=8)
        scope.discover(
            self.context,
            [
                (f'p{number}', 'project_id', 'ledger', where, state, state)
                for number, where in enumerate('abab', 1)
            ],
            NOW,
        )
        # Periods of that day are closed a long time after this test.
        self.conf.set_override('close_after', 100_000, 'processor')

    def _state(self, identifier):
        """Return the state once what was asked for is done."""
        for one in scope_reset.pending(self.context):
            scope_reset.carry_out(self.context, one.id, 3600)
        return scope.get(self.context, identifier).state.hour


class LibraryTest(ScopesTestCase):
    def _ids(self, **kwargs):
        answer = self.library().scope.get_scope_state(**kwargs)
        return [one['scope_id'] for one in answer['results']]

    def test_the_library_lists_scopes(self):
        self.assertEqual(['p1', 'p2', 'p3', 'p4'], self._ids())
        self.assertEqual(['p2', 'p3'], self._ids(offset=1, limit=2))
        self.assertEqual(['p1', 'p3'], self._ids(collector='a'))
        self.assertEqual(
            ['p2', 'p4'], self._ids(scope_id=['p1', 'p2', 'p4'], collector='b')
        )
        self.assertEqual(
            ['p1', 'p2', 'p3', 'p4'],
            self._ids(
                collector=['a', 'b'],
                fetcher=['ledger'],
                scope_key=['project_id'],
            ),
        )
        answer = self.library().scope.get_scope_state(scope_id='p1')
        self.assertEqual(STATE, answer['results'][0]['state'])
        text = self.refused(
            404, self.library().scope.get_scope_state, scope_id='p9'
        )
        self.assertIn('No resource found for provided filters.', text)

    def test_the_library_resets_scopes(self):
        reset = self.library().scope.reset_scope_state
        reset(state=NOW.replace(hour=7), scope_id=['p1', 'p2'])
        self.assertEqual((7, 7), (self._state('p1'), self._state('p2')))
        self.assertEqual(8, self._state('p3'))
        reset(state=NOW.replace(hour=6), all_scopes=True, collector=['b'])
        self.assertEqual((7, 6), (self._state('p1'), self._state('p4')))
        text = self.refused(404, reset, state=NOW, scope_id=['p9'])
        self.assertIn('No resource found for provided filters.', text)

    def test_the_library_switches_scopes(self):
        update = self.library().scope.update_scope
        changed = update(scope_id='p1', active='false', collector='c')
        self.assertFalse(changed['active'])
        self.assertEqual('c', changed['collector'])
        self.assertFalse(scope.get(self.context, 'p1').active)
        self.assertTrue(update(scope_id='p1', active='true')['active'])
        text = self.refused(404, update, scope_id='p9', active='true')
        self.assertIn('No resource found for provided filters.', text)


class CommandsTest(ScopesTestCase):
    """All in one test: the shells keep their first client for ever."""

    def test_commands(self):
        for shell in cloudkitty.SHELLS:
            self._check_list(shell)
            self._check_reset(shell)
            self._check_switch(shell)
        self._check_names()

    def _check_list(self, shell):
        rows = self.table(
            shell, 'scope state get', '--collector', 'a', '--limit', '1'
        )
        self.assertEqual(
            [
                {
                    'Scope ID': 'p1',
                    'Scope Key': 'project_id',
                    'Collector': 'a',
                    'Fetcher': 'ledger',
                    'State': STATE,
                }
            ],
            rows,
        )
        rows = self.table(
            shell,
            'scope state get',
            *('--scope-id', 'p2', '--scope-id', 'p4', '--offset', '1'),
            *('--scope-key', 'project_id', '--fetcher', 'ledger'),
        )
        self.assertEqual(['p4'], [one['Scope ID'] for one in rows])

    def _check_reset(self, shell):
        for hour, time, options in (
            (7, '2026-01-31T07:00:00Z', ('--scope-id', 'p1,p2')),
            (
                6,
                '2026-01-31T06:59:59',
                ('--scope-id', 'p1', '--scope-id', 'p2'),
            ),
            (9, '2026-01-31T10:00:00+01:00', ('-a', '--collector', 'b')),
            (8, '20260131T080000Z', ('--all-scopes',)),
        ):
            self.command(shell, 'scope state reset', *options, time)
            self.assertEqual(hour, self._state('p2'))
            self.assertEqual(8, self._state('p3'))

    def _check_switch(self, shell):
        for word, active in (('false', False), ('True', True)):
            # It takes what came of it for its exit status.
            out = self.command(
                shell,
                'scope patch',
                *('-id', 'p1', '--active', word),
                code=1,
            )
            self.assertIn(f"'active': {active}", out)
            found = scope.get(self.context, 'p1')
            self.assertEqual(active, found.active)

    def _check_names(self):
        self.command(
            'openstack',
            'scope patch',
            *('--scope-id', 'p1', '--collector', 'x', '--fetcher', 'y'),
            *('--scope-key', 'z'),
            code=1,
        )
        found = scope.get(self.context, 'p1')
        self.assertEqual(
            ('x', 'y', 'z'),
            (found.collector, found.fetcher, found.scope_key),
        )
