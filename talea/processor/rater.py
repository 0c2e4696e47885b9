# SPDX-License-Identifier: Apache-2.0
"""From cells to priced lines: what was used, and what it costs."""

from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
import datetime
from typing import Any

from stevedore import extension

from talea import exception
from talea.objects import frame
from talea.objects import generation
from talea.objects import rule
from talea.processor import plan
from talea.processor.collectors import base
from talea.rating import metrics
from talea.rating import point


class Rater:
    """The collectors, and the rules as they were when last changed.

    :ivar collectors: {name: Collector}
    """

    def __init__(self, conf: Any, collectors: Mapping[str, base.Collector]):
        self.conf = conf
        self.collectors = collectors
        self._book: rule.RuleBook | None = None

    @classmethod
    def of(cls, conf: Any) -> 'Rater':
        """Return one with all collectors there are.

        :raises talea.rating.metrics.BadMetrics: if the metrics are of no use
        """
        wanted = metrics.load(
            conf.processor.metrics_file, conf.entities.split_on_state
        )
        found = extension.ExtensionManager(
            base.NAMESPACE,
            invoke_on_load=True,
            invoke_args=(conf, wanted),
            propagate_map_exceptions=True,
        )
        return cls(conf, {one.name: one.obj for one in found})

    def heard(
        self, context: Any, name: str, now: datetime.datetime
    ) -> datetime.datetime:
        """Return until when what the collector *name* measures is complete.

        :raises talea.exception.NotFound: if there is none of that name
        """
        return self._collector(name).heard(context, now)

    def refresh(self, context: Any) -> None:
        """Read the rules again if they have changed since.

        Joins the transaction of *context*.
        """
        number = generation.numbers(context).get(generation.RULES, 0)
        if self._book is None or self._book.generation != number:
            self._book = rule.load(context)

    def lines(
        self, context: Any, cells: Sequence[plan.Cell]
    ) -> list[list[frame.Line]]:
        """Return the priced lines of each cell, in the order of *cells*.

        :raises talea.exception.TaleaError: if they cannot be had, with the
            reason
        """
        answers: list[list[frame.Line]] = [[] for _ in cells]
        for name in {cell.due.collector for cell in cells}:
            places = [
                place
                for place, cell in enumerate(cells)
                if cell.due.collector == name and cell.pieces
            ]
            if not places:
                continue
            found = self._collector(name).collect(
                context, [_question(cells[place]) for place in places]
            )
            for place, points in zip(places, found, strict=True):
                answers[place] = self._price(cells[place], points)
        return answers

    def _price(
        self, cell: plan.Cell, points: Collection[point.Point]
    ) -> list[frame.Line]:
        assert self._book is not None  # noqa: S101
        chain = self._book.chain(cell.window[0])
        return [_line(chain.rate(one, cell.due.scope_id)) for one in points]

    def _collector(self, name: str) -> base.Collector:
        try:
            return self.collectors[name]
        except KeyError:
            raise exception.NotFound(
                f'There is no collector "{name}"'
            ) from None


def _question(cell: plan.Cell) -> base.Question:
    return base.Question(
        cell.due.scope_id, cell.due.scope_key, cell.window, cell.pieces
    )


def _line(priced: point.Point) -> frame.Line:
    return frame.Line(
        priced.metric,
        priced.unit,
        priced.quantity,
        priced.price,
        priced.groupby,
        priced.metadata,
        priced.rules,
    )
