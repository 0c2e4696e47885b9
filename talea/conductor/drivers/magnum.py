# SPDX-License-Identifier: Apache-2.0
"""Clusters as Magnum lists them."""

from collections.abc import Mapping
import sys
from typing import Any

import msgspec

from talea.conductor import facts
from talea.conductor.drivers import base
from talea.conductor.drivers import pages

# The id of no project.
_NOBODY = 'nobody'


class _Cluster(msgspec.Struct, gc=False):
    """What is needed of a cluster as Magnum shows it."""

    uuid: str
    project_id: str
    master_count: int
    node_count: int
    name: str | None = None
    status: str | None = None
    stack_id: str | None = None
    master_addresses: list[str | None] | None = None
    node_addresses: list[str | None] | None = None


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

        def make(one: _Cluster) -> facts.Cluster | None:
            if project_id not in (None, one.project_id):
                return None
            return _cluster(one)

        return {
            facts.CLUSTERS: self._magnum.facts(
                '/clusters/detail',
                'clusters',
                [],
                _Cluster,
                make,
                deadline,
                key='uuid',
            )
        }


def _cluster(one: _Cluster) -> facts.Cluster:
    return facts.Cluster(
        id=one.uuid,
        name=one.name or '',
        project_id=sys.intern(one.project_id),
        status=one.status or '',
        nodes=one.master_count + one.node_count,
        stack_id=one.stack_id or None,
        addresses=tuple(
            address
            for addresses in (one.master_addresses, one.node_addresses)
            for address in addresses or ()
            if address
        ),
    )
