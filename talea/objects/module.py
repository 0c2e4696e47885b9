# SPDX-License-Identifier: Apache-2.0
"""Rating modules: which of them are on, and in which order they price."""

import dataclasses
from typing import Any

import sqlalchemy as sa

from talea import exception
from talea.db import api as db
from talea.db import bulk
from talea.db import models
from talea.objects import generation
from talea.rating import base

_TABLE = models.RATING_MODULE


@dataclasses.dataclass(frozen=True, slots=True)
class Module:
    """A rating module that is installed.

    :ivar priority: from 1; the highest prices first
    :ivar driver: what it does
    """

    name: str
    enabled: bool
    priority: int
    driver: base.Module


@db.reader
def list_(context: Any) -> list[Module]:
    """Return all Modules, by name.

    :raises talea.rating.base.BadModule: if one of them cannot be loaded
    """
    rows = context.session.execute(
        sa.select(_TABLE.c.name, _TABLE.c.enabled, _TABLE.c.priority)
    )
    decided = {row.name: row for row in rows}
    found = []
    for name, driver in base.modules().items():
        row = decided.get(name)
        enabled = driver.enabled if row is None else row.enabled
        found.append(
            Module(
                name,
                enabled or not driver.optional,
                1 if row is None else row.priority,
                driver,
            )
        )
    return found


@db.reader
def get(context: Any, name: str) -> Module:
    """Return the Module *name*.

    :raises talea.exception.NotFound: if there is none
    """
    found: list[Module] = list_(context)
    for one in found:
        if one.name == name:
            return one
    raise exception.NotFound(f"Module '{name}' not found")


@db.retry
@db.writer
def update(
    context: Any,
    name: str,
    enabled: bool | None = None,
    priority: int | None = None,
) -> Module:
    """Switch a module on or off, or give it another priority.

    Counts for what is settled from then on.

    :param enabled: None: as it is
    :param priority: None: as it is
    :raises talea.exception.NotFound: if there is none of that name
    :raises talea.exception.InvalidValue: if it cannot be switched off
    """
    generation.raise_(context, generation.RULES)
    old: Module = get(context, name)
    new = dataclasses.replace(
        old,
        enabled=old.enabled if enabled is None else enabled,
        priority=old.priority if priority is None else priority,
    )
    if not (new.enabled or old.driver.optional):
        raise exception.InvalidValue(
            name='enabled', reason=f'{name} is always enabled'
        )
    bulk.replace(
        context.session,
        _TABLE,
        ['name'],
        [
            {
                'name': name,
                'enabled': new.enabled,
                'priority': new.priority,
            }
        ],
    )
    return new
