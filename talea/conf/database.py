# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg
from oslo_db import options

DEFAULT_CONNECTION = 'sqlite:////var/lib/talea/talea.sqlite'


def set_defaults():
    cfg.set_defaults(options.database_opts, connection=DEFAULT_CONNECTION)


def register(conf):
    """Register oslo.db's own options, with an embedded SQLite as default."""
    options.set_defaults(conf, connection=DEFAULT_CONNECTION)


def list_opts():
    # oslo.db lists its options itself, in its own namespace.
    return []
