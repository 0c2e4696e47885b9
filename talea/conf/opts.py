# SPDX-License-Identifier: Apache-2.0
"""What oslo-config-generator lists."""

import itertools

from talea import conf


def list_opts():
    """Return (group, options) pairs of every group."""
    return list(
        itertools.chain.from_iterable(
            group.list_opts() for group in conf.GROUPS
        )
    )


def set_defaults():
    """Change defaults of libraries where Talea needs others."""
    conf.api.set_defaults()
    conf.database.set_defaults()
