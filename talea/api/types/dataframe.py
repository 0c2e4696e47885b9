# SPDX-License-Identifier: Apache-2.0
"""Bodies of requests about rated usage."""

import decimal

from talea.api.types import amount
from talea.api.types import base
from talea.api.types import fields
from talea.objects import frame
from talea.objects import push

EMPTY = 'Parameter dataframes must not be empty.'

_NAME = fields.Text(longest=255, empty=False)
_UNIT = fields.Text(longest=255)
_TEXT = fields.Text()
_MOMENT = fields.IsoMoment()
# A column of numbers keeps 37 digits before the point: there has to be room
# for the sums of a thousand million points.
_AMOUNT = amount.Amount(whole=28)


class _Place:
    """A value in the body, and where it is, for errors."""

    def __init__(self, value, path):
        self.value = value
        self.path = path

    def bad(self, reason):
        """Return the error that says so."""
        return fields.BadValue(f'{self.path}: {reason}')

    def convert(self, field):
        """Return the value as *field* understands it."""
        try:
            return field.frombasetype(self.value)
        except fields.BadValue as error:
            raise self.bad(error) from None

    def items(self):
        """Yield the Places of a list."""
        if not isinstance(self.value, list):
            raise self.bad('must be a list')
        for number, one in enumerate(self.value):
            yield _Place(one, f'{self.path}[{number}]')

    def members(self, mandatory=None, optional=()):
        """Return {name: Place} of an object.

        :param mandatory: names; None: there may be any
        """
        if not isinstance(self.value, dict):
            raise self.bad('must be an object')
        if mandatory is not None:
            for name in mandatory:
                if name not in self.value:
                    raise self.bad(f'{name} is missing')
            for name in self.value:
                if name not in (*mandatory, *optional):
                    raise self.bad(f"there is no member '{name}'")
        return {
            name: _Place(one, f'{self.path}.{name}')
            for name, one in self.value.items()
        }

    def number(self):
        """Return the Decimal of a number, or of the text of one."""
        return self.convert(_AMOUNT)

    def attributes(self):
        """Return an object of texts, numbers, true, false and null."""
        return {
            self.named(name): one.scalar()
            for name, one in self.members().items()
        }

    def named(self, name):
        """Return the name of a member, if it can be one."""
        return _Place(name, self.path).convert(_NAME)

    def scalar(self):
        """Return the value of an attribute."""
        value = self.value
        if isinstance(value, str):
            return self.convert(_TEXT)
        if isinstance(value, decimal.Decimal):
            # Only the fraction that a float is can be a number again.
            near = float(value)
            return near if decimal.Decimal(repr(near)) == value else str(value)
        if value is None or isinstance(value, (bool, int)):
            return value
        raise self.bad('must be text, a number, true, false or null')


class Frames(fields.Field):
    """Dataframes in CloudKitty's form, as a list of push.Pushed."""

    name = 'list of dataframes'

    def missing(self):
        raise fields.BadValue(EMPTY, whole=True)

    def parse(self, value):
        if value == []:
            self.missing()
        return [_pushed(one) for one in _Place(value, 'dataframes').items()]


def _pushed(place):
    members = place.members(('period', 'usage'))
    period = members['period'].members(('begin', 'end'))
    begin, end = (period[name].convert(_MOMENT) for name in ('begin', 'end'))
    if end <= begin:
        raise members['period'].bad('must not end before it begins')
    lines = [
        _line(point.named(metric), point)
        for metric, points in members['usage'].members().items()
        for point in points.items()
    ]
    if not lines:
        raise members['usage'].bad('must not be empty')
    return push.Pushed(begin, end, tuple(lines))


def _line(metric, place):
    point = place.members(('vol', 'groupby', 'metadata'), ('rating',))
    volume = point['vol'].members(('unit', 'qty'))
    price = decimal.Decimal(0)
    if 'rating' in point:
        price = point['rating'].members(('price',))['price'].number()
    groupby = point['groupby'].attributes()
    whose = _Place(
        groupby.get(push.SCOPE_KEY), f'{place.path}.groupby.{push.SCOPE_KEY}'
    )
    if push.SCOPE_KEY not in groupby:
        raise whose.bad('is missing: it tells who owes it')
    whose.convert(_NAME)
    return frame.Line(
        metric,
        volume['unit'].convert(_UNIT),
        volume['qty'].number(),
        price,
        groupby,
        point['metadata'].attributes(),
    )


class PushBody(base.StrictBody):
    """Body of POST /v2/dataframes."""

    dataframes = base.required(Frames())
    idempotency_key = fields.Text(longest=255, empty=False)
