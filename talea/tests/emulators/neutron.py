# SPDX-License-Identifier: Apache-2.0
"""Neutron: floating IPs and ports."""

import collections
import json

from talea.tests.emulators import service

_Port = collections.namedtuple('_Port', 'id project_id server')


class Neutron(service.Service):
    """Others than administrators get what is in their own project.

    :ivar details: whether floating IPs have the details of their ports
    """

    name = 'neutron'
    kind = 'network'
    # Its endpoint names no version.
    path = '/network/v2.0'
    lists = {'/floatingips': 'floatingips', '/ports': 'ports'}

    def __init__(self, world):
        super().__init__(world)
        self.details = True

    def _answer(self, request, path):
        if request.path_info.rstrip('/') != '/network':
            return super()._answer(request, path)
        href = f'{request.host_url}{self.path}/'
        return service.webob.Response(
            json_body={
                'versions': [
                    {
                        'id': 'v2.0',
                        'status': 'CURRENT',
                        'links': [{'rel': 'self', 'href': href}],
                    }
                ]
            }
        )

    def answer(self, request, path):
        if not path.startswith('/quotas/'):
            return super().answer(request, path)
        if not request.admin and path != f'/quotas/{service.HOME}':
            raise service.Refused(403, 'It is disallowed by policy')
        return json.dumps({'quota': {'floatingip': -1}})

    def items(self, request, path):
        wanted = request.GET.get('project_id')
        ids = request.GET.getall('id')
        if path == '/ports':
            found = [
                _Port(one.port, one.project_id, one.id)
                for one in self.world.servers
            ]
        else:
            found = self.world.floating_ips
        if not request.admin:
            found = [one for one in found if one.project_id == service.HOME]
        if wanted is not None:
            found = [one for one in found if one.project_id == wanted]
        if ids:
            found = [one for one in found if one.id in ids]
        return found

    def no_marker(self, items, marker):
        # Where the driver of its routers is that of OVN. Otherwise it begins
        # with the first page again.
        return []

    def state(self, one):
        return self.details

    def show(self, one, path, fields):
        if path == '/ports':
            shown = {
                'id': one.id,
                'project_id': one.project_id,
                'device_id': one.server,
            }
        else:
            shown = self._floating_ip(one)
        return {
            name: value
            for name, value in shown.items()
            if not fields or name in fields
        }

    def _floating_ip(self, one):
        shown = {
            'id': one.id,
            'project_id': one.project_id,
            'tenant_id': one.project_id,
            'floating_ip_address': one.address,
            'floating_network_id': '28a6ea0b-91f2-42f6-8fd6-3c8ff9b4e1b4',
            'router_id': None,
            'status': 'DOWN',
            'description': one.description,
            'tags': [],
            'revision_number': 1,
            'port_id': one.server.port if one.server else None,
            'fixed_ip_address': one.server.address if one.server else None,
        }
        if self.details:
            shown['port_details'] = one.server and {
                'name': '',
                'network_id': '28a6ea0b-91f2-42f6-8fd6-3c8ff9b4e1b4',
                'mac_address': 'fa:16:3e:7c:68:6e',
                'admin_state_up': True,
                'status': 'ACTIVE',
                'device_id': one.server.id,
                'device_owner': 'compute:nova',
            }
        return shown

    def error(self, status, words):
        return json.dumps({'NeutronError': {'type': '', 'message': words}})
