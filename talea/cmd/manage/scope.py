# SPDX-License-Identifier: Apache-2.0
"""talea-manage scope: whose usage is rated, and until when."""

from talea.cmd.manage import base
from talea.cmd.manage import progress
from talea.processor import passes
from talea.processor import settle as settling


class Settle(base.Ready):
    """Find scopes and settle what is due, once, as a processor would.

    What has changed of settled periods is settled again. Processors may run
    meanwhile.
    """

    def take_action(self, parsed_args):
        work = passes.Passes(self.conf)
        now = self.now
        work.reset(self.context)
        found = work.discover(self.context, now)
        total = settling.Outcome()
        with progress.bar(self.app, 'Settle', None, ' periods') as bar:
            for done in work.settle(self.context, now):
                total += done
                bar.update(done.periods)
        self.app.stdout.write(
            f'{found} scopes found; {total.periods} periods settled in '
            f'{total.frames} dataframes, {total.revisions} of them '
            'revisions.\n'
        )
