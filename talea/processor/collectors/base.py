# SPDX-License-Identifier: Apache-2.0
"""What a collector is: it measures what scopes used in periods."""

import abc
from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import datetime
from typing import Any

from talea.objects import period
from talea.rating import metrics
from talea.rating import point

NAMESPACE = 'talea.collectors'


@dataclasses.dataclass(frozen=True, slots=True)
class Question:
    """What did a scope use in a period?

    :ivar pieces: of the period that count, in order, disjoint
    """

    scope_id: str
    scope_key: str
    window: period.Window
    pieces: tuple[period.Window, ...]


class Collector(abc.ABC):
    """A driver of talea.collectors.

    :param conf: ConfigOpts
    :param wanted: {name: Metric}
    """

    def __init__(self, conf: Any, wanted: Mapping[str, metrics.Metric]):
        self.conf = conf
        self.metrics = wanted

    @abc.abstractmethod
    def heard(self, context: Any, now: datetime.datetime) -> datetime.datetime:
        """Return until when what it measures is complete."""

    @abc.abstractmethod
    def collect(
        self, context: Any, questions: Sequence[Question]
    ) -> list[list[point.Point]]:
        """Return the points of each question, unpriced, in its order.

        Called within the transaction that settles. Of one resource and metric
        there is one point for each set of attributes; quantities are those of
        the pieces alone, and points without any are left out.

        :raises talea.exception.TaleaError: with a reason for the operator
        """
