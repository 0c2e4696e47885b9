# SPDX-License-Identifier: Apache-2.0
"""What time of scopes counts: when they were switched on, and not skipped."""

from collections.abc import Collection
from typing import Any

from talea.db import api as db
from talea.objects import activation
from talea.objects import period
from talea.objects import skip
from talea.objects import stale

EVER = (period.EPOCH, stale.FOREVER)


@db.reader
def of_scopes(
    context: Any, scope_pks: Collection[int], inactive_too: bool
) -> dict[int, list[period.Window]]:
    """Return {key of a scope: the windows that count}, disjoint, in order.

    :param inactive_too: whether time counts in which it was switched off
    """
    if not scope_pks:
        return {}
    found = {pk: [EVER] for pk in scope_pks}
    if not inactive_too:
        active = activation.of_scopes(context, scope_pks, *EVER)
        found = {
            pk: [(begin, end or stale.FOREVER) for begin, end in intervals]
            for pk, intervals in active.items()
        }
    for pk, windows in skip.of_scopes(context, scope_pks).items():
        found[pk] = period.subtract(found[pk], windows)
    return found
