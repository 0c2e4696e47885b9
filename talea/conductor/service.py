# SPDX-License-Identifier: Apache-2.0
"""The loops of a conductor: one answers questions, one keeps tallies."""

import logging
import threading

from talea import messaging
from talea import worker
from talea.conductor import gather
from talea.conductor import manager
from talea.conductor import refresher
from talea.conductor import rpcapi
from talea.conductor.drivers import ledger

LOG = logging.getLogger(__name__)


class Server:
    """The RPC server as a loop. See talea.worker.Loop.

    After stop() it takes no more questions, and ends when those in hand are
    answered.
    """

    def __init__(self, conf, endpoint):
        self._server = messaging.server(conf, rpcapi.TOPIC, [endpoint])
        self._ready = threading.Event()
        self._stopping = threading.Event()

    def run(self):
        # Not here: it returns once the message queue is there.
        threading.Thread(
            target=self._start, name='conductor start', daemon=True
        ).start()
        self._stopping.wait()
        if self._ready.is_set():
            self._server.stop()
            self._server.wait()

    def stop(self):
        self._stopping.set()

    def _start(self):
        self._server.start()
        self._ready.set()
        LOG.info('Answering questions.')


def grace(conf):
    """Return how many seconds the questions in hand may need."""
    return conf.stats.driver_timeout + worker.GRACE


def loops(conf, endpoint):
    """Return the loops of a conductor, by the names of their threads.

    :param endpoint: manager.Manager
    """
    found = {}
    if messaging.is_configured(conf):
        found['conductor rpc'] = Server(conf, endpoint)
    if ledger.NAME in conf.stats.drivers:
        found['conductor refresher'] = refresher.Refresher(conf)
    return found


def endpoint(conf):
    """Return what answers questions.

    :raises talea.exception.TaleaError: if options are of no use
    """
    return manager.Manager(gather.Gatherer(conf))


def recruit(conf):
    """Return the worker.Crew of one conductor process."""
    return worker.Crew(loops(conf, endpoint(conf)), grace(conf))
