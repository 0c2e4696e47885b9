# SPDX-License-Identifier: Apache-2.0
"""Which changes of entities may change what clusters hold."""

import datetime
import json
import unittest

from talea.objects import tally_mark

NOW = datetime.datetime(2026, 1, 31, tzinfo=datetime.UTC)


def row(kind='instance', project='p1', end=None, name='n', **attributes):
    return {
        'entity_type': kind,
        'project_id': project,
        'end_at': end,
        'name': name,
        'last_event_at': NOW,
        'attributes': json.dumps(attributes),
    }


def changed(before, after):
    """Return the projects that are marked.

    :param before: rows of a resource, in the order of time
    :param after: likewise
    """
    rows = [dict(enumerate(given)) for given in (before, after)]
    return tally_mark.changed([tuple(rows)])


class ChangedTest(unittest.TestCase):
    def test_what_comes_and_what_goes(self):
        for kind in ('cluster', 'instance', 'volume', 'floatingip'):
            self.assertEqual({'p1'}, changed([], [row(kind)]))
            self.assertEqual({'p1'}, changed([row(kind)], []))
            self.assertEqual(
                {'p1'}, changed([row(kind)], [row(kind, end=NOW)])
            )
            self.assertEqual(set(), changed([row(kind)], [row(kind)]))

    def test_what_tallies_look_at(self):
        for kind, names in tally_mark._ATTRIBUTES.items():
            for name in names:
                after = row(kind, **{name: 'new'})
                self.assertEqual({'p1'}, changed([row(kind)], [after]), name)

    def test_a_name(self):
        self.assertEqual({'p1'}, changed([row()], [row(name='other')]))

    def test_what_they_do_not_look_at(self):
        before = row(vcpus=2, state='active')
        after = row(vcpus=2, state='stopped', host='h') | {
            'last_event_at': NOW + datetime.timedelta(hours=1)
        }
        self.assertEqual(set(), changed([before], [after]))
        for kind in ('image', 'snapshot', 'volume_type'):
            self.assertEqual(set(), changed([], [row(kind, size=1)]))

    def test_a_new_owner_is_a_matter_of_both(self):
        self.assertEqual(
            {'p1', 'p2'},
            changed(
                [row('volume')],
                [row('volume', end=NOW), row('volume', 'p2')],
            ),
        )

    def test_the_past_is_nobodys_matter(self):
        past = [row(vcpus=1, end=NOW)]
        self.assertEqual(set(), changed([], past))
        self.assertEqual(set(), changed(past, []))
        self.assertEqual(set(), changed([row()], [*past, row()]))
        self.assertEqual(set(), changed([*past, row()], [row()]))

    def test_nobody_is_no_project(self):
        self.assertEqual(set(), changed([], [row(project='')]))
        self.assertEqual({'p1'}, changed([row(project='')], [row()]))
