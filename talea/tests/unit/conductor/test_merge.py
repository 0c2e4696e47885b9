# SPDX-License-Identifier: Apache-2.0
import dataclasses
import datetime
import itertools

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from talea import exception
from talea.conductor import answer
from talea.conductor import facts
from talea.conductor import match
from talea.conductor import merge
from talea.conductor import question

NOW = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC)
PATTERNS = ['*_COMPLETE']
COMPLETE = 'CREATE_COMPLETE'

FIGURES = {one.name for one in dataclasses.fields(facts.Figures)}
# Which figures are not known without whom.
LOST = {
    facts.CLUSTERS: FIGURES,
    facts.SERVERS: FIGURES - {'clusters', 'nodes'},
    facts.VOLUMES: {'volumes', 'volume_gb'},
    facts.FLOATING_IPS: {'floating_ips'},
    facts.DISABLED_PROJECTS: set(),
}


def cluster(cluster_id, project_id='p', status=COMPLETE, **given):
    return facts.Cluster(
        id=cluster_id,
        name=given.pop('name', f'name of {cluster_id}'),
        project_id=project_id,
        status=status,
        nodes=given.pop('nodes', 2),
        addresses=(f'address of {cluster_id}',),
    )


def server(cluster_id, project_id='p'):
    return facts.Server(
        id=f'server of {cluster_id}',
        name='s',
        project_id=project_id,
        vcpus=4,
        memory_mb=1024,
        local_gb=20,
        addresses=(f'address of {cluster_id}',),
    )


def volume(cluster_id, project_id='p'):
    return facts.Volume(
        f'volume of {cluster_id}',
        project_id,
        30,
        servers=(f'server of {cluster_id}',),
    )


def floating_ip(cluster_id, project_id='p'):
    return facts.FloatingIp(
        f'floating IP of {cluster_id}',
        project_id,
        fixed_ip=f'address of {cluster_id}',
    )


def told(*clusters, disabled=()):
    """Return facts of clusters that have one thing of each kind."""
    of = [(one.id, one.project_id) for one in clusters]
    return {
        facts.CLUSTERS: list(clusters),
        facts.SERVERS: [server(*one) for one in of],
        facts.VOLUMES: [volume(*one) for one in of],
        facts.FLOATING_IPS: [floating_ip(*one) for one in of],
        facts.DISABLED_PROJECTS: set(disabled),
    }


def ask(given, errors=(), **asked):
    """Return the answer of what was *given* to the question *asked*."""
    gathered = merge.merge(given, match.STRATEGIES, tuple(errors), NOW)
    return gathered.answer(question.Question(**asked), PATTERNS)


def ids(found, name='cluster'):
    return [one.key[name] for one in found.rows]


class NullTest(base.BaseTestCase):
    """What nobody could tell is null, and nothing else is."""

    def test_everything_is_known_if_everybody_told(self):
        (row,) = ask(told(cluster('a'))).rows
        self.assertEqual(
            facts.Figures(
                clusters=1,
                nodes=2,
                unmatched_nodes=1,
                floating_ips=1,
                volumes=1,
                vcpus=4,
                memory_mb=1024,
                local_gb=20,
                volume_gb=30,
            ),
            row.figures,
        )

    def test_each_kind_that_is_missing_makes_its_own_figures_null(self):
        for size in range(len(LOST) + 1):
            for missing in itertools.combinations(LOST, size):
                for clusters in ([], [cluster('a')]):
                    with self.subTest(missing=missing, clusters=clusters):
                        self._check(missing, clusters)

    def _check(self, missing, clusters):
        given = told(*clusters)
        whole = ask(given).rows[0].figures
        for kind in missing:
            del given[kind]
        lost = set().union(*(LOST[kind] for kind in missing))
        expected = dataclasses.replace(whole, **dict.fromkeys(lost))
        (row,) = ask(given).rows
        self.assertEqual(expected, row.figures)
        if facts.CLUSTERS not in missing:
            for one in ask(given, group_by='project').rows:
                self.assertEqual(expected, one.figures)
            for one in ask(given, group_by='cluster').rows:
                self.assertEqual(expected, one.figures)

    def test_without_clusters_there_are_no_groups(self):
        failure = answer.Failure('magnum', 'it is away')
        for group in ('project', 'cluster'):
            found = ask({}, [failure], group_by=group)
            self.assertEqual(((), (failure,)), (found.rows, found.errors))

    def test_without_clusters_nothing_can_be_said_of_one(self):
        failure = answer.Failure('magnum', 'it is away')
        error = self.assertRaises(
            exception.Unavailable, ask, {}, [failure], cluster='a'
        )
        self.assertEqual('magnum: it is away', str(error))


class CountingTest(base.BaseTestCase):
    """Which clusters count."""

    CLUSTERS = [
        cluster('a'),
        cluster('b', status='UPDATE_COMPLETE', project_id='q'),
        cluster('c', status='CREATE_FAILED'),
        cluster('d', status='DELETE_COMPLETE'),
        cluster('e', status='CREATE_COMPLETE', project_id='off'),
        cluster('f', status='UPDATE_IN_PROGRESS', project_id='q'),
    ]

    def ask(self, **asked):
        return ask(told(*self.CLUSTERS, disabled=['off']), **asked)

    def test_by_status_and_project(self):
        for expected, asked in (
            ('ab', {}),
            ('abcdef', {'all': True}),
            ('a', {'project_id': 'p'}),
            ('acd', {'project_id': 'p', 'all': True}),
            # Whoever asks for it knows that it is disabled.
            ('e', {'project_id': 'off'}),
            ('', {'project_id': 'unheard of'}),
        ):
            with self.subTest(asked):
                found = self.ask(group_by='cluster', **asked)
                self.assertEqual(expected, ''.join(ids(found)))
                (totals,) = self.ask(**asked).rows
                self.assertEqual(len(expected), totals.figures.clusters)
                self.assertEqual(len(expected), totals.figures.volumes)

    def test_patterns(self):
        for status, expected in (
            ('CREATE_COMPLETE', True),
            ('DELETE_COMPLETE', False),
            ('DELETE_FAILED', True),
            ('CREATE_FAILED', False),
            ('create_complete', False),
        ):
            with self.subTest(status):
                self.assertEqual(
                    expected,
                    merge.counts(status, ['*_COMPLETE', 'DELETE_?AILED']),
                )

    def test_a_cluster_is_told_whatever_its_status(self):
        for one in self.CLUSTERS:
            with self.subTest(one.id):
                (row,) = self.ask(cluster=one.id).rows
                self.assertEqual(
                    {
                        'cluster': one.id,
                        'name': one.name,
                        'project_id': one.project_id,
                        'status': one.status,
                    },
                    row.key,
                )
                self.assertEqual(1, row.figures.clusters)


class FindingTest(base.BaseTestCase):
    """Which cluster is meant."""

    CLUSTERS = [
        cluster('a', name='web'),
        cluster('b', name='a'),
        cluster('c', name='web', project_id='q'),
        cluster('d', name='twin', project_id='q'),
        cluster('e', name='twin', project_id='q'),
    ]

    def find(self, wanted, project_id=None):
        found = ask(
            told(*self.CLUSTERS), cluster=wanted, project_id=project_id
        )
        return ids(found)

    def test_an_id_is_stronger_than_a_name(self):
        self.assertEqual(['a'], self.find('a'))

    def test_a_name_within_a_project(self):
        self.assertEqual(['a'], self.find('web', 'p'))
        self.assertEqual(['c'], self.find('web', 'q'))
        # There the id is another one's.
        self.assertEqual(['b'], self.find('b'))

    def test_a_name_that_several_bear(self):
        for asked, clusters in (
            (('web',), ('a', 'c')),
            (('twin', 'q'), ('d', 'e')),
        ):
            error = self.assertRaises(
                exception.AmbiguousCluster, self.find, *asked
            )
            self.assertEqual(clusters, error.clusters)
            for one in clusters:
                self.assertIn(one, str(error))

    def test_what_is_not_there_or_in_another_project(self):
        for asked in (('nowhere',), ('c', 'p'), ('twin', 'p'), ('a', 'x')):
            with self.subTest(asked):
                self.assertRaises(exception.ClusterNotFound, self.find, *asked)


class PagingTest(base.BaseTestCase):
    CLUSTERS = [cluster(name, f'project {name}') for name in 'abcde']

    def pages(self, group, limit, marker=None):
        found = ask(
            told(*self.CLUSTERS), group_by=group, limit=limit, marker=marker
        )
        return found.rows, found.more

    def test_pages_are_the_whole(self):
        for group, name in (
            ('cluster', 'cluster'),
            ('project', 'project_id'),
        ):
            whole, more = self.pages(group, None)
            self.assertFalse(more)
            self.assertEqual(5, len(whole))
            for limit in range(1, 7):
                rows, marker, more = [], None, True
                while more:
                    page, more = self.pages(group, limit, marker)
                    self.assertLessEqual(len(page), limit)
                    rows += page
                    marker = page[-1].key[name]
                self.assertEqual(list(whole), rows)

    def test_nothing_needs_to_bear_the_marker(self):
        rows, more = self.pages('cluster', 2, 'bb')
        self.assertEqual(
            (['c', 'd'], True), ([one.key['cluster'] for one in rows], more)
        )
        self.assertEqual(((), False), self.pages('cluster', 2, 'z'))


CLUSTERS = st.lists(
    st.builds(
        cluster,
        st.uuids().map(str),
        st.sampled_from('pqr'),
        st.sampled_from(
            ['CREATE_COMPLETE', 'CREATE_FAILED', 'DELETE_COMPLETE']
        ),
        nodes=st.integers(0, 3),
    ),
    max_size=12,
    unique_by=lambda one: one.id,
)


class SumsTest(base.BaseTestCase):
    """Rows of a group add up to the row that they are of."""

    @given(CLUSTERS, st.sets(st.sampled_from('pqr')), st.booleans())
    def test_groups_add_up(self, clusters, disabled, everything):
        gathered = merge.merge(
            told(*clusters, disabled=disabled), match.STRATEGIES, (), NOW
        )

        def rows(**asked):
            return gathered.answer(
                question.Question(all=everything, **asked), PATTERNS
            ).rows

        def add(found):
            return sum((one.figures for one in found), facts.Figures())

        (totals,) = rows()
        self.assertEqual(totals.figures, add(rows(group_by='project')))
        self.assertEqual(totals.figures, add(rows(group_by='cluster')))
        for one in rows(group_by='project'):
            project_id = one.key['project_id']
            of_project = rows(project_id=project_id, group_by='cluster')
            self.assertEqual(one.figures, add(of_project))
            (same,) = rows(project_id=project_id)
            self.assertEqual(one.figures, same.figures)
        for one in rows(group_by='cluster'):
            (same,) = rows(cluster=one.key['cluster'])
            self.assertEqual(one, same)


class PlainDataTest(base.BaseTestCase):
    def test_questions_and_answers_travel_as_plain_data(self):
        asked = question.Question('p', None, 'cluster', 2, 'a', True)
        self.assertEqual(asked, question.Question.from_dict(asked.to_dict()))
        failure = answer.Failure('cinder', 'it is away')
        given = told(cluster('a'))
        del given[facts.VOLUMES]
        found = ask(given, [failure], group_by='cluster', limit=1)
        again = answer.Answer.from_dict(found.to_dict())
        self.assertEqual(found, again)
        self.assertEqual(NOW, again.collected_at)
