# SPDX-License-Identifier: Apache-2.0
"""The samples of the API reference are what is told of clusters."""

import json
import pathlib

from talea.tests.functional.faces import base
from talea.tests.functional.faces import clusters

SAMPLES = pathlib.Path(__file__).parents[4] / 'api-ref/source/v1/samples/stats'
CLUSTER = clusters.world()['clusters'][0]['id']
# Name of the sample, request.
STORY = (
    ('total-response', '/v1/stats'),
    ('cluster-response', f'/v1/stats?cluster={CLUSTER}'),
    ('project-response', '/v1/stats?group_by=project&limit=1'),
    ('error', '/v1/stats?type=server'),
)


class SamplesTest(base.ApiTestCase):
    def configure(self):
        super().configure()
        self.useFixture(clusters.Conductor(self.conf))

    def test_each_sample_is_what_is_answered(self):
        for name, path in STORY:
            expected = json.loads((SAMPLES / f'{name}.json').read_text())
            told = self.request('GET', path).json
            for one in (expected, told):
                # Another one each time.
                if 'collected_at' in one:
                    one['collected_at'] = len(one['collected_at'])
            self.assertEqual(expected, told, name)

    def test_there_is_no_other_sample(self):
        self.assertEqual(
            sorted(f'{name}.json' for name, _ in STORY),
            sorted(path.name for path in SAMPLES.iterdir()),
        )
