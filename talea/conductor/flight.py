# SPDX-License-Identifier: Apache-2.0
"""Answers that are kept for a while, and shared while they are made."""

from collections.abc import Callable
from collections.abc import Hashable
from concurrent import futures
import dataclasses
import threading
import time
from typing import Any

import cachetools

from talea import exception


@dataclasses.dataclass(frozen=True, slots=True)
class Kept:
    """What was made, and until when it may be given again.

    :ivar until: as the timer of the Flights tells
    :ivar size: how much of what may be kept it is
    """

    made: Any
    until: float
    size: int


class Flights:
    """Makes what is asked for once, whoever asks for it at the same time.

    :param size: how much is kept at most, in the sizes of what is kept
    :param timer: function that returns seconds
    """

    def __init__(
        self, size: int, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._timer = timer
        self._lock = threading.Lock()
        self._flying: dict[Hashable, futures.Future[Kept]] = {}
        self._kept: cachetools.TLRUCache[Hashable, Kept] = (
            cachetools.TLRUCache(
                size,
                ttu=lambda key, kept, now: kept.until,
                timer=timer,
                getsizeof=lambda kept: kept.size,
            )
        )

    def get(self, *keys: Hashable) -> Any:
        """Return what is kept under the first of *keys* that has, or None.

        :returns: (what was made, for how many seconds it is kept) or None
        """
        with self._lock:
            for key in keys:
                found = self._kept.get(key)
                if found is not None:
                    return self._tell(found)
        return None

    def share(
        self,
        key: Hashable,
        make: Callable[[], Any],
        patience: float,
        weigh: Callable[[Any], tuple[float, int]],
    ) -> tuple[Any, float]:
        """Return what is kept under *key*, or is being made, or *make* makes.

        Whoever comes while it is made waits for the same outcome, be it an
        error. Errors are not kept.

        :param make: called by one of those who ask; must come to an end
        :param patience: seconds that the others wait
        :param weigh: function of what was made: for how many seconds it is
            kept, and its size
        :returns: (what was made, for how many seconds it is kept)
        :raises talea.exception.Unavailable: if it was not made in time
        """
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                return self._tell(kept)
            flight = self._flying.get(key)
            mine = flight is None
            if flight is None:
                flight = self._flying[key] = futures.Future()
        if mine:
            return self._tell(self._fly(key, flight, make, weigh))
        try:
            return self._tell(flight.result(patience))
        except TimeoutError:
            raise exception.Unavailable(
                reason=f'There was no answer within {patience:.0f} s'
            ) from None

    def _tell(self, kept: Kept) -> tuple[Any, float]:
        return kept.made, max(0.0, kept.until - self._timer())

    def _fly(
        self,
        key: Hashable,
        flight: futures.Future[Kept],
        make: Callable[[], Any],
        weigh: Callable[[Any], tuple[float, int]],
    ) -> Kept:
        try:
            made = make()
            seconds, size = weigh(made)
        except BaseException as error:
            with self._lock:
                del self._flying[key]
            flight.set_exception(error)
            raise
        kept = Kept(made, self._timer() + seconds, size)
        with self._lock:
            del self._flying[key]
            # What is larger than all that may be kept is not kept.
            if seconds > 0 and size <= self._kept.maxsize:
                self._kept[key] = kept
        flight.set_result(kept)
        return kept
