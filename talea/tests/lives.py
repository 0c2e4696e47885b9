# SPDX-License-Identifier: Apache-2.0
"""Invented lives of resources: what happened, and what services say of it.

A life is told twice: as ``truth``, the periods that an invoice should show,
and as ``messages``, the notifications that real services would send of it.
Neither is made from the other.
"""

import dataclasses
import datetime
import json
import uuid

UTC = datetime.UTC
EPOCH = datetime.datetime(2026, 11, 21, tzinfo=UTC)
HOUR = datetime.timedelta(hours=1)

FLAVORS = {
    'm1.tiny': {'id': 'f-1', 'vcpus': 1, 'memory_mb': 512, 'root_gb': 1},
    'm1.small': {'id': 'f-2', 'vcpus': 1, 'memory_mb': 2048, 'root_gb': 20},
    'c1.large': {'id': 'f-3', 'vcpus': 8, 'memory_mb': 8192, 'root_gb': 80},
}
IMAGES = {'image-debian': 'debian', 'image-fedora': 'fedora'}


def seconds(moment):
    return moment.replace(microsecond=0)


def spaced(moment):
    return moment.strftime('%Y-%m-%d %H:%M:%S.%f')


def plain(moment):
    return moment.strftime('%Y-%m-%dT%H:%M:%S.%f') if moment else ''


def zulu(moment):
    return moment.strftime('%Y-%m-%dT%H:%M:%SZ') if moment else None


@dataclasses.dataclass
class Message:
    """One notification as it goes over the bus, with a name for the test."""

    event_type: str
    exchange: str
    topic: str
    body: bytes
    tag: str


def message(event_type, exchange, publisher, payload, when, tag, topic=None):
    inner = {
        'message_id': str(uuid.uuid4()),
        'publisher_id': publisher,
        'event_type': event_type,
        'priority': 'INFO',
        'payload': payload,
        'timestamp': spaced(when + datetime.timedelta(microseconds=40)),
        '_unique_id': uuid.uuid4().hex,
        '_context_timestamp': plain(when),
        '_context_request_id': f'req-{uuid.uuid4()}',
        '_context_project_id': payload.get('tenant_id'),
    }
    body = {'oslo.version': '2.0', 'oslo.message': json.dumps(inner)}
    return Message(
        event_type,
        exchange,
        topic or 'notifications',
        json.dumps(body).encode(),
        tag,
    )


class Server:
    """A server of Nova, told in the legacy format, the versioned, or both."""

    resource_type = 'instance'

    def __init__(self, begin, formats, flavor, image):
        self.id = str(uuid.uuid4())
        self.formats = formats
        self.created = seconds(begin)
        self.launched = self.created + datetime.timedelta(seconds=3.25)
        self.ended = None
        self.terminated = None
        self.flavor = flavor
        self.image = image
        self.name = 'vm-' + self.id[:4]
        self.state = 'active'
        self.truth = [[self.created, None, flavor, self._os(), self.name]]
        self.messages = []
        self.say('create.end', 'create.end', self.launched, 'create')

    def _os(self):
        # The versioned format does not know what is in an image.
        if 'legacy' in self.formats:
            return {'distro': IMAGES[self.image], 'os_type': 'linux'}
        return {'os_type': 'linux'}

    def say(self, legacy, versioned, when, tag, **extra):
        if 'legacy' in self.formats:
            self.messages.append(
                message(
                    f'compute.instance.{legacy}',
                    'nova',
                    'compute.host-1',
                    {**self._legacy(), **extra},
                    when,
                    tag,
                )
            )
        if 'versioned' in self.formats:
            data = self._versioned()
            if extra:
                data['audit_period'] = {
                    'nova_object.data': {
                        name: zulu(
                            datetime.datetime.fromisoformat(value).replace(
                                tzinfo=UTC
                            )
                        )
                        for name, value in extra.items()
                    }
                }
            self.messages.append(
                message(
                    f'instance.{versioned}',
                    'nova',
                    'nova-compute:host-1',
                    {
                        'nova_object.name': 'InstanceActionPayload',
                        'nova_object.namespace': 'nova',
                        'nova_object.version': '1.9',
                        'nova_object.data': data,
                    },
                    when + datetime.timedelta(milliseconds=3),
                    tag,
                    'versioned_notifications',
                )
            )

    def _legacy(self):
        flavor = FLAVORS[self.flavor]
        return {
            'tenant_id': 'project-1',
            'user_id': 'user-1',
            'instance_id': self.id,
            'display_name': self.name,
            'hostname': self.name,
            'instance_type': self.flavor,
            'instance_flavor_id': flavor['id'],
            'memory_mb': flavor['memory_mb'],
            'disk_gb': flavor['root_gb'],
            'root_gb': flavor['root_gb'],
            'ephemeral_gb': 0,
            'vcpus': flavor['vcpus'],
            'host': 'host-1',
            'availability_zone': 'nova',
            'created_at': str(self.created),
            'launched_at': plain(self.launched),
            'terminated_at': plain(self.terminated),
            'deleted_at': plain(self.ended and seconds(self.ended)),
            'image_ref_url': f'http://127.0.0.1/images/{self.image}',
            'os_type': 'linux',
            'state': self.state,
            'state_description': '',
            'image_meta': {
                'os_distro': IMAGES[self.image],
                'os_type': 'linux',
                'base_image_ref': self.image,
            },
            'metadata': {},
        }

    def _versioned(self):
        flavor = FLAVORS[self.flavor]
        return {
            'uuid': self.id,
            'tenant_id': 'project-1',
            'user_id': 'user-1',
            'display_name': self.name,
            'host_name': self.name,
            'host': 'host-1',
            'availability_zone': 'nova',
            'os_type': 'linux',
            'flavor': {
                'nova_object.data': {
                    'flavorid': flavor['id'],
                    'name': self.flavor,
                    'vcpus': flavor['vcpus'],
                    'memory_mb': flavor['memory_mb'],
                    'root_gb': flavor['root_gb'],
                    'ephemeral_gb': 0,
                }
            },
            'image_uuid': self.image,
            'created_at': zulu(self.created),
            'launched_at': zulu(self.launched),
            'terminated_at': zulu(self.terminated),
            'deleted_at': zulu(self.ended),
            'state': self.state,
            'power_state': 'running',
            'task_state': None,
            'metadata': {},
        }

    def _told_at(self, when):
        """Return when the first message of a fact says that it was."""
        if 'legacy' in self.formats:
            return when
        return when + datetime.timedelta(milliseconds=3)

    def _split(self, when):
        when = self._told_at(when)
        last = self.truth[-1]
        last[1] = when
        self.truth.append([when, None, self.flavor, self._os(), self.name])

    def resize(self, when, flavor):
        if flavor == self.flavor:
            return
        self.flavor = flavor
        self.launched = when - datetime.timedelta(seconds=1)
        self._split(when)
        self.say('resize.confirm.end', 'resize_confirm.end', when, 'resize')

    def try_resize(self, when, flavor):
        """Resize and go back: nobody pays for that."""
        before = self.flavor
        self.flavor, self.state = flavor, 'resized'
        self.say('finish_resize.end', 'resize_finish.end', when, 'noise')
        self.audit(when + datetime.timedelta(seconds=0.25))
        self.flavor, self.state = before, 'active'
        self.say(
            'resize.revert.end',
            'resize_revert.end',
            when + datetime.timedelta(seconds=0.5),
            'noise',
        )

    def rebuild(self, when, image):
        if image == self.image:
            return
        self.image = image
        self.launched = when
        self._split(when)
        self.say('rebuild.end', 'rebuild.end', when, 'rebuild')

    def rename(self, when, name):
        self.name = name
        self.truth[-1][4] = name
        if 'legacy' in self.formats:
            self.messages.append(
                message(
                    'compute.instance.update',
                    'nova',
                    'api.host-1',
                    {
                        **self._legacy(),
                        'old_display_name': 'x',
                        'old_state': self.state,
                        'old_task_state': None,
                        'new_task_state': None,
                    },
                    when,
                    'rename',
                )
            )
        if 'versioned' in self.formats:
            data = self._versioned()
            data['state_update'] = {
                'nova_object.data': {
                    'old_state': self.state,
                    'state': self.state,
                    'old_task_state': None,
                    'new_task_state': None,
                }
            }
            data['old_display_name'] = 'x'
            self.messages.append(
                message(
                    'instance.update',
                    'nova',
                    'nova-api:host-1',
                    {
                        'nova_object.name': 'InstanceUpdatePayload',
                        'nova_object.data': data,
                    },
                    when + datetime.timedelta(milliseconds=3),
                    'rename',
                    'versioned_notifications',
                )
            )

    def audit(self, when, whole=False):
        """Let Nova say that it exists; hourly, or for an action."""
        if self.terminated:
            # Read back from the database, which holds whole seconds.
            self.terminated = seconds(self.terminated)
        begin = when.replace(minute=0, second=0, microsecond=0)
        end = when
        if whole:
            begin, end = begin - HOUR, begin
        self.say(
            'exists',
            'exists',
            when,
            'audit',
            audit_period_beginning=str(begin)[:19],
            audit_period_ending=spaced(end),
        )

    def delete(self, when):
        self.ended = when
        self.terminated = when - datetime.timedelta(seconds=0.2)
        self.state = 'deleted'
        if 'legacy' in self.formats:
            end = self.terminated
        else:
            end = seconds(self.terminated)
        self.truth[-1][1] = end
        self.say('delete.end', 'delete.end', when, 'delete')
        # Nova says it again when all is over.
        self.say('update', 'update', when + datetime.timedelta(1 / 1440), '-')


class Volume:
    """A volume of Cinder, with a threshold of zero seconds."""

    resource_type = 'volume'

    def __init__(self, begin, size, volume_type):
        self.id = str(uuid.uuid4())
        self.created = seconds(begin)
        self.launched = self.created + datetime.timedelta(seconds=1.5)
        self.size = size
        self.volume_type = volume_type
        self.project = 'project-1'
        self.name = 'vol-' + self.id[:4]
        self.status = 'available'
        self.attached = []
        self.truth = [[self.created, None, size, volume_type, (), 'project-1']]
        self.messages = []
        self.say('create.end', self.launched, 'create')

    def say(self, what, when, tag, **extra):
        self.messages.append(
            message(
                f'volume.{what}',
                'openstack',
                'volume.host-1@backend#pool',
                {
                    'tenant_id': self.project,
                    'user_id': 'user-1',
                    'host': 'host-1@backend#pool',
                    'availability_zone': 'nova',
                    'volume_id': self.id,
                    'volume_type': self.volume_type,
                    'display_name': self.name,
                    'launched_at': seconds(self.launched).isoformat()
                    if tag != 'create'
                    else self.launched.isoformat(),
                    'created_at': self.created.isoformat(),
                    'status': self.status,
                    'size': self.size,
                    'metadata': [],
                    'volume_attachment': [
                        {'instance_uuid': one, 'attach_status': 'attached'}
                        for one in self.attached
                    ],
                    **extra,
                },
                when,
                tag,
            )
        )

    def _split(self, when):
        self.truth[-1][1] = when
        self.truth.append(
            [
                when,
                None,
                self.size,
                self.volume_type,
                tuple(self.attached),
                self.project,
            ]
        )

    def resize(self, when, size):
        if size == self.size:
            return
        self.size = size
        self._split(when)
        self.say('resize.end', when, 'resize')

    def retype(self, when, volume_type):
        if volume_type == self.volume_type:
            return
        self.volume_type = volume_type
        self._split(when)
        self.say('retype', when, 'retype')

    def attach(self, when, instance):
        if self.attached:
            self.attached, self.status = [], 'available'
            self._split(when)
            self.say('detach.end', when, 'detach')
        else:
            self.attached, self.status = [instance], 'in-use'
            self._split(when)
            self.say('attach.end', when, 'attach')

    def audit(self, when, whole=False):
        begin = when.replace(minute=0, second=0, microsecond=0)
        self.say(
            'exists',
            when,
            'audit',
            audit_period_beginning=f'{begin - HOUR}',
            audit_period_ending=f'{begin}',
        )

    def delete(self, when):
        self.truth[-1][1] = when
        self.status = 'deleted'
        self.say('delete.end', when, 'delete')
        self.ended = when

    def tell_again(self, when):
        """Cinder's audit tells the whole story again, with true times."""
        for what, moment in (
            ('create.end', self.created),
            ('delete.end', seconds(self.ended)),
        ):
            self.say(
                what,
                when,
                'story',
                audit_period_beginning=f'{seconds(moment)}',
                audit_period_ending=f'{seconds(moment)}',
            )
