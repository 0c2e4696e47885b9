# SPDX-License-Identifier: Apache-2.0
"""A bill made by hand: simple, slow, and with nothing of Talea in it.

All sums are whole numbers of 1e-28, the last digit that a bill has.
"""

import datetime
import fractions

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
MICROSECOND = datetime.timedelta(microseconds=1)
HOUR = 3600 * 10**6
DIGIT = 10**28
EVER = [(EPOCH, None)]


def reading(level, moment):
    """Return what a meter shows that turns by *level* an hour since 1970."""
    hours = fractions.Fraction((moment - EPOCH) // MICROSECOND, HOUR)
    return round(level * hours * DIGIT)


def priced(cost, shown):
    """Return what it costs to come so far, at *cost* each."""
    return round(fractions.Fraction(cost) * shown)


def costs(cost, level, begin, end):
    """Return what [begin, end) costs."""
    return priced(cost, reading(level, end)) - priced(
        cost, reading(level, begin)
    )


def pieces(begin, end, period, active, until):
    """Yield (begin of the period, begin, end) of all that is billed."""
    end = min(end or until, until)
    number = (begin - EPOCH) // period
    while EPOCH + number * period < end:
        left = EPOCH + number * period
        for on, off in active:
            start = max(begin, left, on)
            stop = min(end, left + period, off or end)
            if start < stop:
                yield left, start, stop
        number += 1


def bill(stretches, period, until, active=EVER):
    """Return what is owed, in 1e-28.

    :param stretches: (begin, end or None, level, function that returns the
        cost of one unit in an hour, for the begin of a period)
    :param period: timedelta
    :param until: exclusive end of what is billed
    :param active: (begin, end or None) of the times that count
    """
    return sum(
        costs(cost(left), fractions.Fraction(level), start, stop)
        for begin, end, level, cost in stretches
        for left, start, stop in pieces(begin, end, period, active, until)
    )


def digits(decimal):
    """Return a Decimal in 1e-28.

    :raises AssertionError: if it has more digits than that
    """
    whole = fractions.Fraction(decimal) * DIGIT
    assert whole.denominator == 1, decimal
    return int(whole)
