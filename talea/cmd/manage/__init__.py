# SPDX-License-Identifier: Apache-2.0
"""talea-manage: what an operator does by hand."""

import functools
import logging
import sys

from cliff import app
from cliff import commandmanager

from talea import service
from talea import version
from talea.cmd.manage import db
from talea.cmd.manage import entity
from talea.cmd.manage import event
from talea.cmd.manage import notification
from talea.cmd.manage import scope
from talea.cmd.manage import stats
from talea.cmd.manage import usage
from talea.db import api

COMMANDS = {
    'db check': db.Check,
    'db upgrade': db.Upgrade,
    'db version': db.Version,
    'entity rebuild': entity.Rebuild,
    'event rebuild': event.Rebuild,
    'notification purge': notification.Purge,
    'notification replay': notification.Replay,
    'notification show': notification.Show,
    'scope settle': scope.Settle,
    'stats count': stats.Count,
    'usage show': usage.Show,
    'usage skipped': usage.Skipped,
}


class _OneLine(logging.Formatter):
    """The first line of a message; databases append whole statements."""

    def format(self, record):
        lines = record.getMessage().splitlines() or ['unknown error']
        return f'{Manage.NAME}: {lines[0]}'


class Manage(app.App):
    """The application: options of every command, configuration, errors."""

    NAME = 'talea-manage'
    # A logger of its own: oslo.log rules the others.
    LOG = logging.getLogger(NAME)

    def __init__(self):
        manager = commandmanager.CommandManager()
        for name, command in COMMANDS.items():
            manager.add_command(name, command)
        super().__init__(__doc__, version.version_string(), manager)

    def build_option_parser(self, description, version, argparse_kwargs=None):
        parser = super().build_option_parser(
            description, version, argparse_kwargs
        )
        for name in ('--config-file', '--config-dir'):
            parser.add_argument(
                name,
                action='append',
                default=[],
                metavar='PATH',
                help='Where the options of Talea are, as for its services. '
                'Can be repeated; before the name of the command.',
            )
        return parser

    def configure_logging(self):
        handler = logging.StreamHandler(self.stderr)
        handler.setFormatter(_OneLine())
        self.LOG.handlers[:] = [handler]
        self.LOG.propagate = False

    def interact(self):
        """Without a command there is nothing to do but to name them."""
        self.run_subcommand(['help'])

    @functools.cached_property
    def conf(self):
        """The configuration, read when a command needs it first.

        :raises talea.exception.TaleaError: if it cannot be read
        """
        given = self.options
        argv = [
            word
            for name, paths in (
                ('--config-file', given.config_file),
                ('--config-dir', given.config_dir),
            )
            for path in paths
            for word in (name, path)
        ]
        if given.log_file:
            argv += ['--log-file', given.log_file]
        if given.debug:
            argv.append('--debug')
        return service.prepare(argv)

    @functools.cached_property
    def context(self):
        """What the functions of talea.objects want first."""
        return api.DbContext()

    @property
    def quiet(self):
        """Whether nothing but the result and errors is wanted."""
        return self.options.verbose_level == 0


def main(argv=None):
    """Run one command; 0 if it did what it was asked."""
    return Manage().run(sys.argv[1:] if argv is None else argv)
