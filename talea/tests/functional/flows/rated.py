# SPDX-License-Identifier: Apache-2.0
"""Scopes, a price list and a processor, for tests of what is owed."""

import sqlalchemy as sa

from talea.collector import bus
from talea.collector import definitions
from talea.collector import envelope
from talea.collector import recorder
from talea.db import api as db
from talea.db import models
from talea.objects import frame
from talea.objects import posting
from talea.objects import timeline
from talea.processor import passes
from talea.tests import billing
from talea.tests.functional.faces import base

HASHMAP = '/v1/rating/module_config/hashmap'
KNOWN = definitions.load()


@db.reader
def _sums(context):
    rows = context.session.execute(
        sa.select(
            models.ROLLUP.c.scope_id,
            models.CELL.c.metric,
            sa.func.exact_sum(models.ROLLUP.c.price),
        )
        .join(models.CELL, models.CELL.c.id == models.ROLLUP.c.cell_id)
        .where(models.ROLLUP.c.span == posting.MONTH)
        .group_by(models.ROLLUP.c.scope_id, models.CELL.c.metric)
    )
    return {
        (scope_id, metric): billing.digits(price)
        for scope_id, metric, price in rows
    }


@db.reader
def frames(context):
    """Return all frames there are, oldest first."""
    rows = context.session.execute(
        sa.select(*frame.COLUMNS).order_by(models.FRAME.c.id)
    )
    return [frame.of(row) for row in rows]


class RatedTestCase(base.ApiTestCase):
    """A test with periods of *period* seconds, and hashmap switched on."""

    period = 3600

    def setUp(self):
        super().setUp()
        self.conf.set_override('period', self.period, 'processor')
        self.conf.set_override('rate_from', '2026-11-01', 'processor')
        self.send('PUT', '/v2/rating/modules/hashmap', {'enabled': True})

    def send(self, method, path, body):
        """Return the answer to a request that has to succeed."""
        answer = self.request(
            method, path, body, content_type='application/json'
        )
        self.assertLess(answer.status_int, 300, answer.body)
        return answer.json if answer.body else None

    def make(self, kind, **body):
        """Make something of hashmap, in the past too; return its id."""
        query = '?force=true' if 'start' in body else ''
        made = self.send('POST', f'{HASHMAP}/{kind}s{query}', body)
        return made[f'{kind}_id']

    def price(self, cost, start, end=None, kind='flat', **body):
        """Make a mapping, in the past too."""
        times = {'start': start.isoformat()}
        if end is not None:
            times['end'] = end.isoformat()
        return self.make('mapping', type=kind, cost=str(cost), **times, **body)

    def record(self, messages, received):
        """Take messages of talea.tests.lives in."""
        opened = [
            envelope.open(
                bus.Delivery(
                    'test',
                    message.exchange,
                    f'{message.topic}.info',
                    message.body,
                    received,
                ),
                self.conf.collector,
            )
            for message in messages
        ]
        if opened:
            recorder.record(
                db.DbContext(),
                opened,
                KNOWN,
                timeline.Rules.of(self.conf),
                received,
            )

    def settle(self, now):
        """Settle all there is to settle."""
        for _ in passes.Passes(self.conf).settle(db.DbContext(), now):
            pass

    def discover(self, now):
        """Find the scopes."""
        return passes.Passes(self.conf).discover(db.DbContext(), now)

    def billed(self):
        """Return {(scope, metric): price in 1e-28} of what costs anything.

        By the frames; the sums that summaries read have to agree.
        """
        prices = {}
        for one in frames(self.context):
            for line in one.lines:
                if one.superseded is None:
                    key = (one.scope_id, line.metric)
                    digits = billing.digits(line.price)
                    prices[key] = prices.get(key, 0) + digits
        sums = _sums(self.context)
        self.assertEqual(_costly(prices), _costly(sums))
        return _costly(prices)


def _costly(prices):
    return {key: price for key, price in prices.items() if price}
