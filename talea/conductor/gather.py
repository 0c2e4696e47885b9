# SPDX-License-Identifier: Apache-2.0
"""Asks the drivers, side by side, once for all who ask the same."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Set
import dataclasses
import datetime
import functools
import itertools
import logging
from typing import Any

import futurist
from futurist import rejection
from futurist import waiters
from stevedore import driver as stevedore

from talea import exception
from talea.conductor import answer as answers
from talea.conductor import facts
from talea.conductor import flight
from talea.conductor import merge
from talea.conductor import question as questions
from talea.conductor.drivers import base

LOG = logging.getLogger(__name__)

NAMESPACE = 'talea.stats.drivers'

# Rows and clusters that are kept at most: some 50 MB.
_KEPT = 50000

# How many calls of drivers wait for a thread at most, for each thread.
_BACKLOG = 4

# Seconds more than the driver has, for who waits for another one's answer.
_SLACK = 1

# The key of the clusters of the cloud without what they hold.
_CLUSTERS = ('clusters',)

_INTERNAL = 'an internal error occurred, the log of the conductor has it'


class BadDrivers(exception.TaleaError):
    """The drivers that are named cannot be used."""

    template = '[stats] drivers: %(reason)s'


def load(conf: Any) -> Mapping[str, Any]:
    """Return {name: driver} of the drivers that the options name.

    :raises BadDrivers: if they are of no use, or not together
    """
    found: dict[str, Any] = {}
    for name in conf.stats.drivers:
        try:
            found[name] = stevedore.DriverManager(
                NAMESPACE, name, invoke_on_load=True, invoke_args=(conf,)
            ).driver
        except stevedore.NoMatches:
            raise BadDrivers(reason=f'there is no driver {name}') from None
    check(found)
    return found


def check(drivers: Mapping[str, Any]) -> None:
    """Pass if these drivers can be asked together.

    :param drivers: {name: driver}
    :raises BadDrivers: otherwise
    """
    if not drivers:
        raise BadDrivers(reason='there is none')
    for name, one in drivers.items():
        if one.source == base.LEDGER and len(drivers) > 1:
            raise BadDrivers(reason=f'{name} cannot be named beside others')
        if one.source == base.LEDGER:
            return
    for (name, one), (other, two) in itertools.combinations(
        drivers.items(), 2
    ):
        for kind in set(one.kinds) & set(two.kinds):
            raise BadDrivers(reason=f'{name} and {other} both tell of {kind}')
    if not any(facts.CLUSTERS in one.kinds for one in drivers.values()):
        raise BadDrivers(reason='nobody tells of clusters')


class Gatherer:
    """Answers questions. Called by several threads at once.

    :param conf: ConfigOpts
    :param drivers: {name: driver} instead of those that the options name
    :raises talea.exception.TaleaError: if options are of no use
    """

    def __init__(
        self, conf: Any, drivers: Mapping[str, Any] | None = None
    ) -> None:
        self._conf = conf
        self._drivers = load(conf) if drivers is None else drivers
        size = conf.stats.pool_size
        self._pool = futurist.ThreadPoolExecutor(
            size,
            check_and_reject=rejection.reject_when_reached(_BACKLOG * size),
        )
        self._flights = flight.Flights(_KEPT)

    def answer(
        self, question: questions.Question, now: datetime.datetime
    ) -> answers.Answer:
        """Return the answer, after ``[stats] driver_timeout`` at the latest.

        :param now: when it was asked, aware UTC
        :raises talea.exception.ClusterNotFound: if the cluster is not there
        :raises talea.exception.AmbiguousCluster: if several have that name
        :raises talea.exception.Unavailable: if nothing can be said at all
        """
        deadline = base.Deadline(self._conf.stats.driver_timeout)
        ((name, first), *_) = self._drivers.items()
        if first.source == base.LEDGER:
            found, fresh = self._whole(name, first, question, deadline, now)
        else:
            found, fresh = self._merged(question, deadline, now)
        return dataclasses.replace(found, fresh=fresh)

    def _merged(
        self,
        question: questions.Question,
        deadline: base.Deadline,
        now: datetime.datetime,
    ) -> tuple[answers.Answer, float]:
        """Return the answer, and for how long it is kept."""
        if question.cluster is None or question.project_id is not None:
            gathered, fresh = self._gathered(
                question.project_id, deadline, now
            )
        else:
            # Whose cluster it is says where to look for what it holds.
            known = self._clusters(deadline, now)
            cluster = known[0].find(None, question.cluster)
            # What was gathered earlier may know another one by that name.
            question = dataclasses.replace(question, cluster=cluster.id)
            gathered, fresh = self._around(cluster, deadline, now, known)
        answer = gathered.answer(question, self._conf.stats.cluster_states)
        return answer, fresh

    def _whole(
        self,
        name: str,
        driver: Any,
        question: questions.Question,
        deadline: base.Deadline,
        now: datetime.datetime,
    ) -> tuple[answers.Answer, float]:
        def make() -> Any:
            call = functools.partial(driver.answer, question, now)
            outcome = self._ask({name: call}, deadline)[name]
            if isinstance(outcome, base.DriverError):
                raise exception.Unavailable(reason=f'{name}: {outcome}')
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        most = self._conf.stats.cache_seconds
        return self._share(question, make, deadline, most)

    def _clusters(
        self, deadline: base.Deadline, now: datetime.datetime
    ) -> tuple[merge.Gathered, float]:
        """Return a merge.Gathered that knows at least all clusters."""
        kept = self._flights.get(_key(None))
        if kept is not None:
            return kept
        return self._share(
            _CLUSTERS,
            lambda: self._gather(None, deadline, now, {facts.CLUSTERS}, {}),
            deadline,
            self._conf.stats.cache_seconds,
        )

    def _around(
        self,
        cluster: facts.Cluster,
        deadline: base.Deadline,
        now: datetime.datetime,
        known: tuple[merge.Gathered, float],
    ) -> tuple[merge.Gathered, float]:
        """Return a merge.Gathered of the project that has *cluster*.

        :param known: what knows all clusters, and for how long
        """
        project_id = cluster.project_id
        gathered, fresh = self._gathered(project_id, deadline, now, known)
        if cluster.id in gathered.figures:
            return gathered, fresh
        # It was gathered, or begun to be, before the cluster was there.
        return self._gathered(project_id, deadline, now, known, cluster.id)

    def _gathered(
        self,
        project_id: str | None,
        deadline: base.Deadline,
        now: datetime.datetime,
        known: tuple[merge.Gathered, float] | None = None,
        cluster_id: str | None = None,
    ) -> tuple[merge.Gathered, float]:
        """Return the merge.Gathered of a project or the cloud.

        :param known: what knows all clusters already, and for how long
        :param cluster_id: one that is to be in it, and is known
        """
        if cluster_id is None:
            kept = self._flights.get(_key(project_id), _key(None))
            if kept is not None:
                return kept
        wanted = set(merge.KINDS)
        told = {}
        most = self._conf.stats.cache_seconds
        if project_id is not None:
            # Whoever asks for one project knows what he wants.
            wanted.remove(facts.DISABLED_PROJECTS)
            # Magnum lists those of the cloud, whoever's are wanted.
            known = known or self._flights.get(_CLUSTERS)
        if known is not None:
            clusters, most = known
            wanted.remove(facts.CLUSTERS)
            told[facts.CLUSTERS] = clusters.by_project.get(project_id, ())
            now = clusters.collected_at
        return self._share(
            _key(project_id, cluster_id),
            lambda: self._gather(project_id, deadline, now, wanted, told),
            deadline,
            most,
        )

    def _gather(
        self,
        project_id: str | None,
        deadline: base.Deadline,
        now: datetime.datetime,
        wanted: Set[str],
        told: dict[str, Any],
    ) -> merge.Gathered:
        """Ask all drivers that tell of what is wanted.

        :param wanted: kinds
        :param told: what is known already; gets the rest
        """
        asked = {
            name: functools.partial(one.tell, project_id, deadline)
            for name, one in self._drivers.items()
            if wanted & set(one.kinds)
        }
        errors = []
        for name, outcome in self._ask(asked, deadline).items():
            if isinstance(outcome, base.DriverError):
                LOG.warning('%s: %s', name, outcome)
                errors.append(answers.Failure(name, str(outcome)))
            elif isinstance(outcome, Exception):
                LOG.error('%s failed', name, exc_info=outcome)
                errors.append(answers.Failure(name, _INTERNAL))
            else:
                told.update(
                    (kind, outcome[kind]) for kind in wanted & set(outcome)
                )
        return merge.merge(
            told,
            self._conf.stats.strategies,
            tuple(errors),
            now,
        )

    def _ask(
        self,
        calls: Mapping[str, Callable[[], Any]],
        deadline: base.Deadline,
    ) -> Mapping[str, Any]:
        """Return what each of *calls* returned or raised.

        One that has not returned in time is left to itself.
        """
        outcomes: dict[str, Any] = {}
        running = {}
        for name, call in calls.items():
            try:
                running[name] = self._pool.submit(call)
            except futurist.RejectedSubmission:
                outcomes[name] = base.DriverError(
                    reason='too many questions wait for an answer already'
                )
        waiters.wait_for_all(running.values(), deadline.left())
        for name, future in running.items():
            if future.cancel():
                outcomes[name] = base.DriverError(
                    reason='no thread was free for it in time, see '
                    '[stats] pool_size'
                )
            elif not future.done():
                outcomes[name] = deadline.late()
            else:
                outcomes[name] = future.exception() or future.result()
        return outcomes

    def _share(
        self,
        key: Any,
        make: Callable[[], Any],
        deadline: base.Deadline,
        most: float,
    ) -> Any:
        """Return (what was made, for how many seconds it is kept).

        What lacks anything is not kept: it is asked for again as soon as
        somebody wants it.

        :param most: seconds that it is kept at most
        """

        def weigh(made: Any) -> tuple[float, int]:
            whole = isinstance(made, answers.Answer)
            found = made.rows if whole else made.clusters
            return 0 if made.errors else most, 1 + len(found or ())

        return self._flights.share(key, make, deadline.left() + _SLACK, weigh)


def _key(
    project_id: str | None, cluster_id: str | None = None
) -> tuple[str, str | None, str | None]:
    return 'facts', project_id, cluster_id
