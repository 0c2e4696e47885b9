# SPDX-License-Identifier: Apache-2.0
"""What goes through the queue, from another release perhaps."""

import dataclasses
import datetime
import json

from oslotest import base

from talea.conductor import answer
from talea.conductor import facts
from talea.conductor import question

NOW = datetime.datetime(2026, 11, 24, 12, 0, 0, 1, datetime.UTC)
ANSWER = answer.Answer(
    'live',
    NOW,
    (answer.Failure('nova', 'it is tired'),),
    (answer.Row({'project_id': 'p'}, facts.Figures(clusters=1, vcpus=None)),),
    True,
    2.5,
)
QUESTION = question.Question('p', None, 'cluster', 5, 'm', True)


def sent(plain):
    return json.loads(json.dumps(plain))


class PlainTest(base.BaseTestCase):
    def test_it_comes_as_it_went(self):
        found = answer.Answer.from_dict(sent(ANSWER.to_dict()))
        self.assertEqual(ANSWER, found)
        self.assertEqual(2.5, found.fresh)
        self.assertEqual(
            QUESTION, question.Question.from_dict(sent(QUESTION.to_dict()))
        )

    def test_what_a_newer_one_tells_is_left_out(self):
        plain = sent(ANSWER.to_dict())
        (row,) = plain['rows']
        for one in (plain, row, row['figures'], *plain['errors']):
            one['new'] = 1
        self.assertEqual(ANSWER, answer.Answer.from_dict(plain))
        self.assertEqual(
            QUESTION,
            question.Question.from_dict({**QUESTION.to_dict(), 'new': 1}),
        )

    def test_a_figure_that_an_older_one_does_not_know_is_not_0(self):
        plain = dataclasses.asdict(facts.Figures(clusters=1))
        del plain['volumes']
        self.assertEqual(
            facts.Figures(clusters=1, volumes=None), facts.Figures.of(plain)
        )

    def test_what_an_older_one_does_not_ask_for_is_not_asked_for(self):
        self.assertEqual(
            question.Question(project_id='p'),
            question.Question.from_dict({'project_id': 'p'}),
        )
