# SPDX-License-Identifier: Apache-2.0
"""What operators do with policies at the command line."""

import os
import subprocess
import sys

import fixtures
from oslotest import base


class ToolTestCase(base.BaseTestCase):
    """The tools of oslo.policy, each in a process of its own."""

    def setUp(self):
        super().setUp()
        self.directory = self.useFixture(fixtures.TempDir()).path
        rules = self._write('policy.yaml', '"talea:usage:get": "role:auditor"')
        self.config = self._write(
            'talea.conf', f'[oslo_policy]\npolicy_file = {rules}\n'
        )

    def _write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, 'w') as file:
            file.write(text)
        return path

    def _run(self, function, *arguments):
        code = f'from oslo_policy import generator as g; g.{function}()'
        done = subprocess.run(
            [sys.executable, '-c', code, '--namespace', 'talea', *arguments],
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertEqual(0, done.returncode, done.stderr)
        return done.stdout

    def test_they_read_the_configuration_that_they_are_given(self):
        shown = self._run('generate_policy', '--config-file', self.config)
        self.assertIn('"talea:usage:get": "role:auditor"', shown)

    def test_they_know_all_rules_without_any(self):
        shown = self._run('generate_policy')
        self.assertIn('"talea:usage:get": "rule:project_reader"', shown)
