# SPDX-License-Identifier: Apache-2.0
"""A pass: everything that a processor finds to do at a moment."""

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterator
import datetime
import logging
from typing import Any

from talea import exception
from talea.db import api as db
from talea.objects import due as dues
from talea.objects import scope_reset
from talea.objects import settled
from talea.objects import stale
from talea.objects import tally_mark
from talea.processor import discovery
from talea.processor import rater as raters
from talea.processor import settle as settling

LOG = logging.getLogger(__name__)

# Scopes whose keys are looked up at once.
_LOOKED_UP = 1000

# Points that one transaction is to measure, more or less: what it holds in
# memory, and how long others have to wait for it, depends on them.
_POINTS = 50000


class Passes:
    """What a processor does, again and again.

    :param conf: ConfigOpts
    :raises talea.exception.TaleaError: if options are of no use
    """

    def __init__(self, conf: Any):
        self._conf = conf
        self._rater = raters.Rater.of(conf)
        self._discoveries = [
            discovery.Discovery(conf, name)
            for name in conf.processor.discoveries
        ]

    def discover(self, context: Any, now: datetime.datetime) -> int:
        """Make scopes that are missing; return how many.

        A fetcher that fails is logged, the others go on.
        """
        new = 0
        for one in self._discoveries:
            try:
                new += one.run(context, now)
            except db.AWAY:
                raise
            except exception.TaleaError as error:
                LOG.error('Discovery %s: %s', one.name, error)
            except Exception:
                LOG.exception('Discovery %s failed', one.name)
        return new

    def tidy(self, context: Any, now: datetime.datetime) -> None:
        """Take away the marks that no settling of usage would ever meet.

        Those of projects that are no scopes, and of scopes that are switched
        off while their resources live on. Of those that conductors honour, one
        of many is left.
        """
        stale.sweep(context)
        tally_mark.sweep(context)
        settings = settling.Settings.of(self._conf)
        size = self._conf.processor.chunk
        while pks := dues.resting(context, now, size):
            if not self._settle(context, settings, pks, {}, now).scopes:
                break

    def reset(self, context: Any) -> int:
        """Carry out the resets that wait; return how many scopes moved."""
        seconds = self._conf.processor.period
        return sum(
            scope_reset.carry_out(context, one.id, seconds)
            for one in scope_reset.pending(context)
        )

    def settle(
        self,
        context: Any,
        now: datetime.datetime,
        parts: Collection[int] | None = None,
        goes_on: Callable[[], bool] = lambda: True,
    ) -> Iterator[settling.Outcome]:
        """Settle until nothing is left, yielding what each chunk came to.

        :param parts: only scopes of these parts; None: all
        :param goes_on: asked before each chunk
        """
        settings = settling.Settings.of(self._conf)
        length = settled.length(context)
        if length not in (None, settings.grid.length):
            # Of usage on two grids some would be billed twice.
            LOG.error(
                'Nothing is settled: [processor] period is %(now)s, but usage '
                'was rated in periods of %(before)s.',
                {'now': settings.grid.length, 'before': length},
            )
            return
        ends = self._ends(context, settings, now)
        idle: set[int] = set()
        while goes_on():
            pks = [
                pk
                for pk in self._find(context, settings, ends, now, parts)
                if pk not in idle
            ]
            if not pks:
                break
            size = self._conf.processor.chunk
            for place in range(0, len(pks), size):
                if not goes_on():
                    break
                some = pks[place : place + size]
                done = self._settle(context, settings, some, ends, now)
                yield done
                settings = settings.after(done, _POINTS)
                if not done.scopes:
                    # Failed, or in the hands of others.
                    idle.update(some)

    def _ends(
        self,
        context: Any,
        settings: settling.Settings,
        now: datetime.datetime,
    ) -> dict[str, datetime.datetime]:
        """Return {collector: end of what can be settled}.

        One that fails to tell is logged, and its scopes wait.
        """
        ends = {}
        for name in self._rater.collectors:
            try:
                heard = self._rater.heard(context, name, now)
            except db.AWAY:
                raise
            except exception.TaleaError as error:
                LOG.error('Collector %s: %s', name, error)
            except Exception:
                LOG.exception('Collector %s failed', name)
            else:
                ends[name] = settings.end(heard, now)
        return ends

    def _find(
        self,
        context: Any,
        settings: settling.Settings,
        ends: dict[str, datetime.datetime],
        now: datetime.datetime,
        parts: Collection[int] | None,
    ) -> list[int]:
        found: dict[int, None] = {}
        for name, end in ends.items():
            latest = end - settings.grid.length
            found.update(
                dict.fromkeys(
                    dues.find(context, name, latest, now, _LOOKED_UP, parts)
                )
            )
        for pks in (
            dues.stale(context, list(ends), now, _LOOKED_UP, parts),
            dues.strange(
                context, list(self._rater.collectors), now, _LOOKED_UP
            ),
        ):
            found.update(dict.fromkeys(pks))
        return list(found)

    def _settle(
        self,
        context: Any,
        settings: settling.Settings,
        pks: list[int],
        ends: dict[str, datetime.datetime],
        now: datetime.datetime,
    ) -> settling.Outcome:
        """Settle some scopes together; if that fails, each half by itself."""
        try:
            return settling.settle(
                context, self._rater, settings, pks, ends, now
            )
        except db.AWAY:
            raise
        except Exception as error:
            if len(pks) == 1:
                self._fail(context, pks[0], error, now)
                return settling.Outcome()
        total = settling.Outcome()
        middle = len(pks) // 2
        for half in (pks[:middle], pks[middle:]):
            total += self._settle(context, settings, half, ends, now)
        return total

    def _fail(
        self, context: Any, pk: int, error: Exception, now: datetime.datetime
    ) -> None:
        if isinstance(error, exception.TaleaError):
            reason = str(error)
            LOG.error('Scope %d was not settled: %s', pk, reason)
        else:
            # What a library says may hold anything.
            reason = f'{type(error).__name__}; see the log of the processor'
            LOG.error('Scope %d was not settled', pk, exc_info=error)
        dues.fail(context, pk, reason, now)
