# SPDX-License-Identifier: Apache-2.0
"""Invented lives of clusters; see talea.tests.lives."""

import datetime
import uuid

from talea.tests import lives

PROJECT = 'project-1'


class Cluster:
    """A cluster of Magnum.

    :ivar truth: [begin, end, whether it was complete, workers, masters]
    """

    resource_type = 'cluster'

    def __init__(self, begin, workers, masters):
        self.id = str(uuid.uuid4())
        self.created = begin
        self.written = None
        self.status = 'CREATE_IN_PROGRESS'
        self.workers, self.masters = workers, masters
        self.stack = None
        self.truth = [[begin, None, False, workers, masters]]
        self.messages = []
        self._say('create', 'pending', begin + datetime.timedelta(seconds=1))

    def _say(self, action, outcome, when):
        # Once it is read back from the database it has whole seconds.
        created = self.created
        if self.messages:
            created = lives.seconds(created)
        content = {
            'status': self.status,
            'status_reason': None,
            'project_id': PROJECT,
            'created_at': created.strftime('%Y-%m-%dT%H:%M:%S.%f'),
            'updated_at': self.written
            and self.written.strftime('%Y-%m-%dT%H:%M:%S.000000'),
            'cluster_template_id': 'template-1',
            'stack_id': self.stack,
            'node_addresses': [],
            'master_addresses': [],
            'node_count': self.workers,
            'master_count': self.masters,
        }
        uri = 'service/magnum/cluster'
        payload = {
            'typeURI': 'http://schemas.dmtf.org/cloud/audit/1.0/event',
            'eventType': 'activity',
            'id': str(uuid.uuid4()),
            'eventTime': when.strftime('%Y-%m-%dT%H:%M:%S.%f+0000'),
            'action': action,
            'outcome': outcome,
            'target': {
                'id': self.id,
                'typeURI': uri,
                'name': 'k8s',
                'attachments': [
                    {
                        'typeURI': uri,
                        'content': content,
                        'name': 'cluster_data',
                    }
                ],
            },
        }
        self.messages.append(
            lives.message(
                f'magnum.cluster.{action}',
                'magnum',
                'container-infra.host-1',
                payload,
                when,
                f'{action} {outcome}',
            )
        )

    def _split(self, when, complete, workers):
        self.truth[-1][1] = when
        self.truth.append([when, None, complete, workers, self.masters])

    def _prove(self):
        """Nobody had said that it was complete, but what comes now does."""
        _, _, complete, workers, _ = self.truth[-1]
        if not complete and self.stack:
            self._split(lives.seconds(self.written), True, workers)

    def finish(self, when, told):
        """Its create succeeds, which Magnum may forget to tell."""
        self.status, self.written = 'CREATE_COMPLETE', when
        self.stack = f'k8s-{self.id[:12]}'
        if told:
            self._split(when, True, self.workers)
            self._say('create', 'success', when)

    def fail(self, when):
        self.status, self.written = 'CREATE_FAILED', when
        self._say('create', 'failure', when)

    def look(self, when):
        """Its health is noted in its row."""
        self.written = when

    def resize(self, when, workers):
        self._prove()
        changed = workers != self.workers
        self.workers = workers
        if changed:
            self._split(when, True, workers)
        self._say('update', 'pending', when)
        self.status, self.written = 'UPDATE_IN_PROGRESS', when

    def add_group(self, when, workers):
        self.status, self.written = 'UPDATE_IN_PROGRESS', when
        self.workers += workers

    def finish_update(self, when):
        """Only now are new node groups told."""
        self.status = 'UPDATE_COMPLETE'
        self._prove()
        if self.truth[-1][3] != self.workers:
            self._split(when, True, self.workers)
        self._say('update', 'success', when)
        self.written = when

    def ask_for_delete(self, when):
        self._prove()
        self._say('delete', 'pending', when)
        self.status, self.written = 'DELETE_IN_PROGRESS', when

    def keep(self, when):
        self.status = 'DELETE_FAILED'
        self._say('delete', 'failure', when)

    def delete(self, when):
        self.status = 'DELETE_COMPLETE'
        self.truth[-1][1] = when
        self._say('delete', 'success', when)
