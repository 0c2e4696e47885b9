# SPDX-License-Identifier: Apache-2.0
"""A server of a test: a directory, processes, and how to end them."""

import contextlib
import glob
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile

import tenacity

HOME = 'TALEA_TEST_HOME'
"""Names the directory that all servers of a run live in."""

START_TIMEOUT = 120
STOP_TIMEOUT = 30

_PLACES = [
    '/usr/lib/rabbitmq/bin',
    *sorted(glob.glob('/usr/lib/postgresql/*/bin'), reverse=True),
    *os.get_exec_path(),
    '/usr/local/sbin',
    '/usr/sbin',
    '/sbin',
]


class ServerError(Exception):
    """A server is not installed, or did not start."""


def free_port():
    """Return a port of loopback that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def make_directory(parent):
    """Return a new directory in *parent* that other users may enter."""
    # Not in TMPDIR, which may be closed to other users, or too long for the
    # path of a socket.
    path = pathlib.Path(tempfile.mkdtemp(prefix='talea-test-', dir=parent))
    path.chmod(0o755)
    return path


def find(name):
    """Return the path of a program, also of one that PATH does not show.

    :raises ServerError: if it is not installed
    """
    path = shutil.which(name, path=os.pathsep.join(_PLACES))
    if path is None:
        raise ServerError(f'{name} is not installed: see bindep.txt')
    return path


class Server:
    """A server in a directory of its own, from start() to close().

    :ivar url: what a client connects to, valid from start() on and the same
        after a restart
    """

    _stop_signal = signal.SIGTERM
    _close_signal = signal.SIGTERM

    def __init__(self):
        self.directory = None
        self._user = {}
        self._processes = []

    def start(self):
        """Make the data directory, start, and return when it answers.

        :raises ServerError: if it is not installed or does not start; the
            text has the end of its log
        """
        self.directory = make_directory(os.environ.get(HOME, '/tmp'))
        if os.geteuid() == 0:
            nobody = pwd.getpwnam('nobody')
            self._user = {
                'user': nobody.pw_uid,
                'group': nobody.pw_gid,
                'extra_groups': [],
            }
            os.chown(self.directory, nobody.pw_uid, nobody.pw_gid)
        try:
            self._prepare()
            self.launch()
        except BaseException:
            self.close()
            raise
        return self

    def launch(self):
        """Start again on the same data and port; return when it answers."""
        try:
            self._launch()
            self._wait()
        except BaseException:
            self.kill()
            raise

    def stop(self):
        """End it in an orderly way; the data stays."""
        self._end(self._stop_signal)

    def kill(self):
        """End it as a power failure would; the data stays."""
        self._end(signal.SIGKILL)

    def restart(self):
        self.stop()
        self.launch()

    def close(self):
        """End it and remove its data."""
        if self.directory is None:
            return
        self._end(self._close_signal)
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory = None

    def variables(self):
        """Return the environment that tells tests where it is."""
        raise NotImplementedError

    def _prepare(self):
        raise NotImplementedError

    def _launch(self):
        raise NotImplementedError

    def _probe(self):
        """Connect as a client does; raise whatever it raises."""
        raise NotImplementedError

    def _environment(self):
        return {
            'PATH': os.pathsep.join(_PLACES),
            'HOME': str(self.directory),
            'TMPDIR': str(self.directory),
            'LC_ALL': 'C.UTF-8',
        }

    def _run(self, *command):
        """Run *command* to its end."""
        self._spawn(*command)
        status = self._processes[-1].wait(START_TIMEOUT)
        self._processes.pop()
        if status:
            raise ServerError(self._log(f'{command[0]} failed'))

    def _spawn(self, program, *arguments):
        """Start a process that _end() ends."""
        with open(self.directory / 'log', 'ab') as log:
            # In a session of its own: Ctrl-C is for the tests, which then
            # end their servers in order.
            process = subprocess.Popen(
                [find(program), *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                env=self._environment(),
                start_new_session=True,
                **self._user,
            )
        self._processes.append(process)
        self._note()

    def _wait(self):
        for attempt in tenacity.Retrying(
            stop=tenacity.stop_after_delay(START_TIMEOUT),
            wait=tenacity.wait_fixed(0.1),
            retry=tenacity.retry_if_not_exception_type(ServerError),
            reraise=True,
        ):
            with attempt:
                if any(p.poll() is not None for p in self._processes):
                    raise ServerError(self._log('a process ended at once'))
                self._probe()

    def _end(self, number):
        while self._processes:
            process = self._processes.pop()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            try:
                process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if self.directory is not None:
            self._note()

    def _note(self):
        """Write down what must be ended when nobody else does it."""
        text = ''.join(f'{process.pid}\n' for process in self._processes)
        (self.directory / 'pids').write_text(text)

    def _log(self, what):
        text = (self.directory / 'log').read_text(errors='replace')
        return f'{type(self).__name__}: {what}\n{text[-2000:]}'
