# SPDX-License-Identifier: Apache-2.0
"""What others ask of a conductor through the message queue.

Whoever asks gets an answer or an error within ``[conductor] rpc_timeout``,
whatever becomes of the conductor and the message queue. The library below
waits for a queue that is away for ever, and does not look at the time while
it does: so it is called in threads of their own, for which nobody waits
longer.

A conductor that dies takes the questions that it had in hand with it. It is
missed after some seconds, for it tells all the time that it is still at work,
and the question is asked again, once: it changes nothing.

An answer says for how long it may be given again: for so long it is kept here,
too, as a call through the queue takes some milliseconds.

Whoever waits for an answer holds a thread of the API. So only some may wait at
the same time, be it for the same one, and the others are told so at once: what
has nothing to do with conductors is always answered.
"""

from concurrent import futures
import logging
import os
import threading
import time

import oslo_messaging

from talea import exception
from talea import messaging
from talea.conductor import answer
from talea.conductor import flight
from talea.conductor import slots

LOG = logging.getLogger(__name__)

TOPIC = 'talea-conductor'
VERSION = '1.0'

# Seconds without a sign of life after which a conductor is taken for dead.
_SIGN_OF_LIFE = 4

# Questions of one process that wait for the message queue at most.
_WAITING = 64

# Rows of answers that one process keeps at most: some 10 MB.
_KEPT = 10000

_NOBODY = 'No conductor is there to answer'
_AWAY = 'The message queue of the conductor is away'
_LATE = 'No conductor answered within %d s'
_FULL = 'Too many questions wait for the conductor already'
_BUSY = (
    'Already %d questions about what clusters hold wait for their answers '
    'here, try again later'
)
_NOWHERE = (
    'Nobody said where the conductor is: transport_url is not set in the '
    'configuration of the API'
)


class _Client:
    """Asks through the message queue."""

    def __init__(self, conf):
        self.conf = conf
        self._waiting = threading.Semaphore(_WAITING)
        self._lock = threading.Lock()
        self._client = None

    def stats(self, context, question):
        """Return the reply, before ``rpc_timeout`` has passed.

        :raises talea.exception.Unavailable: if there is none
        """
        timeout = self.conf.conductor.rpc_timeout
        if not self._waiting.acquire(blocking=False):
            raise exception.Unavailable(reason=_FULL)
        future = futures.Future()
        # A daemon: one that waits for the queue keeps no process from ending.
        threading.Thread(
            target=self._run,
            args=(future, context, question, time.monotonic() + timeout),
            name='conductor call',
            daemon=True,
        ).start()
        try:
            return future.result(timeout)
        except TimeoutError:
            raise exception.Unavailable(reason=_LATE % timeout) from None

    def _run(self, future, context, question, end):
        try:
            future.set_result(self._call(context, question, end))
        except oslo_messaging.MessageUndeliverable:
            future.set_exception(exception.Unavailable(reason=_NOBODY))
        except oslo_messaging.MessageDeliveryFailure as error:
            LOG.warning('The conductor was not asked: %s', error)
            future.set_exception(exception.Unavailable(reason=_AWAY))
        except oslo_messaging.MessagingTimeout:
            # Whoever asks has given up, or does now.
            future.set_exception(TimeoutError())
        except BaseException as error:
            future.set_exception(error)
        finally:
            self._waiting.release()

    def _call(self, context, question, end):
        client = self._connected()
        left = end - time.monotonic()
        if left >= 2 * _SIGN_OF_LIFE:
            try:
                return client.prepare(
                    timeout=left, call_monitor_timeout=_SIGN_OF_LIFE
                ).call(context, 'stats', question=question)
            except oslo_messaging.MessagingTimeout:
                LOG.warning(
                    'A conductor gives no sign of life, another one is asked'
                )
                left = end - time.monotonic()
        if left <= 0:
            raise oslo_messaging.MessagingTimeout
        return client.prepare(timeout=left).call(
            context, 'stats', question=question
        )

    def _connected(self):
        with self._lock:
            if self._client is None:
                self._client = oslo_messaging.get_rpc_client(
                    oslo_messaging.get_rpc_transport(self.conf),
                    oslo_messaging.Target(topic=TOPIC, version=VERSION),
                    # Says at once that nobody has ever listened there.
                    transport_options=oslo_messaging.TransportOptions(
                        at_least_once=True
                    ),
                )
            return self._client

    def close(self):
        if self._client is not None:
            # Waits for a queue that is away, as everything there does.
            threading.Thread(
                target=self._client.transport.cleanup, daemon=True
            ).start()


class _Desk:
    """Where whoever asks in this process gets answers.

    :param conf: ConfigOpts
    :param endpoint: has ``stats``, as manager.Manager has
    """

    def __init__(self, conf, endpoint):
        self.endpoint = endpoint
        self.process = os.getpid()
        self._conf = conf
        self._flights = flight.Flights(_KEPT)
        self._slots = slots.Slots()

    def stats(self, context, question):
        """Return the answer; see the function of this name."""
        kept = self._flights.get(question)
        if kept is not None:
            return kept[0]
        most = _most(self._conf)
        try:
            with self._slots.taken(most):
                found, _ = self._flights.share(
                    question,
                    lambda: open_reply(
                        self.endpoint.stats(context, question.to_dict())
                    ),
                    self._conf.conductor.rpc_timeout,
                    lambda made: (made.fresh, 1 + len(made.rows)),
                )
        except slots.Full:
            raise exception.Unavailable(reason=_BUSY % most) from None
        return found


def _most(conf):
    """Return how many questions may wait here at the same time."""
    return conf.conductor.max_questions or max(1, conf.api.threads // 2)


# {id of a ConfigOpts: its desk}; those of a conductor in this process, and
# those that ask through the message queue.
_here = {}
_away = {}
_LOCK = threading.Lock()


def serve_here(conf, endpoint):
    """Let whoever asks in this process ask *endpoint*, without any queue.

    :param endpoint: manager.Manager; None: the queue is asked again
    """
    with _LOCK:
        _here.pop(id(conf), None)
        if endpoint is not None:
            _here[id(conf)] = _Desk(conf, endpoint)


def close(conf):
    """Leave the message queue, if anybody asked through it."""
    with _LOCK:
        desk = _away.pop(id(conf), None)
    if desk is not None:
        desk.endpoint.close()


def _desk(conf):
    """Return the _Desk to ask at."""
    desk = _here.get(id(conf))
    if desk is not None:
        return desk
    if not messaging.is_configured(conf):
        raise exception.Unavailable(reason=_NOWHERE)
    with _LOCK:
        desk = _away.get(id(conf))
        # After a fork there is none, whatever the parent had.
        if desk is None or desk.process != os.getpid():
            desk = _away[id(conf)] = _Desk(conf, _Client(conf))
        return desk


def stats(conf, context, question):
    """Return what a conductor answers.

    :param conf: ConfigOpts
    :param context: RequestContext of whoever asks
    :param question: question.Question
    :returns: answer.Answer
    :raises talea.exception.ClusterNotFound: if the cluster that is asked for
        is not there
    :raises talea.exception.AmbiguousCluster: if several have that name
    :raises talea.exception.Unavailable: if no conductor answers in time, what
        it needs is away, or too many wait for answers already
    """
    return _desk(conf).stats({'request_id': context.request_id}, question)


def open_reply(reply):
    """Return the answer that *reply* of a conductor holds.

    :raises talea.exception.TaleaError: the error that it holds
    """
    error = reply.get('error')
    if error is None:
        return answer.Answer.from_dict(reply)
    if error == 'not_found':
        raise exception.ClusterNotFound(name=reply['name'])
    if error == 'ambiguous':
        raise exception.AmbiguousCluster(reply['name'], reply['clusters'])
    raise exception.Unavailable(reason=reply['reason'])
