# SPDX-License-Identifier: Apache-2.0
"""What events would change, told without writing anything."""

from collections.abc import Collection
from collections.abc import Iterable
import dataclasses
from typing import Any

import sqlalchemy as sa

from talea.db import api as db
from talea.db import models
from talea.objects import event as events
from talea.objects import fold
from talea.objects import timeline

_columns = models.RESOURCE.c


@dataclasses.dataclass(frozen=True, slots=True)
class Preview:
    """Numbers of resources and entities that would be different.

    :ivar resources: that Talea does not know yet
    :ivar added: entities that there would be more
    :ivar changed: entities that would be other than now
    :ivar removed: entities that there would be no more
    """

    resources: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0

    def __add__(self, other: 'Preview') -> 'Preview':
        return Preview(
            *(
                getattr(self, field.name) + getattr(other, field.name)
                for field in dataclasses.fields(self)
            )
        )


@db.reader
def of(
    context: Any, given: Iterable[events.Event], rules: timeline.Rules
) -> Preview:
    """Return the Preview of what storing events would change.

    The entities as the present rules make them are compared, with the events
    and without.

    :param given: Event objects; all there are of a resource in one call
    :param rules: timeline.Rules
    """
    new: dict[tuple[str, str], list[events.Event]] = {}
    for event in given:
        key = (event.resource_type, event.resource_id)
        new.setdefault(key, []).append(event)
    pks = _find(context, new)
    histories = events.of_resources(
        context, {pk: key for key, pk in pks.items()}
    )
    found = Preview()
    for key, added in new.items():
        history = histories[pks[key]] if key in pks else []
        found += _compare(
            fold.fold(history, rules).spans,
            fold.fold([*history, *added], rules).spans,
        )
    return dataclasses.replace(found, resources=len(new) - len(pks))


def _find(
    context: Any, keys: Collection[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """Return {(type, id): key of the row} of those resources that exist."""
    rows = context.session.execute(
        sa.select(
            _columns.resource_type, _columns.resource_id, _columns.id
        ).where(
            _columns.resource_type.in_({key[0] for key in keys}),
            _columns.resource_id.in_({key[1] for key in keys}),
        )
    )
    found = {tuple(row[:2]): row.id for row in rows}
    return {key: found[key] for key in keys if key in found}


def _compare(
    before: list[timeline.Span], after: list[timeline.Span]
) -> Preview:
    kept = min(len(before), len(after))
    return Preview(
        added=len(after) - kept,
        changed=sum(
            old.to_dict() != new.to_dict()
            for old, new in zip(before, after, strict=False)
        ),
        removed=len(before) - kept,
    )
