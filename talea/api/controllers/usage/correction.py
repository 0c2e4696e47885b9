# SPDX-License-Identifier: Apache-2.0
"""Corrections of single entities by an operator."""

import datetime

from talea import exception
from talea.api import errors
from talea.api.controllers.usage import report
from talea.api.types import base
from talea.api.types import fields
from talea.objects import change
from talea.objects import entity

_STRICT = '%Y-%m-%dT%H:%M:%S.%fZ'
_SYSTEM = ('distro', 'version', 'os_type')
# Both spellings of what is an attribute of an entity: Almanach's code has
# the first, its documentation the second.
_DATES = {
    'start_date': 'start',
    'end_date': 'end',
    'start': 'start',
    'end': 'end',
}
_ONLY_INSTANCES = ('flavor', 'os', 'metadata')


class Anything:
    """A request body that is an object, whatever is in it."""

    @staticmethod
    def parse(value):
        """Return *value*.

        :raises base.BadPayload: if it is not an object
        """
        if not isinstance(value, dict):
            raise base.BadPayload
        return value


def apply(request, entity_id, body, start, end):
    """Correct an entity and return it as it is then.

    :param start: None for the entity that goes on; else the one that has
        ended, starting not before
    :param end: and ending not after; now if None
    """
    if start is None:
        values = _strict(body)
        choose = _active
    else:
        values = _free(body)

        def choose(chain):
            return _closed(chain, start, end or request.now)

    kind = _kind(request, entity_id)
    if kind != 'instance':
        _refuse(_ONLY_INSTANCES, values)
    chosen = []

    def remember(chain):
        chosen[:] = [choose(chain)]
        return chosen[0]

    decide = change.correct(remember, values, request.now)
    chain = report.record(request, kind, entity_id, decide)
    begin = values.get('start', chosen[0].start)
    # Where options have changed since, it may have become part of another.
    return next(
        (one for one in reversed(chain) if one.start <= begin), chain[0]
    )


def _kind(request, entity_id):
    """Return what *entity_id* is; an instance if it is nothing."""
    kinds = {
        one.entity_type for one in entity.of_id(request.context, entity_id)
    }
    return 'volume' if kinds == {'volume'} else 'instance'


def _refuse(names, values):
    wrong = {
        name: 'extra keys not allowed' for name in names if name in values
    }
    if wrong:
        raise errors.Rejected(wrong)


def _active(chain):
    return change.current_life(chain)[-1]


def _closed(chain, start, end):
    """Return the one of *chain* that ended, all of it in [start, end]."""
    found = [
        one
        for one in chain
        if one.start >= start and one.end is not None and one.end <= end
    ]
    if not found:
        raise exception.NotFound('InstanceId: ID Not Found with start')
    if len(found) > 1:
        raise exception.InvalidValue(
            'Multiple entities found while updating a closed entity'
        )
    return found[0]


def _wrong(name, value):
    """Return what is wrong with a member of a strict body, or None."""
    if name in ('name', 'flavor'):
        return None if isinstance(value, str) else 'expected str'
    if name == 'metadata':
        return None if isinstance(value, dict) else 'expected dict'
    if name in _DATES:
        try:
            datetime.datetime.strptime(value, _STRICT)
        except (TypeError, ValueError):
            return f'value does not match expected format {_STRICT}'
        return None
    if name != 'os':
        return 'extra keys not allowed'
    if not isinstance(value, dict):
        return 'expected a dictionary'
    if set(_SYSTEM) - set(value):
        return 'required key not provided'
    if set(value) - set(_SYSTEM):
        return 'extra keys not allowed'
    if not all(isinstance(one, str) for one in value.values()):
        return 'expected str'
    return None


def _strict(body):
    """Return the new values in *body* for an entity that goes on.

    :raises errors.Rejected: members that are unknown or of a wrong type
    """
    if 'instance_id' in body:
        # Almanach's path parameter would be given twice.
        raise base.BadPayload
    wrong = {name: _wrong(name, value) for name, value in body.items()}
    wrong = {name: reason for name, reason in wrong.items() if reason}
    if wrong:
        raise errors.Rejected(wrong)
    # What is empty is skipped.
    return {
        _DATES.get(name, name): _member(name, _plain(name, value))
        for name, value in body.items()
        if value
    }


def _plain(name, value):
    """Return *value*, a date in the way that all dates are written."""
    if name not in _DATES:
        return value
    return datetime.datetime.strptime(value, _STRICT).isoformat()


def _free(body):
    """Return the new values in *body* for an entity that has ended."""
    names = (*_DATES, 'name', 'flavor', 'os', 'metadata')
    return {
        _DATES.get(name, name): _member(name, value)
        for name, value in body.items()
        if name in names and value
    }


def _member(name, value):
    if name in _DATES:
        kind = fields.MOMENT
    elif name in ('name', 'flavor'):
        kind = fields.Text()
    else:
        kind = fields.Object()
    return base.convert(name, kind, value)
