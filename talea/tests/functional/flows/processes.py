# SPDX-License-Identifier: Apache-2.0
"""Real commands of Talea, in processes of their own."""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import time

import fixtures
import psutil
from testtools import content
from testtools import content_type

from talea.tests.functional.flows import cloud


class Settings(fixtures.Fixture):
    """A configuration file.

    :param groups: {group: {option: value}}
    :ivar path: the file
    """

    def __init__(self, **groups):
        super().__init__()
        self._groups = {}
        self.update(groups)

    def update(self, groups):
        """Change options; the file is written again if it is there."""
        for group, options in groups.items():
            self._groups.setdefault(group, {}).update(options)
        if hasattr(self, 'path'):
            self._write()

    def _setUp(self):
        directory = self.useFixture(fixtures.TempDir()).path
        self.path = pathlib.Path(directory) / 'talea.conf'
        self._write()

    def _write(self):
        lines = []
        for group, options in self._groups.items():
            lines.append(f'[{group}]')
            lines += [f'{name} = {value}' for name, value in options.items()]
        self.path.write_text('\n'.join([*lines, '']))


class Process(fixtures.Fixture):
    """A command, from its start to its end.

    :param command: such as talea-collector
    :param settings: Settings
    """

    def __init__(self, command, settings, *arguments):
        super().__init__()
        self._command = command
        self._settings = settings
        self._arguments = arguments

    def _setUp(self):
        directory = self.useFixture(fixtures.TempDir()).path
        self._log = pathlib.Path(directory) / 'log'
        program = pathlib.Path(sys.executable).parent / self._command
        with open(self._log, 'ab') as log:
            self.process = subprocess.Popen(
                [
                    program,
                    '--config-file',
                    self._settings.path,
                    *self._arguments,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | {'PYTHONUNBUFFERED': '1'},
                start_new_session=True,
            )
        self.addCleanup(self.kill)
        self.addDetail(
            self._command,
            content.Content(
                content_type.UTF8_TEXT, lambda: [self._log.read_bytes()]
            ),
        )

    def kill(self):
        """Let it end without a chance to finish anything."""
        # It leads a session: this reaches its workers too, and those whose
        # master is gone.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def log(self):
        return self._log.read_text(errors='replace')

    def says(self, text, timeout=30):
        """Wait until the log holds *text*."""
        try:
            cloud.until(lambda: text in self.log(), timeout)
        except AssertionError:
            raise AssertionError(
                f'{text!r} not in the log:\n{self.log()}'
            ) from None

    def workers(self):
        """Return the child processes, as psutil.Process."""
        try:
            return psutil.Process(self.process.pid).children()
        except psutil.NoSuchProcess:
            return []

    def send(self, number):
        """Send a signal to the (master) process."""
        self.process.send_signal(number)

    def end(self, number=signal.SIGTERM, timeout=5):
        """Send a signal and wait for the end.

        :returns: (exit code, seconds that it took)
        """
        workers = self.workers()
        began = time.monotonic()
        self.send(number)
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f'not ended within {timeout} s:\n{self.log()}'
            ) from None
        cloud.until(lambda: not any(map(alive, workers)), timeout)
        return code, time.monotonic() - began


def alive(process):
    """Return whether a psutil.Process still runs.

    One that nobody has asked for its exit code does not.
    """
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
