# SPDX-License-Identifier: Apache-2.0
"""What others may ask of a conductor; see rpcapi."""

from collections.abc import Callable
from collections.abc import Mapping
import datetime
import logging
from typing import Any

from oslo_db import exception as db_exc
import oslo_messaging

from talea import exception
from talea.conductor import gather
from talea.conductor import question as questions
from talea.conductor import rpcapi
from talea.db import api as db

LOG = logging.getLogger(__name__)

# It will work again by itself.
_AWAY = (*db.AWAY, db_exc.DBDeadlock)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class Manager:
    """The endpoint of the RPC server: plain data in, plain data out.

    :param gatherer: gather.Gatherer
    :param clock: function that returns the present, aware UTC
    """

    target = oslo_messaging.Target(version=rpcapi.VERSION)

    def __init__(
        self,
        gatherer: gather.Gatherer,
        clock: Callable[[], datetime.datetime] = _now,
    ) -> None:
        self._gatherer = gatherer
        self._clock = clock

    def stats(
        self, context: Mapping[str, Any], question: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Answer a question.

        :param context: has the request_id of whoever asks
        :param question: as of question.Question.to_dict()
        :returns: as of answer.Answer.to_dict(), or ``error`` and what it is
            about; see rpcapi.open_reply
        """
        asked = questions.Question.from_dict(question)
        LOG.debug('%s asks: %s', context.get('request_id'), asked)
        try:
            return self._gatherer.answer(asked, self._clock()).to_dict()
        except exception.ClusterNotFound:
            return {'error': 'not_found', 'name': asked.cluster}
        except exception.AmbiguousCluster as error:
            return {
                'error': 'ambiguous',
                'name': asked.cluster,
                'clusters': list(error.clusters),
            }
        except exception.Unavailable as error:
            return {'error': 'unavailable', 'reason': str(error)}
        except _AWAY as error:
            LOG.error('The database is away or busy: %s', error)
            return {
                'error': 'unavailable',
                'reason': 'The database of the conductor is away or busy',
            }
