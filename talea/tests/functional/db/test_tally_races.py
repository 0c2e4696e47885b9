# SPDX-License-Identifier: Apache-2.0
"""Several who count, and others who tell, at once."""

from concurrent import futures
import contextlib
import random
import threading

import sqlalchemy as sa

from talea.conductor import question
from talea.conductor import refresher
from talea.conductor import service
from talea.conductor.drivers import ledger
from talea.db import api as db
from talea.objects import event as events
from talea.objects import tally_mark
from talea.processor import passes
from talea.tests import base
from talea.tests.functional.db import clusters
from talea.tests.functional.db.clusters import at

PROJECTS = 6
SERVERS = 5


class RacesCase(clusters.ClustersCase):
    @contextlib.contextmanager
    def before(self, beginning, then):
        """Let something happen, once, before a statement is sent.

        :param beginning: of the statement, which this thread sends
        :param then: is called in a thread of its own; on engines where it has
            to wait for whoever sends the statement it goes on afterwards
        """
        happening = []
        here = threading.get_ident()

        def meddle(connection, cursor, statement, *rest):
            if happening or threading.get_ident() != here:
                return
            if statement.startswith(beginning):
                happening.append(threading.Thread(target=then))
                happening[0].start()
                happening[0].join(0.7)

        engine = self.database.engine
        sa.event.listen(engine, 'before_cursor_execute', meddle)
        try:
            yield
        finally:
            sa.event.remove(engine, 'before_cursor_execute', meddle)
        self.assertTrue(happening, f'{beginning} was not sent')
        happening[0].join()

    def another(self, **asked):
        """Let another conductor answer."""
        other = ledger.Ledger(self.conf)
        return other.answer(question.Question(**asked), clusters.NOW)

    def vcpus(self):
        """Return what is kept, as it is."""
        return sum(row.vcpus for row in self.tallies())


@base.on_all_engines
class MeanwhileTestCase(RacesCase):
    """Something happens just before one statement of who counts."""

    def setUp(self):
        super().setUp()
        self.cluster('c')
        self.node('s1', 'c')

    def honoured(self):
        """Pass if the two servers that there are now are counted."""
        self.assertEqual(4, self.total().vcpus)
        self.assertEqual(4, self.vcpus())
        self.assertEqual([], self.marks())

    def test_what_is_told_before_marks_are_taken(self):
        with self.before(
            'DELETE FROM tally_mark', lambda: self.node('s2', 'c')
        ):
            self.ask()
        self.honoured()

    def test_what_is_told_before_entities_are_read(self):
        with self.before(
            'SELECT entity.entity_type', lambda: self.node('s2', 'c')
        ):
            self.ask()
        self.honoured()

    def test_what_is_told_before_tallies_are_written(self):
        with self.before('INSERT INTO tally', lambda: self.node('s2', 'c')):
            self.ask()
        self.honoured()

    def told_and_counted(self):
        self.node('s2', 'c')
        self.another()

    def faster(self, beginning):
        """Pass if one who counts what is newer is not overwritten."""
        with self.before(beginning, self.told_and_counted):
            self.ask()
        # Without anybody who counts once more.
        self.assertEqual(4, self.vcpus())
        self.assertEqual([], self.marks())

    def test_who_is_faster_before_marks_are_read(self):
        self.faster('SELECT tally_mark.id')

    def test_who_is_faster_before_marks_are_taken(self):
        self.faster('DELETE FROM tally_mark')

    def test_who_is_faster_before_entities_are_read(self):
        self.faster('SELECT entity.entity_type')

    def test_who_is_faster_before_tallies_are_read(self):
        self.faster('SELECT tally.project_id')

    def test_who_is_faster_before_tallies_are_written(self):
        self.faster('INSERT INTO tally')

    def test_who_has_lost_one_project_of_several_begins_again(self):
        self.cluster('d', 'p2')

        def count():
            self.another(project_id='p1')

        def tell_and_count():
            self.node('s2', 'c')
            count()

        with (
            self.before('DELETE FROM tally_mark', count),
            self.before('SELECT tally.project_id', tell_and_count),
        ):
            self.ask()
        self.assertEqual(4, self.vcpus())
        self.assertEqual(2, len(self.tallies()))
        self.assertEqual([], self.marks())

    def test_marks_that_are_united_meanwhile_are_honoured(self):
        for number in range(12):
            self.volume(f'v{number}')

        def then():
            self.node('s2', 'c')
            tally_mark.sweep(db.DbContext())

        with self.before('DELETE FROM tally_mark', then):
            self.ask()
        self.honoured()

    def test_marks_that_are_counted_meanwhile_are_not_united(self):
        for number in range(12):
            self.volume(f'v{number}')
        with self.before('DELETE FROM tally_mark', self.told_and_counted):
            tally_mark.sweep(db.DbContext())
        self.honoured()

    def other_strategies(self, beginning):
        """Pass if one who starts with other strategies has the last word."""

        def then():
            self.conf.set_override('strategies', ['addresses'], 'stats')
            self.another()

        with self.before(beginning, then):
            self.ask()
        self.assertEqual(1, len(self.tallies()))
        self.assertEqual(0, self.vcpus())
        self.assertEqual([], self.marks())

    def test_other_strategies_before_marks_are_taken(self):
        self.other_strategies('DELETE FROM tally_mark')

    def test_other_strategies_before_entities_are_read(self):
        self.other_strategies('SELECT entity.entity_type')

    def test_other_strategies_before_tallies_are_written(self):
        self.other_strategies('INSERT INTO tally')


@base.on_all_engines
class TogetherTestCase(RacesCase):
    """Many at once, for a while."""

    def fill(self):
        for number in range(PROJECTS):
            self.cluster(f'c{number}', f'p{number}')

    def story(self):
        """Return what is told, as calls: each server comes, most go."""
        calls = []
        for number in range(PROJECTS * SERVERS):
            project = f'p{number % PROJECTS}'
            cluster = f'c{number % PROJECTS}'
            calls.append((self.node, f's{number}', cluster, project))
            if number % 3:
                calls.append(
                    (
                        self.tell,
                        events.DELETE,
                        'instance',
                        f's{number}',
                        12,
                        project,
                    )
                )
        random.Random(7).shuffle(calls)
        return calls

    def left(self):
        """Return {project: vcpus} of the servers that do not go."""
        found = {f'p{number}': 0 for number in range(PROJECTS)}
        for number in range(0, PROJECTS * SERVERS, 3):
            found[f'p{number % PROJECTS}'] += 2
        return found

    def test_what_is_told_while_many_count_is_counted_in_the_end(self):
        self.fill()
        story = self.story()
        start = threading.Barrier(6)
        told = threading.Event()

        def tell(part):
            start.wait()
            for function, *arguments in part:
                function(*arguments)

        def count():
            start.wait()
            while not told.is_set():
                self.another()

        def sweep():
            start.wait()
            while not told.is_set():
                tally_mark.sweep(db.DbContext())

        self.patch(tally_mark, '_MANY', 2)
        with futures.ThreadPoolExecutor(6) as pool:
            telling = [pool.submit(tell, story[i::2]) for i in range(2)]
            others = [pool.submit(count) for _ in range(3)]
            others.append(pool.submit(sweep))
            futures.wait(telling)
            told.set()
            for one in telling + others:
                one.result()
        self.another()
        self.assertEqual(
            self.left(), {row.project_id: row.vcpus for row in self.tallies()}
        )
        self.assertEqual([], self.marks())


class Group:
    """Members of a group, of which this is one.

    :param number: of this member, of two
    """

    def __init__(self, number):
        self._number = number

    def parts(self, number):
        return set(range(self._number, number, 2))


class RefresherTestCase(RacesCase):
    def test_conductors_share_the_projects(self):
        for number in range(20):
            self.cluster(f'c{number}', f'p{number}')
        one, two = (refresher.Refresher(self.conf) for _ in range(2))
        first = one.refresh(Group(0))
        self.assertEqual(20 - first, len(self.marks()))
        second = two.refresh(Group(1))
        self.assertEqual([], self.marks())
        self.assertEqual(20, first + second)
        self.assertTrue(first and second)

    def test_it_counts_again_and_again_until_it_is_stopped(self):
        self.conf.set_override('refresh_interval', 0.1, 'stats')
        loop = refresher.Refresher(self.conf)
        thread = threading.Thread(target=loop.run)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(loop.stop)
        pause = threading.Event()
        for number in range(2):
            self.cluster(f'c{number}')
            for _ in range(100):
                if len(self.tallies()) > number:
                    break
                pause.wait(0.1)
            self.assertEqual(number + 1, len(self.tallies()))
        loop.stop()
        thread.join(5)
        self.assertFalse(thread.is_alive())

    def test_conductors_have_one_where_the_ledger_is_asked(self):
        self.assertIn('conductor refresher', service.loops(self.conf, None))
        self.conf.set_override('drivers', ['magnum', 'nova'], 'stats')
        self.assertEqual({}, service.loops(self.conf, None))

    def test_where_it_is_stopped_it_counts_no_more(self):
        self.cluster('c')
        loop = refresher.Refresher(self.conf)
        loop.stop()
        self.assertEqual(0, loop.refresh(Group(refresher.part('p1') % 2)))
        self.assertEqual(['p1'], self.marks())

    def test_processors_unite_marks_where_nobody_counts(self):
        for number in range(12):
            self.cluster(f'c{number}')
        passes.Passes(self.conf).tidy(db.DbContext(), at(20))
        self.assertEqual(['p1'], self.marks())
