# SPDX-License-Identifier: Apache-2.0
import json
import pathlib
import subprocess
import sys

from talea.tests import base
from talea.tests import fixtures
from talea.tests.functional.flows import cloud
from talea.tests.functional.flows import processes

PASSWORD = 'hunter-number-two'


class StatusTest(base.TestCase):
    """``talea-status upgrade check`` between real servers."""

    def setUp(self):
        super().setUp()
        self.rabbit = self.useFixture(fixtures.RabbitMQ())
        self.services = self.useFixture(cloud.Services(self.rabbit.url))
        self.database = self.useFixture(fixtures.Database('sqlite'))
        self.settings = self.useFixture(
            processes.Settings(
                database={'connection': self.database.url},
                auth={'private_key': PASSWORD},
                **{'deployment:default': {'transport_url': self.rabbit.url}},
            )
        )

    def check(self):
        """Return (exit code, {name of a check: (code, details)})."""
        done = subprocess.run(
            [
                pathlib.Path(sys.executable).parent / 'talea-status',
                '--config-file',
                self.settings.path,
                'upgrade',
                'check',
                '--json',
            ],
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertNotIn(PASSWORD, done.stdout + done.stderr)
        checks = json.loads(done.stdout)['checks']
        return done.returncode, {
            each['check']: (each['result'], each['details']) for each in checks
        }

    def test_all_is_well(self):
        self.assertEqual(
            (
                0,
                {
                    'Database': (0, None),
                    'Private key': (0, None),
                    'Message buses': (0, None),
                    'Queues of the publishers': (0, None),
                    'Processor': (0, None),
                    'Conductor': (0, None),
                    'Policy file': (0, None),
                },
            ),
            self.check(),
        )

    def test_drivers_that_cannot_be_asked_together_are_a_failure(self):
        self.settings.update({'stats': {'drivers': 'ledger,magnum'}})
        code, checks = self.check()
        self.assertEqual(
            (
                2,
                (
                    2,
                    '[stats] drivers: ledger cannot be named beside others.',
                ),
            ),
            (code, checks['Conductor']),
        )

    def test_a_publishers_queue_that_grows_is_a_warning(self):
        self.services.bind('notifications.info', 'nova')
        self.services.publish('nova', 'notifications.info', b'one')
        code, checks = self.check()
        self.assertEqual(1, code)
        result, details = checks['Queues of the publishers']
        self.assertEqual(1, result)
        self.assertIn(
            'notifications.info of deployment default (1 messages)', details
        )

    def test_a_broker_that_is_away_is_a_failure(self):
        self.settings.update(
            {
                'deployment:default': {
                    'transport_url': f'rabbit://talea:{PASSWORD}@127.0.0.1:1/'
                }
            }
        )
        code, checks = self.check()
        self.assertEqual(2, code)
        self.assertEqual(2, checks['Message buses'][0])
        self.assertIn('default', checks['Message buses'][1])

    def test_a_transport_url_that_is_none_is_a_failure(self):
        self.settings.update(
            {
                'deployment:default': {
                    'transport_url': f'rabbit://talea:{PASSWORD}@host:port/'
                }
            }
        )
        code, checks = self.check()
        self.assertEqual(2, code)
        self.assertIn('transport_url', checks['Message buses'][1])

    def test_a_deployment_that_has_no_options_is_a_warning(self):
        self.settings.update({'collector': {'deployments': 'default,region1'}})
        code, checks = self.check()
        self.assertEqual(1, code)
        result, details = checks['Message buses']
        self.assertEqual(1, result)
        self.assertIn('not set in [deployment:region1]:', details)

    def test_an_old_database_is_a_failure(self):
        empty = self.useFixture(fixtures.Database('sqlite', upgrade=False))
        self.settings.update({'database': {'connection': empty.url}})
        code, checks = self.check()
        self.assertEqual(2, code)
        self.assertIn('talea-manage db upgrade', checks['Database'][1])

    def test_an_unsafe_key_is_a_failure(self):
        self.settings.update({'auth': {'private_key': ''}})
        code, checks = self.check()
        self.assertEqual(2, code)
        self.assertEqual(2, checks['Private key'][0])
