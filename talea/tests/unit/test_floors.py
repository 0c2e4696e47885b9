# SPDX-License-Identifier: Apache-2.0
"""The floors of the house: who may import whom.

They are described in doc/source/contributor/architecture.rst.
"""

import ast
import graphlib
import pathlib
import unittest

import talea

ROOT = pathlib.Path(talea.__file__).parent

# From the top down. A module lives on the floor with the longest prefix of
# its name, and imports from its own floor or from lower ones.
FLOORS = [
    ['talea.cmd', 'talea.wsgi'],
    [
        'talea.api',
        'talea.collector.service',
        'talea.conductor.refresher',
        'talea.conductor.service',
        'talea.processor.service',
    ],
    ['talea.service', 'talea.worker', 'talea.coordination'],
    ['talea.conductor', 'talea.processor'],
    ['talea.collector.replay'],
    ['talea.collector.recorder'],
    [
        'talea.collector',
        'talea.collector.bus',
        'talea.collector.definitions',
        'talea.collector.envelope',
        'talea.collector.masking',
    ],
    ['talea.objects'],
    ['talea.rating'],
    ['talea.context', 'talea.messaging', 'talea.policy'],
    ['talea.db'],
    ['talea.policies', 'talea.conf'],
    ['talea', 'talea.exception', 'talea.version'],
]
# No floor of the house: nothing in it imports these.
OUTSIDE = ('talea.tests', 'talea.hacking', 'talea.db.migrations')


def _name(path):
    parts = path.relative_to(ROOT.parent).with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


def _within(name, prefix):
    return name == prefix or name.startswith(prefix + '.')


def _floor(name):
    height, prefix = max(
        (
            (height, prefix)
            for height, prefixes in enumerate(reversed(FLOORS))
            for prefix in prefixes
            if _within(name, prefix)
        ),
        key=lambda found: len(found[1]),
    )
    # "talea" is on the ground itself, not the home of what nobody placed.
    return height if prefix != 'talea' or name == 'talea' else None


class House:
    """The modules of Talea and what each imports of Talea."""

    def __init__(self):
        self.trees = {
            _name(path): ast.parse(path.read_text(), str(path))
            for path in ROOT.rglob('*.py')
        }
        self.trees = {
            name: tree
            for name, tree in self.trees.items()
            if not any(_within(name, outside) for outside in OUTSIDE)
        }
        self.imports = {
            name: set(self._imports(tree)) - {name}
            for name, tree in self.trees.items()
        }

    def _imports(self, tree):
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [
                    # Either a module of a package or a name in a module.
                    full if full in self.trees else node.module
                    for alias in node.names
                    for full in [f'{node.module}.{alias.name}']
                ]
            else:
                continue
            yield from (name for name in names if _within(name, 'talea'))


class FloorsTest(unittest.TestCase):
    """Imports run down only."""

    @classmethod
    def setUpClass(cls):
        cls.house = House()

    def test_the_house_is_found(self):
        self.assertIn('talea.db.models', self.house.trees)
        self.assertIn('talea.db.types', self.house.imports['talea.db.models'])

    def test_every_module_has_a_floor(self):
        self.assertEqual(
            [], [name for name in self.house.trees if _floor(name) is None]
        )

    def test_no_module_imports_from_a_higher_floor(self):
        wrong = [
            f'{name} imports {other}'
            for name, others in sorted(self.house.imports.items())
            for other in sorted(others)
            if other in self.house.trees and _floor(other) > _floor(name)
        ]
        self.assertEqual([], wrong)

    def test_no_module_imports_from_outside_of_the_house(self):
        wrong = [
            f'{name} imports {other}'
            for name, others in sorted(self.house.imports.items())
            for other in sorted(others)
            if other not in self.house.trees
        ]
        self.assertEqual([], wrong)

    def test_faces_of_the_api_do_not_import_one_another(self):
        prefix = 'talea.api.controllers.'
        wrong = [
            f'{name} imports {other}'
            for name, others in sorted(self.house.imports.items())
            for other in sorted(others)
            if name.startswith(prefix)
            and other.startswith(prefix)
            and name.count('.') > 3
            and other.count('.') > 3
            and name.split('.')[3] != other.split('.')[3]
        ]
        self.assertEqual([], wrong)

    def test_imports_have_no_circle(self):
        try:
            graphlib.TopologicalSorter(self.house.imports).prepare()
        except graphlib.CycleError as error:
            self.fail(' imports '.join(error.args[1]))

    def test_no_import_hides_in_a_function(self):
        wrong = [
            f'{name}:{inner.lineno}'
            for name, tree in sorted(self.house.trees.items())
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            for inner in ast.walk(node)
            if isinstance(inner, ast.Import | ast.ImportFrom)
        ]
        self.assertEqual([], wrong)

    def test_imports_are_absolute(self):
        wrong = [
            f'{name}:{node.lineno}'
            for name, tree in sorted(self.house.trees.items())
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.level
        ]
        self.assertEqual([], wrong)

    def test_no_file_holds_more_than_one_noun(self):
        """About 400 lines: more is two nouns."""
        wrong = [
            f'{path.relative_to(ROOT)} has {lines} lines'
            for path in sorted(ROOT.rglob('*.py'))
            for lines in [len(path.read_text().splitlines())]
            if lines > 450 and 'tests' not in path.parts
        ]
        self.assertEqual([], wrong)

    def test_no_function_is_longer_than_a_page(self):
        wrong = [
            f'{name}.{node.name} has {lines} lines'
            for name, tree in sorted(self.house.trees.items())
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            for lines in [node.end_lineno - node.lineno + 1]
            if lines > 60
        ]
        self.assertEqual([], wrong)
