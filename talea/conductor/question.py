# SPDX-License-Identifier: Apache-2.0
"""What can be asked of the conductor. Plain data."""

from collections.abc import Mapping
import dataclasses
from typing import Any

PROJECT = 'project'
CLUSTER = 'cluster'


@dataclasses.dataclass(frozen=True, slots=True)
class Question:
    """What do clusters hold?

    :ivar project_id: only clusters of this project; None: of all projects
    :ivar cluster: id or name of the only cluster to tell of, whatever its
        status. What is an id of one and a name of another is the id. There
        are no groups then
    :ivar group_by: PROJECT or CLUSTER: a row for each; None: one row of all
    :ivar limit: rows at most; None: all of them
    :ivar marker: the project or cluster id after which rows begin; nothing
        needs to bear it
    :ivar all: whether clusters count whatever their status, and those of
        disabled projects too
    """

    project_id: str | None = None
    cluster: str | None = None
    group_by: str | None = None
    limit: int | None = None
    marker: str | None = None
    all: bool = False

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> 'Question':
        """Return what to_dict() of this release or another one gave.

        What only a newer one asks for is left out.
        """
        names = {one.name for one in dataclasses.fields(cls)}
        return cls(
            **{name: value for name, value in given.items() if name in names}
        )
