# SPDX-License-Identifier: Apache-2.0
"""Where the usage of projects is another one after a fold. Pure."""

import collections
from collections.abc import Iterable
from collections.abc import Mapping
import datetime
import itertools
import json
from typing import Any

from talea.db import types
from talea.objects import chain
from talea.objects import cluster
from talea.objects import period
from talea.objects import timeline
from talea.rating import metrics

# (begin, end, project, what may be rated)
_State = tuple[datetime.datetime, datetime.datetime, str, str]

# Columns of an entity; all other attributes are in its JSON.
_OWN = frozenset(('flavor', 'volume_type_id'))


def of(
    changes: Iterable[tuple[chain.Rows, chain.Rows]], rules: timeline.Rules
) -> list[tuple[str, period.Window]]:
    """Return (project, (begin, end)) of all usage that is another one.

    :param changes: rows of a resource before and after a fold
    """
    found: dict[str, list[period.Window]] = {}
    for old, new in changes:
        before = _states(old, new, rules)
        after = _states(new, old, rules)
        for project, window in _differing(before, after):
            if project:
                found.setdefault(project, []).append(window)
    return [
        (project, window)
        for project in sorted(found)
        for window in period.union(found[project])
    ]


def _states(
    rows: chain.Rows, others: chain.Rows, rules: timeline.Rules
) -> list[_State]:
    """Return the states of those rows that are not in *others* as well."""
    return [
        (
            row['start_at'],
            row['end_at'] or types.OPEN,
            row['project_id'],
            _rateable(row, rules),
        )
        for place, row in sorted(rows.items())
        if others.get(place) != row
    ]


def _rateable(row: Mapping[str, Any], rules: timeline.Rules) -> str:
    """Return what metrics may look at; see talea.rating.metrics."""
    kind = row['entity_type']
    attributes = json.loads(row['attributes'])
    names = metrics.ATTRIBUTES.get(kind, metrics.OTHERS)
    values = [
        row[name] if name in _OWN else attributes.get(name)
        for name in sorted(names)
    ]
    if kind == 'instance':
        values.append(attributes.get('os'))
        if rules.split_on_state:
            values.append(attributes.get('state'))
    if kind == cluster.KIND:
        values.append(cluster.counts(attributes))
    # As text: whatever a service may have sent, it can be compared.
    return json.dumps(values, sort_keys=True)


def _differing(
    before: list[_State], after: list[_State]
) -> Iterable[tuple[str, period.Window]]:
    """Yield (project, (begin, end)) where not the same states hold."""
    # At each edge: how many more of a state there are after the fold.
    steps: dict[datetime.datetime, collections.Counter[Any]] = (
        collections.defaultdict(collections.Counter)
    )
    for sign, states in ((-1, before), (1, after)):
        for begin, end, *state in states:
            steps[begin][tuple(state)] += sign
            steps[end][tuple(state)] -= sign
    more: collections.Counter[Any] = collections.Counter()
    edges = sorted(steps)
    for begin, end in itertools.pairwise(edges):
        more.update(steps[begin])
        for state in [state for state in more if not more[state]]:
            del more[state]
        for project in {state[0] for state in more}:
            yield project, (begin, end)
