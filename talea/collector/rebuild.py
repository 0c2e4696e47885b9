# SPDX-License-Identifier: Apache-2.0
"""Events derived again from the archive: new definitions reach back."""

from talea import exception
from talea.collector import definitions
from talea.collector import envelope
from talea.objects import notification
from talea.objects import resource


def rebuild(context, position, limits, known_types, rules, clock):
    """Go through the archive, yielding after each part what was done.

    What definitions make of an archived message now replaces the events
    that it has, and the entities follow. Notifications that had a fault
    only because of a definition get their events too; the archive itself
    does not change.

    :param context: DbContext without a transaction
    :param position: of the last notification that is done, 0 for none
    :param limits: the options of [collector]
    :param known_types: what definitions.load() gave
    :param rules: timeline.Rules
    :param clock: function that returns the present, aware UTC
    :returns: iterator of (position, number of messages, number of resources
        whose events were others)
    """
    while part := notification.after(context, position):
        archived = [one for _, one in part]
        events = []
        for one in archived:
            events += _derive(one, limits, known_types)
        changed = resource.derive_again(
            context,
            [one.message_id for one in archived],
            events,
            rules,
            clock(),
        )
        position = part[-1][0]
        yield position, len(part), changed


def _derive(archived, limits, known_types):
    try:
        return definitions.events(
            envelope.reopen(archived, limits), known_types
        )
    except exception.BadMessage:
        return []
