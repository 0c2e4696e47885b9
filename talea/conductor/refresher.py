# SPDX-License-Identifier: Apache-2.0
"""The loop that keeps tallies true, so that questions find little to do."""

from collections.abc import Callable
import datetime
import logging
import threading
from typing import Any
import zlib

from talea import coordination
from talea.conductor import counter
from talea.db import api as db
from talea.objects import tally_mark

LOG = logging.getLogger(__name__)

GROUP = 'talea-conductor'

# Projects are shared out in so many parts among the conductors.
PARTS = 64

# Seconds until the next attempt while the database is away.
_PAUSE = 5


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class Refresher:
    """One loop. See talea.worker.Loop.

    :param conf: ConfigOpts
    :param clock: function that returns the present, aware UTC
    """

    def __init__(
        self, conf: Any, clock: Callable[[], datetime.datetime] = _now
    ) -> None:
        self._conf = conf
        self._counter = counter.Counter(conf.stats.strategies)
        self._clock = clock
        self._stopping = threading.Event()

    def run(self) -> None:
        group = coordination.join(self._conf, GROUP)
        group.start()
        while not self._stopping.is_set():
            pause = self._conf.stats.refresh_interval
            try:
                self.refresh(group)
            except db.AWAY as error:
                LOG.warning('The database is away: %s', _first_line(error))
                pause = max(pause, _PAUSE)
            except Exception:
                LOG.exception('Tallies were not refreshed')
                pause = max(pause, _PAUSE)
            self._stopping.wait(pause)
        group.stop()

    def stop(self) -> None:
        self._stopping.set()

    def refresh(self, group: Any) -> int:
        """Count what is marked; return how many projects that was.

        :param group: talea.coordination.Group; this member's parts are counted
        """
        context = db.DbContext()
        self._counter.claim(context, self._clock())
        waiting = tally_mark.waiting(context)
        parts = group.parts(PARTS) if waiting else None
        return self._counter.count(
            context,
            [
                one
                for one in sorted(waiting, key=lambda one: (waiting[one], one))
                if parts is None or part(one) in parts
            ],
            lambda: not self._stopping.is_set(),
        )


def part(project_id: str) -> int:
    """Return which part of the work a project is."""
    return zlib.crc32(project_id.encode()) % PARTS


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
