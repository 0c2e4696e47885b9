# SPDX-License-Identifier: Apache-2.0
"""The notifications that services send of what is in a World.

They are recorded ones, with what is in them changed.
"""

import copy
import dataclasses
import datetime
import itertools

from talea.tests.unit.collector.definitions import samples

MINUTE = datetime.timedelta(minutes=1)
VERSIONED, LEGACY = 'versioned', 'legacy'
_CREATES = {
    VERSIONED: 'instance.create.end',
    LEGACY: 'compute.instance.create.end',
}
_CREATED = '2026-11-21T06:45:19.418056+00:00'


class Told:
    """What is told of things, each message under an id of its own.

    :param format: of Nova
    """

    def __init__(self, format):
        self._format = format
        self._numbers = itertools.count()

    def world(self, there):
        """Return the Notifications of all that there is in a World."""
        return [
            message
            for things, tell in (
                (there.clusters, self.cluster),
                (there.servers, self._server),
                (there.volumes, self._volume),
                (there.floating_ips, self._floating_ip),
            )
            for one in things
            for message in tell(one)
        ]

    def _made(self, like, event_type=None, minutes=0, payload=None):
        """Return a Notification like another one, some minutes later."""
        return dataclasses.replace(
            like,
            message_id=f'm-{next(self._numbers)}',
            event_type=event_type or like.event_type,
            fact_at=like.fact_at + minutes * MINUTE,
            payload=like.payload if payload is None else payload,
        )

    # -- clusters -------------------------------------------------------------

    def cluster(self, one):
        """Yield what is told of a cluster: the create, and what came then."""
        yield self._cluster(
            one, 'create', 'pending', 1, 'CREATE_IN_PROGRESS', stack_id=None
        )
        action, _, how = one.status.partition('_')
        if action == 'CREATE':
            outcome = 'success' if how == 'COMPLETE' else 'failure'
            yield self._cluster(one, 'create', outcome, 2, one.status)
            return
        yield self._cluster(one, 'create', 'success', 2, 'CREATE_COMPLETE')
        outcome = {
            'COMPLETE': 'success',
            'FAILED': 'failure',
            'IN_PROGRESS': 'pending',
        }[how]
        # The message of what was asked for has the status before.
        status = 'CREATE_COMPLETE' if outcome == 'pending' else one.status
        yield self._cluster(one, action.lower(), outcome, 3, status)

    def gone(self, one):
        """Return the message that a cluster has been deleted."""
        return self._cluster(one, 'delete', 'success', 9, 'DELETE_COMPLETE')

    def _cluster(self, one, action, outcome, minutes, status, **given):
        like = samples.first(f'magnum.cluster.{action}')
        payload = copy.deepcopy(dict(like.payload))
        moment = datetime.datetime.fromisoformat(_CREATED) + minutes * MINUTE
        payload['outcome'] = outcome
        payload['eventTime'] = moment.strftime('%Y-%m-%dT%H:%M:%S.%f+0000')
        target = payload['target']
        target['id'], target['name'] = one.id, one.name
        target['attachments'][0]['content'].update(
            {
                'project_id': one.project_id,
                'status': status,
                'created_at': _CREATED,
                'updated_at': None,
                'node_count': one.workers,
                'master_count': one.masters,
                'stack_id': one.stack_id,
                'node_addresses': list(one.addresses[one.masters :]),
                'master_addresses': list(one.addresses[: one.masters]),
                **given,
            }
        )
        return self._made(like, payload=payload)

    # -- servers --------------------------------------------------------------

    def _server(self, one):
        """Yield the create of a server; nothing if it has failed."""
        if one.launched:
            like = samples.first(_CREATES[self._format])
            made = getattr(self, f'_{self._format}')(like, one)
            yield self._made(made)

    def _versioned(self, like, one):
        vcpus, ram, disk, ephemeral = one.flavor
        data = copy.deepcopy(dict(like.payload))['nova_object.data']
        data['flavor']['nova_object.data'].update(
            vcpus=vcpus, memory_mb=ram, root_gb=disk, ephemeral_gb=ephemeral
        )
        (address,) = data['ip_addresses']
        address['nova_object.data'].update(
            address=one.address, port_uuid=one.port
        )
        return samples.like(
            like,
            uuid=one.id,
            tenant_id=one.project_id,
            display_name=one.name,
            host_name=one.name,
            flavor=data['flavor'],
            ip_addresses=[address],
        )

    def _legacy(self, like, one):
        vcpus, ram, disk, ephemeral = one.flavor
        return samples.like(
            like,
            instance_id=one.id,
            tenant_id=one.project_id,
            display_name=one.name,
            hostname=one.name,
            vcpus=vcpus,
            memory_mb=ram,
            disk_gb=disk + ephemeral,
            root_gb=disk,
            ephemeral_gb=ephemeral,
            fixed_ips=[
                {**like.payload['fixed_ips'][0], 'address': one.address}
            ],
        )

    # -- volumes and floating IPs ---------------------------------------------

    def _volume(self, one):
        """Yield the create of a volume, and that it was attached."""
        like = samples.like(
            samples.first('volume.create.end'),
            volume_id=one.id,
            tenant_id=one.project_id,
            size=one.size,
            status='available',
            metadata=[
                {'key': key, 'value': value}
                for key, value in one.metadata.items()
            ],
            volume_attachment=[],
        )
        yield self._made(like)
        if one.servers:
            attached = samples.like(
                like,
                status='in-use',
                volume_attachment=[
                    {'instance_uuid': server, 'attach_status': 'attached'}
                    for server in one.servers
                ],
            )
            yield self._made(attached, 'volume.attach.end', 2)

    def _floating_ip(self, one):
        """Yield the create of a floating IP, and that it was associated."""
        like = samples.first('floatingip.create.end')
        said = {
            **like.payload['floatingip'],
            'id': one.id,
            'project_id': one.project_id,
            'tenant_id': one.project_id,
            'description': one.description,
            'port_id': None,
            'fixed_ip_address': None,
        }
        yield self._made(like, payload={'floatingip': said})
        if one.server:
            said = {
                **said,
                'port_id': one.server.port,
                'fixed_ip_address': one.server.address,
            }
            yield self._made(
                like, 'floatingip.update.end', 2, {'floatingip': said}
            )
