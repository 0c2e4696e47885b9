# SPDX-License-Identifier: Apache-2.0
"""The processor as a loop, and the RPC server that wakes it up."""

import datetime
import logging
import threading
import time

import oslo_messaging

from talea import coordination
from talea import messaging
from talea import worker
from talea.db import api
from talea.objects import due
from talea.processor import passes
from talea.processor import rpcapi

LOG = logging.getLogger(__name__)

GROUP = 'talea-processor'

# Seconds until the next attempt while the database is away.
_PAUSE = 5

# Seconds after which a pass ends, even if there is more to do: what has become
# due meanwhile has its turn, and so have resets, new scopes and new members.
_LONGEST = 60


class Processor:
    """One loop. See talea.worker.Loop."""

    def __init__(self, conf, clock=None):
        """Prepare, do nothing yet.

        :param conf: ConfigOpts
        :param clock: function that returns the present, aware UTC
        :raises talea.exception.TaleaError: if options are of no use
        """
        self._conf = conf
        self._passes = passes.Passes(conf)
        self._clock = clock or _now
        self._stopping = False
        self._awake = threading.Event()
        self._discovered = None

    def run(self):
        group = coordination.join(self._conf, GROUP)
        group.start()
        while not self._stopping:
            self._awake.clear()
            pause = self._conf.processor.interval
            try:
                if self._pass(group):
                    pause = 0
            except api.AWAY as error:
                LOG.warning('The database is away: %s', _first_line(error))
                pause = max(pause, _PAUSE)
            except Exception:
                LOG.exception('A pass failed')
                pause = max(pause, _PAUSE)
            if not self._stopping:
                self._awake.wait(pause)
        group.stop()

    def stop(self):
        self._stopping = True
        self._awake.set()

    def wake(self):
        """Let the next pass begin now."""
        self._awake.set()

    def _pass(self, group):
        """Do what there is to do; return whether there may be more."""
        context = api.DbContext()
        self._passes.reset(context)
        interval = self._conf.processor.discovery_interval
        last = self._discovered
        if last is None or time.monotonic() - last >= interval:
            with group.lock('talea-discovery') as free:
                if free:
                    self._passes.discover(context, self._clock())
                    self._passes.tidy(context, self._clock())
            self._discovered = time.monotonic()
        parts = group.parts(due.PARTS)
        until = time.monotonic() + _LONGEST
        for done in self._passes.settle(
            context, self._clock(), parts, lambda: not self._stopping
        ):
            LOG.debug('Settled: %s', done)
            if time.monotonic() >= until:
                return True
        return False


class Endpoint:
    """What others may ask of a processor; see rpcapi."""

    target = oslo_messaging.Target(version=rpcapi.VERSION)

    def __init__(self, processor):
        self._processor = processor

    def wake(self, context):
        self._processor.wake()


class Server:
    """The RPC server as a loop. See talea.worker.Loop."""

    def __init__(self, conf, processor):
        self._conf = conf
        self._endpoint = Endpoint(processor)
        self._stopping = threading.Event()

    def run(self):
        server = messaging.server(self._conf, rpcapi.TOPIC, [self._endpoint])
        server.start()
        self._stopping.wait()
        server.stop()
        server.wait()

    def stop(self):
        self._stopping.set()


def loops(conf):
    """Return the loops of a processor, by the names of their threads."""
    processor = Processor(conf)
    found = {'processor': processor}
    if messaging.is_configured(conf):
        found['processor rpc'] = Server(conf, processor)
    return found


def recruit(conf):
    """Return the worker.Crew of one processor process."""
    return worker.Crew(loops(conf))


def _now():
    return datetime.datetime.now(datetime.UTC)


def _first_line(error):
    return (str(error).splitlines() or [type(error).__name__])[0]
