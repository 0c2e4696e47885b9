# SPDX-License-Identifier: Apache-2.0
"""What there is, what is documented, and what is guarded are the same."""

import pathlib
import re

from oslotest import base

from talea import policies
from talea.api import routes

# Of /v1, what is CloudKitty's.
RATING = (
    '/v1/collector',
    '/v1/info/',
    '/v1/rating',
    '/v1/report',
    '/v1/storage',
)
PAGES = pathlib.Path(__file__).parents[4] / 'api-ref/source'


def _routes():
    return [
        (method, path) for method, path in routes.routes() if method != 'HEAD'
    ]


class RoutesTestCase(base.BaseTestCase):
    def test_every_route_is_documented_and_no_other(self):
        text = '\n'.join(page.read_text() for page in PAGES.rglob('*.inc'))
        documented = re.findall(r'rest_method:: (\w+) (\S+)', text)
        self.assertEqual(len(documented), len(set(documented)))
        versioned = {
            (method, path)
            for method, path in _routes()
            if path == '/' or path.startswith(('/v1', '/v2'))
        }
        self.assertEqual(versioned, set(documented))

    def test_what_almanach_and_magnum_have_is_there_without_v1_too(self):
        bare = {
            one for one in _routes() if not one[1].startswith(('/v1', '/v2'))
        }
        versioned = {
            (method, path.removeprefix('/v1') or '/')
            for method, path in _routes()
            if path.startswith('/v1') and not path.startswith(RATING)
        }
        self.assertEqual(bare, versioned)

    def test_every_route_but_public_ones_has_a_policy_and_no_other(self):
        guarded = [
            (operation['method'], operation['path'])
            for rule in policies.list_rules()
            for operation in getattr(rule, 'operations', ())
        ]
        self.assertEqual(len(guarded), len(set(guarded)))
        private = {
            (method, path)
            for method, path, endpoint in routes.walk()
            if not endpoint.public
            and method != 'HEAD'
            and path.startswith(('/v1', '/v2'))
        }
        self.assertEqual(private, set(guarded))

    def test_only_what_says_nothing_about_anybody_is_public(self):
        public = {
            path for _, path, endpoint in routes.walk() if endpoint.public
        }
        self.assertEqual({'/', '/v1', '/v2', '/info', '/v1/info'}, public)

    def test_every_rule_but_of_magnum_is_for_tokens_of_projects(self):
        for rule in policies.list_rules():
            scopes = ['project']
            if rule.name == 'stats:get_all':
                # An administrator of the system may ask Magnum too.
                scopes.append('system')
            if ':' in rule.name:
                self.assertEqual(scopes, rule.scope_types, rule.name)
