# SPDX-License-Identifier: Apache-2.0
"""What the documents tell operators to write is what Talea reads."""

import pathlib
import re
import subprocess
import sys
import textwrap

import fixtures

from talea.tests import base

ROOT = pathlib.Path(__file__).parents[3]
GENERATOR = 'etc/oslo-config-generator/talea.conf'
PROGRAMS = pathlib.Path(sys.executable).parent


def snippet(path):
    """Return the talea.conf that the document *path* shows."""
    text = (ROOT / path).read_text()
    blocks = re.findall(
        r'^\.\. code-block:: ini\n\n((?: {3}.*\n|\n)+)', text, re.MULTILINE
    )
    (found,) = [block for block in blocks if '[database]' in block]
    return textwrap.dedent(found)


class ConfigurationTest(base.TestCase):
    def setUp(self):
        super().setUp()
        directory = self.useFixture(fixtures.TempDir()).path
        self.path = pathlib.Path(directory) / 'talea.conf'

    def validate(self, text):
        """Run what doc/source/configuration says; return (code, output)."""
        self.path.write_text(text)
        done = subprocess.run(
            [
                PROGRAMS / 'oslo-config-validator',
                *('--input-file', self.path),
                *('--config-file', GENERATOR),
                *('--exclude-group', 'deployment:region-1'),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout + done.stderr

    def test_the_sample_with_every_option_switched_on_is_valid(self):
        subprocess.run(
            [
                PROGRAMS / 'oslo-config-generator',
                *('--config-file', GENERATOR, '--output-file', self.path),
            ],
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
        text = re.sub(
            r'^#(\w+ =(?! <None>))', r'\1', self.path.read_text(), flags=re.M
        )
        self.assertIn('\nbatch_size = 200\n', text)
        code, output = self.validate(text)
        self.assertEqual(0, code, output)

    def test_what_the_documents_show_is_valid(self):
        for path in ('README.rst', 'doc/source/install/production.rst'):
            code, output = self.validate(snippet(path))
            self.assertEqual(0, code, output)

    def test_a_misspelt_option_is_not(self):
        text = snippet('README.rst').replace('workers', 'wrokers')
        code, output = self.validate(text)
        self.assertEqual(1, code)
        self.assertIn('collector/wrokers', output)
