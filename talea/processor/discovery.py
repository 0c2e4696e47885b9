# SPDX-License-Identifier: Apache-2.0
"""New scopes: from those who know of them into the table."""

import datetime
import logging
from typing import Any

from stevedore import driver

from talea import exception
from talea.conf import processor as processor_conf
from talea.objects import period
from talea.objects import scope
from talea.processor.fetchers import base

LOG = logging.getLogger(__name__)


class BadDiscovery(exception.TaleaError):
    """The options of a discovery cannot be used."""

    template = '[discovery:%(name)s] %(reason)s'


class Discovery:
    """One way in which scopes are found: a group [discovery:NAME].

    :raises BadDiscovery: if its options are of no use
    """

    def __init__(self, conf: Any, name: str):
        self.name = name
        self._conf = conf
        self._options = processor_conf.discovery(conf, name)
        self._rate_from = _rate_from(conf)
        try:
            self._fetcher: base.Fetcher = driver.DriverManager(
                base.NAMESPACE,
                self._options.fetcher,
                invoke_on_load=True,
                invoke_args=(conf, self._options),
            ).driver
        except driver.NoMatches:
            raise BadDiscovery(
                name=name,
                reason=f'there is no fetcher {self._options.fetcher}',
            ) from None

    def run(self, context: Any, now: datetime.datetime) -> int:
        """Make the scopes that are missing; return how many.

        :raises talea.exception.TaleaError: if the fetcher cannot name them
        """
        options = self._options
        grid = period.Grid.of(self._conf.processor.period)
        month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        rates_from = grid.floor(self._rate_from or month)
        found = []
        for one in self._fetcher.fetch(context):
            begin = grid.floor(one.first or now)
            found.append(
                (
                    one.scope_id,
                    options.scope_key,
                    options.fetcher,
                    options.collector,
                    max(begin, rates_from),
                    rates_from,
                )
            )
        new = scope.discover(context, found, now)
        if new:
            LOG.info(
                '%(number)d new scopes of discovery %(name)s; usage before '
                '%(begin)s is not rated.',
                {'number': new, 'name': self.name, 'begin': rates_from},
            )
        return new


def _rate_from(conf: Any) -> datetime.datetime | None:
    text = conf.processor.rate_from
    if not text:
        return None
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise exception.InvalidValue(
            name='[processor] rate_from',
            reason=f'{text} is no date in ISO 8601',
        ) from None
    if moment.tzinfo is None:
        return moment.replace(tzinfo=datetime.UTC)
    return moment.astimezone(datetime.UTC)
