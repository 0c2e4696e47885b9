# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

ROOT = pathlib.Path(__file__).parents[3]
# What a wheel is made of, beside the package.
PARTS = ('README.rst', 'pyproject.toml', 'requirements.txt', 'setup.*')


class PackageTest(unittest.TestCase):
    """A wheel that is built outside of git is complete.

    pbr lists files by asking git. Without git, packages and data that
    pyproject.toml forgets are missing silently.
    """

    @classmethod
    def setUpClass(cls):
        directory = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, directory)
        tree = pathlib.Path(directory) / 'tree'
        shutil.copytree(
            ROOT / 'talea',
            tree / 'talea',
            ignore=shutil.ignore_patterns('__pycache__'),
        )
        for pattern in PARTS:
            for path in ROOT.glob(pattern):
                shutil.copy(path, tree)
        done = subprocess.run(
            [
                *(sys.executable, '-m', 'pip', 'wheel', '--no-deps'),
                *('--no-build-isolation', '--no-index', '-w', directory),
                str(tree),
            ],
            env=os.environ | {'PBR_VERSION': '1.2.3', 'TMPDIR': directory},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise AssertionError(done.stdout + done.stderr)
        (path,) = pathlib.Path(directory).glob('*.whl')
        with zipfile.ZipFile(path) as wheel:
            cls.files = {
                name: wheel.read(name).decode(errors='replace')
                for name in wheel.namelist()
            }

    def _info(self, name):
        return self.files[f'talea-1.2.3.dist-info/{name}']

    def test_it_has_every_file_of_the_package(self):
        tree = {
            str(path.relative_to(ROOT))
            for path in (ROOT / 'talea').rglob('*')
            if path.is_file() and '__pycache__' not in path.parts
        }
        wheel = {name for name in self.files if name.startswith('talea/')}
        self.assertEqual(tree, wheel)

    def test_it_has_what_migrations_need_besides_python(self):
        self.assertIn('talea/db/alembic.ini', self.files)
        self.assertIn('talea/db/migrations/script.py.mako', self.files)

    def test_it_has_nothing_outside_of_the_package(self):
        others = {
            name.partition('/')[0]
            for name in self.files
            if not name.startswith('talea/')
        }
        self.assertEqual({'talea-1.2.3.dist-info'}, others)

    def test_it_names_its_requirements(self):
        wanted = {
            line.partition('#')[0].strip()
            for line in (ROOT / 'requirements.txt').read_text().splitlines()
        } - {''}
        found = {
            line.partition(':')[2].strip()
            for line in self._info('METADATA').splitlines()
            if line.startswith('Requires-Dist:')
        }
        self.assertEqual(wanted, found)

    def test_it_has_the_commands_and_the_definitions(self):
        points = self._info('entry_points.txt')
        self.assertIn('talea-manage = talea.cmd.manage:main', points)
        self.assertIn('[talea.definitions]', points)
