# SPDX-License-Identifier: Apache-2.0
"""What an operator reports through the API becomes events, as all else does.

A request is decided on the entities that there are when it comes; what it
then says is kept in an event, so that folding again never decides anew.
"""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import datetime
from typing import Any
import uuid

from talea import exception
from talea.db import api as db
from talea.objects import entity
from talea.objects import event
from talea.objects import resource
from talea.objects import timeline
from talea.objects import volume_type

NOT_FOUND = 'Entity ID not found'
_MOMENT = datetime.timedelta(microseconds=1)
_NEVER = datetime.datetime.max.replace(tzinfo=datetime.UTC)

# What a decision says is to be recorded: kind, time of the fact, attributes.
Fact = tuple[str, datetime.datetime, dict[str, Any]]
# Given the context and the entities of a resource, oldest first: what is to
# be recorded, or None if there is nothing to do.
Decision = Callable[[Any, Sequence[entity.Entity]], Fact | None]


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """Who reports when.

    :ivar rules: timeline.Rules of the fold
    :ivar now: aware UTC
    :ivar caller: what is known of who asked, JSON-able
    """

    rules: timeline.Rules
    now: datetime.datetime
    caller: Mapping[str, Any]


@db.retry
@db.writer
def record(
    context: Any,
    report: Report,
    resource_type: str,
    resource_id: str,
    decide: Decision,
) -> list[entity.Entity]:
    """Decide on a request and record what it says, in one transaction.

    Nobody else changes the resource in between.

    :returns: the entities of the resource as they are then, oldest first
    :raises talea.exception.NotFound, talea.exception.InvalidValue: what
        *decide* raises
    """
    seen = resource.generation(context, resource_type, resource_id)
    chain: list[entity.Entity] = entity.of_id(
        context, resource_id, resource_type
    )
    fact = decide(context, chain)
    if fact is None:
        return chain
    kind, at, attributes = fact
    if kind == event.CORRECT:
        # It comes after all that it corrects, though some of that may lie in
        # the future: callers report by clocks of their own.
        last = event.latest(context, resource_type, resource_id)
        at = max(at, last + _MOMENT) if last else at
    new = event.Event(
        str(uuid.uuid4()),
        resource_type,
        resource_id,
        at,
        kind,
        event.API,
        {**attributes, 'caller': dict(report.caller)},
    )
    resource.apply(context, [new], report.rules, report.now)
    if resource.generation(context, resource_type, resource_id) != seen + 1:
        # Not every engine locks a row, and none one that is not there yet.
        raise exception.ConcurrentUpdate(what='The resource')
    chain = entity.of_id(context, resource_id, resource_type)
    if kind == event.CREATE and all(one.start != at for one in chain):
        # Said later: folding takes facts in the order of their own times.
        raise exception.InvalidValue(
            'The creation contradicts a correction of this resource'
        )
    return chain


def current_life(
    chain: Sequence[entity.Entity], text: str = NOT_FOUND
) -> list[entity.Entity]:
    """Return the entities since the resource was created last.

    :param text: of the error
    :raises talea.exception.NotFound: if none of them goes on
    """
    if not chain or chain[-1].end is not None:
        raise exception.NotFound(text)
    life = [chain[-1]]
    for one in reversed(chain[:-1]):
        if one.end != life[0].start:
            break
        life.insert(0, one)
    return life


def at_that_time(
    life: Sequence[entity.Entity], at: datetime.datetime, name: str
) -> entity.Entity:
    """Return that entity of *life* which goes on at *at*.

    :param name: of the parameter, for the error
    :raises talea.exception.InvalidValue: *at* is before all of them
    """
    for one in reversed(life):
        if one.start <= at:
            return one
    raise exception.InvalidValue(
        name=name, reason=f'before the start of the entity, {life[0].start}'
    )


def create(
    at: datetime.datetime,
    attributes: Mapping[str, Any],
    name: str,
    check: Callable[[Any], None] = lambda context: None,
) -> Decision:
    """Return the decision on a report that a resource was created at *at*.

    Nothing to do if it goes on, or if this was reported before.

    :param check: called with the context before anything is recorded
    """

    def decide(context: Any, chain: Sequence[entity.Entity]) -> Fact | None:
        if any(one.end is None or one.start == at for one in chain):
            return None
        ended = max((one.end for one in chain if one.end), default=at)
        if at < ended:
            raise exception.InvalidValue(
                name=name, reason=f'this id was in use until {ended}'
            )
        check(context)
        return event.CREATE, at, dict(attributes)

    return decide


def change(
    kind: str,
    at: datetime.datetime,
    attributes: Mapping[str, Any],
    name: str,
    same: Callable[[entity.Entity], bool] = lambda one: False,
) -> Decision:
    """Return the decision on a report that something changed at *at*.

    :param kind: of the event
    :param same: whether the entity of that time is as it is to be already
    """

    def decide(context: Any, chain: Sequence[entity.Entity]) -> Fact | None:
        if same(at_that_time(current_life(chain), at, name)):
            return None
        return kind, at, dict(attributes)

    return decide


def delete(
    parse: Callable[[], datetime.datetime],
    name: str,
    text: str = NOT_FOUND,
) -> Decision:
    """Return the decision on a report that a resource was deleted.

    :param parse: returns when; called once it is known to exist
    :param text: of the error if it does not
    """

    def decide(context: Any, chain: Sequence[entity.Entity]) -> Fact | None:
        life = current_life(chain, text)
        at = parse()
        at_that_time(life, at, name)
        return event.DELETE, at, {}

    return decide


def correct(
    choose: Callable[[Sequence[entity.Entity]], entity.Entity],
    values: Mapping[str, Any],
    now: datetime.datetime,
) -> Decision:
    """Return the decision on a correction of one entity.

    :param choose: returns the entity that is meant
    :param values: new values by the names of attributes, and start and end
        (aware UTC)
    """

    def decide(context: Any, chain: Sequence[entity.Entity]) -> Fact | None:
        target = choose(chain)
        start = values.get('start', target.start)
        end = values.get('end', target.end)
        if end is not None and end < start:
            raise exception.InvalidValue(
                f'The entity would end before it starts: {start} to {end}'
            )
        _keep_apart(chain, target, start, end)
        if not values:
            return None
        return (
            event.CORRECT,
            now,
            {
                'target_start': target.start.isoformat(),
                'target_end': target.end and target.end.isoformat(),
                'set': {
                    key: value.isoformat()
                    if isinstance(value, datetime.datetime)
                    else value
                    for key, value in values.items()
                },
            },
        )

    return decide


def _keep_apart(
    chain: Sequence[entity.Entity],
    target: entity.Entity,
    start: datetime.datetime,
    end: datetime.datetime | None,
) -> None:
    """Pass if *target*, from *start* to *end*, counts no moment twice.

    :raises talea.exception.InvalidValue: it would grow into another entity of
        the resource
    """
    last = end or _NEVER
    if target.start <= start and last <= (target.end or _NEVER):
        return
    for one in chain:
        if (
            one is not target
            and one.start < last
            and start < (one.end or _NEVER)
        ):
            raise exception.InvalidValue(
                'The entity would overlap with another one of this resource: '
                f'{one.start} to {one.end}'
            )


def name_type(name: str | None, now: datetime.datetime) -> Decision:
    """Return the decision on a report that a volume type has a *name*."""

    def decide(context: Any, chain: Sequence[entity.Entity]) -> Fact | None:
        if not chain or chain[-1].end is not None:
            return event.CREATE, now, {'name': name}
        if chain[-1].name == name:
            return None
        return event.UPDATE, now, {'name': name}

    return decide


def known_type(type_id: str | None) -> Callable[[Any], None]:
    """Return a check that the volume type *type_id* exists."""

    def check(context: Any) -> None:
        if type_id is not None:
            volume_type.get(context, type_id)

    return check
