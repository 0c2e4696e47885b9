# SPDX-License-Identifier: Apache-2.0
"""Mappings and thresholds made, changed and deleted.

Of two that are valid at the same time, no two share all of parent, value or
level, group, scope and type. Writers come one after the other, so that no two
of them miss one another; see talea.objects.generation.
"""

from collections.abc import Collection
from collections.abc import Mapping
import dataclasses
import datetime
import decimal
from typing import Any

import sqlalchemy as sa

from talea import exception
from talea.db import api as db
from talea.db import models
from talea.db import types
from talea.objects import generation
from talea.objects import pricing
from talea.objects import stale
from talea.objects.pricing import R
from talea.rating import rules

_PARENTS = {
    'service_id': models.HASHMAP_SERVICE,
    'field_id': models.HASHMAP_FIELD,
    'group_id': models.HASHMAP_GROUP,
}
_EXCLUSIVE = ('service_id', 'field_id', 'group_id', 'tenant_id', 'type')


def check_shape(new: rules.Rule) -> None:
    """Pass if *new* has one parent, and the value that goes with it.

    :raises talea.exception.InvalidValue: otherwise
    """
    if (new.service_id is None) == (new.field_id is None):
        raise exception.InvalidValue(
            name='service_id',
            reason='either service_id or field_id must be given',
        )
    if not isinstance(new, rules.Mapping):
        return
    if new.field_id is not None and not new.value:
        raise exception.InvalidValue(
            name='value', reason='must be given for a mapping of a field'
        )
    if new.service_id is not None and new.value is not None:
        raise exception.InvalidValue(
            name='value', reason='a mapping of a service has none'
        )


def check_validity(
    new: rules.Rule, now: datetime.datetime, force: bool = False
) -> None:
    """Pass if *new* may become valid when it says.

    :param now: aware UTC
    :param force: whether it may have effect in the past
    :raises talea.exception.InvalidValue: otherwise
    """
    if new.start < now and not force:
        raise exception.InvalidValue(
            name='start',
            reason='is in the past, which takes force=true: what was rated '
            'since is rated again',
        )
    if new.end is not None and new.end <= new.start:
        raise exception.InvalidValue(name='end', reason='must be after start')


@db.retry
@db.writer
def create(
    context: Any,
    new: rules.Rule,
    now: datetime.datetime,
    force: bool = False,
) -> None:
    """Keep a new mapping or threshold.

    With effect in the past it has what was rated since rated again.

    :param now: aware UTC
    :param force: whether it may have effect in the past
    :raises talea.exception.InvalidValue: a date or value that it cannot have,
        or a parent or group that there is not
    :raises talea.exception.Conflict: if another one is valid then
    """
    generation.raise_(context, generation.RULES)
    check_shape(new)
    check_validity(new, now, force)
    _check_parents(context, new)
    _check_free(context, new)
    context.session.execute(
        sa.insert(pricing.TABLES[type(new)]).values(**_values(new))
    )
    _mark(context, new, new.start, new.end, now)


@db.retry
@db.writer
def update(
    context: Any,
    kind: type[R],
    id_: str,
    wanted: Mapping[str, Any],
    who: str | None,
    now: datetime.datetime,
    force: bool = False,
) -> R:
    """Change a mapping or threshold, and return it as it is then.

    A rule that is in force has prices to its name: it only gets an end, in
    the future and once; with *force* any end at any time, and what was rated
    meanwhile is rated again.

    :param wanted: {attribute: value}; values that it has already, and those
        that are left of them in a float, are no change. With ``version`` the
        rule must still be the one that the caller has seen.
    :param who: changes it
    :param now: aware UTC
    :raises talea.exception.NotFound: if there is none of that id
    :raises talea.exception.InvalidValue: a change that is not possible
    :raises talea.exception.Conflict: if it was changed meanwhile, or another
        one is valid then
    """
    generation.raise_(context, generation.RULES)
    old = _living(context, kind, id_)
    if wanted.get('version', old.version) != old.version:
        raise exception.Conflict(
            f'It was changed meanwhile: this is version {old.version}'
        )
    changes = {
        name: value
        for name, value in wanted.items()
        if not _same(getattr(old, name), value)
    }
    if not changes:
        return old
    new = dataclasses.replace(
        old, **changes, version=old.version + 1, updated_by=who
    )
    check_shape(new)
    if old.start <= now:
        _check_running(old, new, changes, now, force)
    else:
        check_validity(new, now, force)
    _check_parents(context, new)
    _check_free(context, new)
    _write(context, old, new)
    begin, end = _affected(old, new)
    _mark(context, new, begin, end, now)
    if new.tenant_id != old.tenant_id:
        _mark(context, old, begin, end, now)
    return new


@db.retry
@db.writer
def delete(
    context: Any,
    kind: type[rules.Rule],
    id_: str,
    who: str | None,
    now: datetime.datetime,
) -> None:
    """Delete a mapping or threshold.

    Whatever is rated from then on, of whatever time, it does not price.

    :param who: deletes it
    :param now: aware UTC
    :raises talea.exception.NotFound: if there is none of that id
    """
    generation.raise_(context, generation.RULES)
    _living(context, kind, id_)
    table = pricing.TABLES[kind]
    context.session.execute(
        sa.update(table)
        .where(table.c.id == id_)
        .values(deleted_at=now, deleted_by=who)
    )


def delete_all(
    context: Any,
    parent: str,
    ids: Collection[str],
    who: str | None,
    now: datetime.datetime,
) -> None:
    """Delete all rules of parents; joins the transaction of *context*.

    :param parent: service_id, field_id or group_id
    """
    for table in pricing.TABLES.values():
        context.session.execute(
            sa.update(table)
            .where(table.c[parent].in_(ids), table.c.deleted_at == types.OPEN)
            .values(deleted_at=now, deleted_by=who)
        )


def ungroup(context: Any, group_id: str, who: str | None) -> None:
    """Bring rules into the default group; joins a transaction.

    :param group_id: of the group that they are in
    :raises talea.exception.Conflict: if another one is valid there
    """
    for kind in pricing.TABLES:
        for old in pricing.list_(
            context, kind, pricing.Filter(group_id=group_id)
        ):
            new = dataclasses.replace(
                old, group_id=None, version=old.version + 1, updated_by=who
            )
            _check_free(context, new)
            _write(context, old, new)


def _living(context: Any, kind: type[R], id_: str) -> R:
    found: R = pricing.get(context, kind, id_)
    if found.deleted is not None:
        raise exception.NotFound(f'{kind.__name__} {id_} was deleted')
    return found


def _same(old: Any, new: Any) -> bool:
    """Return whether *new* is what *old* was, or what a float kept of it.

    Clients read numbers as floats, change something else, and send all of it
    back. That must not cost digits.
    """
    if old == new:
        return True
    return (
        isinstance(old, decimal.Decimal)
        and isinstance(new, decimal.Decimal)
        and new == decimal.Decimal(repr(float(old)))
    )


def _check_running(
    old: rules.Rule,
    new: rules.Rule,
    changes: Collection[str],
    now: datetime.datetime,
    force: bool,
) -> None:
    """Pass if a rule that is in force may change so.

    :raises talea.exception.InvalidValue: otherwise
    """
    others = sorted(set(changes) - {'end'})
    if others:
        raise exception.InvalidValue(
            name=others[0],
            reason='the rule is in force since '
            f'{old.start.isoformat()}: only its end can be changed',
        )
    if not force and old.end is not None:
        raise exception.InvalidValue(
            name='end', reason='it has one already; force=true changes it'
        )
    if not force and new.end is not None and new.end < now:
        raise exception.InvalidValue(
            name='end',
            reason='is in the past, which takes force=true: what was rated '
            'since is rated again',
        )
    check_validity(new, now, force=True)


def _check_parents(context: Any, new: rules.Rule) -> None:
    """Pass if what *new* belongs to is there.

    :raises talea.exception.InvalidValue: otherwise
    """
    for name, table in _PARENTS.items():
        value = getattr(new, name)
        if value is None:
            continue
        found = context.session.scalar(
            sa.select(table.c.id).where(
                table.c.id == value, table.c.deleted_at == types.OPEN
            )
        )
        if found is None:
            raise exception.InvalidValue(
                name=name, reason=f'there is no such {name[:-3]}'
            )


def _check_free(context: Any, new: rules.Rule) -> None:
    """Pass if no other rule stands where *new* is to be.

    :raises talea.exception.Conflict: otherwise
    """
    kind = type(new)
    table = pricing.TABLES[kind].c
    special = 'value' if kind is rules.Mapping else 'level'
    other = context.session.scalar(
        sa.select(table.id)
        .where(
            # IS NULL where there is none.
            *(
                table[name] == getattr(new, name)
                for name in (*_EXCLUSIVE, special)
            ),
            table.deleted_at == types.OPEN,
            table.end_at > new.start,
            table.start_at < (new.end or types.OPEN),
            table.id != new.id,
        )
        .order_by(table.start_at)
        .limit(1)
    )
    if other is not None:
        name = kind.__name__.lower()
        raise exception.Conflict(
            f'A {name} of the same parent, {special}, group, project and '
            f'type is valid at that time already (id: {other})'
        )


def _values(rule: rules.Rule) -> dict[str, Any]:
    return {
        pricing.RENAMED.get(attribute.name, attribute.name): getattr(
            rule, attribute.name
        )
        for attribute in dataclasses.fields(rule)
    }


def _write(context: Any, old: rules.Rule, new: rules.Rule) -> None:
    """Let *new* take the place of *old*.

    :raises talea.exception.ConcurrentUpdate: if that is another one by now
    """
    table = pricing.TABLES[type(new)]
    done = context.session.execute(
        sa.update(table)
        .where(table.c.id == old.id, table.c.version == old.version)
        .values(**_values(new))
    )
    if done.rowcount != 1:
        raise exception.ConcurrentUpdate(what=f'Rule {old.id}')


def _affected(
    old: rules.Rule, new: rules.Rule
) -> tuple[datetime.datetime, datetime.datetime | None]:
    """Return the time in which the two differ."""
    if old.start == new.start and _priced(old) == _priced(new):
        ends = [old.end or types.OPEN, new.end or types.OPEN]
        return min(ends), max(ends)
    return min(old.start, new.start), None


def _priced(rule: rules.Rule) -> rules.Rule:
    """Return what of *rule* makes prices, but for its end."""
    return dataclasses.replace(
        rule,
        end=None,
        name=None,
        description=None,
        version=0,
        updated_by=None,
    )


def _mark(
    context: Any,
    rule: rules.Rule,
    begin: datetime.datetime,
    end: datetime.datetime | None,
    now: datetime.datetime,
) -> None:
    """Have what was rated of [begin, end) rated again."""
    # What is rated from now on is rated by the rule as it is.
    end = now if end is None else min(end, now)
    if begin < end:
        stale.mark_all(context, begin, end, rule.tenant_id)
