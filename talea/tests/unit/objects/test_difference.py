# SPDX-License-Identifier: Apache-2.0
import collections
import datetime
import json

from hypothesis import given
from hypothesis import strategies as st
from oslotest import base

from talea.db import types
from talea.objects import difference
from talea.objects import timeline
from talea.tests.rated import at

RULES = timeline.Rules()
MINUTE = datetime.timedelta(minutes=1)
# So many minutes are looked at one by one; what is open goes on after them.
LONG = 40


def row(
    start,
    end,
    project='p1',
    flavor='small',
    kind='instance',
    name='vm',
    volume_type_id=None,
    **attributes,
):
    """Return a row of an entity, its edges in minutes."""
    return {
        'entity_type': kind,
        'project_id': project,
        'start_at': at(2026, 1, 1) + start * MINUTE,
        'end_at': None if end is None else at(2026, 1, 1) + end * MINUTE,
        'last_event_at': at(2026, 1, 1),
        'name': name,
        'flavor': flavor,
        'volume_type_id': volume_type_id,
        'attributes': json.dumps(attributes, sort_keys=True),
        'source': 'notification',
    }


def of(old, new, rules=RULES):
    """Return the difference of two lists of rows, in minutes."""
    found = difference.of(
        [(dict(enumerate(old)), dict(enumerate(new)))], rules
    )
    return [
        (
            project,
            (begin - at(2026, 1, 1)) / MINUTE,
            None if end == types.OPEN else (end - at(2026, 1, 1)) / MINUTE,
        )
        for project, (begin, end) in found
    ]


def minutes(rows):
    """Return for each minute how often each (project, what is rated) is."""
    found = [collections.Counter() for _ in range(LONG + 1)]
    for one in rows:
        end = one['end_at'] or at(2026, 1, 1) + (LONG + 1) * MINUTE
        for number, counts in enumerate(found):
            if one['start_at'] <= at(2026, 1, 1) + number * MINUTE < end:
                size = json.loads(one['attributes'])['vcpus']
                counts[one['project_id'], one['flavor'], size] += 1
    return found


ROWS = st.builds(
    lambda start, length, project, flavor, vcpus, name: row(
        start,
        None if length is None else start + length,
        project,
        flavor,
        name=name,
        vcpus=vcpus,
    ),
    st.integers(0, LONG // 2),
    st.none() | st.integers(0, LONG // 2),
    st.sampled_from(['p1', 'p2', '']),
    st.sampled_from(['small', 'large']),
    st.sampled_from([1, 2]),
    st.sampled_from(['vm', 'web']),
)
# What a fold makes of a resource never overlaps, but nothing depends on it.
CHAINS = st.lists(ROWS, max_size=4)


class DifferenceTestCase(base.BaseTestCase):
    def test_a_new_one_is_usage_from_its_begin_for_ever(self):
        self.assertEqual([('p1', 3, None)], of([], [row(3, None)]))

    def test_the_same_again_is_no_difference(self):
        rows = [row(3, 5), row(5, None, flavor='large')]
        self.assertEqual([], of(rows, rows))

    def test_an_end_is_a_difference_from_then_on(self):
        self.assertEqual([('p1', 7, None)], of([row(3, None)], [row(3, 7)]))

    def test_a_late_change_differs_between_its_edges_only(self):
        self.assertEqual(
            [('p1', 5, 9)],
            of(
                [row(3, 9), row(9, None, flavor='large')],
                [row(3, 5), row(5, None, flavor='large')],
            ),
        )

    def test_another_place_in_the_chain_is_no_difference(self):
        rows = [row(3, 5), row(8, None)]
        self.assertEqual([('p1', 1, 2)], of(rows, [row(1, 2), *rows]))

    def test_names_are_not_rated(self):
        self.assertEqual(
            [],
            of([row(3, None, host='a')], [row(3, None, name='x', host='b')]),
        )

    def test_properties_of_the_image_are_rated(self):
        self.assertEqual(
            [('p1', 3, None)],
            of(
                [row(3, None, os={'distro': 'debian'})],
                [row(3, None, os={'distro': 'fedora'})],
            ),
        )

    def test_the_state_is_rated_if_it_begins_entities(self):
        rows = [row(3, None, state='active')], [row(3, None, state='stopped')]
        self.assertEqual([], of(*rows))
        self.assertEqual(
            [('p1', 3, None)],
            of(*rows, rules=timeline.Rules(split_on_state=True)),
        )
        # That of others changes in place.
        rows = (
            [row(3, None, kind='volume', state='available')],
            [row(3, None, kind='volume', state='in-use')],
        )
        self.assertEqual(
            [], of(*rows, rules=timeline.Rules(split_on_state=True))
        )

    def test_whether_a_cluster_is_complete_and_its_nodes_are_rated(self):
        counts = {'node_count': 2, 'master_count': 1, 'completed': True}
        for other, told in (
            ({'completed': False}, [('p1', 3, None)]),
            ({'node_count': 3}, [('p1', 3, None)]),
            ({'master_count': 3}, [('p1', 3, None)]),
            ({'node_addresses': ['10.0.0.5'], 'stack_id': 'x'}, []),
        ):
            rows = [
                [row(3, None, kind='cluster', **{**counts, **more})]
                for more in ({}, other)
            ]
            self.assertEqual(told, of(*rows), other)

    def test_one_who_gives_and_one_who_takes_are_both_told(self):
        self.assertEqual(
            [('p1', 5, None), ('p2', 5, None)],
            of([row(3, None)], [row(3, 5), row(5, None, project='p2')]),
        )

    def test_what_belongs_to_nobody_is_nobodys(self):
        self.assertEqual([], of([], [row(3, None, project='')]))

    def test_the_type_of_a_volume_and_its_size_are_rated(self):
        old = row(3, None, kind='volume', volume_type_id='a', size=1)
        for other in ({'volume_type_id': 'b'}, {'size': 2}):
            given = {'volume_type_id': 'a', 'size': 1, **other}
            self.assertEqual(
                [('p1', 3, None)],
                of([old], [row(3, None, kind='volume', **given)]),
            )

    def test_a_kind_that_nobody_knows_is_rated_by_its_size(self):
        old = row(3, None, kind='share', size=1, colour='red')
        self.assertEqual(
            [],
            of([old], [row(3, None, kind='share', size=1, colour='blue')]),
        )
        self.assertEqual(
            [('p1', 3, None)],
            of([old], [row(3, None, kind='share', size=2, colour='red')]),
        )

    def test_values_that_no_service_should_send_do_no_harm(self):
        self.assertEqual(
            [('p1', 3, None)],
            of([], [row(3, None, vcpus=[1], memory_mb={'a': None})]),
        )

    def test_a_number_is_not_the_truth_value_that_python_takes_it_for(self):
        self.assertEqual(
            [('p1', 3, None)],
            of([row(3, None, vcpus=1)], [row(3, None, vcpus=True)]),
        )

    def test_several_resources_of_a_project_are_one_answer(self):
        found = difference.of(
            [({}, {0: row(3, 5)}), ({}, {0: row(5, 7)}), ({}, {})], RULES
        )
        self.assertEqual(
            [
                (
                    'p1',
                    (
                        at(2026, 1, 1) + 3 * MINUTE,
                        at(2026, 1, 1) + 7 * MINUTE,
                    ),
                )
            ],
            found,
        )

    @given(st.lists(st.tuples(CHAINS, CHAINS), max_size=3))
    def test_it_is_what_comparing_every_minute_gives(self, changes):
        found = difference.of(
            [
                (dict(enumerate(old)), dict(enumerate(new)))
                for old, new in changes
            ],
            RULES,
        )
        wanted = {
            (project, number)
            for old, new in changes
            for number, (before, after) in enumerate(
                zip(minutes(old), minutes(new), strict=True)
            )
            for project, *_ in (before - after) + (after - before)
            if project
        }
        got = [
            (project, number)
            for project, (begin, end) in found
            for number in range(LONG + 1)
            if begin <= at(2026, 1, 1) + number * MINUTE < end
        ]
        # Each minute once, and nothing in between that no minute shows.
        self.assertEqual(sorted(wanted), sorted(got))
