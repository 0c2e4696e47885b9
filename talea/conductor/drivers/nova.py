# SPDX-License-Identifier: Apache-2.0
"""Servers as Nova lists them."""

from collections.abc import Mapping
from typing import Any

from talea.conductor import facts
from talea.conductor.drivers import base
from talea.conductor.drivers import pages

# The flavor within the server, and minimal records of cells that are down.
_MICROVERSION = '2.69'

_CELL_DOWN = 'a cell does not answer'


class Nova(base.Driver):
    """Tells of servers."""

    kinds = (facts.SERVERS,)

    def __init__(self, conf: Any) -> None:
        super().__init__(conf)
        self._nova = pages.Service(conf, 'compute', '2.1', _MICROVERSION)

    def tell(
        self, project_id: str | None, deadline: base.Deadline
    ) -> Mapping[str, Any]:
        query = [('all_tenants', '1')]
        if project_id is not None:
            query.append(('project_id', project_id))
        servers = self._nova.facts(
            '/servers/detail', 'servers', query, _server, deadline
        )
        self._check_cells(deadline)
        return {facts.SERVERS: servers}

    def _check_cells(self, deadline: base.Deadline) -> None:
        """Pass if all cells answer.

        Where a list is filtered or has several pages, Nova leaves out the
        servers of cells that are down, without a word.
        """
        self._nova.facts(
            '/os-services',
            'services',
            [('binary', 'nova-compute')],
            _check_service,
            deadline,
            key='host',
        )


def _check_service(one: Mapping[str, Any]) -> None:
    if one['status'] == 'UNKNOWN':
        raise base.DriverError(reason=_CELL_DOWN)


def _server(one: Mapping[str, Any]) -> facts.Server | None:
    if 'flavor' not in one:
        raise base.DriverError(reason=_CELL_DOWN)
    if not one['OS-SRV-USG:launched_at']:
        return None
    flavor = one['flavor']
    return facts.Server(
        id=one['id'],
        name=one['name'],
        project_id=one['tenant_id'],
        vcpus=int(flavor['vcpus']),
        memory_mb=int(flavor['ram']),
        local_gb=int(flavor['disk']) + int(flavor['ephemeral']),
        addresses=tuple(
            address['addr']
            for network in one['addresses'].values()
            for address in network
            if address.get('OS-EXT-IPS:type') != 'floating'
        ),
    )
