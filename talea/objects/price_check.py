# SPDX-License-Identifier: Apache-2.0
"""What mappings and thresholds may be.

Of two that are valid at the same time, no two share all of parent, value or
level, group, scope and type.
"""

from collections.abc import Collection
import datetime
from typing import Any

import sqlalchemy as sa

from talea import exception
from talea.db import models
from talea.db import types
from talea.objects import pricing
from talea.rating import rules

_PARENTS = {
    'service_id': models.HASHMAP_SERVICE,
    'field_id': models.HASHMAP_FIELD,
    'group_id': models.HASHMAP_GROUP,
}
_EXCLUSIVE = ('service_id', 'field_id', 'group_id', 'tenant_id', 'type')
_PAST = (
    'is in the past, which takes force=true: what was rated since is rated '
    'again'
)


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
        raise exception.InvalidValue(name='start', reason=_PAST)
    if new.end is not None and new.end <= new.start:
        raise exception.InvalidValue(name='end', reason='must be after start')


def check_only_end(old: rules.Rule, changes: Collection[str]) -> None:
    """Pass if of a rule that is in force nothing but its end changes.

    :raises talea.exception.InvalidValue: otherwise
    """
    others = sorted({*changes} - {'end'})
    if others:
        raise exception.InvalidValue(
            name=others[0],
            # The client's own tests look for these words.
            reason='You are allowed to update only the attribute [end] as '
            'this rule is already running as it started on '
            f'[{old.start.isoformat()}]',
        )


def check_end(
    old: rules.Rule, new: rules.Rule, now: datetime.datetime, force: bool
) -> None:
    """Pass if a rule that is in force may end when *new* does.

    :raises talea.exception.InvalidValue: otherwise
    """
    if new.end == old.end or force:
        return
    if old.end is not None:
        raise exception.InvalidValue(
            name='end', reason='it has one already; force=true changes it'
        )
    if new.end is not None and new.end < now:
        raise exception.InvalidValue(name='end', reason=_PAST)


def check_parents(
    context: Any, new: rules.Rule, changes: Collection[str] = tuple(_PARENTS)
) -> None:
    """Pass if what *new* belongs to is there.

    :param changes: names of the attributes to look at
    :raises talea.exception.InvalidValue: otherwise
    """
    for name, table in _PARENTS.items():
        value = getattr(new, name)
        if value is None or name not in changes:
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


def check_free(context: Any, new: rules.Rule) -> None:
    """Pass if no other rule stands where *new* is to be.

    :raises talea.exception.Conflict: otherwise
    """
    kind = type(new)
    table = pricing.TABLES[kind].c
    special = 'value' if kind is rules.Mapping else 'level'
    other = context.session.scalar(
        sa.select(sa.func.coalesce(table.successor_id, table.id))
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
