# SPDX-License-Identifier: Apache-2.0
"""Floating IPs as Neutron lists them."""

from collections.abc import Mapping
import dataclasses
import operator
import sys
from typing import Any

import msgspec

from talea.conductor import facts
from talea.conductor import match
from talea.conductor.drivers import base
from talea.conductor.drivers import pages

# Without it Neutron gives all at once, however many they are. With OVN it
# reads all of them for each page: there should be few.
_LIMIT = ('limit', '5000')
# The id of no project.
_NOBODY = 'nobody'


class _Port(msgspec.Struct, gc=False):
    """What is needed of a port, in a list and within a floating IP."""

    id: str = ''
    device_id: str | None = None


class _FloatingIp(msgspec.Struct):
    """What is needed of a floating IP as Neutron shows it.

    Without the extension that tells of ports there are no details.
    """

    id: str
    project_id: str
    port_id: str | None
    fixed_ip_address: str | None
    description: str | None = None
    port_details: _Port | None | msgspec.UnsetType = msgspec.UNSET


class _Key(msgspec.Struct, gc=False):
    id: str


class Neutron(base.Driver):
    """Tells of floating IPs."""

    kinds = (facts.FLOATING_IPS,)

    def __init__(self, conf: Any) -> None:
        super().__init__(conf)
        self._neutron = pages.Service(conf, 'network', '2')

    def tell(
        self, project_id: str | None, deadline: base.Deadline
    ) -> Mapping[str, Any]:
        # Others than administrators get the floating IPs of their own
        # project, without a word; but they may not ask for quotas of others.
        self._neutron.ask(f'/quotas/{_NOBODY}', [], deadline)
        told = self._list(
            'floatingips', _FloatingIp, _floating_ip, project_id, deadline
        )
        # Neutron may be without the extension that tells of ports.
        wanted = {one.port_id for one, knows in told if not knows}
        wanted.discard(None)
        if wanted:
            servers = self._servers(wanted, project_id, deadline)
            found = [
                one
                if knows
                else dataclasses.replace(one, server=servers.get(one.port_id))
                for one, knows in told
            ]
        else:
            found = [one for one, _ in told]
        return {facts.FLOATING_IPS: found}

    def _servers(
        self,
        wanted: set[str | None],
        project_id: str | None,
        deadline: base.Deadline,
    ) -> Mapping[str | None, str]:
        """Return {port: what it belongs to} of the ports that are wanted."""

        def make(one: _Port) -> tuple[str, str] | None:
            if one.id not in wanted or not one.device_id:
                return None
            return one.id, one.device_id

        return dict(self._list('ports', _Port, make, project_id, deadline))

    def _list(
        self,
        what: str,
        kind: Any,
        make: Any,
        project_id: str | None,
        deadline: base.Deadline,
    ) -> list[Any]:
        fields = kind.__struct_fields__
        query = [_LIMIT, *(('fields', one) for one in fields)]
        if project_id is not None:
            query.append(('project_id', project_id))

        def check(last: str) -> None:
            # With OVN nothing comes after what is not there any more.
            query = [('id', last), ('fields', 'id')]
            if not self._neutron.facts(
                f'/{what}',
                what,
                query,
                _Key,
                operator.attrgetter('id'),
                deadline,
            ):
                raise base.DriverError(reason=pages.CHANGED)

        return self._neutron.facts(
            f'/{what}', what, query, kind, make, deadline, check=check
        )


def _floating_ip(one: _FloatingIp) -> tuple[facts.FloatingIp, bool]:
    """Return the fact, and whether all that is to know is in it."""
    port = one.port_details
    return (
        facts.FloatingIp(
            id=one.id,
            project_id=sys.intern(one.project_id),
            # What is no server is the server of no cluster.
            server=(port.device_id if port else None) or None,
            port_id=one.port_id or None,
            fixed_ip=one.fixed_ip_address or None,
            cluster=match.cloud_controller(one.description),
        ),
        port is not msgspec.UNSET,
    )
