# SPDX-License-Identifier: Apache-2.0
"""Rating modules one after the other."""

from collections.abc import Iterable

from talea.rating import base
from talea.rating import point as rating_point


class Chain:
    """The raters of one moment.

    :param raters: in the order in which they are asked
    """

    __slots__ = ('_raters',)

    def __init__(self, raters: Iterable[base.Rater]) -> None:
        self._raters = tuple(raters)

    def rate(
        self, point: rating_point.Point, scope_id: str
    ) -> rating_point.Point:
        """Return *point* with its price, and with the rules that made it.

        :param scope_id: whose it is; what it costs may depend on that
        """
        for rater in self._raters:
            point = rater.rate(point, scope_id)
        return point
