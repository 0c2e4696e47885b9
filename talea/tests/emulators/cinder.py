# SPDX-License-Identifier: Apache-2.0
"""Cinder: volumes."""

import json

from talea.tests.emulators import service


class Cinder(service.Service):
    """Others than administrators get the volumes of their own project."""

    name = 'cinder'
    kind = 'volumev3'
    path = f'/volume/v3/{service.HOME}'
    lists = {'/volumes': 'volumes', '/volumes/detail': 'volumes'}

    def items(self, request, path):
        asked = request.headers.get('OpenStack-API-Version')
        if asked != 'volume 3.31':
            raise service.Refused(406, 'Another microversion is expected.')
        wanted = request.GET.get('project_id')
        if not request.admin:
            if wanted is not None:
                raise service.Refused(400, 'Invalid filters project_id.')
            wanted = service.HOME
        elif 'all_tenants' not in request.GET:
            wanted = service.HOME
        if wanted is None:
            return self.world.volumes
        return [one for one in self.world.volumes if one.project_id == wanted]

    def show(self, one, path, fields):
        if path == '/volumes':
            return {'id': one.id, 'name': '', 'links': []}
        return {
            'id': one.id,
            'status': one.status,
            'size': one.size,
            'availability_zone': 'nova',
            'created_at': '2026-11-24T17:27:27.000000',
            'updated_at': '2026-11-24T17:27:27.000000',
            'name': f'volume {one.id}',
            'description': '',
            'volume_type': 'standard',
            'snapshot_id': None,
            'source_volid': None,
            'metadata': one.metadata,
            'links': [],
            'user_id': '8dad164a19db4f9eb1193e0eea6a0b73',
            'bootable': 'false',
            'encrypted': False,
            'replication_status': None,
            'consistencygroup_id': None,
            'multiattach': False,
            'attachments': [
                {
                    'id': one.id,
                    'attachment_id': one.id,
                    'volume_id': one.id,
                    'server_id': server,
                    'host_name': 'compute-one',
                    'device': '/dev/vdb',
                    'attached_at': '2026-11-24T17:27:27.000000',
                }
                for server in one.servers
            ],
            'migration_status': one.moving,
            'os-vol-host-attr:host': 'storage@one#pool',
            'os-vol-mig-status-attr:migstat': one.moving,
            'os-vol-mig-status-attr:name_id': None,
            'os-vol-tenant-attr:tenant_id': one.project_id,
            'group_id': None,
            'provider_id': None,
            'service_uuid': '52b6ae72-615f-4781-851d-b1d42c1c9557',
            'shared_targets': False,
        }

    def error(self, status, words):
        return json.dumps({'badRequest': {'code': status, 'message': words}})
