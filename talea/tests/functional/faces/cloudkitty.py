# SPDX-License-Identifier: Apache-2.0
"""The unmodified python-cloudkittyclient, against a server of this test.

Both its library and its commands: ``openstack rating ...`` and ``cloudkitty
...``. Those run in a process of their own, one after the other, since to load
them takes much longer than to run them::

    python -m talea.tests.functional.faces.cloudkitty
"""

import contextlib
import importlib.metadata
import io
import json
import os
import subprocess
import sys
import tempfile
import threading

from cloudkittyclient import client
from cloudkittyclient import shell as cloudkitty_shell
from keystoneauth1 import exceptions
from keystoneauth1 import session
from keystoneauth1 import token_endpoint
from openstackclient import shell as openstack_shell

from talea.tests.functional.faces import base
from talea.wsgi import server

SHELLS = {
    # Name: (how to run it, what comes before its commands, where they are)
    'openstack': (openstack_shell.main, ['rating'], 'openstack.rating.v'),
    'cloudkitty': (cloudkitty_shell.main, [], 'cloudkittyclient_v'),
}


def commands(shell, version='2'):
    """Return the names of all commands of *shell*, "hashmap field get"."""
    _, before, group = SHELLS[shell]
    names = importlib.metadata.entry_points(group=group + version).names
    return {' '.join(name.split('_')[len(before) :]) for name in names}


class Shells:
    """The process in which commands run."""

    def __init__(self):
        self._home = tempfile.TemporaryDirectory()
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith('OS_')
        }
        self._process = subprocess.Popen(
            [sys.executable, '-W', 'ignore', '-m', __name__],
            env={**environment, 'HOME': self._home.name},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, shell, arguments):
        """Return (exit status, standard output, standard error)."""
        self._process.stdin.write(json.dumps([shell, arguments]) + '\n')
        self._process.stdin.flush()
        return tuple(json.loads(self._process.stdout.readline()))

    def close(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._home.cleanup()


class ClientTestCase(base.ApiTestCase):
    """A test of what the client makes of a server that is really there.

    :ivar url: of the server
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shells = Shells()
        cls.addClassCleanup(cls.shells.close)

    def setUp(self):
        super().setUp()
        served = server.Server(self.app, '127.0.0.1', 0, threads=4)
        self.url = f'http://127.0.0.1:{served.port}'
        thread = threading.Thread(target=served.run)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(served.stop)

    def library(self, version='2', token=base.KEY):
        """Return the Client of one version of the API."""
        auth = token_endpoint.Token(self.url, token)
        return client.Client(
            version, session=session.Session(auth=auth), adapter_options={}
        )

    def refused(self, code, call, **kwargs):
        """Check that *call* of the library fails so; return the text."""
        error = self.assertRaises(exceptions.HttpError, call, **kwargs)
        self.assertEqual(code, error.http_status, error)
        return str(error)

    def command(self, shell, command, *arguments, version='2', code=0):
        """Return what a command prints.

        :param command: without "rating"
        :param code: exit status that is expected
        :returns: standard output if that is 0, else standard error
        """
        _, before, _ = SHELLS[shell]
        option = '--rating-api-version'
        if shell == 'cloudkitty':
            option = '--os-rating-api-version'
        status, out, error = self.shells.run(
            shell,
            [
                *('--os-auth-type', 'admin_token', '--os-token', base.KEY),
                *('--os-endpoint', self.url, option, version),
                *before,
                *command.split(),
                *arguments,
            ],
        )
        self.assertEqual(code, status, (command, out, error))
        return error if code else out

    def table(self, shell, command, *arguments, **kwargs):
        """Return the rows that a command prints, as dicts."""
        out = self.command(shell, command, '-f', 'json', *arguments, **kwargs)
        return json.loads(out)


def _run(shell, arguments):
    main, _, _ = SHELLS[shell]
    out, error = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        try:
            sys.exit(main(arguments))
        except SystemExit as exit_:
            status = exit_.code
        # As the interpreter has it at its end.
        if not isinstance(status, int | None):
            print(status, file=error)
            status = 1
    return status or 0, out.getvalue(), error.getvalue()


if __name__ == '__main__':
    answers = sys.stdout
    for line in sys.stdin:
        answers.write(json.dumps(_run(*json.loads(line))) + '\n')
        answers.flush()
