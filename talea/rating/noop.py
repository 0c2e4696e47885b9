# SPDX-License-Identifier: Apache-2.0
"""The rating module that adds nothing to any price."""

from typing import Any

from talea.rating import base
from talea.rating import point as rating_point


class Noop(base.Module):
    """Is always there, so that there is a module even before any price."""

    description = 'Adds nothing to the price.'
    enabled = True
    optional = False

    def rater(self, rules: Any) -> 'Rater':
        return Rater()


class Rater:
    """Leaves points as they are."""

    def rate(
        self, point: rating_point.Point, scope_id: str
    ) -> rating_point.Point:
        return point
