# SPDX-License-Identifier: Apache-2.0
"""Clusters as Magnum lists them."""

from collections.abc import Mapping
from typing import Any

from talea.conductor import facts
from talea.conductor.drivers import base
from talea.conductor.drivers import pages

# The id of no project.
_NOBODY = 'nobody'


class Magnum(base.Driver):
    """Tells of clusters.

    Magnum cannot be asked for the clusters of one project: an administrator
    gets all of them, whatever is asked for.
    """

    kinds = (facts.CLUSTERS,)

    def __init__(self, conf: Any) -> None:
        super().__init__(conf)
        self._magnum = pages.Service(conf, 'container-infra', '1')

    def tell(
        self, project_id: str | None, deadline: base.Deadline
    ) -> Mapping[str, Any]:
        # Others than administrators get the clusters of their own project,
        # without a word; but they may not ask what another project has.
        self._magnum.ask('/stats', [('project_id', _NOBODY)], deadline)

        def make(one: Mapping[str, Any]) -> facts.Cluster | None:
            if project_id not in (None, one['project_id']):
                return None
            return _cluster(one)

        return {
            facts.CLUSTERS: self._magnum.facts(
                '/clusters/detail',
                'clusters',
                [],
                make,
                deadline,
                key='uuid',
            )
        }


def _cluster(one: Mapping[str, Any]) -> facts.Cluster:
    return facts.Cluster(
        id=one['uuid'],
        name=one.get('name') or '',
        project_id=one['project_id'],
        status=one.get('status') or '',
        nodes=int(one['master_count']) + int(one['node_count']),
        stack_id=one.get('stack_id') or None,
        addresses=tuple(
            address
            for member in ('master_addresses', 'node_addresses')
            for address in one.get(member) or ()
            if address
        ),
    )
