# SPDX-License-Identifier: Apache-2.0
"""Counts what clusters hold, by the entities that there are, and keeps it."""

import collections
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
import datetime
import hashlib
import logging
import time
from typing import Any

from talea.conductor import match
from talea.conductor import recorded
from talea.db import api as db
from talea.objects import generation as generations
from talea.objects import present
from talea.objects import tally
from talea.objects import tally_mark

LOG = logging.getLogger(__name__)

# To be raised when the same facts are matched or counted in another way.
_WAY = 1

# Entities that are counted in one transaction, more or less: what it holds in
# memory depends on them. A project is never divided.
_ENTITIES = 5000

# Seconds for which a project is left alone that could not be counted.
_PAUSE = 60

# What columns hold.
_LONGEST_NAME = 255
_LONGEST_STATUS = 64


class _OtherWay(Exception):
    """Somebody wants it counted in another way, and has marked everything."""


class Counter:
    """Keeps the tallies true.

    Several of them, in one process or in many, do not harm each other.

    :param strategies: see talea.conductor.match
    """

    def __init__(self, strategies: Iterable[str]) -> None:
        self._strategies = tuple(strategies)
        self._digest = _digest(self._strategies)
        self._claimed = False
        # {project that made trouble: until when it is left alone}
        self._troubled: dict[str, float] = {}

    def claim(self, context: Any, now: datetime.datetime) -> None:
        """Have everything counted again if it was counted in another way.

        Once; what was started last decides. Others, which were started with
        other strategies, count no more.
        """
        if not self._claimed:
            _claim(context, self._digest, now)
            self._claimed = True

    def count(
        self,
        context: Any,
        project_ids: Collection[str],
        goes_on: Callable[[], bool] = lambda: True,
    ) -> int:
        """Count what the clusters of some projects hold, if they are marked.

        A project that makes trouble is logged, keeps its marks and is left
        alone for a while; the others go on.

        :param goes_on: asked before each transaction
        :returns: how many projects were counted
        """
        number = 0
        if self._troubled:
            now = time.monotonic()
            project_ids = [
                one
                for one in project_ids
                if self._troubled.get(one, now) <= now
            ]
        for some in _portions(context, project_ids):
            if not goes_on():
                break
            number += self._count(context, some)
        return number

    def _count(self, context: Any, project_ids: list[str]) -> int:
        try:
            number: int = _count(
                context, project_ids, self._strategies, self._digest
            )
        except db.AWAY:
            raise
        except _OtherWay:
            LOG.debug('A conductor with other strategies counts')
            return 0
        except Exception as error:
            if len(project_ids) > 1:
                middle = len(project_ids) // 2
                return sum(
                    self._count(context, half)
                    for half in (project_ids[:middle], project_ids[middle:])
                )
            LOG.error(
                'What the clusters of project %s hold could not be counted',
                project_ids[0],
                exc_info=error,
            )
            self._troubled[project_ids[0]] = time.monotonic() + _PAUSE
            return 0
        for project_id in project_ids:
            self._troubled.pop(project_id, None)
        return number


def _digest(strategies: tuple[str, ...]) -> int:
    text = f'{_WAY} {" ".join(strategies)}'
    digest = hashlib.sha256(text.encode()).digest()
    # Positive, as large as the column, and not 0.
    return int.from_bytes(digest[:7]) + 1


@db.retry
@db.writer
def _claim(context: Any, digest: int, now: datetime.datetime) -> None:
    if generations.become(context, generations.TALLIES, digest):
        tally_mark.mark_all(context, now)


def _portions(
    context: Any, project_ids: Collection[str]
) -> Iterator[list[str]]:
    """Divide projects among transactions."""
    if len(project_ids) <= 1:
        if project_ids:
            yield list(project_ids)
        return
    sizes = present.sizes(context, project_ids)
    some: list[str] = []
    size = 0
    for project_id in project_ids:
        if some and size + sizes.get(project_id, 0) > _ENTITIES:
            yield some
            some, size = [], 0
        some.append(project_id)
        size += sizes.get(project_id, 0)
    yield some


@db.retry
@db.writer
def _count(
    context: Any,
    project_ids: Collection[str],
    strategies: tuple[str, ...],
    digest: int,
) -> int:
    # First the marks, then the entities; see talea.objects.tally_mark.
    marked = tally_mark.take(context, project_ids)
    if not marked:
        return 0
    if generations.numbers(context).get(generations.TALLIES) != digest:
        raise _OtherWay
    found = present.with_clusters(context, marked)
    counted: list[tally.Tally] = []
    if found:
        things = present.of_projects(context, found, tally_mark.KINDS)
        counted = _tallies(recorded.of(things), strategies)
    tally.replace(context, marked, counted)
    return len(marked)


def _tallies(
    there: recorded.Recorded, strategies: tuple[str, ...]
) -> list[tally.Tally]:
    """Return what the clusters of some projects hold. Pure."""
    matcher = match.Matcher(there.clusters, strategies)
    holdings = match.Holdings(there.clusters, matcher)
    holdings.add_servers(there.servers)
    holdings.add_volumes(there.volumes)
    holdings.add_floating_ips(there.floating_ips)
    unknown = collections.Counter(map(matcher.server, there.unknown))
    figures = holdings.figures()
    return [
        tally.Tally(
            project_id=one.project_id,
            cluster_id=one.id,
            name=one.name[:_LONGEST_NAME],
            status=one.status[:_LONGEST_STATUS],
            unknown_nodes=unknown[one.id],
            **{name: getattr(figures[one.id], name) for name in tally.FIGURES},
        )
        for one in there.clusters
    ]
