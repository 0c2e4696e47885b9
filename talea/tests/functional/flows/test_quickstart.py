# SPDX-License-Identifier: Apache-2.0
"""tools/quickstart.sh, from the configuration on.

The installation is left out, it needs a package index: Talea is taken from
where the tests run.
"""

from decimal import Decimal
import gzip
import itertools
import json
import os
import pathlib
import re
import shlex
import signal
import socket
import stat
import subprocess
import sys
import textwrap
import time

import fixtures
import sqlalchemy as sa

from talea.db import models
from talea.tests import base
from talea.tests.functional.flows import cloud

ROOT = pathlib.Path(__file__).parents[4]
SCRIPT = ROOT / 'tools' / 'quickstart.sh'
PROGRAMS = str(pathlib.Path(sys.executable).parent)
RECORDING = ROOT / 'samples' / 'cloud-a' / 'notifications.jsonl.gz'

ALPHA = '59e09862a35b40a696f3d50da2d74a7e'


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as server:
        return server.getsockname()[1]


def between(text, begin, end):
    return text.partition(begin)[2].partition(end)[0]


class QuickstartTest(base.TestCase):
    def setUp(self):
        super().setUp()
        self.directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        # A space, to see that nothing is unquoted.
        self.dir = self.directory / 'the dir'
        venv = self.dir / 'venv'
        venv.mkdir(parents=True)
        (venv / 'bin').symlink_to(pathlib.Path(sys.executable).parent)
        (venv / 'installed-from').write_text(f'{ROOT}\n')
        self.recording = self.directory / 'some.jsonl.gz'
        with (
            gzip.open(RECORDING) as lines,
            gzip.open(self.recording, 'wb', 1) as some,
        ):
            some.writelines(itertools.islice(lines, 1500))

    def run_script(self, *words):
        return subprocess.run(
            [SCRIPT, '--dir', self.dir, *map(str, words)],
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
            check=False,
        )

    def entities(self):
        engine = sa.create_engine(f'sqlite:///{self.dir}/talea.sqlite')
        self.addCleanup(engine.dispose)
        with engine.connect() as connection:
            return connection.execute(sa.select(models.ENTITY)).all()

    def test_a_second_run_changes_no_number(self):
        first = self.run_script('--no-serve', self.recording)
        self.assertEqual(0, first.returncode, first.stderr)
        tables = between(first.stdout, '== Usage', '== Settling')
        self.assertIn('| server', tables)
        self.assertIn('Skipped', tables)
        self.assertIn('clipped to the newest message', tables)
        entities = self.entities()
        again = self.run_script('--no-serve', self.recording)
        self.assertEqual(
            tables, between(again.stdout, '== Usage', '== Settling')
        )
        self.assertIn('; 0 periods settled', again.stdout)
        self.assertEqual(entities, self.entities())

    def test_the_key_is_random_and_for_nobody_else_to_read(self):
        done = self.run_script('--no-serve', self.recording)
        self.assertEqual(0, done.returncode, done.stderr)
        for name in ('talea.conf', 'token'):
            mode = (self.dir / name).stat().st_mode
            self.assertEqual(0o600, stat.S_IMODE(mode), name)
        key = re.search(
            r'private_key = (\S{40,})', (self.dir / 'talea.conf').read_text()
        ).group(1)
        self.assertEqual(
            f'X-Auth-Token: {key}\n', (self.dir / 'token').read_text()
        )
        self.assertNotIn(key, done.stdout + done.stderr)

    def serve(self, *files):
        """Start the script; return (process, what it printed, its lines)."""
        output = self.directory / 'output'
        with output.open('wb') as stream:
            script = subprocess.Popen(
                [
                    SCRIPT,
                    '--dir',
                    self.dir,
                    '--port',
                    str(free_port()),
                    *files,
                ],
                stdout=stream,
                stderr=stream,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.addCleanup(script.wait)
        self.addCleanup(self._end, script)
        text = self._served(script, output)
        lines = [one for one in text.splitlines() if one.startswith('curl')]
        return script, text, lines

    def test_the_printed_lines_work_while_it_serves_until_ctrl_c(self):
        script, text, lines = self.serve(self.recording)
        self.assertEqual(7, len(lines), text)
        answers = [self._shell(line) for line in lines]
        self.assertIn('all_entities', json.loads(answers[0])['database'])
        self.assertTrue(json.loads(answers[1])['usage'])
        self.assertIn('project_id,resource', answers[2])
        self.assertTrue(json.loads(answers[3]))
        self.assertTrue(json.loads(answers[4])['results'][0]['state'])
        self.assertIn('begin', json.loads(answers[5])['columns'])
        self.assertEqual('ledger', json.loads(answers[6])['source'])
        os.killpg(script.pid, signal.SIGINT)
        self.assertEqual(130, script.wait(timeout=10))
        url = shlex.split(lines[0])[-1]
        refused = subprocess.run(['curl', '-s', url], check=False)
        self.assertEqual(7, refused.returncode)

    def test_prices_and_what_comes_late_are_rated_by_themselves(self):
        _, text, lines = self.serve()
        self.assertIn('3 scopes found; 24 periods settled', text)
        ask, prices = re.findall(
            r'^(openstack rating .*|.*/prices\.sh)$', text, re.MULTILINE
        )[::-1]
        openrc = f'PATH={shlex.quote(PROGRAMS)}:$PATH; . '
        openrc += shlex.quote(str(self.dir / 'openrc'))
        self._check_documented(openrc)
        self._shell(f'{openrc}; {prices}')
        beta = '1c795fa403d4485bbfaa2ba5d3c3ee13'

        def price():
            rows = json.loads(self._shell(lines[5]), parse_float=Decimal)
            return {row[-1]: row[3] for row in rows['results']}[beta]

        conf = shlex.quote(str(self.dir / 'talea.conf'))
        manage = f'{PROGRAMS}/talea-manage --config-file {conf}'
        # It would come by itself, bit by bit.
        self._shell(f'{manage} scope settle')
        priced = price()
        table = self._shell(f'{openrc}; {ask} -f json')
        self.assertIn(beta, {row['Project id'] for row in json.loads(table)})
        late = ROOT / 'samples' / 'late.jsonl'
        self._shell(f'{manage} notification replay {shlex.quote(str(late))}')
        cloud.until(lambda: price() != priced)
        # A c1.large from 06:20 to 06:40.
        difference = price() - priced
        self.assertEqual(round(Decimal('0.2') / 3, 20), round(difference, 20))

    def _check_documented(self, openrc):
        """Check that what the user guide shows of clusters is answered."""
        text = (ROOT / 'doc/source/user/stats.rst').read_text()
        names = re.search(r'^   \$ (TOKEN=.*)$', text, re.MULTILINE)[1]
        examples = re.findall(
            r'^   \$ ((?:.*\\\n)*.*[^\\\n])\n((?:   [^$\n].*\n)+)',
            text,
            re.MULTILINE,
        )
        self.assertEqual(6, len(examples))
        for command, expected in examples:
            if '$MEMBER' in command:
                # There is nobody here without all rights; a member is told
                # what they are told of the member's project.
                command = command.replace('$MEMBER', '$TOKEN').replace(
                    '/v1/stats', f'/v1/stats?project_id={ALPHA}'
                )
            told = self._shell(f'{openrc}; {names}; {command}')
            self.assertEqual(
                self._steady(textwrap.dedent(expected)),
                self._steady(told),
                command,
            )

    @staticmethod
    def _steady(text):
        return re.sub(r'\d{4}-\d\d-\d\dT[\d:.]+\+00:00', 'NOW', text).strip()

    def _served(self, script, output):
        deadline = time.monotonic() + 120
        while 'The database, the configuration' not in output.read_text():
            self.assertIsNone(script.poll(), output.read_text())
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.2)
        return output.read_text()

    def _shell(self, line):
        return subprocess.run(
            ['bash', '-c', line],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        ).stdout

    @staticmethod
    def _end(script):
        if script.poll() is None:
            os.killpg(script.pid, signal.SIGKILL)

    def test_a_port_in_use_is_told_before_anything_is_done(self):
        with socket.create_server(('127.0.0.1', 0)) as server:
            port = server.getsockname()[1]
            done = self.run_script('--port', port, self.recording)
        self.assertEqual(1, done.returncode)
        self.assertEqual(
            f'quickstart: port {port} of 127.0.0.1 is in use; choose another '
            'with --port\n',
            done.stderr,
        )
        self.assertFalse((self.dir / 'talea.conf').exists())

    def test_a_file_that_is_not_there_is_told_before_anything_is_done(self):
        done = self.run_script('--no-serve', '/does/not/exist.gz')
        self.assertEqual(1, done.returncode)
        self.assertEqual(
            'quickstart: cannot read /does/not/exist.gz\n', done.stderr
        )

    def test_another_port_is_taken_over_into_the_configuration(self):
        self.run_script('--no-serve', '--port', 9001, self.recording)
        self.run_script('--no-serve', '--port', 9002, self.recording)
        self.assertIn('port = 9002', (self.dir / 'talea.conf').read_text())
