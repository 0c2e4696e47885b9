# SPDX-License-Identifier: Apache-2.0
"""Loops in threads, threads in processes, and the signals that rule them.

A loop is anything with ``run()``, which returns after ``stop()`` was called
by another thread: it takes nothing new then, finishes what it has in hand,
and closes. SIGTERM ends all loops so, within seconds. SIGINT ends the process
at once. SIGHUP reads the mutable options again, in place.
"""

import logging
import math
import multiprocessing
import os
import signal
import socket
import threading
import time
from typing import Protocol

import cotyledon

from talea import service

LOG = logging.getLogger(__name__)

# Seconds that loops have to finish what they have in hand: SIGTERM ends a
# process within five, all told.
GRACE = 3

# No signal has this number.
_LOOP_ENDED = 0


class Loop(Protocol):
    """What a worker runs."""

    def run(self) -> None:
        """Work until stop() was called."""

    def stop(self) -> None:
        """Let run() return soon; called from another thread."""


class Crew:
    """Loops side by side, each in a thread of its own."""

    def __init__(self, loops, grace=GRACE):
        """Take the loops, start nothing.

        :param loops: dict of name and Loop
        :param grace: seconds that they have to finish what is in hand
        """
        self._loops = loops
        self._grace = grace
        # Daemons: a loop that does not end keeps no process from ending.
        self._threads = [
            threading.Thread(
                target=self._run, args=(loop,), name=name, daemon=True
            )
            for name, loop in loops.items()
        ]
        self._ended = threading.Event()
        self._stopping = False

    def start(self):
        for thread in self._threads:
            thread.start()

    def wait(self):
        """Block until one of the loops has ended.

        :returns: whether it was told to
        """
        self._ended.wait()
        return self._stopping

    def stop(self):
        """Stop all loops, waiting for as long as they have grace.

        :returns: whether all of them have ended
        """
        self._stopping = True
        for loop in self._loops.values():
            loop.stop()
        deadline = time.monotonic() + self._grace
        for thread in self._threads:
            thread.join(max(0, deadline - time.monotonic()))
        late = [each.name for each in self._threads if each.is_alive()]
        if late:
            LOG.warning('Not finished in time: %s', ', '.join(late))
        return not late

    def _run(self, loop):
        try:
            loop.run()
        except Exception:
            LOG.exception('A loop ended that was not to end')
        finally:
            self._ended.set()


class Worker(cotyledon.Service):
    """One process of several that do the same.

    :param conf: ConfigOpts
    :param recruit: function of conf that returns a Crew, called after the
        fork
    """

    def __init__(self, worker_id, conf, recruit):
        super().__init__(worker_id)
        self._conf = conf
        self._crew = recruit(conf)

    def run(self):
        self._crew.start()
        if not self._crew.wait():
            # The master starts another process.
            raise SystemExit(1)

    def terminate(self):
        self._crew.stop()

    def reload(self):
        # Instead of the process being replaced, which is what cotyledon does
        # on SIGHUP: immutable options stay, messages in hand are finished.
        service.reload(self._conf)


def serve(conf, name, recruit, workers, grace=GRACE):
    """Run processes until a signal ends them; does not return.

    :param conf: ConfigOpts
    :param name: of the processes, in the list of processes
    :param recruit: function of conf that returns a Crew
    :param workers: number of processes
    :param grace: seconds that a Crew has to finish what is in hand
    """
    manager = cotyledon.ServiceManager(
        # Only if the above fails: it kills.
        graceful_shutdown_timeout=math.ceil(grace + 2 * GRACE),
        # Options and database facade are inherited, they cannot be pickled.
        mp_context=multiprocessing.get_context('fork'),
    )
    worker = type(name, (Worker,), {'name': name})
    manager.add(worker, workers=workers, args=(conf, recruit))
    # Whoever is forked later, for one that died, starts from these.
    manager.register_hooks(on_reload=lambda: service.reload(conf))
    manager.run()


def serve_here(conf, crew):
    """Run a crew in this process until a signal ends it.

    :param conf: ConfigOpts
    :param crew: Crew
    :returns: exit code, if a loop ended by itself
    """
    # A signal may reach any thread, but only a system call of this one is sure
    # to see it: the interpreter writes its number to the sender.
    receiver, sender = socket.socketpair()
    sender.setblocking(False)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, frame: None)
    signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)

    def watch():
        if not crew.wait():
            sender.send(bytes([_LOOP_ENDED]))

    threading.Thread(target=watch, daemon=True).start()
    crew.start()
    while True:
        number = receiver.recv(1)[0]
        if number == signal.SIGHUP:
            service.reload(conf)
        elif number == signal.SIGINT:
            LOG.info('Interrupted, ending at once.')
            _quit(1)
        elif number == signal.SIGTERM:
            LOG.info('Asked to end, finishing what is in hand.')
            crew.stop()
            # Libraries would wait for threads that nobody waits for.
            _quit(0)
        elif number == _LOOP_ENDED:
            crew.stop()
            return 1


def _quit(code):
    """End without waiting for any thread."""
    logging.shutdown()
    os._exit(code)
