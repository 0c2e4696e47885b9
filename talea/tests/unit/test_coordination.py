# SPDX-License-Identifier: Apache-2.0
import pathlib
import shutil
import time

import fixtures

from talea import coordination
from talea.tests import base

NUMBER = 64
ALL = set(range(NUMBER))


def until(function, seconds=30):
    """Wait until *function* says yes."""
    end = time.monotonic() + seconds
    while not function():
        if time.monotonic() > end:
            raise AssertionError('It did not come so far.')
        time.sleep(0.05)


class CoordinationTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.path = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def join(self, url=None):
        url = url or f'file://{self.path}/tooz?timeout=2'
        self.conf.set_override('backend_url', url, 'coordination')
        group = coordination.join(self.conf, 'test')
        group.start()
        self.addCleanup(group.stop)
        return group

    def warnings(self):
        """Return the fixture that hears what is logged from now on."""
        return self.useFixture(fixtures.FakeLogger('talea.coordination'))


class GroupTestCase(CoordinationTestCase):
    def test_one_member_has_all_parts(self):
        self.assertEqual(ALL, self.join().parts(NUMBER))

    def test_two_members_share_the_parts(self):
        one, other = self.join(), self.join()
        mine, theirs = one.parts(NUMBER), other.parts(NUMBER)
        self.assertEqual(ALL, mine | theirs)
        self.assertFalse(mine & theirs)
        self.assertTrue(mine)
        self.assertTrue(theirs)

    def test_when_one_leaves_the_other_takes_over(self):
        one, other = self.join(), self.join()
        one.parts(NUMBER)
        one.stop()
        self.assertEqual(ALL, other.parts(NUMBER))

    def test_when_one_dies_the_other_takes_over(self):
        one, other = self.join(), self.join()
        self.assertNotEqual(ALL, other.parts(NUMBER))
        one._coordinator.heart.stop()
        one._coordinator.heart.wait()
        until(lambda: other.parts(NUMBER) == ALL)

    def test_whoever_was_given_up_comes_back(self):
        one, other = self.join(), self.join()
        one._coordinator.heart.stop()
        one._coordinator.heart.wait()
        until(lambda: other.parts(NUMBER) == ALL)
        one._coordinator.heart.start()
        mine = one.parts(NUMBER)
        self.assertTrue(mine)
        self.assertNotEqual(ALL, mine)
        self.assertEqual(ALL - mine, other.parts(NUMBER))

    def test_a_lock_is_free_once(self):
        one, other = self.join(), self.join()
        with one.lock('discovery') as free:
            self.assertTrue(free)
            with other.lock('discovery') as taken:
                self.assertFalse(taken)
            with other.lock('something else') as free:
                self.assertTrue(free)
        with other.lock('discovery') as free:
            self.assertTrue(free)

    def test_a_lock_is_given_back_whatever_happens(self):
        one, other = self.join(), self.join()

        def fail():
            with one.lock('discovery'):
                raise KeyError

        self.assertRaises(KeyError, fail)
        with other.lock('discovery') as free:
            self.assertTrue(free)


class AwayTestCase(CoordinationTestCase):
    """The backend is a directory that nobody can make, or that is gone."""

    def test_whoever_cannot_join_does_everything(self):
        (self.path / 'tooz').write_text('in the way')
        log = self.warnings()
        group = self.join()
        self.assertIsNone(group.parts(NUMBER))
        with group.lock('discovery') as free:
            self.assertTrue(free)
        self.assertIn('The coordination backend is away', log.output)

    def test_as_soon_as_it_is_there_all_share(self):
        (self.path / 'tooz').write_text('in the way')
        one, other = self.join(), self.join()
        self.assertIsNone(one.parts(NUMBER))
        (self.path / 'tooz').unlink()
        one.parts(NUMBER)
        mine, theirs = other.parts(NUMBER), one.parts(NUMBER)
        self.assertEqual(ALL, mine | theirs)
        self.assertFalse(mine & theirs)

    def test_a_backend_that_lost_its_memory_is_told_again(self):
        one, other = self.join(), self.join()
        one.parts(NUMBER)
        shutil.rmtree(self.path / 'tooz' / 'groups')
        (self.path / 'tooz' / 'groups').mkdir()
        one.parts(NUMBER)
        mine, theirs = other.parts(NUMBER), one.parts(NUMBER)
        self.assertEqual(ALL, mine | theirs)
        self.assertFalse(mine & theirs)

    def test_what_fails_in_between_is_no_obstacle(self):
        group = self.join()
        groups = self.path / 'tooz' / 'groups'
        shutil.rmtree(groups)
        groups.write_text('in the way')
        self.assertIsNone(group.parts(NUMBER))
        groups.unlink()
        groups.mkdir()
        self.assertEqual(ALL, group.parts(NUMBER))


class AloneTestCase(CoordinationTestCase):
    def test_without_a_backend_everything_is_everybodys(self):
        group = coordination.join(self.conf, 'test')
        group.start()
        self.assertIsNone(group.parts(NUMBER))
        with group.lock('discovery') as free:
            self.assertTrue(free)
        group.stop()
