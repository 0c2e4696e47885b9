# SPDX-License-Identifier: Apache-2.0
"""What clusters hold, as it is told."""

_COUNTS = ('clusters', 'nodes', 'floating_ips', 'volumes')
_CAPACITY = ('vcpus', 'memory_mb', 'local_gb', 'volume_gb')


def _row(row):
    """Return the key and the figures of a row; null is what nobody knows."""
    figures = row.figures
    return {
        **row.key,
        **{name: getattr(figures, name) for name in _COUNTS},
        'unmatched_nodes': figures.unmatched_nodes,
        'capacity': {name: getattr(figures, name) for name in _CAPACITY},
    }


def _origin(answer):
    """Return from whom, when, and how completely it is known."""
    return {
        'collected_at': answer.collected_at.isoformat(timespec='microseconds'),
        'source': answer.source,
        'errors': [
            {'driver': one.driver, 'reason': one.reason}
            for one in answer.errors
        ],
    }


def totals(answer):
    """Return the body of an answer of one row."""
    (row,) = answer.rows
    return {**_row(row), **_origin(answer)}


def table(answer, following):
    """Return the body of an answer of rows.

    :param following: URL of the next page, or None
    """
    return {
        'stats': [_row(one) for one in answer.rows],
        'next': following,
        **_origin(answer),
    }
