# SPDX-License-Identifier: Apache-2.0
"""A period [start, end) in which a resource had one set of attributes."""

from collections.abc import Mapping
import dataclasses
import datetime
from typing import Any

# Kinds of entities that are usage. Volume types are kept as entities too,
# for their names change over time, but nobody pays for them.
BILLABLE = ('instance', 'volume', 'snapshot', 'floatingip', 'image')


@dataclasses.dataclass(frozen=True, slots=True)
class Entity:
    """Usage of one resource over one period of unchanged attributes.

    :ivar entity_id: id of the resource, shared by all of its entities
    :ivar entity_type: instance, volume, snapshot, floatingip, image
    :ivar seq: place in the chain of the resource's entities, from 0
    :ivar end: exclusive; None while it goes on
    :ivar last_event: time of the last event that was applied to it
    :ivar processed: when Talea last wrote it
    :ivar source: "notification", "api", or "inferred" when begin or end are
        known from an audit only
    :ivar flavor: name of the flavor; instances only
    :ivar volume_type_id: id of the volume type; volumes only
    :ivar attributes: the rest, by the names in talea.objects.timeline
    """

    entity_id: str
    entity_type: str
    project_id: str
    seq: int
    start: datetime.datetime
    end: datetime.datetime | None
    last_event: datetime.datetime
    processed: datetime.datetime
    name: str | None
    flavor: str | None
    volume_type_id: str | None
    source: str
    attributes: Mapping[str, Any]
