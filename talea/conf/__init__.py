# SPDX-License-Identifier: Apache-2.0
"""Options: a module per group, registered on whatever ConfigOpts is given."""

from talea.conf import api
from talea.conf import auth
from talea.conf import collector
from talea.conf import conductor
from talea.conf import coordination
from talea.conf import database
from talea.conf import entities
from talea.conf import hashmap
from talea.conf import processor
from talea.conf import service_credentials
from talea.conf import stats

GROUPS = (
    api,
    auth,
    collector,
    conductor,
    coordination,
    database,
    entities,
    hashmap,
    processor,
    service_credentials,
    stats,
)


def register(conf):
    """Register all options of Talea on *conf* (an oslo ConfigOpts)."""
    for group in GROUPS:
        group.register(conf)
