# SPDX-License-Identifier: Apache-2.0
"""What events are about: the row that a writer locks while it folds.

A resource's row holds the memory of its timeline, so that newer events go on
from there; see progress.py.
"""

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Sequence
import datetime
from typing import Any

import sqlalchemy as sa

from talea import exception
from talea.db import api as db
from talea.db import bulk
from talea.db import models
from talea.objects import chain
from talea.objects import difference
from talea.objects import event as events
from talea.objects import fold
from talea.objects import generation as generations
from talea.objects import progress
from talea.objects import stale
from talea.objects import tally_mark
from talea.objects import timeline
from talea.objects import volume_type

_TABLE = models.RESOURCE
_ENTITY = models.ENTITY

# (resource type, resource id)
Key = tuple[str, str]


@db.writer
def apply(
    context: Any,
    given: Sequence[events.Event],
    rules: timeline.Rules,
    now: datetime.datetime,
) -> None:
    """Store events and bring the entities of their resources up to date.

    One transaction, joined if *context* has one. Events that are known
    already change nothing.

    :param given: Event objects of any resources, in any order
    :param rules: timeline.Rules
    :param now: aware UTC; becomes ``processed`` of the entities written
    :raises talea.exception.ConcurrentUpdate: lost a race; try again
    """
    if not given:
        return
    locked = _lock(context, {(e.resource_type, e.resource_id) for e in given})
    pks = {resource.key: resource.id for resource in locked}
    events.insert(context, given, pks)
    new: dict[int, list[events.Event]] = {r.id: [] for r in locked}
    for event in given:
        new[pks[event.resource_type, event.resource_id]].append(event)
    folded = []
    again = []
    for resource in locked:
        done = progress.go_on(context, resource, new[resource.id], rules)
        if done is None:
            again.append(resource)
        else:
            folded.append(done)
    folded += progress.from_start(context, again, rules)
    _write(context, folded, rules, now)


@db.retry
@db.writer
def refold(
    context: Any,
    pks: Collection[int],
    rules: timeline.Rules,
    now: datetime.datetime,
) -> None:
    """Fold resources again from all of their events.

    :param pks: keys of resources
    """
    statement = _select().where(_TABLE.c.id.in_(pks))
    locked = _locked(context, statement)
    folded = progress.from_start(context, locked, rules)
    _write(context, folded, rules, now)


@db.retry
@db.writer
def derive_again(
    context: Any,
    message_ids: Collection[str],
    given: Sequence[events.Event],
    rules: timeline.Rules,
    now: datetime.datetime,
) -> int:
    """Make *given* all events that there are of some messages.

    One transaction, with what that means for the entities.

    :param message_ids: of the messages; those without an event too
    :param given: Event objects
    :returns: how many resources have other events than before
    """
    keys = {(e.resource_type, e.resource_id) for e in given}
    locked = _lock(context, keys) if keys else []
    pks = {resource.key: resource.id for resource in locked}
    touched = events.rewrite(context, message_ids, given, pks)
    if touched:
        statement = _select().where(_TABLE.c.id.in_(touched))
        again = _locked(context, statement)
        folded = progress.from_start(context, again, rules)
        _write(context, folded, rules, now)
    return len(touched)


@db.reader
def page(
    context: Any,
    after: int,
    limit: int,
    project_id: str | None = None,
    resource_id: str | None = None,
) -> list[int]:
    """Return keys of resources greater than *after*, at most *limit*.

    :param project_id: only those with an entity of this project
    :param resource_id: only those with this id
    """
    statement = (
        sa.select(_TABLE.c.id)
        .where(_TABLE.c.id > after)
        .order_by(_TABLE.c.id)
        .limit(limit)
    )
    if resource_id is not None:
        statement = statement.where(_TABLE.c.resource_id == resource_id)
    if project_id is not None:
        statement = statement.where(
            _TABLE.c.id.in_(
                sa.select(_ENTITY.c.resource_pk).where(
                    _ENTITY.c.project_id == project_id
                )
            )
        )
    return list(context.session.scalars(statement))


@db.reader
def explain(
    context: Any, resource_id: str, rules: timeline.Rules
) -> dict[tuple[str, int], timeline.Span]:
    """Return what made the entities of all resources with this id.

    :returns: {(resource type, place in the chain): Span}, for the present
        rules
    """
    rows = context.session.execute(
        sa.select(
            _TABLE.c.id, _TABLE.c.resource_type, _TABLE.c.resource_id
        ).where(
            _TABLE.c.id.in_(
                sa.select(_ENTITY.c.resource_pk).where(
                    _ENTITY.c.entity_id == resource_id
                )
            )
        )
    )
    named = {row.id: (row.resource_type, row.resource_id) for row in rows}
    return {
        (named[pk][0], place): span
        for pk, history in events.of_resources(context, named).items()
        for place, span in enumerate(fold.fold(history, rules).spans)
    }


def generation(context: Any, resource_type: str, resource_id: str) -> int:
    """Lock the row of a resource and return how often it was folded.

    :returns: 0 if there is none, which locks nothing
    """
    key = (resource_type, resource_id)
    locked = _locked(context, _select().where(_among([key])))
    return locked[0].generation if locked else 0


def _select() -> Any:
    return sa.select(
        _TABLE.c.id,
        _TABLE.c.resource_type,
        _TABLE.c.resource_id,
        _TABLE.c.generation,
        _TABLE.c.last_fact_at,
        _TABLE.c.last_rank,
        _TABLE.c.last_message_id,
        _TABLE.c.memory,
    )


def _locked(context: Any, statement: Any) -> list[progress.Resource]:
    # Always in the same order, so that two writers do not embrace.
    rows = context.session.execute(
        statement.order_by(_TABLE.c.id).with_for_update()
    )
    return [
        progress.Resource(
            row.id,
            row.resource_type,
            row.resource_id,
            row.generation,
            (row.last_fact_at, row.last_rank, row.last_message_id)
            if row.last_fact_at
            else None,
            row.memory,
        )
        for row in rows
    ]


def _lock(context: Any, keys: set[Key]) -> list[progress.Resource]:
    """Lock the rows of *keys*, making those that are missing."""
    locked = _locked(context, _select().where(_among(keys)))
    missing = keys - {resource.key for resource in locked}
    if not missing:
        return locked
    bulk.insert_missing(
        context.session,
        _TABLE,
        ['resource_type', 'resource_id'],
        [
            {
                'resource_type': resource_type,
                'resource_id': resource_id,
                'generation': 0,
                'memory': '',
            }
            for resource_type, resource_id in sorted(missing)
        ],
    )
    return locked + _locked(context, _select().where(_among(missing)))


def _among(keys: Iterable[Key]) -> Any:
    ids: dict[str, list[str]] = {}
    for resource_type, resource_id in sorted(keys):
        ids.setdefault(resource_type, []).append(resource_id)
    return sa.or_(
        *(
            sa.and_(
                _TABLE.c.resource_type == resource_type,
                _TABLE.c.resource_id.in_(names),
            )
            for resource_type, names in ids.items()
        )
    )


def _write(
    context: Any,
    folded: list[progress.Folded],
    rules: timeline.Rules,
    now: datetime.datetime,
) -> None:
    if not folded:
        return
    _swap(context, [done.resource for done in folded])
    _remember(context, folded)
    changes = {
        done.resource.id: (
            done.old,
            chain.rows(done.resource.id, done.resource.key, done.line),
        )
        for done in folded
    }
    chain.replace(context, changes, now)
    if rules.track_changes:
        stale.mark(context, difference.of(changes.values(), rules))
    if rules.track_stats:
        tally_mark.mark(context, tally_mark.changed(changes.values()), now)
    types = [
        done.resource.resource_id
        for done in folded
        if done.resource.resource_type == volume_type.KIND
    ]
    if types:
        _rename(context, types, rules)


def _rename(context: Any, type_ids: list[str], rules: timeline.Rules) -> None:
    """Note that volumes of some types may have another type by name."""
    generations.raise_(context, generations.VOLUME_TYPES)
    if not rules.track_changes:
        return
    rows = context.session.execute(
        sa.select(_ENTITY.c.project_id, sa.func.min(_ENTITY.c.start_at))
        .where(
            _ENTITY.c.entity_type == 'volume',
            _ENTITY.c.volume_type_id.in_(type_ids),
        )
        .group_by(_ENTITY.c.project_id)
    )
    stale.mark(
        context, [(project, (first, stale.FOREVER)) for project, first in rows]
    )


def _swap(context: Any, resources: list[progress.Resource]) -> None:
    """Claim the next generation of each resource, all or none.

    Where row locks are not replicated (Galera) this is what makes the second
    of two writers fail and start again.
    """
    seen = [(resource.id, resource.generation) for resource in resources]
    done = context.session.execute(
        sa.update(_TABLE)
        .where(
            # Not every engine finds rows by pairs with an index.
            _TABLE.c.id.in_([pk for pk, _ in seen]),
            sa.tuple_(_TABLE.c.id, _TABLE.c.generation).in_(seen),
        )
        .values(generation=_TABLE.c.generation + 1)
    )
    if done.rowcount != len(seen):
        raise exception.ConcurrentUpdate(what='A resource')


def _remember(context: Any, folded: list[progress.Folded]) -> None:
    bulk.replace(
        context.session,
        _TABLE,
        ['id'],
        [
            {
                'id': done.resource.id,
                'resource_type': done.resource.resource_type,
                'resource_id': done.resource.resource_id,
                'generation': done.resource.generation + 1,
                'last_fact_at': done.last and done.last[0],
                'last_rank': done.last and done.last[1],
                'last_message_id': done.last and done.last[2],
                'memory': done.memory,
            }
            for done in folded
        ],
    )
