# SPDX-License-Identifier: Apache-2.0
"""What the gabbits about rated usage find in the database.

Two projects, of which the second uses twice as much:

- 13:00 to 14:00 on 2024-12-31 and on 2025-01-05, which are in two weeks: two
  points of cpu and two of image.size each;
- the same hour on 2023-06-01, the first project alone: one point of cpu, and
  a correction of the month before;
- the first hour of the present month: one point of each of seven metrics.
"""

import datetime

from gabbi import fixture

from talea.db import api as db
from talea.objects import spans
from talea.tests.rated import HOUR
from talea.tests.rated import at
from talea.tests.rated import frame
from talea.tests.rated import line
from talea.tests.rated import post

METRICS = (
    'cpu',
    'image.size',
    'instance',
    'ip.floating',
    'snapshot.size',
    'volume.size',
    'network, out:going',
)


def _pairs(factor):
    for metric, unit in (('cpu', 'vCPU'), ('image.size', 'GiB.hour')):
        for name in ('a', 'b'):
            yield line(
                metric,
                f'{factor}.1',
                f'0.000000000000000000000000000{factor}',
                f'{metric}-{name}',
                unit,
                metadata={'flavor': 'tiny', 'size': factor},
                region=f'r:{factor}',
            )


def frames(now):
    """Return the frames that there are at first."""
    month = spans.month(now)[0]
    for factor, scope_id in ((1, 'p1'), (2, 'p2')):
        for day in (at(2024, 12, 31, 13), at(2025, 1, 5, 13)):
            yield frame(day, list(_pairs(factor)), scope_id)
        yield frame(
            month,
            [line(metric, factor, factor) for metric in METRICS],
            scope_id,
        )
    hour = at(2023, 6, 1, 13)
    yield frame(hour, [line('cpu')])
    yield frame(
        hour,
        [line('cpu', '-0.5', '-0.25')],
        usage_at=at(2023, 5, 1),
        end=hour + HOUR,
    )


class Bills(fixture.GabbiFixture):
    """The frames described above, and an older revision of one of them."""

    def start_fixture(self):
        now = datetime.datetime.now(datetime.UTC)
        post(db.DbContext(), list(frames(now)), now=now)
