# SPDX-License-Identifier: Apache-2.0
"""What operators report at the same time, on each engine."""

from concurrent import futures
import datetime

from talea import exception
from talea.db import api as db
from talea.objects import change
from talea.objects import entity
from talea.objects import event
from talea.objects import timeline
from talea.tests import base

NOW = datetime.datetime(2026, 11, 30, tzinfo=datetime.UTC)
REPORT = change.Report(timeline.Rules(), NOW, {})
BEGIN = NOW - datetime.timedelta(hours=5)


def record(decide):
    return change.record(db.DbContext(), REPORT, 'instance', 'i', decide)


def create(at):
    return change.create(
        at, {'project_id': 'p', 'name': '0', 'flavor': 'small'}, 'created_at'
    )


def count_on(context, chain):
    """Decide to give the active entity the name that is next."""
    values = {'name': str(int(chain[-1].name) + 1)}
    return change.correct(lambda _: chain[-1], values, NOW)(context, chain)


def attempt(decide):
    try:
        record(decide)
    except exception.TaleaError as error:
        return type(error)
    return None


@base.on_all_engines
class TestAtOnce(base.DatabaseTestCase):
    def together(self, *decisions):
        """Return what became of each: None or the type of an error."""
        with futures.ThreadPoolExecutor(4) as pool:
            return list(pool.map(attempt, decisions))

    def test_each_decides_on_what_the_one_before_it_left(self):
        record(create(BEGIN))
        self.together(*[count_on] * 12)
        (one,) = entity.of_id(self.context, 'i', 'instance')
        self.assertEqual('12', one.name)

    def history(self):
        return event.of_resources(self.context, {1: ('instance', 'i')})[1]

    def test_who_creates_what_another_has_created_changes_nothing(self):
        moments = [BEGIN + datetime.timedelta(hours=h) for h in range(4)]
        self.together(*map(create, moments))
        self.assertEqual(1, len(entity.of_id(self.context, 'i', 'instance')))
        self.assertEqual(1, len(self.history()))

    def test_who_deletes_what_another_has_deleted_is_told(self):
        record(create(BEGIN))
        done = self.together(*[change.delete(lambda: NOW, 'date')] * 4)
        self.assertEqual(1, done.count(None))
        self.assertEqual(3, done.count(exception.NotFound))
        self.assertEqual(2, len(self.history()))
