# SPDX-License-Identifier: Apache-2.0
"""Floating IPs as Neutron lists them."""

from collections.abc import Iterable
from collections.abc import Mapping
import dataclasses
import operator
from typing import Any

from talea.conductor import facts
from talea.conductor import match
from talea.conductor.drivers import base
from talea.conductor.drivers import pages

# Without it Neutron gives all at once, however many they are. With OVN it
# reads all of them for each page: there should be few.
_LIMIT = ('limit', '5000')
_FIELDS = (
    'id',
    'project_id',
    'port_id',
    'port_details',
    'fixed_ip_address',
    'description',
)
# The id of no project.
_NOBODY = 'nobody'


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
            'floatingips', _FIELDS, _floating_ip, project_id, deadline
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

        def make(one: Mapping[str, Any]) -> tuple[str, str] | None:
            if one['id'] not in wanted or not one['device_id']:
                return None
            return one['id'], one['device_id']

        return dict(
            self._list(
                'ports', ('id', 'device_id'), make, project_id, deadline
            )
        )

    def _list(
        self,
        what: str,
        fields: Iterable[str],
        make: Any,
        project_id: str | None,
        deadline: base.Deadline,
    ) -> list[Any]:
        query = [_LIMIT, *(('fields', one) for one in fields)]
        if project_id is not None:
            query.append(('project_id', project_id))

        def check(last: str) -> None:
            # With OVN nothing comes after what is not there any more.
            query = [('id', last), ('fields', 'id')]
            if not self._neutron.facts(
                f'/{what}', what, query, operator.itemgetter('id'), deadline
            ):
                raise base.DriverError(reason=pages.CHANGED)

        return self._neutron.facts(
            f'/{what}', what, query, make, deadline, check=check
        )


def _floating_ip(one: Mapping[str, Any]) -> tuple[facts.FloatingIp, bool]:
    """Return the fact, and whether all that is to know is in it."""
    port = one.get('port_details') or {}
    return (
        facts.FloatingIp(
            id=one['id'],
            project_id=one['project_id'],
            # What is no server is the server of no cluster.
            server=port.get('device_id') or None,
            port_id=one['port_id'] or None,
            fixed_ip=one['fixed_ip_address'] or None,
            cluster=match.cloud_controller(one.get('description')),
        ),
        'port_details' in one,
    )
