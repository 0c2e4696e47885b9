# SPDX-License-Identifier: Apache-2.0
"""Rules of who may do what: a module per word, each beside its constants."""

import itertools

from talea.policies import base
from talea.policies import collector
from talea.policies import dataframes
from talea.policies import entity
from talea.policies import info
from talea.policies import instance
from talea.policies import rating
from talea.policies import report
from talea.policies import schedule
from talea.policies import scope
from talea.policies import stats
from talea.policies import summary
from talea.policies import usage
from talea.policies import volume
from talea.policies import volume_type

WORDS = (
    base,
    collector,
    dataframes,
    entity,
    info,
    instance,
    rating,
    report,
    schedule,
    scope,
    stats,
    summary,
    usage,
    volume,
    volume_type,
)


def list_rules():
    """Return all rules; what oslopolicy tools list."""
    return list(
        itertools.chain.from_iterable(word.list_rules() for word in WORDS)
    )
