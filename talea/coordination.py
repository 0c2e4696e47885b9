# SPDX-License-Identifier: Apache-2.0
"""How processes of one kind share their work, through tooz."""

import contextlib
import logging
import socket
import uuid

from tooz import coordination

LOG = logging.getLogger(__name__)


class Alone:
    """Without a backend: everything is everybody's."""

    def start(self):
        pass

    def stop(self):
        pass

    def parts(self, number):
        return None

    @contextlib.contextmanager
    def lock(self, name):
        yield True


class Group:
    """Members of a group, each of which gets some parts of the work.

    A backend that is away is no reason to leave work undone: whoever cannot
    ask it does all of it, which may be in vain but does no harm.

    :param url: of a backend of tooz
    :param name: of the group
    """

    def __init__(self, url, name):
        self._name = name.encode()
        self._member = f'{socket.gethostname()}-{uuid.uuid4().hex}'.encode()
        self._coordinator = coordination.get_coordinator(url, self._member)
        self._connected = False
        self._shares = True
        self._partitioner = None

    def start(self):
        """Join the group; if the backend is away, that is tried again."""
        try:
            self._join()
        except NotImplementedError:
            LOG.warning(
                'The coordination backend knows no groups: everybody tries '
                'to do everything.'
            )
            self._shares = False
        except Exception as error:
            _warn(error)

    def _join(self):
        if not self._connected:
            self._coordinator.start(start_heart=True)
            self._connected = True
        self._partitioner = self._coordinator.join_partitioned_group(
            self._name
        )

    def stop(self):
        """Leave the group; others take over."""
        try:
            if self._partitioner is not None:
                self._partitioner.stop()
            if self._connected:
                self._coordinator.stop()
        except Exception as error:
            LOG.warning('Could not leave the group: %s', error)

    def parts(self, number):
        """Return which of the parts 0 to *number* - 1 are this member's.

        None, which means all, while the backend is away.
        """
        if not self._shares:
            return None
        try:
            self._see_to_membership()
            return {
                part
                for part in range(number)
                if self._partitioner.belongs_to_self(part)
            }
        except Exception as error:
            _warn(error)
            return None

    def _see_to_membership(self):
        if self._partitioner is None:
            self._join()
            return
        self._coordinator.run_watchers()
        try:
            members = self._coordinator.get_members(self._name).get()
        except coordination.GroupNotCreated:
            # The backend has lost its memory.
            members = ()
        if self._member not in members:
            # Or its heart was not heard for too long: others took over.
            self._partitioner.stop()
            self._partitioner = None
            with contextlib.suppress(coordination.ToozError):
                self._coordinator.leave_group(self._name).get()
            self._join()

    @contextlib.contextmanager
    def lock(self, name):
        """Give whether the lock *name* was free, and hold it then."""
        try:
            lock = self._coordinator.get_lock(name.encode())
            held = lock.acquire(blocking=False)
        except Exception as error:
            _warn(error)
            held = None
        try:
            # What the lock saves is work; without it there is more of it.
            yield held is not False
        finally:
            if held:
                with contextlib.suppress(Exception):
                    lock.release()


def _warn(error):
    # Not only errors of tooz: its drivers let some of others through.
    LOG.warning('The coordination backend is away: %s', error)


def join(conf, name):
    """Return the group *name* of [coordination] backend_url, not started."""
    url = conf.coordination.backend_url
    return Group(url, name) if url else Alone()
