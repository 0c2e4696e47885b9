# SPDX-License-Identifier: Apache-2.0
"""What request bodies and answers have in common."""

import decimal
import json
import math

import wsme
from wsme import types as wtypes

from talea import exception
from talea.api.types import fields

# Digits of a number before or behind the point; more than anybody means.
_LONGEST = 400


class Missing(exception.TaleaError):
    """A parameter that must be given was not."""

    code = 400
    template = (
        "The '%(name)s' param is mandatory for the request you have made."
    )


class BadPayload(exception.TaleaError):
    """The request cannot be understood as a whole."""

    code = 400
    template = fields.BAD_PAYLOAD


def convert(name, field, value):
    """Return *value* as *field* understands it.

    :raises talea.exception.InvalidValue: naming the parameter *name*
    """
    try:
        return field.frombasetype(value)
    except fields.BadValue as error:
        if error.whole:
            raise exception.InvalidValue(str(error)) from None
        raise exception.InvalidValue(name=name, reason=error) from None


def required(field, **kwargs):
    """Return the attribute of a body that must be given."""
    return wtypes.wsattr(field, mandatory=True, **kwargs)


class Body(wtypes.Base):
    """A request body: typed members, some mandatory, unknown ones ignored.

    WSME's own reading of bodies fails on anything but an object, names no
    member and stops at the first unknown one.
    """

    # Other names by which a member is known: {member: (other, ...)}.
    _aliases = {}
    # Whether members of other names are refused.
    _strict = False

    @classmethod
    def parse(cls, value):
        """Return the body made of *value*, parsed JSON.

        :raises BadPayload: *value* is not an object
        :raises Missing: the first mandatory member that is not there
        :raises talea.exception.InvalidValue: a member of no use
        """
        if not isinstance(value, dict):
            raise BadPayload
        body = cls()
        given = []
        unknown = cls._strict and value.keys() - {
            name
            for attribute in wtypes.list_attributes(cls)
            for name in (
                attribute.name,
                *cls._aliases.get(attribute.key, ()),
            )
        }
        if unknown:
            raise exception.InvalidValue(
                name=min(unknown), reason='there is no such member'
            )
        for attribute in wtypes.list_attributes(cls):
            names = (attribute.name, *cls._aliases.get(attribute.key, ()))
            name = next((name for name in names if name in value), None)
            if name is not None:
                given.append((attribute, name))
            elif attribute.mandatory:
                raise Missing(name=attribute.name)
        for attribute, name in given:
            member = convert(name, attribute.datatype, value[name])
            setattr(body, attribute.key, member)
        return body

    def given(self):
        """Return what was given, null too, as {attribute: value}."""
        members = {
            attribute.key: getattr(self, attribute.key)
            for attribute in wtypes.list_attributes(type(self))
        }
        return {
            key: value
            for key, value in members.items()
            if value is not wsme.Unset
        }


class StrictBody(Body):
    """A request body that has no members but those it may have."""

    _strict = True


def _finite(text):
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _decimal(text):
    number = decimal.Decimal(text)
    # Written without an exponent it would fill the memory.
    if abs(number.adjusted()) > _LONGEST:
        raise ValueError(text)
    return number


def _refuse(text):
    raise ValueError(text)


def load(body, exact=False):
    """Return the value of *body*, bytes of JSON.

    :param exact: whether numbers with a fraction or an exponent become
        Decimals; otherwise floats
    :raises BadPayload: not JSON, or not in UTF-8; NaN, infinity and numbers
        beyond measure are no JSON
    """
    try:
        return json.loads(
            body.decode(),
            parse_float=_decimal if exact else _finite,
            parse_constant=_refuse,
        )
    except (ValueError, ArithmeticError, RecursionError):
        raise BadPayload from None


def dump(value):
    """Return *value* as JSON text, each Decimal as the number it is.

    The json module would have to make a float of it first. Tables of entities
    hold no Decimals and are written by json.dumps, which is faster.
    """
    if isinstance(value, decimal.Decimal):
        return format(value, 'f')
    if isinstance(value, wtypes.Base):
        value = {
            attribute.name: getattr(value, attribute.key)
            for attribute in wtypes.list_attributes(type(value))
        }
    if isinstance(value, dict):
        members = (
            f'{json.dumps(name)}: {dump(member)}'
            for name, member in value.items()
        )
        return '{' + ', '.join(members) + '}'
    if isinstance(value, list):
        return '[' + ', '.join(map(dump, value)) + ']'
    return json.dumps(value)
