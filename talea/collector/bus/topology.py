# SPDX-License-Identifier: Apache-2.0
"""Exchanges of the publishers, queues of Talea: found, made and bound."""

import dataclasses
import logging

from amqp import exceptions as amqp_exc

from talea import exception

LOG = logging.getLogger(__name__)

# Quorum queues drop a message that was given back too often (20 times by
# default since RabbitMQ 4). A database may be away for longer than that.
_NO_DELIVERY_LIMIT = 2**31 - 1


@dataclasses.dataclass(frozen=True, slots=True)
class Binding:
    """A queue of Talea and where its messages come from."""

    exchange: str
    routing_key: str
    queue: str


def bindings(group):
    """Return the bindings that the option group of a deployment asks for."""
    return [
        Binding(
            exchange,
            f'{topic}.{priority}',
            f'{group.queue_prefix}.{exchange}.{topic}.{priority}',
        )
        for exchange in group.exchanges
        for topic in group.topics
        for priority in group.priorities
    ]


def establish(connection, group, section):
    """Make what is missing of exchanges, queues and bindings.

    :param connection: kombu Connection, connected
    :param group: options of the deployment
    :param section: name of that group, for messages to people
    :returns: the bindings that messages can be expected from
    :raises talea.exception.BusError: if a queue stands there with other
        properties than the options say
    """
    exchanges = _exchanges(connection, group, section)
    found = [each for each in bindings(group) if each.exchange in exchanges]
    with connection.channel() as channel:
        for each in found:
            _queue(channel, each.queue, group, section)
            channel.queue_bind(each.queue, each.exchange, each.routing_key)
    return found


def bind_again(connection, group, found):
    """Bind the queues again, for exchanges that were deleted and made anew.

    Their bindings go with them, and nobody tells.

    :param found: what establish() returned
    :returns: whether there are exchanges now which were not there then
    """
    there = [name for name in group.exchanges if _is_there(connection, name)]
    with connection.channel() as channel:
        for each in found:
            if each.exchange in there:
                channel.queue_bind(each.queue, each.exchange, each.routing_key)
    return bool(set(there) - {each.exchange for each in found})


def _exchanges(connection, group, section):
    """Return the names of the exchanges that are there now."""
    there = {name for name in group.exchanges if _is_there(connection, name)}
    durable = group.exchange_durable
    for name in there:
        if _differs(connection, name, durable):
            LOG.warning(
                'Exchange %(name)s is there with other properties than '
                '[%(section)s] exchange_durable = %(value)s stands for. It '
                'is used as it is; set that option to what the publishers '
                'use.',
                {'name': name, 'section': section, 'value': durable},
            )
            # What the services really use is the better guess for those
            # exchanges that are yet to be made: one that is made wrongly
            # would keep its publishers from sending.
            durable = not group.exchange_durable
    for name in group.exchanges:
        if name not in there and _make(connection, name, durable):
            there.add(name)
    return there


def _is_there(connection, name):
    try:
        with connection.channel() as channel:
            channel.exchange_declare(name, 'topic', passive=True)
    except amqp_exc.NotFound:
        return False
    return True


def _differs(connection, name, durable):
    try:
        with connection.channel() as channel:
            channel.exchange_declare(
                name, 'topic', durable=durable, auto_delete=False
            )
    except amqp_exc.PreconditionFailed:
        return True
    except amqp_exc.AccessRefused:
        # Only reading is allowed to Talea, which is all that it needs.
        return False
    return False


def _make(connection, name, durable):
    try:
        with connection.channel() as channel:
            channel.exchange_declare(
                name, 'topic', durable=durable, auto_delete=False
            )
        return True
    except amqp_exc.AccessRefused:
        pass
    # Not in the midst of the exception, which the log would repeat.
    LOG.warning(
        'Exchange %s is not there and Talea may not make it: nothing is '
        'taken from it until a minute after somebody else has.',
        name,
    )
    return False


def _queue(channel, name, group, section):
    arguments = None
    if group.queue_quorum:
        arguments = {
            'x-queue-type': 'quorum',
            'x-delivery-limit': _NO_DELIVERY_LIMIT,
        }
    try:
        channel.queue_declare(
            name,
            durable=group.queue_durable or group.queue_quorum,
            auto_delete=False,
            arguments=arguments,
        )
    except amqp_exc.PreconditionFailed as error:
        raise exception.BusError(
            reason=f'queue {name} is there with other properties than '
            f'[{section}] queue_durable = {group.queue_durable} and '
            f'queue_quorum = {group.queue_quorum} stand for; set them to '
            'what it has, choose another queue_prefix, or let it run empty '
            f'and delete it ({error})'
        ) from error


def publishers_queues(connection, group):
    """Look at the queues that publishers declare themselves.

    :returns: list of (name, messages, consumers), of those that are there
    """
    found = []
    for topic in group.topics:
        for priority in group.priorities:
            try:
                with connection.channel() as channel:
                    found.append(
                        channel.queue_declare(
                            f'{topic}.{priority}', passive=True
                        )
                    )
            except amqp_exc.NotFound:
                continue
    return found
