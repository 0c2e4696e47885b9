# SPDX-License-Identifier: Apache-2.0
"""Messages of the recorded cloud, and others made after them."""

import copy
import dataclasses
import datetime
import functools
import gzip
import json
import pathlib

from oslo_config import cfg

from talea.collector import bus
from talea.collector import definitions
from talea.collector import envelope
import talea.conf

RECORDING = (
    pathlib.Path(__file__).parents[5]
    / 'samples/cloud-a/notifications.jsonl.gz'
)
UTC = datetime.UTC


@functools.cache
def known_types():
    return definitions.load()


@functools.cache
def _lines():
    """Return {event type: [recorded message, ...]}."""
    found = {}
    with gzip.open(RECORDING, 'rt') as lines:
        for line in lines:
            recorded = json.loads(line)
            inner = json.loads(recorded['body'])['oslo.message']
            message = json.loads(inner)
            found.setdefault(message['event_type'], []).append(
                (recorded, message)
            )
    return found


@functools.cache
def _limits():
    conf = cfg.ConfigOpts()
    talea.conf.register(conf)
    conf([], default_config_files=[], default_config_dirs=[])
    return conf.collector


def messages(event_type):
    """Return all recorded Notifications of a type, in order of arrival."""
    return [opened(recorded) for recorded, _ in _lines().get(event_type, ())]


def first(event_type, where=lambda payload: True):
    """Return the first recorded Notification of a type.

    :param where: says of its payload whether it is wanted
    """
    for recorded, message in _lines()[event_type]:
        if where(message['payload']):
            return opened(recorded)
    raise LookupError(event_type)


def server(event_type, **wanted):
    """Return the first Notification of a type whose server is like this."""

    def fits(payload):
        data = payload.get('nova_object.data', payload)
        return all(data.get(name) == value for name, value in wanted.items())

    return first(event_type, fits)


def opened(recorded):
    """Return the Notification of what a recorder saw."""
    return envelope.open(
        bus.Delivery(
            'default',
            recorded['exchange'],
            recorded['routing_key'],
            recorded['body'].encode(),
            datetime.datetime.fromisoformat(recorded['at']),
        ),
        _limits(),
    )


def like(notification, event_type=None, priority=None, **payload):
    """Return a Notification like another one.

    :param payload: members that differ; of a versioned one those of its
        object
    """
    new = copy.deepcopy(dict(notification.payload))
    new.get('nova_object.data', new).update(payload)
    return dataclasses.replace(
        notification,
        event_type=event_type or notification.event_type,
        priority=priority or notification.priority,
        payload=new,
    )


def without(notification, name):
    """Return a Notification like another one, a member of it missing."""
    new = copy.deepcopy(dict(notification.payload))
    del new.get('nova_object.data', new)[name]
    return dataclasses.replace(notification, payload=new)


def events(notification):
    return definitions.events(notification, known_types())


def event(notification):
    """Return the one Event of a Notification."""
    (one,) = events(notification)
    return one


def at(text):
    """Return the moment of 2026-11-21 that *text* (HH:MM:SS.ffffff) tells."""
    return datetime.datetime.fromisoformat(f'2026-11-21T{text}+00:00')
