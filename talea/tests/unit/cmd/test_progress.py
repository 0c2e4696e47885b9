# SPDX-License-Identifier: Apache-2.0
import io
import types

from oslotest import base

from talea.cmd.manage import progress


class ProgressTest(base.BaseTestCase):
    def follow(self, quiet=False):
        app = types.SimpleNamespace(stderr=io.StringIO(), quiet=quiet)
        with progress.bar(app, 'Replay', 10, ' messages') as bar:
            for _ in range(10):
                bar.update(1)
        return app.stderr.getvalue()

    def test_a_log_gets_whole_lines_and_nothing_is_drawn_over(self):
        text = self.follow()
        self.assertNotIn('\r', text)
        self.assertTrue(text.endswith('\n'))
        self.assertIn('100%', text.splitlines()[-1])
        self.assertIn('10/10', text.splitlines()[-1])

    def test_quiet_means_nothing_at_all(self):
        self.assertEqual('', self.follow(quiet=True))
