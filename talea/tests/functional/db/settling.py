# SPDX-License-Identifier: Apache-2.0
"""Scopes with servers, a price, and whoever settles them, in one test case."""

import collections
import datetime
import decimal
import itertools
import json
import pathlib

import fixtures
import sqlalchemy as sa

from talea.db import api as db
from talea.db import models
from talea.objects import event as events
from talea.objects import frame as frames
from talea.objects import hashmap
from talea.objects import module
from talea.objects import period
from talea.objects import posting
from talea.objects import price_change
from talea.objects import resource
from talea.objects import scope
from talea.objects import timeline
from talea.processor import passes
from talea.processor import settle
from talea.rating import point
from talea.rating import rules
from talea.tests import base
from talea.tests import billing

HOUR = datetime.timedelta(hours=1)
METRICS = """
metrics:
  instance:
    entity: instance
    unit: hour
    groupby: {flavor: flavor}
  volume.size:
    entity: volume
    measure: size
    unit: GiB.hour
    groupby: {volume_type: volume_type}
"""


def at(hour, minute=0, second=0, microsecond=0):
    """Return a moment of the day of which these tests tell, or near it."""
    return datetime.datetime(
        2026, 1, 31, tzinfo=datetime.UTC
    ) + datetime.timedelta(
        hours=hour, minutes=minute, seconds=second, microseconds=microsecond
    )


@db.reader
def all_frames(context):
    """Return all frames there are, in the order in which they were made."""
    rows = context.session.execute(
        sa.select(*frames.COLUMNS).order_by(models.FRAME.c.id)
    )
    return [frames.of(row) for row in rows]


def plain(number):
    """Return a Decimal as text that is short."""
    return format(number.normalize(point.EXACT), 'f')


def costs(begin, end, price=2):
    """Return what a server costs from *begin* to *end*, by hand."""
    digits = billing.costs(price, 1, begin, end)
    return plain(decimal.Decimal(digits).scaleb(-point.PLACES, point.EXACT))


class SettlingCase(base.DatabaseTestCase):
    """A test with servers at a price; at its end all sums have to be right.

    :ivar passes: what a processor does
    """

    def setUp(self):
        super().setUp()
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path, 'file')
        path.write_text(METRICS)
        self.conf.set_override('metrics_file', str(path), 'processor')
        self.conf.set_override('rate_from', '2026-01-01', 'processor')
        self.passes = passes.Passes(self.conf)
        self._numbers = itertools.count()
        self._price = None

    def tearDown(self):
        self.check_sums()
        super().tearDown()

    # -- what happens ---------------------------------------------------------

    def price(self, cost='2', start=period.EPOCH, now=None):
        """Let an hour of an instance cost so much from then on."""
        now = now or start
        number = next(self._numbers)
        if self._price is None:
            module.update(self.context, 'hashmap', enabled=True)
            hashmap.create(
                self.context,
                rules.Service(id='s', name='instance', created=start),
            )
        else:
            price_change.update(
                self.context,
                rules.Mapping,
                self._price,
                {'end': start},
                None,
                now,
                force=True,
            )
        self._price = f'm{number}'
        price_change.create(
            self.context,
            rules.Mapping(
                id=self._price,
                cost=decimal.Decimal(cost),
                type=rules.FLAT,
                service_id='s',
                field_id=None,
                group_id=None,
                tenant_id=None,
                value=None,
                start=start,
                created=now,
            ),
            now,
            force=True,
        )

    def event(self, kind, server, moment, project='p1', **values):
        """Return what a service tells of a server, or of something else."""
        return events.Event(
            f'm-{next(self._numbers)}',
            values.pop('resource_type', 'instance'),
            server,
            moment,
            kind,
            events.NOTIFICATION,
            {'project_id': project, 'flavor': 'small', **values},
        )

    def apply(self, *given):
        """Take in what services tell, all of it in one transaction."""
        apply = db.retry(resource.apply)
        apply(db.DbContext(), given, timeline.Rules(), at(0))

    def tell(self, *arguments, **values):
        """Let a service tell something; see event()."""
        self.apply(self.event(*arguments, **values))

    def create(self, name, moment, project='p1', **values):
        self.tell(
            events.CREATE,
            name,
            moment,
            project,
            created_at=moment.isoformat(),
            **values,
        )

    def visit(self, name, begin, end, project='p1'):
        """Let a server have been there from *begin* to *end*."""
        self.apply(
            self.event(
                events.CREATE,
                name,
                begin,
                project,
                created_at=begin.isoformat(),
            ),
            self.event(events.DELETE, name, end, project),
        )

    def resize(self, name, moment, flavor, project='p1'):
        self.tell(events.RESIZE, name, moment, project, flavor=flavor)

    def delete(self, name, moment, project='p1'):
        self.tell(events.DELETE, name, moment, project)

    def make_scope(
        self,
        identifier='p1',
        state=10,
        collector='ledger',
        scope_key='project_id',
        fetcher='ledger',
        rates_from=None,
    ):
        """Make an active scope that is rated until the hour *state*.

        :param rates_from: hour before which nothing is rated, if another one
        """
        scope.discover(
            self.context,
            [
                (
                    identifier,
                    scope_key,
                    fetcher,
                    collector,
                    at(state),
                    at(state if rates_from is None else rates_from),
                )
            ],
            at(state),
        )

    def switch(self, active, moment, identifier='p1'):
        scope.patch(self.context, identifier, {'active': active}, moment)

    def settle(self, now, **options):
        """Let a processor do a pass at *now*; return what it did, in sum."""
        for name, value in options.items():
            self.conf.set_override(name, value, 'processor')
        return sum(self.passes.settle(db.DbContext(), now), settle.Outcome())

    # -- what comes of it -----------------------------------------------------

    def scope(self, identifier='p1'):
        return scope.get(self.context, identifier)

    def rows(self, table):
        with self.database.engine.connect() as connection:
            return connection.execute(
                sa.select(table).order_by(*table.primary_key)
            ).all()

    def frames(self, **wanted):
        """Return the frames whose attributes are as *wanted*."""
        return [
            one
            for one in all_frames(self.context)
            if all(
                getattr(one, name) == value for name, value in wanted.items()
            )
        ]

    def owed(self, identifier='p1', current=True):
        """Return {hour: what is owed for it}, of whatever was used then."""
        totals = collections.defaultdict(lambda: point.ZERO)
        for one in self.frames(scope_id=identifier):
            if current and one.superseded is not None:
                continue
            hour = (one.usage_at - at(0)) // HOUR
            for line in one.lines:
                totals[hour] = point.EXACT.add(totals[hour], line.price)
        return {hour: plain(total) for hour, total in totals.items() if total}

    def revisions(self, identifier='p1'):
        """Return [(hour, revision, superseded?)] of its frames, in order."""
        return sorted(
            (
                (one.usage_at - at(0)) // HOUR,
                one.revision,
                one.superseded is not None,
            )
            for one in self.frames(scope_id=identifier)
        )

    def check_sums(self):
        """Pass if the sums are those of the frames that count."""
        wanted = collections.defaultdict(lambda: [point.ZERO, point.ZERO])
        for one in self.frames(superseded=None):
            day = one.begin.replace(hour=0, minute=0)
            for line in one.lines:
                groupby = {
                    name: value
                    for name, value in line.groupby.items()
                    if name not in ('id', one.scope_key)
                }
                for key in (
                    (posting.DAY, day),
                    (posting.MONTH, day.replace(day=1)),
                ):
                    total = wanted[
                        *key,
                        one.scope_id,
                        one.scope_key,
                        line.metric,
                        line.unit,
                        json.dumps(groupby, sort_keys=True),
                    ]
                    total[0] = point.EXACT.add(total[0], line.quantity)
                    total[1] = point.EXACT.add(total[1], line.price)
        cells = {one.id: one for one in self.rows(models.CELL)}
        found = {
            (
                one.span,
                one.begin_at,
                one.scope_id,
                cells[one.cell_id].scope_key,
                cells[one.cell_id].metric,
                cells[one.cell_id].unit,
                cells[one.cell_id].groupby,
            ): [one.quantity, one.price]
            for one in self.rows(models.ROLLUP)
        }
        self.assertEqual(
            {key: total for key, total in wanted.items() if any(total)},
            {key: total for key, total in found.items() if any(total)},
        )
