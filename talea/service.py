# SPDX-License-Identifier: Apache-2.0
"""What every process does first: options, log, database, policy, report."""

import functools
import logging
import pathlib
import sys

from oslo_config import cfg
from oslo_db import exception as db_exc
from oslo_log import log
from oslo_reports import guru_meditation_report as gmr
from oslo_reports import opts as gmr_opts
import sqlalchemy as sa

from talea import conf as talea_conf
from talea import exception
from talea import policy
from talea import version
from talea.conf import collector as collector_conf
from talea.conf import processor as processor_conf
from talea.db import api
from talea.db import migration

LOG = logging.getLogger(__name__)

# Libraries that tell more at their usual level than anybody wants to know.
_QUIET = ['amqp=WARN', 'kombu=WARN', 'alembic=WARN', 'waitress=WARN']


def prepare(argv, conf=cfg.CONF, files=None):
    """Read the configuration and set up what a process stands on.

    :param argv: arguments without the name of the program
    :param conf: ConfigOpts to register on and to read into
    :param files: configuration files instead of the usual ones, if argv
        names none
    :returns: conf
    :raises oslo_config.cfg.Error: if the configuration cannot be read
    """
    log.register_options(conf)
    log.set_defaults(default_log_levels=log.get_default_log_levels() + _QUIET)
    talea_conf.register(conf)
    gmr_opts.set_defaults(conf)
    conf(
        argv,
        project='talea',
        version=version.version_string(),
        default_config_files=files,
    )
    _check(conf)
    log.setup(conf, 'talea')
    api.configure(conf)
    policy.init(conf)
    # Options that are secret are masked in the report.
    gmr.TextGuruMeditation.setup_autorun(version, conf=conf)
    return conf


def _register(conf):
    log.register_options(conf)
    talea_conf.register(conf)


def _check(conf):
    """Read every option of Talea once.

    oslo.config looks at a value when somebody asks for it, which may be in
    the middle of the night.

    :raises oslo_config.cfg.Error: if one has a value that it cannot have
    """
    for name in conf.collector.deployments:
        collector_conf.deployment(conf, name)
    for name in conf.processor.discoveries:
        processor_conf.discovery(conf, name)
    for name in conf:
        if isinstance(conf[name], cfg.ConfigOpts.GroupAttr):
            dict(conf[name])
    try:
        sa.make_url(conf.database.connection or '')
    except (ValueError, sa.exc.ArgumentError):
        # Not always an error of SQLAlchemy, and it quotes what it takes for
        # a port: the half of a password that has an @ in it.
        raise cfg.ConfigFileValueError(
            '[database] connection is not a URL of a database'
        ) from None


def reload(conf):
    """Read the mutable options again; a broken file changes nothing."""
    try:
        # Not with conf itself, which would keep what it has read.
        trial = cfg.ConfigOpts()
        _register(trial)
        trial(
            [],
            default_config_files=conf.config_file,
            default_config_dirs=conf.config_dir,
        )
        _check(trial)
        changed = conf.mutate_config_files()
    except Exception as error:
        LOG.error('The configuration was not read again: %s', error)
    else:
        LOG.info('Read the configuration again, %d changes.', len(changed))


def check_database():
    """See that the database answers and has a schema to work with.

    A schema of a newer release is fine: migrations add before they remove,
    so that processes of two releases work side by side.

    :raises talea.exception.Conflict: if it has none, or an older one
    :raises oslo_db.exception.DBError: if it does not answer
    """
    found = migration.version()
    if found is None or migration.is_behind(found):
        raise exception.Conflict(
            f'The database is at version {found or "empty"}, this release '
            f'needs {migration.head()}: run "talea-manage db upgrade"'
        )
    # No connection may be shared with the processes that are forked next.
    api.FACADE.writer.get_engine().dispose()


def command(function):
    """Make the main function of a command end with one line on an error.

    The function gets the arguments of the process unless the caller gives
    others; what it returns is the exit code.
    """

    @functools.wraps(function)
    def main(argv=None):
        try:
            return function(sys.argv[1:] if argv is None else argv) or 0
        except (
            cfg.Error,
            db_exc.DBError,
            exception.TaleaError,
            sa.exc.SQLAlchemyError,
            OSError,
        ) as error:
            # Databases append statements and links, none of which helps.
            lines = str(error).splitlines() or [type(error).__name__]
            name = pathlib.Path(sys.argv[0]).name
            print(f'{name}: {lines[0]}', file=sys.stderr)
            return 1

    return main
