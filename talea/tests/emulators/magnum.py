# SPDX-License-Identifier: Apache-2.0
"""Magnum: clusters."""

import json

from talea.tests.emulators import service


class Magnum(service.Service):
    """It lists all clusters to administrators, whatever they ask for."""

    name = 'magnum'
    kind = 'container-infra'
    path = '/container-infra/v1'
    lists = {'/clusters/detail': 'clusters'}

    def answer(self, request, path):
        if path != '/stats':
            return super().answer(request, path)
        wanted = request.GET.get('project_id') or service.HOME
        if not request.admin and wanted != service.HOME:
            raise service.Refused(403, 'Not authorized.')
        return json.dumps({'clusters': 0, 'nodes': 0})

    def items(self, request, path):
        for name in request.GET:
            if name not in ('marker', 'limit', 'sort_key', 'sort_dir'):
                raise service.Refused(400, f'Unknown argument: "{name}"')
        if request.admin:
            return self.world.clusters
        return [
            one
            for one in self.world.clusters
            if one.project_id == service.HOME
        ]

    def more(self, request, path, href):
        return {'next': href}

    def show(self, one, path, fields):
        return {
            'uuid': one.id,
            'name': one.name,
            'cluster_template_id': '5f69cb78-c9ff-4c2f-a729-d59a8553c383',
            'keypair': 'key',
            'node_count': one.workers,
            'master_count': one.masters,
            'docker_volume_size': None,
            'labels': {},
            'master_flavor_id': 'm1.small',
            'flavor_id': 'm1.small',
            'create_timeout': 60,
            'links': [],
            'stack_id': one.stack_id,
            'status': one.status,
            'status_reason': None,
            'health_status': None,
            'health_status_reason': {},
            'discovery_url': None,
            'api_address': 'https://192.0.2.10:6443',
            'coe_version': None,
            'container_version': None,
            'project_id': one.project_id,
            'user_id': '8dad164a19db4f9eb1193e0eea6a0b73',
            'node_addresses': list(one.addresses[one.masters :]),
            'master_addresses': list(one.addresses[: one.masters]),
            'fixed_network': None,
            'fixed_subnet': None,
            'floating_ip_enabled': True,
            'merge_labels': False,
            'labels_overridden': {},
            'labels_added': {},
            'labels_skipped': {},
            'master_lb_enabled': False,
            'created_at': '2026-11-24T17:27:16+00:00',
            'updated_at': '2026-11-24T17:27:24+00:00',
        }

    def error(self, status, words):
        return json.dumps(
            {
                'errors': [
                    {
                        'request_id': '',
                        'code': 'client',
                        'status': status,
                        'title': words,
                        'detail': words,
                        'links': [],
                    }
                ]
            }
        )
