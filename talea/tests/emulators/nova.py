# SPDX-License-Identifier: Apache-2.0
"""Nova: servers, and the services that run them."""

import json

from talea.tests.emulators import service


class Nova(service.Service):
    """Servers of cells that are down are missing where Nova leaves them out.

    They are shown, without what only the cell knows, on a first page that is
    neither filtered nor full.
    """

    name = 'nova'
    kind = 'compute'
    path = '/compute/v2.1'
    lists = {'/servers/detail': 'servers'}

    def answer(self, request, path):
        asked = request.headers.get('OpenStack-API-Version')
        if asked != 'compute 2.69':
            raise service.Refused(406, 'Another microversion is expected.')
        if path == '/os-services':
            return self._services(request)
        return super().answer(request, path)

    def _services(self, request):
        if not request.admin:
            raise service.Refused(403, "Policy doesn't allow it.")
        found = []
        for cell in ('one', 'two'):
            one = {'binary': 'nova-compute', 'host': f'compute-{cell}'}
            if cell in self.world.down:
                one['status'] = 'UNKNOWN'
            else:
                one.update(status='enabled', state='up', zone='nova')
            found.append(one)
        return json.dumps({'services': found})

    def items(self, request, path):
        if 'all_tenants' in request.GET and not request.admin:
            raise service.Refused(403, "Policy doesn't allow it.")
        wanted = request.GET.get('project_id')
        if 'all_tenants' not in request.GET:
            wanted = service.HOME
        if wanted is None and not self.world.down:
            return self.world.servers
        down = self.world.down
        live = [
            one
            for one in self.world.servers
            if wanted in (None, one.project_id) and one.cell not in down
        ]
        room = self.max_limit - len(live)
        if set(request.GET) != {'all_tenants'} or room <= 0:
            return live
        lost = [one for one in self.world.servers if one.cell in down]
        return [*lost[:room], *live]

    def no_marker(self, items, marker):
        raise service.Refused(400, f'marker [{marker}] not found')

    def state(self, one):
        return one.cell in self.world.down

    def show(self, one, path, fields):
        if one.cell in self.world.down:
            return {
                'id': one.id,
                'status': 'UNKNOWN',
                'tenant_id': one.project_id,
                'created': '2026-11-24T17:27:26Z',
                'links': [],
            }
        vcpus, ram, disk, ephemeral = one.flavor
        link = f'http://127.0.0.1:19003/servers/{one.id}'
        return {
            'accessIPv4': '',
            'accessIPv6': '',
            'addresses': {
                'private': [
                    {
                        'version': 4,
                        'addr': one.address,
                        'OS-EXT-IPS:type': 'fixed',
                        'OS-EXT-IPS-MAC:mac_addr': 'fa:16:3e:7c:68:6e',
                    },
                    {
                        'version': 4,
                        'addr': one.floating,
                        'OS-EXT-IPS:type': 'floating',
                        'OS-EXT-IPS-MAC:mac_addr': 'fa:16:3e:7c:68:6e',
                    },
                ]
            },
            'created': '2026-11-24T17:27:26Z',
            'flavor': {
                'vcpus': vcpus,
                'ram': ram,
                'disk': disk,
                'ephemeral': ephemeral,
                'swap': 0,
                'original_name': 'm1.small',
                'extra_specs': {},
            },
            'hostId': 'da12055e18fd5930314e4b1cdaf2e7cc775d238f',
            'id': one.id,
            'image': {
                'id': '041a7265-42c6-4b62-a5aa-ebc47b3dfdf9',
                'links': [{'rel': 'bookmark', 'href': link}],
            },
            'links': [
                {'rel': 'self', 'href': link},
                {'rel': 'bookmark', 'href': link},
            ],
            'metadata': {},
            'name': one.name,
            'status': 'ACTIVE' if one.launched else 'ERROR',
            'tenant_id': one.project_id,
            'user_id': '8dad164a19db4f9eb1193e0eea6a0b73',
            'updated': '2026-11-24T17:27:27Z',
            'OS-DCF:diskConfig': 'MANUAL',
            'progress': 0,
            'OS-EXT-AZ:availability_zone': 'nova',
            'config_drive': '',
            'key_name': None,
            'OS-SRV-USG:launched_at': (
                '2026-11-24T17:27:27.000000' if one.launched else None
            ),
            'OS-SRV-USG:terminated_at': None,
            'OS-EXT-SRV-ATTR:host': 'compute-one',
            'OS-EXT-SRV-ATTR:instance_name': 'instance-00000002',
            'OS-EXT-SRV-ATTR:hypervisor_hostname': 'compute-one',
            'OS-EXT-SRV-ATTR:hostname': one.name,
            'OS-EXT-SRV-ATTR:kernel_id': '',
            'OS-EXT-SRV-ATTR:launch_index': 0,
            'OS-EXT-SRV-ATTR:ramdisk_id': '',
            'OS-EXT-SRV-ATTR:reservation_id': 'r-rg5o7hot',
            'OS-EXT-SRV-ATTR:root_device_name': '/dev/sda',
            'OS-EXT-SRV-ATTR:user_data': None,
            'OS-EXT-STS:task_state': None,
            'OS-EXT-STS:vm_state': 'active',
            'OS-EXT-STS:power_state': 1,
            'os-extended-volumes:volumes_attached': [],
            'locked': False,
            'description': None,
            'tags': [],
            'trusted_image_certificates': None,
            'host_status': 'UP',
            'security_groups': [{'name': 'default'}],
        }

    def error(self, status, words):
        return json.dumps({'forbidden': {'code': status, 'message': words}})
