# SPDX-License-Identifier: Apache-2.0
import copy
import dataclasses
import unittest

from talea import exception
from talea.objects import event
from talea.tests.unit.collector.definitions import samples

PLAIN = '37e9eb85-35e0-4970-8fb9-058cdfa3aaa4'
# Its end came before its begin.
SWIFT = '656ab61a-7faf-4ea1-9af1-4eda19643452'
# Its create was never told to have succeeded.
SILENT = 'e3cd3553-b971-4838-9ab3-55a64e289976'
# A row that somebody wrote by hand, and that failed.
BY_HAND = '31ca263f-e574-11f1-a0b8-02fc00000001'
TEMPLATE = '36e40989-774a-4082-b5a6-14a553aa7244'
STACK = 'd52f90de-5b5b-4c18-8a65-c7736c92071f'


def message(action, outcome, cluster, **content):
    """Return the recorded message of a cluster, with other *content*."""

    def fits(payload):
        id_ = payload['target']['id']
        return (payload['outcome'], id_) == (outcome, cluster)

    found = samples.first(f'magnum.cluster.{action}', fits)
    payload = copy.deepcopy(dict(found.payload))
    payload['target']['attachments'][0]['content'].update(content)
    return dataclasses.replace(found, payload=payload)


def told(*args, **content):
    return samples.event(message(*args, **content))


class CreateTestCase(unittest.TestCase):
    def test_it_is_there_from_when_its_row_was_written(self):
        one = told('create', 'pending', PLAIN)
        self.assertEqual(
            ('cluster', PLAIN), (one.resource_type, one.resource_id)
        )
        self.assertEqual(
            (event.CREATE, event.NOTIFICATION), (one.kind, one.source)
        )
        self.assertEqual(samples.at('06:45:19.418056'), one.fact_at)
        self.assertEqual(
            {
                'project_id': '1c795fa403d4485bbfaa2ba5d3c3ee13',
                'name': 'c9-01',
                'state': 'CREATE_IN_PROGRESS',
                'created_at': '2026-11-21T06:45:19.418056+00:00',
                'node_count': 5,
                'master_count': 1,
                'stack_id': None,
                'node_addresses': [],
                'master_addresses': [],
                'cluster_template_id': TEMPLATE,
            },
            one.attributes,
        )

    def test_it_is_complete_once_that_is_told(self):
        one = told('create', 'success', PLAIN)
        self.assertEqual(event.UPDATE, one.kind)
        self.assertEqual(samples.at('06:45:27.093884'), one.fact_at)
        said = one.attributes
        self.assertTrue(said['completed'])
        self.assertNotIn('completed_at', said)
        self.assertEqual('CREATE_COMPLETE', said['state'])
        self.assertEqual(STACK, said['stack_id'])
        # Magnum has whole seconds by now.
        self.assertEqual('2026-11-21T06:45:19+00:00', said['created_at'])

    def test_one_that_failed_is_not_complete(self):
        one = samples.event(
            samples.like(
                message('create', 'success', PLAIN, status='CREATE_FAILED'),
                outcome='failure',
            )
        )
        self.assertEqual(event.UPDATE, one.kind)
        self.assertEqual('CREATE_FAILED', one.attributes['state'])
        self.assertNotIn('completed', one.attributes)

    def test_an_end_that_comes_before_the_begin_is_later_all_the_same(self):
        begin = told('create', 'pending', SWIFT)
        end = told('create', 'success', SWIFT)
        self.assertLess(begin.sort_key, end.sort_key)

    def test_addresses_are_in_order(self):
        said = told(
            'create',
            'success',
            PLAIN,
            node_addresses=['10.0.0.7', '10.0.0.11'],
            master_addresses=None,
        ).attributes
        self.assertEqual(['10.0.0.11', '10.0.0.7'], said['node_addresses'])
        self.assertEqual([], said['master_addresses'])


class UpdateTestCase(unittest.TestCase):
    def test_a_new_count_holds_when_it_is_asked_for(self):
        one = told('update', 'pending', PLAIN)
        self.assertEqual(event.RESIZE, one.kind)
        self.assertEqual(samples.at('06:45:28.140244'), one.fact_at)
        self.assertEqual(2, one.attributes['node_count'])
        # What it says is what it was the moment before.
        self.assertEqual('UPDATE_IN_PROGRESS', one.attributes['state'])

    def test_an_update_tells_of_new_node_groups_when_it_is_done(self):
        counts = [
            (one.kind, one.attributes['node_count'], one.attributes['state'])
            for one in map(
                samples.event, samples.messages('magnum.cluster.update')
            )
            if one.resource_id == PLAIN
        ]
        self.assertEqual(
            [
                (event.RESIZE, 2, 'UPDATE_IN_PROGRESS'),
                (event.RESIZE, 2, 'UPDATE_COMPLETE'),
                (event.RESIZE, 4, 'UPDATE_COMPLETE'),
            ],
            counts,
        )

    def test_what_is_updated_was_complete_by_the_time_that_it_was_written(
        self,
    ):
        said = told('update', 'pending', SILENT).attributes
        self.assertTrue(said['completed'])
        self.assertEqual('2026-11-21T06:20:13+00:00', said['completed_at'])

    def test_that_it_was_written_may_not_be_known(self):
        said = told('update', 'pending', SILENT, updated_at=None).attributes
        self.assertTrue(said['completed'])
        self.assertNotIn('completed_at', said)

    def test_only_some_states_prove_that_a_cluster_was_complete(self):
        for state, proof in (
            ('CREATE_COMPLETE', True),
            ('UPDATE_FAILED', True),
            ('ROLLBACK_COMPLETE', True),
            ('CREATE_FAILED', False),
            ('CREATE_IN_PROGRESS', False),
            ('DELETE_FAILED', False),
        ):
            for action, outcome in (
                ('update', 'success'),
                ('delete', 'pending'),
            ):
                said = told(action, outcome, PLAIN, status=state).attributes
                self.assertEqual(proof, said.get('completed', False), state)


class DeleteTestCase(unittest.TestCase):
    def test_it_ends_when_that_is_told(self):
        one = told('delete', 'success', PLAIN)
        self.assertEqual(event.DELETE, one.kind)
        self.assertEqual(samples.at('06:45:57.195178'), one.fact_at)
        self.assertEqual('DELETE_COMPLETE', one.attributes['state'])

    def test_it_is_there_while_it_is_deleted(self):
        one = told('delete', 'pending', PLAIN)
        self.assertEqual(event.UPDATE, one.kind)
        self.assertEqual('DELETE_IN_PROGRESS', one.attributes['state'])

    def test_one_that_could_not_be_deleted_is_still_there(self):
        one = samples.event(
            samples.like(
                message('delete', 'success', PLAIN, status='DELETE_FAILED'),
                outcome='failure',
            )
        )
        self.assertEqual(event.UPDATE, one.kind)
        self.assertEqual('DELETE_FAILED', one.attributes['state'])

    def test_what_failed_and_was_never_created_by_magnum_is_no_proof(self):
        said = told('delete', 'pending', BY_HAND).attributes
        self.assertNotIn('completed', said)
        self.assertEqual('2026-11-21T06:24:23+00:00', said['created_at'])


class BadMessageTestCase(unittest.TestCase):
    def test_every_recorded_message_tells_of_its_cluster(self):
        for action, number in (('create', 24), ('update', 28), ('delete', 12)):
            found = samples.messages(f'magnum.cluster.{action}')
            self.assertEqual(number, len(found))
            for one in found:
                self.assertEqual(
                    one.resource_id, samples.event(one).resource_id
                )

    def test_what_makes_no_sense_is_a_bad_message(self):
        for content in (
            {'node_count': '3'},
            {'node_count': 2**63},
            {'master_count': 1.5},
            {'node_addresses': [1]},
            {'node_addresses': 'all'},
            {'created_at': 'today'},
            {'created_at': None},
            {'project_id': 7},
            {'stack_id': ['x']},
            {'updated_at': 7},
            {'status': None},
        ):
            one = message('update', 'success', PLAIN, **content)
            with self.assertRaises(exception.BadMessage, msg=content):
                samples.events(one)

    def test_a_message_without_the_cluster_is_a_bad_message(self):
        one = message('update', 'success', PLAIN)
        for target in ({}, {'id': PLAIN}, {'id': PLAIN, 'attachments': []}):
            with self.assertRaises(exception.BadMessage):
                samples.events(samples.like(one, target=target))
        for name in ('outcome', 'eventTime', 'target'):
            with self.assertRaises(exception.BadMessage):
                samples.events(samples.without(one, name))
