# SPDX-License-Identifier: Apache-2.0
"""A conductor in the process of the test, with facts that the test gives."""

import json
import pathlib

import fixtures

from talea.conductor import rpcapi
from talea.conductor import service


def world():
    """Return facts: two clusters in p1, one in p2, and strangers.

    p1 has ``web`` (1 master, 2 workers; all but one of them known) and
    ``spare``, which nobody has made; p2 has ``web`` too.
    """

    def cluster(number, name, project_id, nodes, status='CREATE_COMPLETE'):
        return {
            'id': f'00000000-0000-4000-8000-00000000000{number}',
            'name': name,
            'project_id': project_id,
            'status': status,
            'nodes': nodes,
            'stack_id': f'{name}-stack{number}',
        }

    def server(number, name, project_id):
        return {
            'id': f'server-{number}',
            'name': name,
            'project_id': project_id,
            'vcpus': 2,
            'memory_mb': 4096,
            'local_gb': 40,
        }

    return {
        'clusters': [
            cluster(1, 'web', 'p1', 3),
            cluster(2, 'spare', 'p1', 2, 'CREATE_FAILED'),
            cluster(3, 'web', 'p2', 1, 'UPDATE_COMPLETE'),
        ],
        'servers': [
            server(1, 'web-stack1-master-0', 'p1'),
            server(2, 'web-stack1-node-0', 'p1'),
            server(3, 'web-stack3-master-0', 'p2'),
            # Only its name is that of a node.
            server(4, 'web-stack1-node-1', 'p2'),
        ],
        'volumes': [
            {
                'id': 'volume-1',
                'project_id': 'p1',
                'size': 10,
                'servers': ['server-1'],
            },
            {
                'id': 'volume-2',
                'project_id': 'p1',
                'size': 5,
                'cluster': 'web',
            },
        ],
        'floating_ips': [
            {'id': 'ip-1', 'project_id': 'p1', 'server': 'server-1'},
            {'id': 'ip-2', 'project_id': 'p2', 'server': 'server-4'},
        ],
    }


class Conductor(fixtures.Fixture):
    """Whoever asks with the same options gets its answers.

    :ivar facts: what the drivers tell, such as world() gives
    """

    def __init__(self, conf):
        super().__init__()
        self.conf = conf

    def _setUp(self):
        directory = self.useFixture(fixtures.TempDir()).path
        self._path = pathlib.Path(directory) / 'facts.json'
        self.tell(world())
        for name, value in {
            'drivers': ['fake'],
            'fake_file': str(self._path),
            'cache_seconds': 0,
        }.items():
            self.conf.set_override(name, value, 'stats')
        rpcapi.serve_here(self.conf, service.endpoint(self.conf))
        self.addCleanup(rpcapi.serve_here, self.conf, None)

    def tell(self, facts):
        """Let the drivers tell something else."""
        self._path.write_text(json.dumps(facts))
