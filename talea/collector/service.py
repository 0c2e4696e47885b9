# SPDX-License-Identifier: Apache-2.0
"""The collector: takes batches from a bus, stores them, acknowledges."""

import dataclasses
import datetime
import hashlib
import logging
import random
import threading
import traceback
import urllib.parse

from oslo_db import exception as db_exc
import sqlalchemy as sa

from talea import exception
from talea import worker
from talea.collector import definitions
from talea.collector import envelope
from talea.collector import recorder
from talea.collector.bus import oslo
from talea.collector.bus import rabbit
from talea.conf import collector as collector_conf
from talea.db import api
from talea.objects import timeline

LOG = logging.getLogger(__name__)

# Seconds between two attempts while the database is away.
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10
# Seconds until a bus that cannot be used as configured is tried again:
# somebody has to do something about it.
UNUSABLE_PAUSE = 60
# A message is set aside as faulty when it failed so many times by itself.
TRIES = 3


class DatabaseAway(exception.TaleaError):
    """Nothing can be stored now, whatever the message; the text says why."""

    template = '%(reason)s'


# Errors of the database that say nothing about what was to be stored.
_AWAY = (
    *api.AWAY,
    DatabaseAway,
    db_exc.DBDeadlock,
    exception.ConcurrentUpdate,
)


class Collector:
    """One loop: a bus in, the database out. See talea.worker.Loop.

    :ivar outcome: recorder.Outcome, of all batches so far
    """

    def __init__(self, conf, bus, name, clock=None):
        """Prepare, take nothing yet.

        :param conf: ConfigOpts
        :param bus: talea.collector.bus.Bus
        :param name: of the deployment, for messages to people
        :param clock: function that returns the present, aware UTC
        """
        self.outcome = recorder.Outcome()
        self._conf = conf
        self._bus = bus
        self._name = name
        self._known_types = definitions.load()
        self._rules = timeline.Rules.of(conf)
        self._clock = clock or _now
        self._stopping = threading.Event()
        self._failures = 0

    def run(self):
        while not self._stopping.is_set():
            try:
                for batch in self._bus.batches():
                    self._settle(batch)
            except exception.BusError as error:
                LOG.error(
                    'Deployment %(name)s cannot be consumed: %(error)s',
                    {'name': self._name, 'error': error},
                )
                self._stopping.wait(UNUSABLE_PAUSE)
            except Exception as error:
                LOG.error(
                    'The bus of deployment %(name)s failed: %(error)s',
                    {'name': self._name, 'error': _describe(error)},
                )
                self._pause()

    def stop(self):
        self._stopping.set()
        self._bus.stop()

    def _settle(self, batch):
        """Store a batch and acknowledge it, or give it back."""
        try:
            outcome = self._store(batch.deliveries)
        except _AWAY as error:
            batch.requeue()
            LOG.warning(
                'Cannot store notifications of deployment %(name)s, they '
                'wait in their queues: %(error)s',
                {'name': self._name, 'error': _first_line(error)},
            )
            self._pause()
            return
        batch.ack()
        if self._failures:
            LOG.info('Storing notifications again.')
        self._failures = 0
        self.outcome += outcome
        LOG.debug('Deployment %s: %s', self._name, outcome)
        if outcome.faulty:
            LOG.warning(
                '%(count)d messages of deployment %(name)s were archived '
                'with a fault; see "talea-manage notification show '
                '--faulty".',
                {'count': outcome.faulty, 'name': self._name},
            )

    def _pause(self):
        """Wait longer with each failure in a row; stop() ends it."""
        pause = min(FIRST_PAUSE * 2**self._failures, LONGEST_PAUSE)
        self._failures += 1
        # Not all processes come back in the same moment.
        self._stopping.wait(pause * random.uniform(0.7, 1))  # noqa: S311

    def _store(self, deliveries):
        """Store deliveries together; if that fails, each by itself.

        :returns: recorder.Outcome
        :raises: one of _AWAY, and all can be given back
        """
        try:
            return self._record(*map(self._open, deliveries))
        except _AWAY:
            raise
        except Exception as error:
            LOG.error(
                'A batch of %(count)d could not be stored, taking each '
                'message by itself: %(error)s',
                {'count': len(deliveries), 'error': _describe(error)},
            )
        outcome = recorder.Outcome()
        for delivery in deliveries:
            outcome += self._store_one(delivery)
        return outcome

    def _store_one(self, delivery):
        """Store one delivery, with a fault if there is no other way."""
        opened = reason = None
        for attempt in range(TRIES):
            try:
                opened = self._open(delivery)
                return self._record(opened)
            except _AWAY:
                raise
            except Exception as error:
                LOG.error(
                    'A message from %(origin)s could not be stored: %(error)s',
                    {'origin': delivery.origin, 'error': _describe(error)},
                )
                reason = f'not stored: {type(error).__name__}'
                if isinstance(error, sa.exc.SQLAlchemyError | db_exc.DBError):
                    # It may be the database after all.
                    self._stopping.wait(FIRST_PAUSE * 2**attempt)
        return self._set_aside(delivery, opened, reason)

    def _set_aside(self, delivery, opened, reason):
        """Archive a message that the rest of the system stumbles over."""
        if opened is not None:
            try:
                return self._record(
                    dataclasses.replace(
                        opened, fault=reason, payload={}, context={}
                    )
                )
            except _AWAY:
                raise
            except Exception as error:
                LOG.error('Not even its body: %s', _describe(error))
        try:
            return self._record(self._bare(delivery, reason))
        except Exception as error:
            # A row that has nothing of the message in it.
            raise DatabaseAway(reason=_first_line(error)) from error

    def _open(self, delivery):
        return envelope.open(delivery, self._conf.collector)

    def _bare(self, delivery, reason):
        """Return a Notification that says only that there was a message."""
        nothing = self._open(dataclasses.replace(delivery, body=b''))
        digest = hashlib.sha256(delivery.body).hexdigest()
        return dataclasses.replace(
            nothing, message_id=f'unstorable-{digest}', fault=reason
        )

    def _record(self, *notifications):
        return recorder.record(
            api.DbContext(),
            list(notifications),
            self._known_types,
            self._rules,
            self._clock(),
        )


def _now():
    return datetime.datetime.now(datetime.UTC)


def _first_line(error):
    # Databases append the statement and its parameters.
    return (str(error).splitlines() or [type(error).__name__])[0]


def _describe(error):
    """Say what happened and where, without the text of the error.

    The text of an error in the midst of a message may quote that message,
    and it may not be masked yet.
    """
    where = ''.join(traceback.format_tb(error.__traceback__))
    return f'{type(error).__name__}\n{where}'


def open_bus(conf, name):
    """Return the Bus of the deployment *name*, connected to nothing yet.

    :raises talea.exception.BusError: if its options cannot be used
    """
    group = collector_conf.deployment(conf, name)
    scheme = urllib.parse.urlsplit(group.transport_url).scheme
    if scheme in rabbit.SCHEMES:
        return rabbit.RabbitBus(conf, name)
    return oslo.OsloBus(conf, name)


def loops(conf):
    """Return a Collector for each deployment, by the name of its thread."""
    return {
        f'collector {name}': Collector(conf, open_bus(conf, name), name)
        for name in conf.collector.deployments
    }


def recruit(conf):
    """Return the worker.Crew of one collector process."""
    return worker.Crew(loops(conf))
