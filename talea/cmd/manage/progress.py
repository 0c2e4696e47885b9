# SPDX-License-Identifier: Apache-2.0
"""How far a long command is, for the person who waits for it."""

import tqdm


class _Lines(tqdm.tqdm):
    """For a log: a line now and then, nothing is drawn over."""

    _last = ''

    def display(self, msg=None, pos=None):
        line = str(self)
        if line != self._last:
            # The base class ends the last line when it closes.
            self.fp.write(f'\n{line}' if self._last else line)
            self.fp.flush()
            self._last = line


def bar(app, what, total, unit, **options):
    """Return a tqdm bar on the standard error of *app*.

    On a terminal it is drawn in place; elsewhere it is a line every ten
    seconds and one at the end; with ``--quiet`` it is nothing.

    :param what: what goes on, in a word or two
    :param total: in *unit*; None if nobody knows
    """
    live = app.stderr.isatty()
    return (tqdm.tqdm if live else _Lines)(
        desc=what,
        total=total,
        unit=unit,
        file=app.stderr,
        disable=app.quiet,
        mininterval=0.2 if live else 10,
        **options,
    )
