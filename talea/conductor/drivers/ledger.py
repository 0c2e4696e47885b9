# SPDX-License-Identifier: Apache-2.0
"""The ledger: what clusters hold by what Talea has recorded of them.

Answers come from tallies, which are kept by talea.conductor.counter. What has
changed since is counted first, for a while; should more be left, the answer is
as of an earlier moment: all that was recorded until then is in it.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
import datetime
import itertools
import time
from typing import Any

from talea import exception
from talea.conductor import answer as answers
from talea.conductor import counter
from talea.conductor import facts
from talea.conductor import merge
from talea.conductor import question as questions
from talea.conductor.drivers import base
from talea.db import api as db
from talea.objects import present
from talea.objects import tally
from talea.objects import tally_mark

NAME = 'ledger'

# Rows that are read at once, at most; and what is read beyond the limit, for
# those that do not count, and since a project has a row for each status.
_BLOCK = 1000
_STATUSES = 100


class Ledger(base.Whole):
    """See the module."""

    def __init__(self, conf: Any) -> None:
        super().__init__(conf)
        self._counter = counter.Counter(conf.stats.strategies)

    def answer(
        self, question: questions.Question, now: datetime.datetime
    ) -> answers.Answer:
        context = db.DbContext()
        try:
            self._counter.claim(context, now)
            if question.cluster is not None:
                return self._cluster(context, question, now)
            as_of = self._catch_up(context, question.project_id, now)
            return self._group(context, question, as_of)
        except db.AWAY as error:
            raise base.DriverError(reason='the database is away') from error

    def _catch_up(
        self, context: Any, project_id: str | None, now: datetime.datetime
    ) -> datetime.datetime:
        """Count what is marked; return as of when the tallies are true.

        To be called before they are read: what is marked from now on may be
        among them or not.

        :param project_id: only this one; None: all
        """
        waiting = tally_mark.waiting(context, project_id)
        timeout = self.conf.stats.refresh_timeout
        if waiting and timeout:
            until = time.monotonic() + timeout
            self._counter.count(
                context,
                sorted(waiting, key=lambda one: (waiting[one], one)),
                lambda: time.monotonic() < until,
            )
            waiting = tally_mark.waiting(context, project_id)
        return min(now, *waiting.values()) if waiting else now

    def _cluster(
        self, context: Any, asked: questions.Question, now: datetime.datetime
    ) -> answers.Answer:
        reference = asked.cluster or ''
        if asked.project_id is not None:
            projects = {asked.project_id}
        else:
            # Those of tallies, too: it may have gone meanwhile.
            projects = {
                *present.of_cluster(context, reference),
                *(one.project_id for one in tally.named(context, reference)),
            }
        as_of = min(
            (self._catch_up(context, one, now) for one in sorted(projects)),
            default=now,
        )
        found = tally.named(context, reference, asked.project_id)
        if not found:
            raise exception.ClusterNotFound(name=reference)
        if len(found) > 1:
            raise exception.AmbiguousCluster(
                reference, [one.cluster_id for one in found]
            )
        return self._say(as_of, [_row(found[0])], False)

    def _group(
        self,
        context: Any,
        asked: questions.Question,
        as_of: datetime.datetime,
    ) -> answers.Answer:
        patterns = tuple(self.conf.stats.cluster_states)

        def counts(status: str) -> bool:
            return asked.all or merge.counts(status, patterns)

        if asked.group_by is None:
            sums = tally.sums(context, asked.project_id)
            total = _add(one for one in sums if counts(one.status))
            return self._say(as_of, [({}, *total)], False)
        if asked.group_by == questions.CLUSTER:
            rows = _clusters(context, asked, counts)
        else:
            rows = _projects(context, asked, counts)
        wanted = None if asked.limit is None else asked.limit + 1
        page = list(itertools.islice(rows, wanted))
        more = wanted is not None and len(page) == wanted
        return self._say(as_of, page[: asked.limit], more)

    def _say(
        self, as_of: datetime.datetime, rows: list[Any], more: bool
    ) -> answers.Answer:
        unknown = sum(number for _, _, number in rows)
        errors: tuple[answers.Failure, ...] = ()
        if unknown:
            errors = (
                answers.Failure(
                    NAME, f'the flavor of {unknown} nodes is not known'
                ),
            )
        return answers.Answer(
            source=self.source,
            collected_at=as_of,
            errors=errors,
            rows=tuple(answers.Row(key, figures) for key, figures, _ in rows),
            more=more,
        )


# The key of a row, its figures, and how many of its nodes are not known.
_Row = tuple[dict[str, str], facts.Figures, int]


def _row(one: tally.Tally) -> _Row:
    key = {
        'cluster': one.cluster_id,
        'name': one.name,
        'project_id': one.project_id,
        'status': one.status,
    }
    return key, _figures(1, one), one.unknown_nodes


def _figures(clusters: int, one: tally.Tally | tally.Sum) -> facts.Figures:
    figures = {name: getattr(one, name) for name in tally.FIGURES}
    if one.unknown_nodes:
        # What is not known is not 0.
        figures.update(dict.fromkeys(('vcpus', 'memory_mb', 'local_gb')))
    return facts.Figures(clusters=clusters, **figures)


def _add(sums: Iterable[tally.Sum]) -> tuple[facts.Figures, int]:
    figures, unknown = facts.Figures(), 0
    for one in sums:
        figures += _figures(one.clusters, one)
        unknown += one.unknown_nodes
    return figures, unknown


def _clusters(
    context: Any, asked: questions.Question, counts: Callable[[str], bool]
) -> Iterator[_Row]:
    """Yield a row for each cluster that counts, read in blocks."""
    marker = asked.marker
    size = _block(asked)
    while True:
        page = tally.page(context, size, asked.project_id, marker)
        yield from (_row(one) for one in page if counts(one.status))
        if len(page) < size:
            return
        marker = page[-1].cluster_id


def _projects(
    context: Any, asked: questions.Question, counts: Callable[[str], bool]
) -> Iterator[_Row]:
    """Yield a row for each project with clusters that count."""
    marker = asked.marker
    size = _block(asked)
    while True:
        sums = tally.sums_by_project(context, size, marker, asked.project_id)
        groups = [
            (project_id, list(some))
            for project_id, some in itertools.groupby(
                sums, lambda one: one.project_id
            )
        ]
        if len(sums) == size:
            # There may be more of the last one.
            groups.pop()
            if not groups:
                size *= 2
                continue
        for project_id, some in groups:
            counted = [one for one in some if counts(one.status)]
            if counted:
                yield ({'project_id': project_id}, *_add(counted))
        if len(sums) < size:
            return
        marker = groups[-1][0]


def _block(asked: questions.Question) -> int:
    """Return how many rows are read at once."""
    if asked.limit is None:
        return _BLOCK
    return min(_BLOCK, asked.limit + _STATUSES)
