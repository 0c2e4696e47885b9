# SPDX-License-Identifier: Apache-2.0
"""The example in doc/source/admin/rating.rst does what it says."""

import os
import pathlib
import re
import subprocess
import sys
import textwrap

import fixtures

from talea.tests.functional.faces import base
from talea.tests.functional.faces import cloudkitty

PAGE = pathlib.Path(__file__).parents[4] / 'doc/source/admin/rating.rst'
PROGRAMS = pathlib.Path(sys.executable).parent


class DocumentTestCase(cloudkitty.ClientTestCase):
    def _run(self, script):
        """Return what *script* prints, run by bash as an administrator."""
        home = self.useFixture(fixtures.TempDir()).path
        done = subprocess.run(
            ['bash', '-euo', 'pipefail', '-c', script],
            env={
                'PATH': f'{PROGRAMS}:{os.environ["PATH"]}',
                'HOME': home,
                'OS_AUTH_TYPE': 'admin_token',
                'OS_ENDPOINT': self.url,
                'OS_TOKEN': base.KEY,
                'TOKEN': base.KEY,
                'TALEA': self.url,
            },
            capture_output=True,
            text=True,
        )
        self.assertEqual(0, done.returncode, done.stderr)
        return done.stdout

    def test_the_example_makes_the_prices_that_it_says(self):
        text = PAGE.read_text()
        blocks = re.findall(
            r'^\.\. code-block:: (\w+)\n\n((?: {3}.*\n|\n)+)', text, re.M
        )
        (example,) = [one for kind, one in blocks if kind == 'bash']
        self._run(textwrap.dedent(example))
        (quote,) = [one for _, one in blocks if '/v1/rating/quote' in one]
        command, expected = textwrap.dedent(quote).strip().rsplit('\n', 1)
        command = command.removeprefix('$ ')
        self.assertEqual(expected, self._run(command).strip())
        self.assertEqual('1.3', expected)
        for vcpus, price in ((2, 0.03), (16, 0.028)):
            self._check(vcpus, price)

    def _check(self, vcpus, price):
        quote = self.library().rating.get_quotation(
            res_data=[
                {
                    'service': 'instance',
                    'desc': {'flavor_name': 'm1.small', 'vcpus': vcpus},
                    'volume': 1,
                }
            ]
        )
        self.assertEqual(price, quote)
