# SPDX-License-Identifier: Apache-2.0
"""What corrections by an operator amount to."""

import unittest

from talea.objects import event as events
from talea.tests import stories

SMALL = stories.SMALL
LARGE = stories.LARGE
DEBIAN = stories.DEBIAN
at = stories.at
Story = stories.Story


class TestCorrections(unittest.TestCase):
    def correct(self, story, clock, start, end=None, /, **new):
        return story.tell(
            clock,
            events.CORRECT,
            events.API,
            target_start=at(start).isoformat(),
            target_end=end and at(end).isoformat(),
            set=new,
        )

    def test_the_active_entity_gets_new_values(self):
        story = Story('instance', name='a', **SMALL).create('10:00')
        self.correct(
            story,
            '20:00',
            '10:00',
            flavor='other',
            start=at('09:00').isoformat(),
        )
        self.assertEqual(
            [('09:00', None, 'other', 'None')],
            story.spans('flavor', 'vcpus'),
        )

    def test_what_a_later_entity_took_over_is_corrected_too(self):
        story = Story('instance', name='a', **SMALL).create('10:00')
        self.correct(story, '20:00', '10:00', name='b')
        story.tell('12:00', events.RESIZE, **LARGE)
        self.assertEqual(
            [('10:00', '12:00', 'b'), ('12:00', None, 'b')],
            story.spans('name'),
        )

    def test_corrections_of_closed_entities_come_last_in_their_order(self):
        story = Story('instance', **SMALL).create('10:00')
        story.tell('12:00', events.DELETE)
        self.correct(story, '20:00', '10:00', '12:00', flavor='x')
        self.correct(
            story,
            '20:01',
            '10:00',
            '12:00',
            flavor='y',
            end=at('13:00').isoformat(),
        )
        story.tell('12:00:01', events.DELETE, events.COARSE)
        self.assertEqual([('10:00', '13:00', 'y')], story.spans('flavor'))

    def test_an_active_entity_is_closed_by_an_end(self):
        story = Story('instance', **SMALL).create('10:00')
        self.correct(story, '20:00', '10:00', end=at('11:00').isoformat())
        story.tell('21:00', events.DELETE)
        self.assertEqual([('10:00', '11:00')], story.spans())

    def test_what_becomes_known_later_does_not_outlive_the_end(self):
        story = Story('instance', **SMALL).create('10:00')
        self.correct(story, '20:00', '10:00', end=at('13:00').isoformat())
        story.tell('12:00', events.RESIZE, **LARGE)
        story.tell('14:00', events.REBUILD, **DEBIAN)
        self.assertEqual(
            [('10:00', '12:00', 'm1.small'), ('12:00', '13:00', 'm1.large')],
            story.spans('flavor'),
        )

    def test_a_late_change_within_a_closed_entity_keeps_the_correction(self):
        story = Story('instance', **SMALL).create('10:00')
        story.tell('16:00', events.DELETE)
        self.correct(
            story,
            '20:00',
            '10:00',
            '16:00',
            name='new',
            start=at('12:00').isoformat(),
            end=at('15:00').isoformat(),
        )
        for clock, flavor in (('11:00', SMALL), ('13:00', LARGE)):
            story.tell(clock, events.RESIZE, **{**flavor, 'flavor': clock})
        self.assertEqual(
            [
                ('12:00', '13:00', '11:00', 'new'),
                ('13:00', '15:00', '13:00', 'new'),
            ],
            story.spans('flavor', 'name'),
        )

    def test_an_end_that_becomes_known_later_is_not_before_the_begin(self):
        story = Story('instance', **SMALL).create('10:00')
        self.correct(story, '20:00', '10:00', start=at('13:00').isoformat())
        story.tell('12:00', events.DELETE)
        self.assertEqual([('12:00', '12:00')], story.spans())

    def test_a_create_after_a_delete_begins_a_second_life(self):
        story = Story('instance', **SMALL).create('10:00')
        story.tell('11:00', events.DELETE).create('12:00', **LARGE)
        self.assertEqual(
            [('10:00', '11:00', 'm1.small'), ('12:00', None, 'm1.large')],
            story.spans('flavor'),
        )
