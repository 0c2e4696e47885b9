# SPDX-License-Identifier: Apache-2.0
"""How much of one metric one resource used, and what it costs.

A quantity is what a meter shows at the end less what it showed at the begin,
as on the bill of a power company. Each reading is rounded once, to
talea.db.types.PLACES places, and stands for a moment, not for a period: where
one period ends the next begins with the same reading. So the quantities of
all parts of a period add up to that of the whole, to the last digit, although
an hour is no finite decimal number of microseconds. Prices are read off the
same way.
"""

from collections.abc import Mapping
import dataclasses
import decimal
from typing import Any

# As the columns of the database are; see talea.db.types.
PLACES = 28
EXACT = decimal.Context(prec=200, rounding=decimal.ROUND_HALF_EVEN)
ZERO = decimal.Decimal(0)

_UNIT = decimal.Decimal(1).scaleb(-PLACES)

# Begin and end of a piece of time, as the meter shows them.
Reading = tuple[decimal.Decimal, decimal.Decimal]
# What priced a point: kind ("mapping", "threshold"), id, version.
Rule = tuple[str, str, int]


def rounded(value: decimal.Decimal) -> decimal.Decimal:
    """Return *value* with 28 places at most, half to even."""
    return value.quantize(_UNIT, context=EXACT)


@dataclasses.dataclass(frozen=True, slots=True)
class Point:
    """A point of a dataframe.

    :ivar metric: name, as in metrics.yaml
    :ivar unit: what the quantity is counted in
    :ivar readings: of the meter, a pair for each piece of time
    :ivar groupby: what summaries can be grouped by, and what identifies the
        resource; values are text, numbers or None
    :ivar metadata: what else rules may look at
    :ivar price: 28 places at most
    :ivar rules: those that priced it
    """

    metric: str
    unit: str
    readings: tuple[Reading, ...]
    groupby: Mapping[str, Any]
    metadata: Mapping[str, Any]
    price: decimal.Decimal = ZERO
    rules: tuple[Rule, ...] = ()

    @property
    def quantity(self) -> decimal.Decimal:
        """How much, 28 places at most."""
        total = ZERO
        for begin, end in self.readings:
            total = EXACT.add(total, EXACT.subtract(end, begin))
        return total

    def costs(self, unit_price: decimal.Decimal) -> decimal.Decimal:
        """Return what the quantity costs at *unit_price* each.

        Additive: what the parts of a period cost adds up to what the whole
        costs, to the last digit.
        """
        total = ZERO
        for begin, end in self.readings:
            total = EXACT.add(
                total,
                EXACT.subtract(
                    rounded(EXACT.multiply(unit_price, end)),
                    rounded(EXACT.multiply(unit_price, begin)),
                ),
            )
        return total
