# SPDX-License-Identifier: Apache-2.0
"""Which version of its API the face of Magnum speaks."""

from talea.tests.functional.faces import stats
from talea.tests.functional.faces.stats import error


class VersionTest(stats.StatsTestCase):
    SERVICE = 'container-infrastructure-management'

    def test_the_version_that_was_asked_for_is_answered(self):
        for asked, given in (
            (None, '1.1'),
            ('container-infra latest', '1.14'),
            ('container-infra LATEST', '1.14'),
            ('container-infrastructure 1.3', '1.3'),
            (f'{self.SERVICE} 1.14', '1.14'),
        ):
            headers = {'OpenStack_API_Version': asked} if asked else {}
            for query, status in (('', 200), ('?type=x', 400)):
                answer = self.ask('admin', query, **headers)
                self.assertEqual(status, answer.status_int)
                self.assertEqual(
                    f'{self.SERVICE} {given}',
                    answer.headers['OpenStack-API-Version'],
                )
                self.assertEqual(
                    (f'{self.SERVICE} 1.1', f'{self.SERVICE} 1.14'),
                    (
                        answer.headers['OpenStack-API-Minimum-Version'],
                        answer.headers['OpenStack-API-Maximum-Version'],
                    ),
                )
                self.assertEqual(
                    'OpenStack-API-Version', answer.headers['Vary']
                )

    def test_a_version_that_there_is_not_is_told_before_all_but_the_token(
        self,
    ):
        for kwargs in ({}, {'method': 'POST'}, {'Accept': 'text/plain'}):
            answer = self.ask(
                'admin',
                '?foo=bar',
                OpenStack_API_Version='container-infra 9.9',
                **kwargs,
            )
            self.assertEqual(406, answer.status_int)
            (found,) = answer.json['errors']
            self.assertEqual('magnum.microversion-unsupported', found['code'])
            self.assertEqual(
                ('1.1', '1.14'), (found['min_version'], found['max_version'])
            )
            self.assertEqual(
                f'{self.SERVICE} 9.9', answer.headers['OpenStack-API-Version']
            )

    def test_what_is_no_version_is_not_acceptable(self):
        for version in (
            'container-infra',
            'container-infra foo',
            'container-infra 1.1.1',
            'container-infra ' + '9' * 5000 + '.1',
            'compute 2.1',
            'compute latest',
        ):
            self.refused(error(406), 'admin', OpenStack_API_Version=version)
