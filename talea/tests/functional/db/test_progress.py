# SPDX-License-Identifier: Apache-2.0
"""Rows are those of the whole history, however its parts arrive."""

import datetime
import json
from unittest import mock

import hypothesis
from hypothesis import strategies as st
import sqlalchemy as sa

from talea.db import api as db
from talea.db import models
from talea.objects import event as events
from talea.objects import fold
from talea.objects import progress
from talea.objects import resource
from talea.objects import timeline
from talea.tests import base
from talea.tests.unit.objects import test_fold_parts as parts

NOW = datetime.datetime(2026, 11, 30, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)
SECOND = datetime.timedelta(seconds=1)


@db.reader
def stored(context):
    """Return the memory, without the mark, and the entities."""
    (memory,) = context.session.scalars(sa.select(models.RESOURCE.c.memory))
    columns = [
        column
        for column in models.ENTITY.c
        if column.name not in ('id', 'processed_at')
    ]
    rows = context.session.execute(
        sa.select(*columns).order_by(models.ENTITY.c.seq)
    ).all()
    memory = json.loads(memory)
    del memory['mark'], memory['since']
    return memory, rows


@mock.patch.object(progress, '_MANY', 2)
class TestParts(base.DatabaseTestCase):
    def forget(self):
        with self.database.engine.begin() as connection:
            for table in models.METADATA.sorted_tables:
                connection.execute(table.delete())

    @hypothesis.settings(max_examples=60, deadline=None)
    @hypothesis.given(parts.STORIES, parts.RULES, st.randoms())
    def test_parts_in_almost_their_order(self, story, rules, dice):
        self.forget()
        given = [
            events.Event(f'm-{number}', kind, 'r', *said)
            for number, (kind, *said) in enumerate(story)
        ]
        given.sort(key=lambda one: one.fact_at + dice.randint(0, 900) * SECOND)
        given += dice.sample(given, len(given) // 3)
        while given:
            size = dice.randint(1, 2)
            resource.apply(self.context, given[:size], rules, NOW)
            given = given[size:]
            memory, rows = stored(self.context)
            (pk,) = resource.page(self.context, 0, 9)
            named = {pk: (story[0][0], 'r')}
            history = events.of_resources(self.context, named)[pk]
            whole = fold.fold(history, rules).memory
            self.assertEqual(json.loads(json.dumps(whole)), memory)
            with mock.patch.object(resource, '_remember'):
                resource.refold(self.context, [pk], rules, NOW)
            self.assertEqual(rows, stored(self.context)[1])


class TestLate(base.DatabaseTestCase):
    """An audit each hour, told in two formats."""

    def tell(self, number, later, **said):
        kind = events.EXISTS if number else events.CREATE
        one = events.Event(
            f'm-{number}-{later}',
            'instance',
            'i',
            NOW + number * HOUR + later * SECOND,
            kind,
            events.AUDIT if number else events.NOTIFICATION,
            {'project_id': 'p', 'flavor': 'small', **said},
        )
        resource.apply(self.context, [one], timeline.Rules(), NOW)

    def whole(self):
        return mock.patch.object(
            events, 'of_resources', side_effect=AssertionError
        )

    def test_a_bit_late_does_not_need_the_whole_history(self):
        self.tell(0, 0)
        self.tell(0, 5)
        with self.whole():
            for number in range(1, 20):
                self.tell(number, 6)
                self.tell(number, 5, zone='a')
                self.tell(number, 8)
                self.tell(number, 7, flavor='large')

    def test_very_late_needs_it_and_the_next_does_not(self):
        for number in range(4):
            self.tell(number, 5)
        self.tell(1, 2)
        with self.whole():
            self.tell(5, 5)
            self.tell(5, 4)

    def test_a_late_event_counts(self):
        self.tell(0, 0)
        self.tell(1, 5)
        self.tell(2, 8)
        self.tell(2, 5, flavor='large')
        _, rows = stored(self.context)
        self.assertEqual(
            ['small', 'large', 'small'], [row.flavor for row in rows]
        )
