# SPDX-License-Identifier: Apache-2.0
import fixtures as third_party

from talea import coordination
from talea.tests import base
from talea.tests import fixtures


class NoGroupsTestCase(base.TestCase):
    """A backend that has locks, but no groups: tooz on MariaDB."""

    def join(self):
        url = self.database.url.replace('mysql+pymysql', 'mysql')
        self.conf.set_override('backend_url', url, 'coordination')
        group = coordination.join(self.conf, 'test')
        group.start()
        self.addCleanup(group.stop)
        return group

    def setUp(self):
        super().setUp()
        self.database = self.useFixture(fixtures.Database('mysql'))
        self.log = self.useFixture(
            third_party.FakeLogger('talea.coordination')
        )

    def test_everybody_tries_everything(self):
        group = self.join()
        self.assertIsNone(group.parts(64))
        self.assertIsNone(group.parts(64))
        self.assertEqual(1, self.log.output.count('knows no groups'))

    def test_a_lock_is_free_once(self):
        one, other = self.join(), self.join()
        with one.lock('discovery') as free:
            self.assertTrue(free)
            with other.lock('discovery') as taken:
                self.assertFalse(taken)
        with other.lock('discovery') as free:
            self.assertTrue(free)
