# SPDX-License-Identifier: Apache-2.0
"""Invented lives, told by real messages in any order, become the truth."""

from concurrent import futures
import datetime
import itertools
import json
import random

import hypothesis
from hypothesis import strategies as st
import sqlalchemy as sa

from talea.collector import bus
from talea.collector import definitions
from talea.collector import envelope
from talea.collector import recorder
from talea.db import api as db
from talea.db import models
from talea.objects import resource
from talea.objects import timeline
from talea.tests import base
from talea.tests import fixtures
from talea.tests import lives

KNOWN = definitions.load()
RULES = timeline.Rules(volume_threshold=0)
NOW = datetime.datetime(2026, 11, 30, tzinfo=datetime.UTC)
MINUTE = datetime.timedelta(minutes=1)

# When the next thing happens: more than a second later, so that what the two
# formats say of one fact does not mix with the next.
GAPS = st.integers(1_500_000, 4_000_000_000)
STEPS = st.lists(st.tuples(st.integers(0, 5), GAPS, st.integers(0, 2)))
FORMATS = st.sampled_from(
    [('legacy',), ('versioned',), ('legacy', 'versioned')]
)
BEGIN = st.integers(0, 86_400_000_000)


def moment(microseconds):
    return lives.EPOCH + datetime.timedelta(microseconds=microseconds)


def server(begin, formats, steps, ends):
    """Return a Server that lived through *steps* and its last moment."""
    now = moment(begin)
    names = list(lives.FLAVORS)
    images = list(lives.IMAGES)
    one = lives.Server(now, formats, names[0], images[0])
    now = one.launched
    for step, gap, choice in steps:
        now += datetime.timedelta(microseconds=gap)
        if step == 0:
            one.resize(now, names[choice])
        elif step == 1:
            one.try_resize(now, names[choice])
        elif step == 2:
            one.rebuild(now, images[choice % 2])
        elif step == 3:
            one.rename(now, f'name-{choice}')
        else:
            one.audit(now, whole=step == 5)
    now += MINUTE
    if ends:
        one.delete(now)
    return one, now


def volume(begin, steps, ends):
    """Return a Volume that lived through *steps* and its last moment."""
    now = moment(begin)
    one = lives.Volume(now, 10, 'type-0')
    now = one.launched
    for step, gap, choice in steps:
        now += datetime.timedelta(microseconds=gap)
        if step == 0:
            one.resize(now, 10 + choice)
        elif step == 1:
            one.retype(now, f'type-{choice}')
        elif step in (2, 3):
            one.attach(now, f'server-{choice}')
        else:
            one.audit(now)
    now += MINUTE
    if ends:
        one.delete(now)
        one.tell_again(now + lives.HOUR)
    return one, now


def deliver(messages, dice, limits, known=KNOWN):
    """Record *messages* shuffled, repeated and in batches of any size."""
    messages = list(messages)
    messages += dice.sample(messages, dice.randint(0, len(messages)))
    dice.shuffle(messages)
    opened = [
        envelope.open(
            bus.Delivery(
                'test',
                message.exchange,
                f'{message.topic}.info',
                message.body,
                NOW,
            ),
            limits,
        )
        for message in messages
    ]
    while opened:
        size = dice.randint(1, len(opened))
        batch, opened = opened[:size], opened[size:]
        recorder.record(db.DbContext(), batch, known, RULES, NOW)


@db.reader
def rows(context, resource_id):
    return context.session.execute(
        sa.select(models.ENTITY)
        .where(models.ENTITY.c.entity_id == resource_id)
        .order_by(models.ENTITY.c.seq)
    ).all()


def entities(one):
    """Return what Talea shows of *one*, in the shape of its truth."""
    shown = []
    for row in rows(db.DbContext(), one.id):
        more = json.loads(row.attributes)
        if one.resource_type == 'instance':
            values = [row.flavor, more['os'], row.name]
        else:
            values = [
                more.get('size'),
                row.volume_type_id,
                tuple(more['attached_to']),
                row.project_id,
            ]
        shown.append([row.start_at, row.end_at, *values])
    return shown


def switches(periods):
    """Return when the flavor changed, and to what."""
    return [
        (after[0], after[2])
        for before, after in itertools.pairwise(periods)
        if before[2] != after[2]
    ]


class TestLives(base.TestCase):
    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.Database('sqlite'))

    @hypothesis.settings(max_examples=60, deadline=None)
    @hypothesis.given(BEGIN, FORMATS, STEPS, st.booleans(), st.randoms())
    def test_a_server_is_what_happened_in_any_order(
        self, begin, formats, steps, ends, dice
    ):
        one, _ = server(begin, formats, steps, ends)
        deliver(one.messages, dice, self.conf.collector)
        self.assertEqual(one.truth, entities(one))

    @hypothesis.settings(max_examples=60, deadline=None)
    @hypothesis.given(BEGIN, STEPS, st.booleans(), st.randoms())
    def test_a_volume_is_what_happened_in_any_order(
        self, begin, steps, ends, dice
    ):
        one, _ = volume(begin, steps, ends)
        deliver(one.messages, dice, self.conf.collector)
        self.assertEqual(one.truth, entities(one))

    @hypothesis.settings(max_examples=60, deadline=None)
    @hypothesis.given(
        BEGIN,
        FORMATS,
        STEPS,
        st.booleans(),
        st.randoms(),
        st.sets(
            st.sampled_from(['create', 'resize', 'rebuild', 'delete']),
            min_size=1,
        ),
    )
    def test_an_audit_heals_what_was_lost_of_a_server(
        self, begin, formats, steps, ends, dice, lost
    ):
        one, last = server(begin, formats, steps, ends)
        one.audit(last + lives.HOUR, whole=True)
        told = [m for m in one.messages if m.tag not in lost]
        deliver(told, dice, self.conf.collector)
        shown = entities(one)
        first, final = one.truth[0], one.truth[-1]
        # The edges of its life are as exact as the message that tells them.
        self.assertEqual(first[0], shown[0][0])
        end = final[1]
        if end and 'delete' in lost:
            end = lives.seconds(end)
        self.assertEqual(end, shown[-1][1])
        # Its periods touch, and the last one has the last flavor and system.
        for before, after in itertools.pairwise(shown):
            self.assertEqual(before[1], after[0])
            self.assertLess(before[0], before[1])
        self.assertEqual(final[2:4], shown[-1][2:4])
        if not lost & {'resize', 'rebuild'}:
            # Every change of flavor was told, to the microsecond.
            self.assertEqual(switches(one.truth), switches(shown))

    @hypothesis.settings(max_examples=60, deadline=None)
    @hypothesis.given(
        BEGIN,
        STEPS,
        st.booleans(),
        st.randoms(),
        st.sets(
            st.sampled_from(
                ['create', 'resize', 'retype', 'attach', 'detach', 'delete']
            ),
            min_size=1,
        ),
    )
    def test_an_audit_heals_what_was_lost_of_a_volume(
        self, begin, steps, ends, dice, lost
    ):
        one, last = volume(begin, steps, ends)
        if not ends:
            one.audit(last + lives.HOUR)
        told = [m for m in one.messages if m.tag not in lost]
        deliver(told, dice, self.conf.collector)
        shown = entities(one)
        first, final = one.truth[0], one.truth[-1]
        self.assertEqual(first[0], shown[0][0])
        end = final[1]
        if end and 'delete' in lost:
            end = lives.seconds(end)
        self.assertEqual(end, shown[-1][1])
        for before, after in itertools.pairwise(shown):
            self.assertEqual(before[1], after[0])
            self.assertLess(before[0], before[1])
        if not ends:
            # Cinder does not say when a volume changed last: of one that is
            # gone, what was told of it stands.
            self.assertEqual(final[2:4], shown[-1][2:4])

    @hypothesis.settings(max_examples=10, deadline=None)
    @hypothesis.given(BEGIN, FORMATS, STEPS, st.booleans(), st.randoms())
    def test_folding_again_changes_nothing(
        self, begin, formats, steps, ends, dice
    ):
        one, _ = server(begin, formats, steps, ends)
        deliver(one.messages, dice, self.conf.collector)
        context = db.DbContext()
        before = [tuple(row) for row in rows(context, one.id)]
        pks = resource.page(context, 0, 1000, resource_id=one.id)
        resource.refold(context, pks, RULES, NOW + lives.HOUR)
        self.assertEqual(before, [tuple(row) for row in rows(context, one.id)])


class TestCrowds(base.TestCase):
    """Many recorders at once, on the engines that allow it."""

    def crowd(self, engine):
        self.useFixture(fixtures.Database(engine))
        dice = random.Random(4)
        told = []
        for _ in range(12):
            steps = [
                (dice.randint(0, 5), dice.randint(1_500_000, 10**9), step % 3)
                for step in range(8)
            ]
            formats = ('legacy', 'versioned')
            one, _ = server(dice.randint(0, 10**9), formats, steps, True)
            other, _ = volume(dice.randint(0, 10**9), steps, True)
            told += [one, other]
        messages = [m for one in told for m in one.messages]
        # Each recorder gets a part of its own, and some of all the others.
        parts = [messages[i::4] for i in range(4)]
        for part in parts:
            part += dice.sample(messages, len(messages) // 2)
        with futures.ThreadPoolExecutor(len(parts)) as pool:
            list(
                pool.map(
                    deliver,
                    parts,
                    [random.Random(i) for i in range(len(parts))],
                    [self.conf.collector] * len(parts),
                )
            )
        for one in told:
            self.assertEqual(one.truth, entities(one))

    def test_recorders_at_once_on_mariadb_agree_with_one_alone(self):
        self.crowd('mysql')

    def test_recorders_at_once_on_postgresql_agree_with_one_alone(self):
        self.crowd('postgresql')
