# SPDX-License-Identifier: Apache-2.0
"""What a cluster holds, as it was counted last.

See tally_mark.py for when that is to be done again.
"""

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Sequence
import dataclasses
from typing import Any

import sqlalchemy as sa

from talea.db import api as db
from talea.db import bulk
from talea.db import models

_TABLE = models.TALLY


@dataclasses.dataclass(frozen=True, slots=True)
class Tally:
    """What one cluster holds.

    :ivar status: Magnum's word
    :ivar nodes: wanted ones
    :ivar unmatched_nodes: wanted ones without a server that is known
    :ivar unknown_nodes: servers whose flavor is not known; capacity is
        without them
    :ivar memory_mb: MiB
    :ivar local_gb, volume_gb: GiB
    """

    project_id: str
    cluster_id: str
    name: str
    status: str
    nodes: int
    unmatched_nodes: int
    unknown_nodes: int
    floating_ips: int
    volumes: int
    vcpus: int
    memory_mb: int
    local_gb: int
    volume_gb: int


@dataclasses.dataclass(frozen=True, slots=True)
class Sum:
    """What the clusters of one status hold, of one project or of several.

    The rest as in Tally.

    :ivar project_id: None if they are of several
    :ivar clusters: how many they are
    """

    project_id: str | None
    status: str
    clusters: int
    nodes: int
    unmatched_nodes: int
    unknown_nodes: int
    floating_ips: int
    volumes: int
    vcpus: int
    memory_mb: int
    local_gb: int
    volume_gb: int


# What is counted of a cluster, but for unknown nodes.
FIGURES = (
    'nodes',
    'unmatched_nodes',
    'floating_ips',
    'volumes',
    'vcpus',
    'memory_mb',
    'local_gb',
    'volume_gb',
)
_FIELDS = tuple(_TABLE.c[field.name] for field in dataclasses.fields(Tally))
_ADDED = tuple(
    sa.func.sum(_TABLE.c[field.name]) for field in dataclasses.fields(Sum)[3:]
)


def replace(
    context: Any, project_ids: Collection[str], counted: Iterable[Tally]
) -> None:
    """Let *counted* be all tallies of some projects.

    Joins the transaction of *context*, in which the marks of all of them were
    taken away.
    """
    present = {
        (row.project_id, row.cluster_id): row
        for row in _tallies(
            context,
            sa.select(*_FIELDS).where(
                _TABLE.c.project_id.in_(sorted(project_ids))
            ),
        )
    }
    new = {(one.project_id, one.cluster_id): one for one in counted}
    for project_id, cluster_id in sorted(present.keys() - new.keys()):
        context.session.execute(
            sa.delete(_TABLE).where(
                _TABLE.c.project_id == project_id,
                _TABLE.c.cluster_id == cluster_id,
            )
        )
    bulk.replace(
        context.session,
        _TABLE,
        ['project_id', 'cluster_id'],
        [
            dataclasses.asdict(one)
            for key, one in sorted(new.items())
            if present.get(key) != one
        ],
    )


def _tallies(context: Any, statement: Any) -> list[Tally]:
    return [Tally(*row) for row in context.session.execute(statement)]


@db.reader
def sums(context: Any, project_id: str | None = None) -> list[Sum]:
    """Return what the clusters of each status hold, all of it.

    :param project_id: only those of this project
    """
    statement = sa.select(
        sa.null(), _TABLE.c.status, sa.func.count(), *_ADDED
    ).group_by(_TABLE.c.status)
    if project_id is not None:
        statement = statement.where(_TABLE.c.project_id == project_id)
    return _sums(context, statement)


@db.reader
def sums_by_project(
    context: Any,
    limit: int,
    after: str | None = None,
    project_id: str | None = None,
) -> list[Sum]:
    """Return what the clusters of each status of each project hold.

    In the order of (project, status).

    :param limit: at most so many; the last project may not be complete then
    :param after: only projects after this one
    :param project_id: only this one
    """
    statement = (
        sa.select(
            _TABLE.c.project_id, _TABLE.c.status, sa.func.count(), *_ADDED
        )
        .group_by(_TABLE.c.project_id, _TABLE.c.status)
        .order_by(_TABLE.c.project_id, _TABLE.c.status)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(_TABLE.c.project_id > after)
    if project_id is not None:
        statement = statement.where(_TABLE.c.project_id == project_id)
    return _sums(context, statement)


def _sums(context: Any, statement: Any) -> list[Sum]:
    found = []
    for project_id, status, *numbers in context.session.execute(statement):
        # Engines add up to decimals.
        counts = [int(number) for number in numbers]
        found.append(Sum(project_id, status, *counts))
    return found


@db.reader
def page(
    context: Any,
    limit: int,
    project_id: str | None = None,
    after: str | None = None,
) -> list[Tally]:
    """Return tallies in the order of the ids of their clusters.

    :param limit: at most so many
    :param project_id: only those of this project
    :param after: only clusters after this one
    """
    statement = (
        sa.select(*_FIELDS)
        .order_by(_TABLE.c.cluster_id, _TABLE.c.project_id)
        .limit(limit)
    )
    if project_id is not None:
        statement = statement.where(_TABLE.c.project_id == project_id)
    if after is not None:
        statement = statement.where(_TABLE.c.cluster_id > after)
    return _tallies(context, statement)


@db.reader
def named(
    context: Any, reference: str, project_id: str | None = None
) -> Sequence[Tally]:
    """Return the tallies of the cluster with this id, or with this name.

    :param project_id: only those of this project
    :returns: one; or those that bear the name, in the order of their ids
    """
    statement = sa.select(*_FIELDS).order_by(_TABLE.c.cluster_id)
    if project_id is not None:
        statement = statement.where(_TABLE.c.project_id == project_id)
    return _tallies(
        context, statement.where(_TABLE.c.cluster_id == reference)
    ) or _tallies(context, statement.where(_TABLE.c.name == reference))
