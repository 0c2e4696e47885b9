# SPDX-License-Identifier: Apache-2.0
"""What it costs to fold a long history from its start.

The baseline is a history an eighth as long: eight times the events may cost
eight times as much, not sixty-four times.
"""

import datetime
import time

from talea.objects import event as events
from talea.objects import fold
from talea.objects import timeline

BEGIN = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
MINUTES = datetime.timedelta(minutes=2)
SHORT = 1500
LONG = 8 * SHORT

HISTORIES = {
    'resizes': ((events.RESIZE,), {'size': (1, 2)}),
    'attachments': (
        (events.DETACH, events.ATTACH),
        {'attached_to': ([], ['i'])},
    ),
    'audits that show what was lost': ((events.EXISTS,), {'size': (1, 2)}),
    'renames': ((events.UPDATE,), {'name': ('a', 'b')}),
    'many lives': ((events.CREATE, events.DELETE), {'size': (1,)}),
}


def history(length, kinds, said):
    """Return *length* events of *kinds* in turn, the attributes likewise."""
    return [
        events.Event(
            f'm-{number}',
            'volume',
            'v',
            BEGIN + number * MINUTES,
            kinds[number % len(kinds)] if number else events.CREATE,
            events.NOTIFICATION,
            {
                'project_id': 'p',
                **{
                    name: values[number % len(values)]
                    for name, values in said.items()
                },
            },
        )
        for number in range(length)
    ]


def cost(length, kinds, said):
    """Return the least CPU seconds of three that folding takes."""
    given = history(length, kinds, said)
    times = []
    for _ in range(3):
        begin = time.process_time()
        fold.fold(given, timeline.Rules())
        times.append(time.process_time() - begin)
    return min(times)


def main():
    print(
        f'{"history":<32}{"events":>8}{"events/s":>10}{"CPU us":>8}'
        f'{"ratio":>7}'
    )
    for name, (kinds, said) in HISTORIES.items():
        base = None
        for length in (SHORT, LONG):
            seconds = cost(length, kinds, said)
            base = base or seconds
            print(
                f'{name:<32}{length:>8}{length / seconds:>10.0f}'
                f'{seconds / length * 1e6:>8.1f}{seconds / base:>7.1f}'
            )


if __name__ == '__main__':
    main()
