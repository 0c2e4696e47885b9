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

    :param url: of a backend of tooz
    :param name: of the group
    """

    def __init__(self, url, name):
        self._name = name.encode()
        member = f'{socket.gethostname()}-{uuid.uuid4().hex}'
        self._coordinator = coordination.get_coordinator(url, member.encode())
        self._partitioner = None

    def start(self):
        """Join the group.

        :raises tooz.ToozError: if the backend is away
        """
        self._coordinator.start(start_heart=True)
        self._partitioner = self._coordinator.join_partitioned_group(
            self._name
        )

    def stop(self):
        """Leave the group; others take over."""
        try:
            if self._partitioner is not None:
                self._partitioner.stop()
            self._coordinator.stop()
        except coordination.ToozError as error:
            LOG.warning('Could not leave the group: %s', error)

    def parts(self, number):
        """Return which of the parts 0 to *number* - 1 are this member's.

        None, which means all, while the backend is away: nothing may be left
        undone, and doing it twice does no harm.
        """
        try:
            self._coordinator.run_watchers()
            return {
                part
                for part in range(number)
                if self._partitioner.belongs_to_self(part)
            }
        except coordination.ToozError as error:
            LOG.warning('The coordination backend is away: %s', error)
            return None

    @contextlib.contextmanager
    def lock(self, name):
        """Give whether the lock *name* was free, and hold it then."""
        lock = self._coordinator.get_lock(name.encode())
        try:
            held = lock.acquire(blocking=False)
        except coordination.ToozError as error:
            LOG.warning('The coordination backend is away: %s', error)
            held = None
        try:
            # What the lock saves is work; without it there is more of it.
            yield held is not False
        finally:
            if held:
                with contextlib.suppress(coordination.ToozError):
                    lock.release()


def join(conf, name):
    """Return the group *name* of [coordination] backend_url, not started."""
    url = conf.coordination.backend_url
    return Group(url, name) if url else Alone()
