# SPDX-License-Identifier: Apache-2.0
"""Money and quantities, exact."""

import decimal
import re

from talea.api.types import fields
from talea.db import types

_NUMBER = re.compile(r'[+-]?\d+(\.\d+)?([eE][+-]?\d{1,3})?', re.ASCII)
_LONGEST = 500


class Amount(fields.Field):
    """A Decimal: a number, or the text of one.

    :param whole: how many digits it may have before the point
    """

    name = 'number'

    def __init__(self, whole):
        super().__init__()
        self.whole = whole

    def parse(self, value):
        text = value if isinstance(value, str) else str(value)
        if type(value) not in (int, decimal.Decimal, str) or not (
            len(text) < _LONGEST and _NUMBER.fullmatch(text)
        ):
            raise fields.BadValue('must be a number')
        number = decimal.Decimal(text)
        if number.adjusted() >= self.whole:
            raise fields.BadValue(
                f'must have at most {self.whole} digits before the point'
            )
        # Without its zeros at the end, but with all else.
        exact = decimal.Context(prec=len(number.as_tuple().digits))
        number = number.normalize(exact) if number else decimal.Decimal(0)
        if number.as_tuple().exponent < -types.PLACES:
            raise fields.BadValue(
                f'must have at most {types.PLACES} decimal places'
            )
        return number
