# SPDX-License-Identifier: Apache-2.0
"""Servers as Nova lists them."""

from collections.abc import Mapping
import sys
from typing import Any

import msgspec

from talea.conductor import facts
from talea.conductor.drivers import base
from talea.conductor.drivers import pages

# The flavor within the server, and minimal records of cells that are down.
_MICROVERSION = '2.69'

_CELL_DOWN = 'a cell does not answer'


class _Flavor(msgspec.Struct, gc=False):
    vcpus: int
    ram: int
    disk: int
    ephemeral: int


class _Address(msgspec.Struct, gc=False):
    addr: str


class _Server(msgspec.Struct):
    """What is needed of a server as Nova shows it.

    Those of cells that are down have neither of the last three.
    """

    id: str
    tenant_id: str
    name: str | None = None
    flavor: _Flavor | None = None
    addresses: dict[str, list[_Address]] | None = None
    launched: str | None | msgspec.UnsetType = msgspec.field(
        name='OS-SRV-USG:launched_at', default=msgspec.UNSET
    )


class _Service(msgspec.Struct, gc=False):
    host: str
    status: str


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
            '/servers/detail', 'servers', query, _Server, _server, deadline
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
            _Service,
            _check_service,
            deadline,
            key='host',
        )


def _check_service(one: _Service) -> None:
    if one.status == 'UNKNOWN':
        raise base.DriverError(reason=_CELL_DOWN)


def _server(one: _Server) -> facts.Server | None:
    flavor = one.flavor
    if flavor is None:
        raise base.DriverError(reason=_CELL_DOWN)
    if one.launched is msgspec.UNSET or one.addresses is None:
        raise base.DriverError(reason=pages.NONSENSE)
    if not one.launched:
        return None
    return facts.Server(
        id=one.id,
        name=one.name or '',
        project_id=sys.intern(one.tenant_id),
        vcpus=flavor.vcpus,
        memory_mb=flavor.ram,
        local_gb=flavor.disk + flavor.ephemeral,
        # Floating ones too: those of nodes are what Magnum tells, where a
        # cluster has them.
        addresses=tuple(
            address.addr
            for network in one.addresses.values()
            for address in network
        ),
    )
