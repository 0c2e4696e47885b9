# SPDX-License-Identifier: Apache-2.0
import ast
import importlib.metadata
import pathlib
import sys
import unittest

from packaging import requirements
from packaging import utils
from packaging import version

ROOT = pathlib.Path(__file__).parents[3]


def _read(name):
    """Return {canonical name: requirement} of a file of requirements."""
    lines = (ROOT / name).read_text().splitlines()
    found = [
        requirements.Requirement(text)
        for line in lines
        for text in [line.partition('#')[0].strip()]
        if text
    ]
    return {utils.canonicalize_name(one.name): one for one in found}


def _imported(paths):
    """Return names of distributions that the Python files *paths* import."""
    modules = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                modules |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                modules.add(node.module)
    tops = {name.partition('.')[0] for name in modules}
    # A script, which is in no package, may import its neighbours.
    ours = {'talea'} | {
        path.stem
        for path in paths
        if not (path.parent / '__init__.py').exists()
    }
    known = importlib.metadata.packages_distributions()
    return {
        utils.canonicalize_name(known[top][0])
        for top in tops - set(sys.stdlib_module_names) - ours
    }


class RequirementsTest(unittest.TestCase):
    """What is imported is required, and what is required is pinned."""

    def setUp(self):
        self.production = _read('requirements.txt')
        self.tests = _read('test-requirements.txt')

    def test_talea_imports_only_what_it_requires(self):
        paths = [
            path
            for path in (ROOT / 'talea').rglob('*.py')
            if not {'tests', 'hacking'} & set(path.parts)
        ]
        self.assertEqual(set(), _imported(paths) - set(self.production))

    def test_tests_and_benches_import_only_what_they_require(self):
        paths = [
            path
            for name in ('talea/tests', 'talea/hacking', 'bench')
            for path in (ROOT / name).rglob('*.py')
        ]
        wanted = _imported(paths) - set(self.production) - set(self.tests)
        self.assertEqual(set(), wanted)

    def test_everything_required_is_pinned_to_a_version_that_will_do(self):
        pins = _read('upper-constraints.txt')
        required = (
            *self.production.values(),
            *self.tests.values(),
            *_read('doc/requirements.txt').values(),
        )
        for one in required:
            with self.subTest(one.name):
                (pin,) = pins[utils.canonicalize_name(one.name)].specifier
                self.assertEqual('===', pin.operator)
                self.assertIn(version.Version(pin.version), one.specifier)
