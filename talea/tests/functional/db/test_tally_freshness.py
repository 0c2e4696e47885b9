# SPDX-License-Identifier: Apache-2.0
"""When the ledger counts what clusters hold, on each engine."""

import sqlalchemy as sa

from talea.conductor import counter as counting
from talea.conductor.drivers import ledger
from talea.db import api as db
from talea.db import models
from talea.objects import event as events
from talea.objects import tally_mark
from talea.objects import timeline
from talea.tests import base
from talea.tests.functional.db import clusters
from talea.tests.functional.db.clusters import at


@base.on_all_engines
class FreshnessTestCase(clusters.ClustersCase):
    """When something is counted, and as of when it is said to be."""

    def refresh_later(self):
        self.conf.set_override('refresh_timeout', 0, 'stats')

    def test_what_is_not_marked_is_not_counted(self):
        self.cluster('c')
        self.total()
        with self.database.engine.begin() as connection:
            connection.execute(sa.delete(models.ENTITY))
        self.assertEqual(1, self.total().clusters)

    def test_what_changes_nothing_is_not_marked(self):
        self.cluster('c')
        self.node('s', 'c')
        self.total()
        self.tell('update', 'instance', 's', 12, state='stopped', host='h2')
        self.tell('update', 'cluster', 'c', 12, state='CREATE_COMPLETE')
        self.create('image', 'i', size=1)
        self.create('snapshot', 'sn', size=1, volume_id='v')
        self.assertEqual([], self.marks())

    def test_one_transaction_marks_a_project_once(self):
        self.apply(
            *(
                self.event(
                    events.CREATE,
                    'volume',
                    f'v{number}',
                    at(10),
                    f'p{number % 2}',
                    created_at=at(10).isoformat(),
                    size=1,
                )
                for number in range(10)
            )
        )
        self.assertEqual(['p0', 'p1'], self.marks())

    def test_what_is_marked_is_counted_before_the_answer(self):
        self.cluster('c')
        self.assertEqual(['p1'], self.marks())
        answer = self.ask(now=at(21))
        self.assertEqual(at(21), answer.collected_at)
        self.assertEqual([], self.marks())
        self.assertEqual(1, len(self.tallies()))

    def test_only_the_project_that_is_asked_for_is_counted(self):
        self.cluster('c', 'p1')
        self.cluster('d', 'p2')
        self.total(project_id='p1')
        self.assertEqual(['p2'], self.marks())
        self.cluster('e', 'p3')
        self.assertEqual(1, len(self.ask(cluster='name-e').rows))
        self.assertEqual(['p2'], self.marks())

    def test_what_is_left_dates_the_answer(self):
        self.refresh_later()
        self.cluster('c', 'p1', now=at(18))
        self.cluster('d', 'p2', now=at(19))
        self.cluster('e', 'p1', now=at(19, 30))
        self.assertEqual(at(18), self.ask(now=at(20)).collected_at)
        answer = self.ask(now=at(20), project_id='p2')
        self.assertEqual(at(19), answer.collected_at)
        self.assertEqual(0, answer.rows[0].figures.clusters)
        answer = self.ask(now=at(20), project_id='p3')
        self.assertEqual(at(20), answer.collected_at)

    def test_no_answer_is_of_the_future(self):
        self.refresh_later()
        self.cluster('c', now=at(21))
        self.assertEqual(at(20), self.ask(now=at(20)).collected_at)

    def test_what_takes_too_long_is_left(self):
        self.patch(counting, '_ENTITIES', 1)
        for number in range(5):
            project = f'p{number}'
            now = at(19, 10 - number)
            self.cluster(f'c{number}', project, now=now)
        moments = iter([0, 0, 1, 9, 9, 9])
        self.patch(ledger.time, 'monotonic', lambda: next(moments))
        answer = self.ask(now=at(20))
        # The two that have waited longest were counted.
        self.assertEqual(['p0', 'p1', 'p2'], self.marks())
        self.assertEqual(2, answer.rows[0].figures.clusters)
        self.assertEqual(at(19, 8), answer.collected_at)

    def test_a_project_that_makes_trouble_keeps_its_mark(self):
        self.cluster('c', 'p1', now=at(18))
        self.cluster('d', 'p2')
        self.cluster('e', 'p3')
        real = counting.recorded.of

        def troubled(things):
            things = list(things)
            if any(one.project_id == 'p1' for one in things):
                raise ZeroDivisionError
            return real(things)

        self.patch(counting.recorded, 'of', troubled)
        answer = self.ask()
        self.assertEqual(2, answer.rows[0].figures.clusters)
        self.assertEqual(at(18), answer.collected_at)
        self.assertEqual(['p1'], self.marks())

    def test_projects_without_clusters_are_not_read(self):
        self.volume('v')
        with self.statements() as said:
            self.total()
        self.assertFalse(
            [one for one in said if 'entity.attributes' in one], said
        )
        self.assertEqual([], self.marks())

    def test_an_answer_of_what_is_counted_reads_no_entities(self):
        self.cluster('c')
        self.total()
        for asked in (
            {},
            {'project_id': 'p1'},
            {'group_by': 'cluster', 'limit': 1},
            {'group_by': 'project', 'limit': 1},
            {'cluster': 'c', 'project_id': 'p1'},
        ):
            with self.statements() as said:
                self.ask(**asked)
            self.assertFalse([one for one in said if 'entity' in one])
            self.assertLessEqual(len(said), 3)


@base.on_all_engines
class ClaimTestCase(clusters.ClustersCase):
    """What was not counted, or not in this way, is counted by itself."""

    starts = False

    def start(self, *strategies):
        """Return a driver that was started just now."""
        if strategies:
            self.conf.set_override('strategies', strategies, 'stats')
        return ledger.Ledger(self.conf)

    def test_clusters_that_were_there_before_are_counted(self):
        self.rules = timeline.Rules(track_stats=False)
        self.cluster('c')
        self.cluster('d', 'p2')
        self.tell('delete', 'cluster', 'd', 12, 'p2')
        self.driver = self.start()
        self.assertEqual(1, self.total().clusters)

    def test_a_second_start_counts_nothing(self):
        self.cluster('c')
        self.total()
        self.driver = self.start()
        self.conf.set_override('refresh_timeout', 0, 'stats')
        self.total()
        self.assertEqual([], self.marks())

    def test_other_strategies_count_again(self):
        self.cluster('c')
        self.node('s', 'c')
        self.assertEqual(2, self.total().vcpus)
        self.driver = self.start('addresses')
        self.assertEqual(0, self.total().vcpus)
        self.driver = self.start('addresses', 'prefix')
        self.assertEqual(2, self.total().vcpus)

    def test_who_was_started_before_counts_no_more(self):
        self.cluster('c')
        self.node('s', 'c')
        before = self.driver
        self.total()
        self.driver = self.start('addresses')
        self.total()
        self.node('s2', 'c', now=at(19))
        after, self.driver = self.driver, before
        answer = self.ask()
        self.assertEqual(0, answer.rows[0].figures.vcpus)
        self.assertEqual(at(19), answer.collected_at)
        self.assertEqual(['p1'], self.marks())
        self.driver = after
        self.assertEqual(clusters.NOW, self.ask().collected_at)


@base.on_all_engines
class MarksTestCase(clusters.ClustersCase):
    """Marks are bounded where nobody counts."""

    def sweep(self):
        return tally_mark.sweep(db.DbContext())

    def test_many_become_one_as_old_as_the_oldest(self):
        for number in range(11):
            self.cluster(f'c{number}', now=at(12, 30 - number))
        self.cluster('d', 'p2')
        self.assertEqual(12, len(self.marks()))
        self.assertEqual(1, self.sweep())
        self.assertEqual(['p1', 'p2'], self.marks())
        self.assertEqual(
            {'p1': at(12, 20), 'p2': clusters.NOW},
            tally_mark.waiting(self.context),
        )
        self.assertEqual(0, self.sweep())
        self.assertEqual(12, self.total().clusters)

    def test_few_are_left_to_who_counts(self):
        for number in range(10):
            self.cluster(f'c{number}')
        self.assertEqual(0, self.sweep())
        self.assertEqual(10, len(self.marks()))

    def test_more_than_one_statement_takes_are_taken(self):
        rows = [{'project_id': 'p1', 'marked_at': at(10)} for _ in range(2500)]
        with self.database.engine.begin() as connection:
            connection.execute(sa.insert(models.TALLY_MARK), rows)
        self.assertEqual(clusters.NOW, self.ask().collected_at)
        self.assertEqual([], self.marks())
