# SPDX-License-Identifier: Apache-2.0
"""talea-manage stats: what clusters hold by the ledger."""

from talea.cmd.manage import base
from talea.cmd.manage import progress
from talea.conductor import counter
from talea.db import api as db
from talea.objects import tally_mark

_TOGETHER = 20


class Count(base.Ready):
    """Count again what the clusters of all projects hold.

    For when collectors ran with [stats] track_stats = false. Conductors and
    collectors may run meanwhile.
    """

    def take_action(self, parsed_args):
        counts = counter.Counter(self.conf.stats.strategies)
        counts.claim(self.context, self.now)
        _mark(self.context, self.now)
        waiting = sorted(tally_mark.waiting(self.context))
        done = 0
        with progress.bar(self.app, 'Count', len(waiting), ' projects') as bar:
            for first in range(0, len(waiting), _TOGETHER):
                some = waiting[first : first + _TOGETHER]
                done += counts.count(self.context, some)
                bar.update(len(some))
        self.app.stdout.write(f'{done} projects counted.\n')


@db.retry
@db.writer
def _mark(context, now):
    tally_mark.mark_all(context, now)
