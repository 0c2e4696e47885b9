# SPDX-License-Identifier: Apache-2.0
"""Which scopes are meant: by values of columns, exact, any of several."""

from collections.abc import Mapping
import dataclasses
from typing import Any

import sqlalchemy as sa

from talea.db import models

NOT_FOUND = 'No resource found for provided filters.'

COLUMNS: Mapping[str, sa.Column[Any]] = {
    'scope_id': models.SCOPE.c.identifier,
    'scope_key': models.SCOPE.c.scope_key,
    'fetcher': models.SCOPE.c.fetcher,
    'collector': models.SCOPE.c.collector,
    'active': models.SCOPE.c.active,
}


@dataclasses.dataclass(frozen=True, slots=True)
class Filter:
    """One of the values of each member; None: any value."""

    scope_id: list[str] | None = None
    scope_key: list[str] | None = None
    fetcher: list[str] | None = None
    collector: list[str] | None = None
    active: list[bool] | None = None

    def given(self) -> dict[str, list[Any]]:
        """Return {member: values} of those that are not None."""
        return {
            name: getattr(self, name)
            for name in COLUMNS
            if getattr(self, name) is not None
        }


def conditions(given: Mapping[str, list[Any]]) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of a filter, as given() has it."""
    return [COLUMNS[name].in_(values) for name, values in given.items()]
