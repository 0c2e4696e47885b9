# SPDX-License-Identifier: Apache-2.0
"""What the conductor answers. Plain data."""

from collections.abc import Mapping
import dataclasses
import datetime
from typing import Any

from talea.conductor import facts


@dataclasses.dataclass(frozen=True, slots=True)
class Failure:
    """A driver that could not tell what it was asked for.

    :ivar reason: text for whoever asked
    """

    driver: str
    reason: str


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """Figures, and what they are of.

    :ivar key: empty for all that was asked for; ``project_id`` of a group by
        project; ``cluster`` (id), ``name``, ``project_id`` and ``status`` of
        one cluster
    """

    key: Mapping[str, str]
    figures: facts.Figures


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """Figures as of one moment.

    :ivar source: ``live`` (asked of the services) or ``ledger``
    :ivar collected_at: aware UTC
    :ivar errors: who could not tell; what they know is None in the figures
    :ivar rows: one, or one for each of a group, in the order of the ids
    :ivar more: whether rows follow after the last one
    :ivar fresh: seconds for which it may be given again to others
    """

    source: str
    collected_at: datetime.datetime
    errors: tuple[Failure, ...] = ()
    rows: tuple[Row, ...] = ()
    more: bool = False
    fresh: float = dataclasses.field(default=0, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, fit for JSON."""
        return {
            'source': self.source,
            'collected_at': self.collected_at.isoformat(),
            'errors': [dataclasses.asdict(one) for one in self.errors],
            'rows': [
                {
                    'key': dict(one.key),
                    'figures': dataclasses.asdict(one.figures),
                }
                for one in self.rows
            ],
            'more': self.more,
            'fresh': self.fresh,
        }

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> 'Answer':
        """Return what to_dict() of this release or a newer one gave."""
        return cls(
            source=given['source'],
            collected_at=datetime.datetime.fromisoformat(
                given['collected_at']
            ),
            errors=tuple(
                Failure(one['driver'], one['reason'])
                for one in given['errors']
            ),
            rows=tuple(
                Row(one['key'], facts.Figures.of(one['figures']))
                for one in given['rows']
            ),
            more=given['more'],
            fresh=given['fresh'],
        )
