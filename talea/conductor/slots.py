# SPDX-License-Identifier: Apache-2.0
"""How many may do something at the same time."""

from collections.abc import Iterator
import contextlib
import threading
import time

# Seconds for which whoever has a slot is thought to give it back soon.
_SOON = 0.25


class Full(Exception):
    """There is no slot, and none will be free soon."""


class Slots:
    """Each is had by one at a time.

    Where there is none, whoever wants one waits as long as those who have
    them seem to be quick, but not for slow ones.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        # Since when each slot is had: {who has it: seconds}
        self._had: dict[object, float] = {}

    @contextlib.contextmanager
    def taken(self, most: int) -> Iterator[None]:
        """Have a slot meanwhile.

        :param most: how many there are
        :raises Full: if all of them are had by slow ones
        """
        mine = object()
        with self._changed:
            while len(self._had) >= most:
                left = max(self._had.values()) + _SOON - time.monotonic()
                if left <= 0:
                    raise Full
                self._changed.wait(left)
            self._had[mine] = time.monotonic()
        try:
            yield
        finally:
            with self._changed:
                del self._had[mine]
                self._changed.notify()
