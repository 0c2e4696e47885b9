# SPDX-License-Identifier: Apache-2.0
"""Mappings and thresholds made, changed and deleted.

Writers come one after the other, so that no two of them miss one another; see
talea.objects.generation.
"""

from collections.abc import Collection
from collections.abc import Mapping
import dataclasses
import datetime
import decimal
from typing import Any

from oslo_utils import uuidutils
import sqlalchemy as sa

from talea import exception
from talea.db import api as db
from talea.db import types
from talea.objects import generation
from talea.objects import price_check
from talea.objects import pricing
from talea.objects import stale
from talea.objects.pricing import R
from talea.rating import rules


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
    price_check.check_shape(new)
    price_check.check_validity(new, now, force)
    price_check.check_parents(context, new)
    price_check.check_free(context, new)
    _insert(context, new)
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

    A rule that is in force has prices to its name: a mapping only gets an
    end, in the future and once; with *force* any end at any time, and what
    was rated meanwhile is rated again. A threshold can be changed, as it
    always could, but not its past: what it was until now stays, as its former
    self.

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
    changes = _changes(old, wanted)
    if not changes:
        return old
    new = dataclasses.replace(
        old, **changes, version=old.version + 1, updated_by=who
    )
    price_check.check_shape(new)
    running = old.start <= now
    succeeds = running and _can_succeed(old, changes, now)
    if succeeds:
        new = dataclasses.replace(new, start=now)
    elif running:
        price_check.check_only_end(old, changes)
    if running:
        price_check.check_end(old, new, now, force)
    price_check.check_validity(new, now, force or running)
    price_check.check_parents(context, new, changes)
    price_check.check_free(context, new)
    if succeeds:
        _succeed(context, old, new)
        return new
    _write(context, old, new)
    begin, end = _affected(old, new)
    _mark(context, new, begin, end, now)
    if new.tenant_id != old.tenant_id:
        _mark(context, old, begin, end, now)
    return new


def _changes(old: rules.Rule, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of *wanted* a rule does not have already.

    :raises talea.exception.Conflict: if it is not the version that is meant
    """
    if wanted.get('version', old.version) != old.version:
        raise exception.Conflict(
            f'It was changed meanwhile: this is version {old.version}'
        )
    return {
        name: value
        for name, value in wanted.items()
        if not _same(getattr(old, name), value)
    }


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
        .where((table.c.id == id_) | (table.c.successor_id == id_))
        .where(table.c.deleted_at == types.OPEN)
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


def ungroup(
    context: Any, group_id: str, who: str | None, now: datetime.datetime
) -> None:
    """Bring rules into the default group; joins a transaction.

    Those that have ended stay where they were.

    :param group_id: of the group that they are in
    :param now: from then on
    :raises talea.exception.Conflict: if another one is valid there
    """
    wanted = pricing.Filter(group_id=group_id)
    for kind in pricing.TABLES:
        for old in pricing.list_(context, kind, wanted):
            if old.end is not None and old.end <= now:
                continue
            new = dataclasses.replace(
                old,
                group_id=None,
                start=max(old.start, now),
                version=old.version + 1,
                updated_by=who,
            )
            price_check.check_free(context, new)
            _succeed(context, old, new)


def _can_succeed(
    old: rules.Rule, changes: Collection[str], now: datetime.datetime
) -> bool:
    """Return whether a rule that is in force may change from now on."""
    return (
        isinstance(old, rules.Threshold)
        and (old.end is None or old.end > now)
        and bool({*changes} - {'end'})
        and 'start' not in changes
    )


def _succeed(context: Any, old: R, new: R) -> None:
    """Let *new* take the place of *old* from its start on.

    Until then it is priced as it was: by its former self.
    """
    _write(context, old, new)
    if old.start < new.start:
        former = dataclasses.replace(
            old,
            id=uuidutils.generate_uuid(),
            end=new.start,
            successor_id=old.id,
        )
        _insert(context, former)


def _insert(context: Any, new: rules.Rule) -> None:
    table = pricing.TABLES[type(new)]
    context.session.execute(sa.insert(table).values(**_values(new)))


def _living(context: Any, kind: type[R], id_: str) -> R:
    found: R = pricing.get(context, kind, id_)
    if found.deleted is not None or found.successor_id is not None:
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
    # Not only until now: the clock of a processor may be ahead of this one.
    if begin < now and (end is None or begin < end):
        stale.mark_all(context, begin, end, rule.tenant_id)
