# SPDX-License-Identifier: Apache-2.0
"""What somebody wants to know the price of."""

import decimal

from talea.api.types import amount
from talea.api.types import base
from talea.api.types import fields
from talea.rating import point

_ZERO = decimal.Decimal(0)


class Resource(base.StrictBody):
    """A resource, as CloudKitty describes it.

    :ivar service: name of the metric
    :ivar desc: {name of an attribute: value}
    :ivar volume: the quantity
    """

    service = base.required(fields.Text(longest=255, empty=False))
    desc = fields.Object()
    volume = amount.Amount(whole=18)

    def point(self):
        """Return the Point that it is."""
        given = self.given()
        quantity = given.get('volume', decimal.Decimal(1))
        return point.Point(
            self.service,
            '',
            ((_ZERO, quantity),),
            given.get('desc', {}),
            {},
        )


class _Resources(fields.Field):
    """A list of Resources."""

    name = 'list of resources'

    def parse(self, value):
        if not isinstance(value, list) or not value:
            raise fields.BadValue('must be a list of resources')
        return [Resource.parse(one) for one in value]


class QuoteBody(base.StrictBody):
    resources = base.required(_Resources())
