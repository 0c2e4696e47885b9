# SPDX-License-Identifier: Apache-2.0
"""Events become rows, on each engine."""

import datetime

import sqlalchemy as sa

from talea import exception
from talea.db import api as db
from talea.db import models
from talea.objects import event as events
from talea.objects import resource
from talea.objects import timeline
from talea.tests import base

UTC = datetime.UTC
NOW = datetime.datetime(2026, 11, 30, tzinfo=UTC)
RULES = timeline.Rules()


def event(hour, kind, number, resource_id='r', **attributes):
    return events.Event(
        f'm-{number}',
        'instance',
        resource_id,
        datetime.datetime(2026, 11, 21, hour, 0, 0, 123456, UTC),
        kind,
        events.NOTIFICATION,
        {'project_id': 'p', **attributes},
    )


CREATE = event(10, events.CREATE, 1, flavor='small', name='Größe \U0001f600')
RESIZE = event(11, events.RESIZE, 2, flavor='large')
DELETE = event(12, events.DELETE, 3)


@db.reader
def rows(context, table=models.ENTITY):
    return context.session.execute(sa.select(table)).all()


@base.on_all_engines
class TestResource(base.DatabaseTestCase):
    def apply(self, *given, now=NOW):
        resource.apply(self.context, list(given), RULES, now)

    def shown(self):
        return sorted(
            (row.entity_id, row.seq, row.start_at.hour, row.end_at, row.flavor)
            for row in rows(self.context)
        )

    def test_events_become_entities_in_any_order(self):
        end = DELETE.fact_at
        wanted = [
            ('r', 0, 10, RESIZE.fact_at, 'small'),
            ('r', 1, 11, end, 'large'),
        ]
        for batches in (
            [[CREATE, RESIZE, DELETE]],
            [[CREATE], [RESIZE], [DELETE]],
            [[DELETE], [RESIZE], [CREATE]],
            [[RESIZE, DELETE], [CREATE]],
        ):
            for table in models.METADATA.sorted_tables:
                with self.database.engine.begin() as connection:
                    connection.execute(table.delete())
            for batch in batches:
                self.apply(*batch)
                self.apply(*batch)
            self.assertEqual(wanted, self.shown())
        self.assertEqual(3, len(rows(self.context, models.EVENT)))

    def test_text_and_microseconds_come_back_as_they_were(self):
        self.apply(CREATE)
        (row,) = rows(self.context)
        self.assertEqual(CREATE.attributes['name'], row.name)
        self.assertEqual(CREATE.fact_at, row.start_at)
        self.assertIsNone(row.end_at)

    def test_what_does_not_change_is_not_written_again(self):
        self.apply(CREATE)
        self.apply(RESIZE, now=NOW + datetime.timedelta(hours=1))
        resource.refold(self.context, [1], RULES, NOW.replace(hour=5))
        self.assertEqual(
            {0: 1, 1: 1},
            {row.seq: row.processed_at.hour for row in rows(self.context)},
        )

    def test_names_of_resources_are_compared_exactly(self):
        names = ('r', 'R', 'r ', 'ŕ')
        self.apply(
            *(
                event(10, events.CREATE, number, name, flavor='small')
                for number, name in enumerate(names)
            )
        )
        self.assertEqual(sorted(names), [name for name, *_ in self.shown()])

    def test_who_saw_an_older_generation_is_refused(self):
        self.apply(CREATE)

        @db.writer
        def race(context):
            (stale,) = resource._locked(context, resource._select())
            resource.apply(context, [RESIZE], RULES, NOW)
            resource._swap(context, [stale])

        self.assertRaises(exception.ConcurrentUpdate, race, self.context)
        self.assertEqual(1, len(rows(self.context)))

    def test_thousands_of_resources_fold_in_one_transaction(self):
        given = [
            event(10, events.CREATE, number, f'r-{number}', flavor='small')
            for number in range(3000)
        ]
        self.apply(*given)
        self.apply(*given)
        self.assertEqual(3000, len(rows(self.context)))
