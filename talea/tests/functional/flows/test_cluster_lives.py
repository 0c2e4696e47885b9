# SPDX-License-Identifier: Apache-2.0
"""Clusters as Magnum tells of them, in any order, late and twice."""

import datetime
import json
import random

import hypothesis
from hypothesis import strategies as st
import sqlalchemy as sa

from talea.collector import definitions
from talea.collector import rebuild
from talea.db import api as db
from talea.db import models
from talea.objects import usage
from talea.tests import base
from talea.tests import clusters
from talea.tests import fixtures
from talea.tests import lives
from talea.tests.functional.flows import test_lives

STEPS = st.lists(
    st.tuples(
        st.sampled_from(('resize', 'group', 'look', 'keep')),
        test_lives.GAPS,
        st.integers(0, 6),
    ),
    max_size=6,
)
CREATES = st.sampled_from(('told', 'not told', 'failed', 'under way'))
SOON = datetime.timedelta(seconds=30)


def cluster(begin, create, steps, ends):
    """Return a Cluster that lived through *steps*."""
    now = test_lives.moment(begin)
    one = clusters.Cluster(now, 3, 1)
    now += SOON
    if create == 'failed':
        one.fail(now)
    elif create != 'under way':
        one.finish(now, create == 'told')
        for step, gap, number in steps:
            now += datetime.timedelta(microseconds=gap)
            if step == 'look':
                one.look(now)
            elif step == 'keep':
                one.ask_for_delete(now)
                now += SOON
                one.keep(now)
            else:
                if step == 'resize':
                    one.resize(now, number)
                else:
                    one.add_group(now, number)
                now += SOON
                one.finish_update(now)
    if ends:
        now += SOON
        one.ask_for_delete(now)
        now += SOON
        one.delete(now)
    return one


def entities(one):
    """Return what Talea shows of *one*, in the shape of its truth."""
    found = []
    for row in test_lives.rows(db.DbContext(), one.id):
        more = json.loads(row.attributes)
        found.append(
            [
                row.start_at,
                row.end_at,
                *(
                    more.get(name)
                    for name in ('completed', 'node_count', 'master_count')
                ),
            ]
        )
    return found


class AnyOrderTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.Database('sqlite'))

    @hypothesis.settings(max_examples=40, deadline=None)
    @hypothesis.given(
        test_lives.BEGIN, CREATES, STEPS, st.booleans(), st.randoms()
    )
    def test_a_cluster_is_what_happened_in_any_order(
        self, begin, create, steps, ends, dice
    ):
        one = cluster(begin, create, steps, ends)
        test_lives.deliver(one.messages, dice, self.conf.collector)
        self.assertEqual(one.truth, entities(one))

    @hypothesis.settings(max_examples=40, deadline=None)
    @hypothesis.given(
        test_lives.BEGIN, CREATES, STEPS, st.booleans(), st.randoms()
    )
    def test_one_whose_begin_was_lost_is_there_all_the_same(
        self, begin, create, steps, ends, dice
    ):
        one = cluster(begin, create, steps, ends)
        begin, *told = one.messages
        self.assertEqual('create pending', begin.tag)
        test_lives.deliver(told, dice, self.conf.collector)
        found = entities(one)
        if not told:
            self.assertEqual([], found)
            return
        self.assertEqual(lives.seconds(one.created), found[0][0])
        self.assertEqual(one.truth[-1][1:], found[-1][1:])


@base.on_all_engines
class ClusterLivesTestCase(base.DatabaseTestCase):
    def test_what_was_archived_before_is_counted_by_a_rebuild(self):
        """Talea did not understand Magnum, once."""
        dice = random.Random(4)
        steps = [('resize', 10**9, 5), ('group', 10**9, 2)]
        told = [cluster(0, 'told', steps, ends) for ends in (True, False)]
        known = test_lives.KNOWN
        old = {name: known[name] for name in known if 'magnum' not in name}
        test_lives.deliver(
            [message for one in told for message in one.messages],
            dice,
            self.conf.collector,
            old,
        )
        for one in told:
            self.assertEqual([], entities(one))
        parts = rebuild.rebuild(
            db.DbContext(),
            0,
            self.conf.collector,
            definitions.load(),
            test_lives.RULES,
            lambda: test_lives.NOW,
        )
        self.assertEqual([2], [changed for *_, changed in parts])
        for one in told:
            self.assertEqual(one.truth, entities(one))

    def test_a_cluster_made_again_under_its_name_is_another_one(self):
        first = cluster(0, 'told', [], True)
        second = cluster(0, 'told', [('resize', 10**9, 1)], False)
        test_lives.deliver(
            first.messages + second.messages,
            random.Random(4),
            self.conf.collector,
        )
        for one in (first, second):
            self.assertEqual(one.truth, entities(one))

    def test_usage_is_hours_of_clusters_and_of_their_nodes(self):
        one = cluster(0, 'told', [('resize', 3600 * 10**6, 7)], False)
        failed = cluster(0, 'failed', [], False)
        test_lives.deliver(
            one.messages + failed.messages,
            random.Random(4),
            self.conf.collector,
        )
        begin = test_lives.moment(0)
        end = begin + datetime.timedelta(hours=3)
        rows = usage.show(db.DbContext(), begin, end, clusters.PROJECT)
        # Complete after half a minute, with 4 nodes for an hour, then 8.
        whole = 3 * 3600 - 30
        self.assertEqual(
            [
                ('cluster', '', 'hour', whole),
                ('node', '', 'hour', 4 * 3600 + 8 * (whole - 3600)),
            ],
            [(row.resource, row.group, row.unit, row.seconds) for row in rows],
        )

    def test_states_and_stacks_change_in_place(self):
        one = cluster(0, 'told', [], True)
        test_lives.deliver(one.messages, random.Random(4), self.conf.collector)
        with self.database.engine.connect() as connection:
            found = connection.execute(
                sa.select(models.ENTITY.c.attributes).where(
                    models.ENTITY.c.entity_id == one.id
                )
            ).scalars()
            seen = [json.loads(each) for each in found]
        self.assertEqual(
            [('CREATE_IN_PROGRESS', None), ('DELETE_COMPLETE', one.stack)],
            [(each['state'], each['stack_id']) for each in seen],
        )
