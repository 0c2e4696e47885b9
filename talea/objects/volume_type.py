# SPDX-License-Identifier: Apache-2.0
"""Types of volumes: an id and the names that it has had.

A type is a resource like others; its entities say which name was in force
when. They are no usage.
"""

import bisect
from collections.abc import Iterable
import dataclasses
import datetime
from typing import Any

import sqlalchemy as sa

from talea import exception
from talea.db import api as db
from talea.db import models
from talea.db import types

KIND = 'volume_type'
NOT_FOUND = 'Unable to find volume_type_id "%s"'

_E = models.ENTITY.c


@dataclasses.dataclass(frozen=True, slots=True)
class VolumeType:
    """A type that exists now."""

    id: str
    name: str | None


class Names:
    """The names that volume types have had.

    :param periods: (id, start of the period, name), in any order
    """

    def __init__(
        self,
        periods: Iterable[tuple[str, datetime.datetime, str | None]],
    ) -> None:
        self._starts: dict[str, list[datetime.datetime]] = {}
        self._names: dict[str, list[str | None]] = {}
        for type_id, start, name in sorted(periods, key=lambda one: one[:2]):
            self._starts.setdefault(type_id, []).append(start)
            self._names.setdefault(type_id, []).append(name)

    def of(self, type_id: str | None, at: datetime.datetime) -> str | None:
        """Return the name of *type_id* for a volume that began at *at*.

        The name in force then, else the latest before (the type was gone),
        else the earliest that is known (it became known late). The id itself
        if nothing is known; None for None.
        """
        if type_id is None or type_id not in self._starts:
            return type_id
        place = bisect.bisect_right(self._starts[type_id], at) - 1
        return self._names[type_id][max(place, 0)]


@db.reader
def names(context: Any) -> Names:
    """Return the Names of all volume types there have ever been."""
    rows = context.session.execute(
        sa.select(_E.entity_id, _E.start_at, _E.name).where(
            _E.entity_type == KIND
        )
    )
    return Names(tuple(row) for row in rows)


def _open() -> sa.Select[Any]:
    return (
        sa.select(_E.entity_id, _E.name)
        .where(_E.entity_type == KIND, _E.end_at == types.OPEN)
        .order_by(_E.start_at, _E.entity_id)
    )


@db.reader
def list_(context: Any) -> list[VolumeType]:
    """Return the VolumeTypes that exist now, oldest first."""
    return [VolumeType(*row) for row in context.session.execute(_open())]


@db.reader
def get(context: Any, type_id: str) -> VolumeType:
    """Return the VolumeType that exists now under *type_id*.

    :raises talea.exception.NotFound: if there is none
    """
    row = context.session.execute(
        _open().where(_E.entity_id == type_id)
    ).first()
    if row is None:
        raise exception.NotFound(NOT_FOUND % type_id)
    return VolumeType(*row)
