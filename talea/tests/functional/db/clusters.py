# SPDX-License-Identifier: Apache-2.0
"""Clusters and what they hold, told to the ledger, and who asks it."""

import datetime
import itertools

import sqlalchemy as sa

from talea.conductor import facts
from talea.conductor import match
from talea.conductor import question
from talea.conductor.drivers import ledger
from talea.db import api as db
from talea.db import models
from talea.objects import event as events
from talea.objects import resource
from talea.objects import timeline
from talea.tests import base

FLAVOR = {
    'flavor': 'small',
    'flavor_id': '1',
    'vcpus': 2,
    'memory_mb': 2048,
    'disk_gb': 20,
    'root_gb': 20,
    'ephemeral_gb': 0,
}
CONTROLLER = 'Floating IP for Kubernetes external service a/b from cluster '


def at(hour, minute=0, second=0):
    """Return a moment of the day of which these tests tell."""
    return datetime.datetime(
        2026, 1, 31, hour, minute, second, tzinfo=datetime.UTC
    )


NOW = at(20)


def figures(**given):
    """Return Figures; what is not given is 0."""
    return facts.Figures(**given)


class ClustersCase(base.DatabaseTestCase):
    """A test with a ledger, and a driver that answers from it.

    :cvar starts: whether the driver starts while there is nothing yet
    :ivar driver: the driver
    :ivar rules: of the fold
    """

    starts = True

    def setUp(self):
        super().setUp()
        self.driver = ledger.Ledger(self.conf)
        self.rules = timeline.Rules()
        self._numbers = itertools.count()
        if self.starts:
            self.total()

    # -- what happens ---------------------------------------------------------

    def event(
        self, kind, resource_type, name, moment, project='p1', /, **said
    ):
        return events.Event(
            f'm-{next(self._numbers)}',
            resource_type,
            name,
            moment,
            kind,
            events.NOTIFICATION,
            {'project_id': project, **said},
        )

    def apply(self, *given, now=NOW):
        """Take in what services tell, all of it in one transaction."""
        apply = db.retry(resource.apply)
        apply(db.DbContext(), given, self.rules, now)

    def create(self, resource_type, name, project='p1', /, now=NOW, **said):
        self.apply(
            self.event(
                events.CREATE,
                resource_type,
                name,
                at(10),
                project,
                created_at=at(10).isoformat(),
                **said,
            ),
            now=now,
        )

    def tell(self, kind, resource_type, name, hour, project='p1', /, **said):
        self.apply(
            self.event(kind, resource_type, name, at(hour), project, **said)
        )

    def cluster(self, name, project='p1', /, **said):
        """Let there be a cluster of one master and two workers."""
        self.create(
            'cluster',
            name,
            project,
            **{
                'name': f'name-{name}',
                'state': 'CREATE_COMPLETE',
                'stack_id': f'stack-{name}',
                'master_count': 1,
                'node_count': 2,
                'node_addresses': [],
                'master_addresses': [],
                **said,
            },
        )

    def node(self, name, cluster, project='p1', /, **said):
        """Let there be a server that is called like a node of *cluster*."""
        self.create(
            'instance',
            name,
            project,
            **{
                'name': f'stack-{cluster}-{name}',
                'metadata': {},
                **FLAVOR,
                **said,
            },
        )

    def volume(self, name, project='p1', /, servers=(), size=5, **said):
        self.create(
            'volume',
            name,
            project,
            size=size,
            attached_to=sorted(servers),
            volume_type_id='t',
            **said,
        )

    def floating_ip(self, name, project='p1', /, **said):
        self.create('floatingip', name, project, **said)

    # -- what is said of it ---------------------------------------------------

    def ask(self, now=NOW, **asked):
        return self.driver.answer(question.Question(**asked), now)

    def total(self, **asked):
        """Return the figures of the only row."""
        (row,) = self.ask(**asked).rows
        return row.figures

    def keys(self, name, **asked):
        """Return what the rows of a group are of."""
        return [row.key[name] for row in self.ask(**asked).rows]

    def marks(self):
        """Return the projects that are marked, one for each mark."""
        with self.database.engine.connect() as connection:
            return sorted(
                connection.scalars(sa.select(models.TALLY_MARK.c.project_id))
            )

    def tallies(self):
        """Return all that is kept."""
        table = models.TALLY
        with self.database.engine.connect() as connection:
            return connection.execute(
                sa.select(table).order_by(*table.primary_key)
            ).all()


def plainly(clusters, servers, volumes, floating_ips):
    """Return {cluster: figures} of facts, without any ledger."""
    holdings = match.Holdings(clusters, match.Matcher(clusters))
    holdings.add_servers(servers)
    holdings.add_volumes(volumes)
    holdings.add_floating_ips(floating_ips)
    return holdings.figures()
