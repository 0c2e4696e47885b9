# SPDX-License-Identifier: Apache-2.0
"""Pages of lists, while what they show is folded again and grows."""

import datetime
import tracemalloc

from talea.db import models
from talea.objects import resource
from talea.objects import timeline
from talea.tests import base as tests_base
from talea.tests.functional.faces import base

UTC = datetime.UTC
FIRST = datetime.datetime(2016, 1, 1, tzinfo=UTC)
LIST = '/v1/project/p1/entities?start=2016-01-01'


@tests_base.on_all_engines
class PagingTestCase(base.ApiTestCase):
    def _pages(self, between=lambda: None):
        url = f'{LIST}&limit=2'
        while url:
            answer = self.request('GET', url)
            self.assertEqual(200, answer.status_int, answer.body)
            yield answer.json
            between()
            link = answer.headers.get('Link')
            url = link and link.split('>')[0].lstrip('<')

    def _walk(self, between=lambda: None):
        return [row for rows in self._pages(between) for row in rows]

    def setUp(self):
        super().setUp()
        for name in ('b', 'B', 'a', 'A', '\u00e9', 'z', '_'):
            self.create_instance(name)
        self.create_volume('b')
        path = '/v1/instance/b/resize'
        for flavor, date in (('m', '2016-01-02'), ('l', '2016-01-03')):
            self.request('PUT', path, {'date': date, 'flavor': flavor})

    def test_pages_are_the_list_cut_into_pieces(self):
        whole = self.request('GET', LIST).json
        self.assertEqual(10, len(whole))
        self.assertEqual(whole, self._walk())
        sizes = [len(rows) for rows in self._pages()]
        self.assertEqual([2] * 5, sizes)

    def test_folding_again_in_between_loses_and_repeats_nothing(self):
        def fold_again():
            # Rows of entities get new keys, as after a rebuild.
            with self.database.engine.begin() as connection:
                connection.execute(models.ENTITY.delete())
            resource.refold(
                self.context,
                resource.page(self.context, 0, 100),
                timeline.Rules.of(self.conf),
                datetime.datetime.now(UTC),
            )

        def without_clock(rows):
            return [{**row, 'processed': None} for row in rows]

        whole = self.request('GET', LIST).json
        self.assertEqual(
            without_clock(whole), without_clock(self._walk(fold_again))
        )

    def test_the_filters_stay_on_the_next_page(self):
        self.create_instance('other', flavor='large')
        url = f'{LIST}&flavor=small&limit=2'
        link = self.request('GET', url).headers['Link']
        self.assertIn('flavor=small', link)

    def test_the_link_leads_through_a_proxy(self):
        self.conf.set_override(
            'enable_proxy_headers_parsing', True, 'oslo_middleware'
        )
        answer = self.request(
            'GET',
            f'{LIST}&limit=2',
            headers={
                'X-Forwarded-Proto': 'https',
                'X-Forwarded-Host': 'usage.example.org',
                'X-Forwarded-Prefix': '/usage',
            },
        )
        self.assertTrue(
            answer.headers['Link'].startswith(
                '<https://usage.example.org/usage/v1/project/p1/entities?'
            ),
            answer.headers['Link'],
        )


@tests_base.on_all_engines
class LongListTestCase(base.ApiTestCase):
    COUNT = 10000

    def test_a_long_list_is_never_in_memory_as_a_whole(self):
        rows = [
            {
                'resource_pk': number,
                'seq': 0,
                'entity_type': 'instance',
                'entity_id': f'i{number}',
                'project_id': 'p1',
                'start_at': FIRST,
                'end_at': None,
                'last_event_at': FIRST,
                'processed_at': FIRST,
                'name': 'x' * 1000,
                'flavor': 'small',
                'attributes': '{}',
                'source': 'api',
            }
            for number in range(self.COUNT)
        ]
        with self.database.engine.begin() as connection:
            connection.execute(models.ENTITY.insert(), rows)
        del rows
        self.request('GET', f'{LIST}&limit=1')
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        answer = self.request('HEAD', LIST)
        _, most = tracemalloc.get_traced_memory()
        length = int(answer.headers['Content-Length'])
        self.assertGreater(length, 10 * 2**20)
        self.assertLess(most, length / 2)
