# SPDX-License-Identifier: Apache-2.0
"""From the bytes of a bus to a Notification, whatever the bytes are.

Nothing that a publisher can send makes :func:`open` fail: what cannot be
understood becomes a Notification with a fault, and is archived like others.
"""

import dataclasses
import hashlib
import json
import re

from talea.collector import bus
from talea.collector import masking
from talea.collector import subject
from talea.collector.definitions import moments
from talea.objects import notification

# As oslo.messaging has them.
PRIORITIES = frozenset(
    ('audit', 'debug', 'info', 'warn', 'warning', 'error', 'critical',
     'sample')
)  # fmt: skip

_ID_LENGTH = 255

# Databases do not take them in text: NUL, and halves of surrogate pairs.
_UNSTORABLE = re.compile('[\0\ud800-\udfff]')
_UNSTORABLE_ESCAPE = re.compile(r'\\u(?:0000|[dD][89a-fA-F])')

# In text that is no JSON, escaped or not; publishers write them first.
_GLEANED = re.compile(
    r'\\*"(event_type|publisher_id|priority)\\*"\s*:\s*\\*"([^"\\]{1,255})'
)
_GLEANED_FROM = 4096

_LAST_WORD = re.compile(r'(?<=[\s"\'/])[^\s"\'/]+\Z')

_KINDS = {
    type(None): 'null',
    bool: 'a boolean',
    int: 'a number',
    float: 'a number',
    str: 'a string',
    list: 'a list',
    dict: 'an object',
}


def open(delivery, limits):
    """Return the Notification in *delivery*, masked; never raise.

    :param delivery: talea.collector.bus.Delivery
    :param limits: has ``max_body_size`` (bytes) and ``max_json_depth``, as
        the options of [collector]
    """
    body = delivery.body
    if len(body) > limits.max_body_size:
        return _unreadable(
            delivery,
            _head(body, limits.max_body_size),
            f'the body has {len(body)} bytes, more than max_body_size',
        )
    faults = []
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = body.decode('utf-8', 'surrogateescape')
        faults.append('the body is not UTF-8')
    try:
        message, text, fault = _read(text)
        if fault is None:
            return _readable(delivery, message, text, faults, limits)
    except RecursionError:
        fault = 'the message is nested too deeply to be read'
    return _unreadable(delivery, text, '; '.join([*faults, fault]))


def reopen(archived, limits):
    """Return what was *archived* as :func:`open` would read it today.

    :param archived: Notification with its body; payload and context may be
        missing
    """
    delivery = bus.Delivery(
        archived.deployment,
        archived.exchange,
        archived.routing_key,
        archived.body,
        archived.received_at,
    )
    return dataclasses.replace(
        open(delivery, limits), message_id=archived.message_id
    )


def _read(text):
    """Take the message out of its envelope, if it has one, and mask it.

    :returns: (message, its text, None), or (None, text, why not)
    :raises RecursionError: if it is nested too deeply
    """
    try:
        outer = json.loads(text)
    except ValueError as error:
        return None, text, f'the body is not JSON: {error}'
    if type(outer) is not dict:
        return None, text, f'the body is {_KINDS[type(outer)]}, not an object'
    if 'oslo.message' in outer:
        inner = outer['oslo.message']
        if type(inner) is dict:
            inner = json.dumps(inner)
        if type(inner) is not str:
            kind = _KINDS[type(inner)]
            return None, text, f'the inner message is {kind}, not a string'
        text = inner
    try:
        message, text = masking.read(text)
    except ValueError as error:
        return None, text, f'the inner message is not JSON: {error}'
    if type(message) is not dict:
        kind = _KINDS[type(message)]
        return None, text, f'the inner message is {kind}, not an object'
    return message, text, None


def _readable(delivery, message, text, faults, limits):
    """Make the Notification of a *message* that is an object.

    :raises RecursionError: if it is nested too deeply
    """
    body, message = _storable(message, text, faults)
    if _is_deep(message, text, limits.max_json_depth):
        faults.append(f'nested deeper than {limits.max_json_depth}')
    payload = message.get('payload')
    if type(payload) is not dict:
        faults.append(_complaint(message, 'payload', 'an object'))
        payload = {}
    context = {
        key[9:]: value
        for key, value in message.items()
        if key[:9] == '_context_'
    }
    event_type = _required(message, 'event_type', faults)
    publisher_id = _required(message, 'publisher_id', faults)
    message_id = _message_id(delivery, message, faults)
    priority = _priority(message, faults)
    sent_at = _moment(message.get('timestamp'))
    if sent_at is None:
        faults.append('the timestamp is no date that can be read')
        sent_at = delivery.received_at
    about = subject.of(event_type, payload, context)
    return notification.Notification(
        message_id,
        delivery.deployment,
        delivery.exchange,
        delivery.routing_key,
        priority,
        event_type,
        publisher_id,
        delivery.exchange or subject.service(event_type),
        subject.host(publisher_id),
        *about,
        _moment(context.get('timestamp')) or sent_at,
        sent_at,
        delivery.received_at,
        '; '.join(faults) or None,
        body,
        payload,
        context,
    )


def _unreadable(delivery, text, fault):
    """Make the Notification of a body of which no message could be made."""
    text = masking.mask_text(text)
    gleaned = dict(reversed(_GLEANED.findall(text[:_GLEANED_FROM])))
    gleaned = {
        key: _UNSTORABLE.sub('\ufffd', value) for key, value in gleaned.items()
    }
    event_type = gleaned.get('event_type', '')
    publisher_id = gleaned.get('publisher_id', '')
    return notification.Notification(
        _digest(delivery),
        delivery.deployment,
        delivery.exchange,
        delivery.routing_key,
        gleaned.get('priority', '').lower(),
        event_type,
        publisher_id,
        delivery.exchange or subject.service(event_type),
        subject.host(publisher_id),
        *subject.UNKNOWN,
        delivery.received_at,
        delivery.received_at,
        delivery.received_at,
        fault,
        _encoded(text, 'surrogateescape'),
    )


def _head(body, size):
    """Return the first *size* bytes as text, without a word cut in two.

    The beginning of a password does not look like one.
    """
    text = body[:size].decode('utf-8', 'surrogateescape')
    return text[:-1000] + _LAST_WORD.sub('', text[-1000:])


def _encoded(text, errors):
    try:
        return text.encode('utf-8', errors)
    except UnicodeEncodeError:
        return text.encode('utf-8', 'backslashreplace')


def _storable(message, text, faults):
    """Return (body, message), without what databases do not take.

    The body is what it was: there all that is not text is written as the
    escapes of JSON.
    """
    try:
        body = text.encode()
        odd = '\\' in text and _UNSTORABLE_ESCAPE.search(text)
    except UnicodeEncodeError:
        body = text.encode('utf-8', 'backslashreplace')
        odd = True
    if odd:
        clean = _cleaned(message)
        if clean != message:
            faults.append('it holds NUL or half characters')
        message = clean
    return body, message


def _cleaned(value):
    if type(value) is str:
        return _UNSTORABLE.sub('\ufffd', value)
    if type(value) is list:
        return [_cleaned(item) for item in value]
    if type(value) is dict:
        return {_cleaned(key): _cleaned(item) for key, item in value.items()}
    return value


def _is_deep(message, text, limit):
    """Return whether *message* is nested deeper than *limit*."""
    if text.count('{') + text.count('[') <= limit:
        return False
    depth = 0
    level = [message]
    while level and depth <= limit:
        depth += 1
        level = [
            item
            for value in level
            for item in (value.values() if type(value) is dict else value)
            if type(item) is dict or type(item) is list
        ]
    return depth > limit


def _complaint(message, name, wanted):
    if name not in message:
        return f'{name} is missing'
    return f'{name} is {_KINDS[type(message[name])]}, not {wanted}'


def _required(message, name, faults):
    value = message.get(name)
    if type(value) is str:
        return value
    faults.append(_complaint(message, name, 'a string'))
    return ''


def _priority(message, faults):
    """Return the priority in lower case, as routing keys have it."""
    priority = _required(message, 'priority', faults).lower()
    if priority not in PRIORITIES and type(message.get('priority')) is str:
        faults.append('the priority is none that there is')
    return priority


def _message_id(delivery, message, faults):
    """Return the sender's id, or one that a redelivery has again."""
    value = message.get('message_id')
    if type(value) is str and 0 < len(value) <= _ID_LENGTH:
        return value
    if type(value) is str and value:
        faults.append(f'message_id has more than {_ID_LENGTH} characters')
    elif value is not None and value != '':
        faults.append(_complaint(message, 'message_id', 'a string'))
    return _digest(delivery)


def _digest(delivery):
    digest = hashlib.sha256()
    for part in (
        delivery.deployment,
        delivery.exchange,
        delivery.routing_key,
    ):
        digest.update(part.encode('utf-8', 'surrogatepass') + b'\0')
    digest.update(delivery.body)
    return digest.hexdigest()


def _moment(value):
    """Return *value* as aware UTC, None if it is no date."""
    try:
        return moments.known(value)
    except ValueError:
        return None
