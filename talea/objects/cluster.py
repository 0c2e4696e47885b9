# SPDX-License-Identifier: Apache-2.0
"""What counts of a cluster. Pure."""

from collections.abc import Mapping
from typing import Any

KIND = 'cluster'


def counts(attributes: Mapping[str, Any]) -> bool:
    """Return whether it is usage: its create is known to have succeeded."""
    return attributes.get('completed') is True


def nodes(attributes: Mapping[str, Any]) -> int | None:
    """Return the number of its nodes; None if it is not known.

    Masters and workers, as many as are wanted.
    """
    workers = attributes.get('node_count')
    if workers is None:
        return None
    return int(workers) + int(attributes.get('master_count') or 0)
