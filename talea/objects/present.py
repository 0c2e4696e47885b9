# SPDX-License-Identifier: Apache-2.0
"""What there is right now: the entities that go on."""

from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Mapping
import dataclasses
import json
import sys
from typing import Any

import sqlalchemy as sa

from talea.db import api as db
from talea.db import models
from talea.db import types

_E = models.ENTITY.c
_CLUSTER = 'cluster'
_PARTITION = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class Thing:
    """A resource that is there; see talea.objects.entity.Entity."""

    entity_type: str
    entity_id: str
    project_id: str
    name: str | None
    attributes: Mapping[str, Any]


def of_projects(
    context: Any, project_ids: Collection[str], kinds: Collection[str]
) -> Iterator[Thing]:
    """Yield what projects have of some kinds, in no order.

    Joins the transaction of *context*, and is read in pieces: the session
    must not be used for anything else meanwhile. What is yielded was there at
    one moment.
    """
    result = context.session.execute(
        sa.select(
            _E.entity_type,
            _E.entity_id,
            _E.project_id,
            _E.name,
            _E.attributes,
        ).where(
            _E.project_id.in_(sorted(project_ids)),
            _E.end_at == types.OPEN,
            _E.entity_type.in_(kinds),
        ),
        execution_options={'yield_per': _PARTITION},
    )
    for kind, entity_id, project_id, name, attributes in result:
        yield Thing(
            kind,
            entity_id,
            # One for all that it has, however many they are.
            sys.intern(project_id),
            name,
            json.loads(attributes),
        )


def with_clusters(context: Any, project_ids: Collection[str]) -> set[str]:
    """Return those of some projects that have a cluster.

    Joins the transaction of *context*.
    """
    return set(
        context.session.scalars(
            sa.select(_E.project_id)
            .where(
                _E.entity_type == _CLUSTER,
                _E.end_at == types.OPEN,
                _E.project_id.in_(sorted(project_ids)),
            )
            .distinct()
        )
    )


@db.reader
def sizes(context: Any, project_ids: Collection[str]) -> dict[str, int]:
    """Return {project: how much it has}, of those that have anything."""
    rows = context.session.execute(
        sa.select(_E.project_id, sa.func.count())
        .where(_E.project_id.in_(sorted(project_ids)), _E.end_at == types.OPEN)
        .group_by(_E.project_id)
    )
    return {project_id: number for project_id, number in rows}


@db.reader
def of_cluster(context: Any, reference: str) -> set[str]:
    """Return the projects that have a cluster with this id, or this name."""
    statement = sa.select(_E.project_id).where(
        _E.entity_type == _CLUSTER, _E.end_at == types.OPEN
    )
    return set(
        context.session.scalars(statement.where(_E.entity_id == reference))
    ) or set(context.session.scalars(statement.where(_E.name == reference)))
