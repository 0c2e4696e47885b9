# SPDX-License-Identifier: Apache-2.0
"""A bill, where it comes from, and what becomes of it when it is revised."""

import datetime
import json
import urllib.parse

from talea.db import api as db
from talea.objects import event
from talea.objects import resource
from talea.objects import timeline
from talea.tests import base as tests_base
from talea.tests import lives
from talea.tests.functional.flows import rated

PROJECT = 'project-1'
HOUR = datetime.timedelta(hours=1)
BEGIN = lives.EPOCH
MONTH = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)
NOW = BEGIN + 6 * HOUR
EXPLAIN = '/v2/dataframes/explain'
TASKS = '/v2/task/reprocesses'


def message_id(message):
    """Return the id that a message of talea.tests.lives has."""
    return json.loads(json.loads(message.body)['oslo.message'])['message_id']


@tests_base.on_all_engines
class ExplainedTestCase(rated.RatedTestCase):
    """A server of two hours and a half that is resized in the second one."""

    def setUp(self):
        super().setUp()
        self.conf.set_override('silence_timeout', 1, 'processor')
        service = self.make('service', name='instance')
        self.field = self.make('field', service_id=service, name='flavor_name')
        group = self.make('group', name='compute')
        self.small = self.price(
            '0.5', MONTH, field_id=self.field, value='m1.small'
        )
        self.large = self.price(
            '2',
            MONTH,
            field_id=self.field,
            value='c1.large',
            group_id=group,
            tenant_id=PROJECT,
        )
        self.threshold = self.make(
            'threshold',
            service_id=service,
            level='0.25',
            cost='0.125',
            type='flat',
            start=MONTH.isoformat(),
        )
        self.server = lives.Server(
            BEGIN, {'legacy'}, 'm1.small', 'image-debian'
        )
        self.server.resize(BEGIN + 1.5 * HOUR, 'c1.large')
        # So long ago that nobody waits for more.
        self.record(self.server.messages, BEGIN)
        self.discover(NOW)
        self.settle(NOW)

    def get(self, path, **query):
        """Return what a request of an hour, the second one, is answered."""
        query = {
            'begin': (BEGIN + HOUR).isoformat(),
            'end': (BEGIN + 2 * HOUR).isoformat(),
            **query,
        }
        answer = self.request('GET', f'{path}?{urllib.parse.urlencode(query)}')
        self.assertEqual(200, answer.status_int, answer.body)
        return answer.json

    def explain(self, **query):
        """Return the rated lines of the server in that hour."""
        query = {'scope_id': PROJECT, 'metric': 'instance', **query}
        return self.get(EXPLAIN, **query)['results']

    def _end_early(self):
        """Let it become known that the server ended after 1:45."""
        told = len(self.server.messages)
        self.server.delete(BEGIN + 1.75 * HOUR)
        self.record(self.server.messages[told:], BEGIN)
        self.settle(NOW)
        return self.server.messages[told]

    def _order(self, **body):
        return {
            'scope_ids': PROJECT,
            'start_reprocess_time': BEGIN.isoformat(),
            'end_reprocess_time': (BEGIN + 2 * HOUR).isoformat(),
            'reason': 'to be sure',
            **body,
        }

    def test_from_the_line_to_the_messages(self):
        small, large = sorted(
            self.explain(), key=lambda one: one['rating']['price']
        )
        self.assertEqual('settled', small['source'])
        self.assertIsNone(small['corrects'])
        self.assertEqual({'unit': 'hour', 'qty': 0.5}, small['vol'])
        # Half an hour at 0.5, and the threshold once.
        self.assertEqual({'price': 0.375}, small['rating'])
        self.assertEqual('m1.small', small['groupby']['flavor_name'])
        mapping, threshold = small['rules']
        self.assertEqual(
            {
                'kind': 'mapping',
                'id': self.small,
                'version': 1,
                'present': {
                    'version': 1,
                    'service': 'instance',
                    'field': 'flavor_name',
                    'value': 'm1.small',
                    'group': None,
                    'tenant_id': None,
                    'type': 'flat',
                    'cost': 0.5,
                    'start': MONTH.isoformat(),
                    'end': None,
                    'deleted_at': None,
                },
                'former': None,
            },
            mapping,
        )
        self.assertEqual(
            ('threshold', self.threshold), (threshold['kind'], threshold['id'])
        )
        self.assertEqual(
            ('instance', None, 0.25, 0.125),
            tuple(
                threshold['present'][name]
                for name in ('service', 'field', 'level', 'cost')
            ),
        )
        mapping = next(
            one for one in large['rules'] if one['id'] == self.large
        )
        self.assertEqual(
            ('compute', PROJECT),
            (mapping['present']['group'], mapping['present']['tenant_id']),
        )
        self._check_entities(small)
        self.assertEqual(small['entities'], large['entities'])

    def _check_entities(self, line):
        created, resized = map(message_id, self.server.messages)
        first, second = line['entities']
        self.assertEqual(
            ('instance', self.server.id, PROJECT, 'm1.small'),
            tuple(
                first[name]
                for name in (
                    'entity_type',
                    'entity_id',
                    'project_id',
                    'flavor',
                )
            ),
        )
        self.assertEqual(BEGIN.isoformat(), first['start'])
        self.assertEqual('c1.large', second['flavor'])
        self.assertIsNone(second['end'])
        self.assertEqual(
            [('opened', created), ('closed', resized)],
            [(one['effect'], one['message_id']) for one in first['events']],
        )
        self.assertEqual(
            [('opened', resized)],
            [(one['effect'], one['message_id']) for one in second['events']],
        )
        self.assertEqual(
            (BEGIN + 1.5 * HOUR).isoformat(), first['events'][1]['fact_at']
        )

    def test_the_hour_before_knows_nothing_of_the_resize(self):
        (line,) = self.explain(
            begin=BEGIN.isoformat(), end=(BEGIN + HOUR).isoformat()
        )
        (entity,) = line['entities']
        self.assertEqual('m1.small', entity['flavor'])

    def test_what_was_another_project_s_before_is_not_told(self):
        told = [
            event.Event(
                f'message-{kind}',
                'volume',
                'disk',
                when,
                kind,
                event.NOTIFICATION,
                {'project_id': project_id, 'size': 10},
            )
            for kind, when, project_id in (
                (event.CREATE, BEGIN, PROJECT),
                (event.TRANSFER, BEGIN + 1.5 * HOUR, 'project-2'),
            )
        ]
        resource.apply(db.DbContext(), told, timeline.Rules.of(self.conf), NOW)
        self.discover(NOW)
        self.settle(NOW)
        for project_id in (PROJECT, 'project-2'):
            (line,) = self.explain(scope_id=project_id, metric='volume.size')
            self.assertEqual(5, line['vol']['qty'])
            (entity,) = line['entities']
            self.assertEqual(project_id, entity['project_id'])

    def test_pages(self):
        whole = self.get(EXPLAIN, scope_id=PROJECT)
        self.assertEqual(6, whole['total'])
        pages = [
            line
            for offset in range(0, 8, 2)
            for line in self.get(
                EXPLAIN, scope_id=PROJECT, offset=offset, limit=2
            )['results']
        ]
        self.assertEqual(whole['results'], pages)

    def test_a_late_event_makes_a_new_revision(self):
        before = self.get('/v2/dataframes')
        deleted = message_id(self._end_early())
        after = self.get('/v2/dataframes')
        self.assertNotEqual(before['dataframes'], after['dataframes'])
        self.assertEqual(['period', 'usage'], [*after['dataframes'][0]])
        both = self.get('/v2/dataframes', revisions='all')
        self.assertEqual(before['total'] + after['total'], both['total'])
        old, new = both['dataframes']
        self.assertEqual((0, 1), (old['revision'], new['revision']))
        self.assertIsNotNone(old['superseded_at'])
        self.assertIsNone(new['superseded_at'])
        self.assertEqual(before['dataframes'][0]['usage'], old['usage'])
        self.assertEqual(after['dataframes'][0]['usage'], new['usage'])
        for line in self.explain():
            self.assertEqual(1, line['revision'])
            closed = line['entities'][1]['events'][-1]
            self.assertEqual(
                ('closed', deleted), (closed['effect'], closed['message_id'])
            )

    def test_a_rule_that_is_another_one_now(self):
        path = f'{rated.HASHMAP}/mappings'
        self.request('DELETE', f'{path}?mapping_id={self.small}')
        mapping = next(
            rule
            for line in self.explain()
            for rule in line['rules']
            if rule['id'] == self.small
        )
        self.assertEqual(1, mapping['version'])
        self.assertIsNotNone(mapping['present']['deleted_at'])

    def test_a_threshold_that_was_another_one_then(self):
        path = f'{rated.HASHMAP}/thresholds/{self.threshold}'
        answer = self.request(
            'PUT', path, {'cost': 7}, content_type='application/json'
        )
        self.assertEqual(200, answer.status_int, answer.body)
        threshold = next(
            rule
            for line in self.explain()
            for rule in line['rules']
            if rule['id'] == self.threshold
        )
        self.assertEqual(1, threshold['version'])
        present, former = threshold['present'], threshold['former']
        self.assertEqual((2, 7), (present['version'], present['cost']))
        self.assertEqual((1, 0.125), (former['version'], former['cost']))
        self.assertEqual(former['end'], present['start'])

    def test_a_dry_run_tells_the_difference_and_makes_none(self):
        self.assertEqual(
            {'format': 'object', 'results': [], 'total': 0},
            self.send('POST', f'{TASKS}?dry_run=true', self._order()),
        )
        told = len(self.server.messages)
        self.server.delete(BEGIN + 1.75 * HOUR)
        self.record(self.server.messages[told:], BEGIN)
        before = self.get('/v2/dataframes')
        answer = self.send('POST', f'{TASKS}?dry_run=true', self._order())
        found = {one['metric']: one for one in answer['results']}
        self.assertEqual(answer['total'], len(found))
        self.assertEqual(
            {'instance', 'instance.vcpu', 'instance.memory'}, found.keys()
        )
        one = found['instance']
        self.assertEqual(PROJECT, one['scope_id'])
        self.assertEqual((BEGIN + HOUR).isoformat(), one['begin'])
        self.assertEqual((BEGIN + 2 * HOUR).isoformat(), one['end'])
        self.assertEqual(1, one['old_qty'])
        # It ended a fifth of a second before Nova said so.
        self.assertAlmostEqual(0.75, one['new_qty'], 3)
        self.assertEqual(1.5, one['old_price'])
        # The second flavor does not reach the threshold any more.
        self.assertAlmostEqual(0.875, one['new_price'], 3)
        self.assertEqual(before, self.get('/v2/dataframes'))
        self.assertEqual([], self.request('GET', TASKS).json['results'])
        self.settle(NOW)
        self.assertEqual(
            [],
            self.send('POST', f'{TASKS}?dry_run=true', self._order())[
                'results'
            ],
        )

    def test_a_task_is_done_by_the_processor(self):
        self.send('POST', TASKS, self._order())
        self.settle(NOW)
        (task,) = self.request('GET', TASKS).json['results']
        self.assertEqual('done', task['status'])
        self.assertEqual(
            task['end_reprocess_time'], task['current_reprocess_time']
        )
        # Nothing was different, so nothing was made.
        both = self.get('/v2/dataframes', revisions='all')
        self.assertEqual([0], [one['revision'] for one in both['dataframes']])
        self.send('POST', TASKS, self._order())
