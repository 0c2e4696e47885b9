# SPDX-License-Identifier: Apache-2.0
"""The rules of hashmap, as they are kept. What they do is in hashmap.py."""

import dataclasses
import datetime
import decimal
from typing import Final

FLAT: Final = 'flat'
RATE: Final = 'rate'
TYPES: Final = (FLAT, RATE)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What has a name and is never really deleted.

    :ivar created_by: who; None: the private key
    :ivar deleted: when, or None
    """

    id: str
    name: str
    created: datetime.datetime | None = None
    created_by: str | None = None
    deleted: datetime.datetime | None = None
    deleted_by: str | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Service(Named):
    """A metric that has prices; the name is that of the metric."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Group(Named):
    """Rules whose result is added to that of others."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Field(Named):
    """An attribute that prices depend on, by its name."""

    service_id: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What mappings and thresholds have in common.

    :ivar type: FLAT or RATE
    :ivar service_id: of the service; None: it is of a field
    :ivar field_id: of the field; None: it is of a service
    :ivar group_id: None: the default group
    :ivar tenant_id: the only scope that it is for; None: all of them
    :ivar start: first moment of its validity
    :ivar end: exclusive, or None
    :ivar version: 1, and one more after each change
    :ivar successor_id: of the rule whose former self this is: it prices the
        time before that was changed; None: it is the rule itself
    """

    id: str
    cost: decimal.Decimal
    type: str
    service_id: str | None
    field_id: str | None
    group_id: str | None
    tenant_id: str | None
    start: datetime.datetime
    end: datetime.datetime | None = None
    name: str | None = None
    description: str | None = None
    version: int = 1
    created: datetime.datetime | None = None
    created_by: str | None = None
    updated_by: str | None = None
    successor_id: str | None = None
    deleted: datetime.datetime | None = None
    deleted_by: str | None = None

    @property
    def parent_id(self) -> str | None:
        """What it belongs to: the field or the service."""
        return self.field_id or self.service_id

    def valid(self, at: datetime.datetime) -> bool:
        """Return whether it prices a period that begins at *at*."""
        return self.start <= at and (self.end is None or self.end > at)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Mapping(Rule):
    """What a metric costs, or one value of a field.

    :ivar value: of the field, as text; None: it is of a service
    """

    value: str | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Threshold(Rule):
    """What it costs to reach a level.

    :ivar level: of the value of the field, or of the quantity of the service
    """

    level: decimal.Decimal


@dataclasses.dataclass(frozen=True, slots=True)
class Rules:
    """All rules, in any order."""

    services: tuple[Service, ...] = ()
    fields: tuple[Field, ...] = ()
    mappings: tuple[Mapping, ...] = ()
    thresholds: tuple[Threshold, ...] = ()

    def at(self, moment: datetime.datetime) -> 'Rules':
        """Return those that are valid for a period that begins then."""
        return Rules(
            self.services,
            self.fields,
            tuple(one for one in self.mappings if one.valid(moment)),
            tuple(one for one in self.thresholds if one.valid(moment)),
        )
