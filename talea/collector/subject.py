# SPDX-License-Identifier: Apache-2.0
"""Who and what a message is about: the columns that people search by.

The rules are those of StackTach for Nova, in both of its formats, and those
that lie near for services that StackTach did not know.
"""

from typing import NamedTuple

# Prefixes of event types, the longest that fits counts.
_SERVICES = {
    'compute.': 'nova',
    'compute_task.': 'nova',
    'instance.': 'nova',
    'scheduler.select_destinations': 'nova',
    'scheduler.run_instance': 'nova',
    'flavor.': 'nova',
    'keypair.': 'nova',
    'aggregate.': 'nova',
    'server_group.': 'nova',
    'servergroup.': 'nova',
    'service.': 'nova',
    'libvirt.': 'nova',
    'metrics.': 'nova',
    'volume.usage': 'nova',
    'get_host_uptime': 'nova',
    'volume.': 'cinder',
    'volume_': 'cinder',
    'snapshot.': 'cinder',
    'backup.': 'cinder',
    'group.': 'cinder',
    'group_': 'cinder',
    'consistencygroup.': 'cinder',
    'cgsnapshot.': 'cinder',
    'scheduler.': 'cinder',
    'floatingip.': 'neutron',
    'network.': 'neutron',
    'subnet.': 'neutron',
    'subnetpool.': 'neutron',
    'port.': 'neutron',
    'router.': 'neutron',
    'security_group.': 'neutron',
    'security_group_rule.': 'neutron',
    'address_scope.': 'neutron',
    'rbac_policy.': 'neutron',
    'image.': 'glance',
    'task.': 'glance',
    'identity.': 'keystone',
    'magnum.': 'magnum',
    'orchestration.': 'heat',
    'baremetal.': 'ironic',
    'dns.': 'designate',
    'share.': 'manila',
}
_PREFIXES = sorted(_SERVICES, key=len, reverse=True)


class Subject(NamedTuple):
    """What a message says about whom and what; None where it does not.

    :ivar state: state or status of the resource
    :ivar task: what is being done with it, such as ``spawning``
    """

    request_id: str | None
    project_id: str | None
    user_id: str | None
    resource_id: str | None
    state: str | None
    old_state: str | None
    task: str | None
    old_task: str | None


UNKNOWN = Subject(None, None, None, None, None, None, None, None)


def service(event_type):
    """Return which service emits *event_type*, '' if that is not known."""
    for prefix in _PREFIXES:
        if event_type.startswith(prefix):
            return _SERVICES[prefix]
    return ''


def host(publisher_id):
    """Return what follows the first ``.`` or ``:``, None if nothing does.

    Nova has ``compute.host`` in its old format and ``nova-compute:host`` in
    the versioned one.
    """
    for position, character in enumerate(publisher_id):
        if character in '.:':
            return publisher_id[position + 1 :] or None
    return None


def of(event_type, payload, context):
    """Return the Subject of a message.

    :param payload: dict
    :param context: the ``_context_*`` members without that prefix, dict
    """
    data = payload.get('nova_object.data')
    if type(data) is not dict:
        data = payload
        update = payload
        task = payload.get('new_task_state')
    else:
        update = _inner(data, 'state_update')
        task = update.get('new_task_state', data.get('task_state'))
    noun = event_type.partition('.')[0]
    thing = _thing(noun, data)
    return Subject(
        _text(context.get('request_id')),
        _text(_project(data, thing, context)),
        _text(
            data.get('user_id')
            or context.get('user_id')
            or context.get('user')
        ),
        _text(_resource(noun, data, thing)),
        _text(update.get('state') or data.get('state') or thing.get('status')),
        _text(update.get('old_state')),
        _text(task),
        _text(update.get('old_task_state')),
    )


def _thing(noun, data):
    """Return the object that stands for the resource in *data*.

    Neutron puts it under its name, Magnum into an attachment of CADF.
    """
    thing = data.get(noun)
    if type(thing) is dict:
        return thing
    attachments = _inner(data, 'target').get('attachments')
    if type(attachments) is list and attachments:
        thing = attachments[0]
        thing = thing.get('content') if type(thing) is dict else None
        if type(thing) is dict:
            return thing
    return data


def _inner(value, *names):
    """Return the object under *names*, versioned or not, {} if there is none.

    Nova wraps each of its versioned objects in ``nova_object.data``.
    """
    for name in names:
        value = value.get(name)
        if type(value) is not dict:
            return {}
        wrapped = value.get('nova_object.data')
        if type(wrapped) is dict:
            value = wrapped
    return value


def _project(data, thing, context):
    """Return whose it is: what the payload says, if it is null, too."""
    for name in ('tenant_id', 'project_id', 'owner'):
        if name in thing:
            return thing[name]
    for name in ('tenant_id', 'project_id'):
        if name in data:
            return data[name]
    return context.get('project_id') or context.get('tenant')


def _resource(noun, data, thing):
    """Return the id of what the message is about.

    Servers first, as StackTach does: what is done to a server names it, even
    if the operation failed.
    """
    if 'instance_uuid' in data:
        return data['instance_uuid'] or _failed(data)
    return (
        data.get('instance_id')
        or _failed(data)
        or data.get(f'{noun}_id')
        # In CADF "id" is the event's own.
        or _inner(data, 'target').get('id')
        or thing.get('uuid')
        or thing.get('id')
        or data.get('id')
        or data.get('volume_id')
    )


def _failed(data):
    """Return the server that an error message names."""
    return _inner(data, 'exception', 'kwargs').get('uuid') or _inner(
        data, 'instance'
    ).get('uuid')


def _text(value):
    """Return *value* as text, None if it is empty or no name of anything."""
    if type(value) is str:
        return value or None
    if type(value) is int:
        return str(value)
    return None
