# SPDX-License-Identifier: Apache-2.0
"""What events are about: the row that a writer locks while it folds."""

from talea.db import api as db


@db.writer
def apply(context, events, rules, now):
    """Store *events* and bring the entities of their resources up to date.

    One transaction, joined if *context* has one. Events that are known
    already change nothing.

    :param events: Event objects of any resources, in any order
    :param rules: timeline.Rules
    :param now: aware UTC; becomes ``processed`` of the entities written
    :raises talea.exception.ConcurrentUpdate: lost a race; try again
    """
    raise NotImplementedError
