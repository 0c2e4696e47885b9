# SPDX-License-Identifier: Apache-2.0
"""Facts of several drivers become figures, and figures become rows. Pure."""

import bisect
import collections
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import datetime
import fnmatch
import functools
import operator
from typing import Any

from talea import exception
from talea.conductor import answer as answers
from talea.conductor import facts
from talea.conductor import match
from talea.conductor import question as questions
from talea.conductor.drivers import base

# Nothing is left of a cluster with this status.
_GONE = 'DELETE_COMPLETE'

# Without which facts a figure is not known.
_NODES = frozenset({facts.CLUSTERS})
_SERVERS = _NODES | {facts.SERVERS}
_VOLUMES = _SERVERS | {facts.VOLUMES}
_FLOATING_IPS = _SERVERS | {facts.FLOATING_IPS}
NEEDS: Mapping[str, frozenset[str]] = {
    'clusters': _NODES,
    'nodes': _NODES,
    'unmatched_nodes': _SERVERS,
    'floating_ips': _FLOATING_IPS,
    'volumes': _VOLUMES,
    'vcpus': _SERVERS,
    'memory_mb': _SERVERS,
    'local_gb': _SERVERS,
    'volume_gb': _VOLUMES,
}

# All that a driver is asked for.
KINDS = _VOLUMES | _FLOATING_IPS | {facts.DISABLED_PROJECTS}

# What names the row of a group.
_KEYS = {questions.PROJECT: 'project_id', questions.CLUSTER: 'cluster'}


def counts(status: str, patterns: Iterable[str]) -> bool:
    """Return whether a cluster with this status counts by itself.

    :param patterns: as in [stats] cluster_states
    """
    return status != _GONE and any(
        fnmatch.fnmatchcase(status, pattern) for pattern in patterns
    )


@dataclasses.dataclass(frozen=True)
class Gathered:
    """What is known of all clusters of a project, or of the cloud.

    :ivar clusters: in the order of their ids, whatever their status; None if
        nobody could tell
    :ivar figures: {cluster id: Figures}
    :ivar nothing: the figures of no cluster at all
    :ivar disabled: ids of projects whose clusters do not count among others
    :ivar errors: of the drivers that failed
    """

    collected_at: datetime.datetime
    clusters: Sequence[facts.Cluster] | None
    figures: Mapping[str, facts.Figures]
    nothing: facts.Figures
    disabled: frozenset[str]
    errors: tuple[answers.Failure, ...]

    @functools.cached_property
    def by_project(self) -> Mapping[str, Sequence[facts.Cluster]]:
        found = collections.defaultdict(list)
        for one in self.clusters or ():
            found[one.project_id].append(one)
        return found

    @functools.cached_property
    def _rows(self) -> dict[Any, Sequence[answers.Row]]:
        """Rows of the cloud, by what they depend on: many ask for them."""
        return {}

    def answer(
        self, question: questions.Question, patterns: Sequence[str]
    ) -> answers.Answer:
        """Return what this says to *question*.

        :param patterns: as in [stats] cluster_states
        :raises talea.exception.ClusterNotFound: if there is none such
        :raises talea.exception.AmbiguousCluster: if several have that name
        :raises talea.exception.Unavailable: if nobody knows of clusters
        """
        if question.cluster is not None:
            rows: Sequence[answers.Row] = [
                self._row(self.find(question.project_id, question.cluster))
            ]
        elif question.project_id is None:
            key = (question.group_by, question.all, tuple(patterns))
            if key not in self._rows:
                self._rows[key] = self._group(question, patterns)
            rows = self._rows[key]
        else:
            rows = self._group(question, patterns)
        rows, more = _page(rows, question)
        return answers.Answer(
            source=base.LIVE,
            collected_at=self.collected_at,
            errors=self.errors,
            rows=tuple(rows),
            more=more,
        )

    def find(self, project_id: str | None, wanted: str) -> facts.Cluster:
        """Return the cluster with this id, or else with this name.

        :raises talea.exception.TaleaError: as answer()
        """
        if self.clusters is None:
            raise exception.Unavailable(
                reason='; '.join(
                    f'{one.driver}: {one.reason}' for one in self.errors
                )
            )
        found = [one for one in self._of(project_id) if one.id == wanted]
        found = found or [
            one for one in self._of(project_id) if one.name == wanted
        ]
        if not found:
            raise exception.ClusterNotFound(name=wanted)
        if len(found) > 1:
            raise exception.AmbiguousCluster(wanted, (one.id for one in found))
        return found[0]

    def _of(self, project_id: str | None) -> Sequence[facts.Cluster]:
        if project_id is None:
            return self.clusters or ()
        return self.by_project.get(project_id, ())

    def _group(
        self, question: questions.Question, patterns: Sequence[str]
    ) -> Sequence[answers.Row]:
        disabled = self.disabled if question.project_id is None else ()
        counted = [
            one
            for one in self._of(question.project_id)
            if question.all
            or (
                one.project_id not in disabled and counts(one.status, patterns)
            )
        ]
        if question.group_by == questions.CLUSTER:
            return [self._row(one) for one in counted]
        if question.group_by == questions.PROJECT:
            projects = collections.defaultdict(list)
            for one in counted:
                projects[one.project_id].append(self.figures[one.id])
            return [
                answers.Row(
                    {'project_id': project_id}, sum(found, facts.Figures())
                )
                for project_id, found in sorted(projects.items())
            ]
        found = (self.figures[one.id] for one in counted)
        return [answers.Row({}, sum(found, self.nothing))]

    def _row(self, cluster: facts.Cluster) -> answers.Row:
        key = {
            'cluster': cluster.id,
            'name': cluster.name,
            'project_id': cluster.project_id,
            'status': cluster.status,
        }
        return answers.Row(key, self.figures[cluster.id])


def _page(
    rows: Sequence[answers.Row], question: questions.Question
) -> tuple[Sequence[answers.Row], bool]:
    """Return the rows of one page, and whether there are more."""
    if question.cluster is not None or question.group_by is None:
        return rows, False
    name = _KEYS[question.group_by]
    begin = 0
    if question.marker is not None:
        begin = bisect.bisect_right(
            rows, question.marker, key=lambda row: row.key[name]
        )
    if question.limit is None:
        return rows[begin:], False
    end = begin + question.limit
    return rows[begin:end], end < len(rows)


def merge(
    told: Mapping[str, Any],
    strategies: Sequence[str],
    errors: tuple[answers.Failure, ...],
    now: datetime.datetime,
) -> Gathered:
    """Return what the facts come to.

    :param told: {kind: facts}, as of drivers; what is missing is not known
    :param strategies: of talea.conductor.match
    :param errors: of the drivers that failed
    :param now: when they were asked
    """
    unknown = {
        name: None for name, kinds in NEEDS.items() if not kinds <= set(told)
    }
    clusters = told.get(facts.CLUSTERS)
    figures: Mapping[str, facts.Figures] = {}
    if clusters is not None:
        clusters = sorted(clusters, key=operator.attrgetter('id'))
        holdings = match.Holdings(
            clusters, match.Matcher(clusters, strategies)
        )
        holdings.add_servers(told.get(facts.SERVERS, ()))
        holdings.add_volumes(told.get(facts.VOLUMES, ()))
        holdings.add_floating_ips(told.get(facts.FLOATING_IPS, ()))
        figures = {
            cluster_id: dataclasses.replace(one, **unknown)
            for cluster_id, one in holdings.figures().items()
        }
    return Gathered(
        collected_at=now,
        clusters=clusters,
        figures=figures,
        nothing=dataclasses.replace(facts.Figures(), **unknown),
        disabled=frozenset(told.get(facts.DISABLED_PROJECTS, ())),
        errors=errors,
    )
