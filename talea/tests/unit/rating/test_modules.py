# SPDX-License-Identifier: Apache-2.0
import importlib.metadata
from unittest import mock

from oslotest import base as test_base

from talea.rating import base
from talea.rating import hashmap
from talea.rating import noop
from talea.tests.unit.rating import rules


class ModulesTestCase(test_base.BaseTestCase):
    def setUp(self):
        super().setUp()
        base.modules.cache_clear()
        self.addCleanup(base.modules.cache_clear)

    def test_there_are_two(self):
        found = base.modules()
        self.assertEqual(['hashmap', 'noop'], list(found))
        self.assertIsInstance(found['hashmap'], hashmap.Hashmap)
        self.assertIsInstance(found['noop'], noop.Noop)

    def test_one_that_cannot_be_loaded_is_an_error(self):
        broken = importlib.metadata.EntryPoint(
            'broken', 'talea.no:Such', base.NAMESPACE
        )
        with mock.patch(
            'stevedore.extension.ExtensionManager.list_entry_points',
            return_value=[broken],
        ):
            error = self.assertRaises(base.BadModule, base.modules)
        self.assertIn('"broken" cannot be loaded: No module', str(error))

    def test_noop_leaves_points_alone(self):
        one = rules.usage(2, flavor='large')
        self.assertIs(one, noop.Noop().rater(None).rate(one, 'p1'))
