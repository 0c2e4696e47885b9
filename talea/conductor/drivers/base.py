# SPDX-License-Identifier: Apache-2.0
"""What a driver is, and how long it may take."""

import abc
from collections.abc import Mapping
import datetime
import time
from typing import Any
from typing import ClassVar

from talea import exception
from talea.conductor import answer
from talea.conductor import question

# What tells the drivers apart: one of the first kind tells facts, which are
# merged; one of the second kind answers a question as a whole.
LIVE = 'live'
LEDGER = 'ledger'


class DriverError(exception.TaleaError):
    """A driver cannot tell; the text is meant for whoever asked."""

    template = '%(reason)s'


class Deadline:
    """Until when an answer is of use."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Return how many seconds there are left, at least 0."""
        return max(0.0, self._end - time.monotonic())

    def late(self) -> DriverError:
        """Return what is wrong with whoever comes after it."""
        return DriverError(reason=f'it took longer than {self._seconds:g} s')

    def check(self) -> None:
        """Pass if there is time left.

        :raises DriverError: otherwise
        """
        if not self.left():
            raise self.late()


class Driver(abc.ABC):
    """Tells facts of the cloud.

    Called by several threads at once.

    :cvar kinds: what it tells of, as talea.conductor.facts calls it
    """

    source: ClassVar[str] = LIVE
    kinds: ClassVar[tuple[str, ...]] = ()

    def __init__(self, conf: Any) -> None:
        """Prepare, ask nobody yet.

        :param conf: ConfigOpts
        :raises talea.exception.TaleaError: if options are of no use
        """
        self.conf = conf

    @abc.abstractmethod
    def tell(
        self, project_id: str | None, deadline: Deadline
    ) -> Mapping[str, Any]:
        """Return {kind: facts of it}, for all of its kinds.

        A list of the dataclass of that name for each, but a set of ids for
        DISABLED_PROJECTS.

        :param project_id: only what is in this project; None: in the cloud
        :param deadline: ask nothing more after it. Nobody waits for an answer
            that comes later
        :raises DriverError: if there is anything that it cannot tell
        """


class Whole(abc.ABC):
    """Answers questions as a whole, and asks no service of the cloud.

    Called by several threads at once. Groups, limits and markers are its own
    matter, so is a cluster that is named: see talea.conductor.question.
    """

    source: ClassVar[str] = LEDGER

    def __init__(self, conf: Any) -> None:
        self.conf = conf

    @abc.abstractmethod
    def answer(
        self, question: question.Question, now: datetime.datetime
    ) -> answer.Answer:
        """Return the answer as of *now*.

        :raises talea.exception.NotFound: if the cluster that is asked for is
            not there
        :raises talea.exception.AmbiguousCluster: if a name means several
        """
