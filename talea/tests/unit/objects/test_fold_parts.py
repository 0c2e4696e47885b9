# SPDX-License-Identifier: Apache-2.0
"""Folding on from the memory equals folding everything, whatever was told."""

import datetime
import json
import unittest

import hypothesis
from hypothesis import strategies as st

from talea.objects import chain
from talea.objects import event as events
from talea.objects import fold
from talea.objects import timeline

BEGIN = datetime.datetime(2026, 11, 21, 10, tzinfo=datetime.UTC)

# Few moments, so that many events meet; some below and above the threshold.
MOMENTS = st.sampled_from([0, 0.5, 1, 30, 59, 60, 61, 600, 3600, 7200]).map(
    lambda seconds: BEGIN + datetime.timedelta(seconds=seconds)
)
TIMES = MOMENTS.map(datetime.datetime.isoformat)
WORDS = st.sampled_from(['a', 'b', None])
LISTS = st.sampled_from([[], ['a'], ['b'], ['a', 'b'], None])
METAS = st.sampled_from(
    [{}, {'os_distro': 'a'}, {'distro': 'b', 'os_type': 'a'}, None]
)
FLAVORS = ('flavor', 'flavor_id', 'vcpus', 'memory_mb', 'disk_gb')

SAID = st.fixed_dictionaries(
    {'project_id': st.sampled_from(['p', 'q', None])},
    optional={
        'created_at': TIMES,
        'begun': st.booleans(),
        'launched_at': TIMES,
        'period_begin': TIMES,
        'period_end': TIMES,
        'size': st.sampled_from([1, 2, None]),
        'volume_type_id': WORDS,
        'attached_to': LISTS,
        'image_id': WORDS,
        'image_meta': METAS,
        'os_type': WORDS,
        'metadata': METAS,
        **dict.fromkeys(('name', 'state', 'zone', 'visibility'), WORDS),
        'flavor': WORDS,
    },
)
ENDS = st.sampled_from([None, 'gone', 'ended_at'])
CORRECTED = st.fixed_dictionaries(
    {},
    optional={
        'project_id': WORDS,
        'flavor': WORDS,
        'size': st.just(9),
        'os': METAS,
        'start': TIMES,
        'end': TIMES,
    },
)
KINDS = (
    'instance',
    'volume',
    'snapshot',
    'floatingip',
    'image',
    'volume_type',
    'cluster',
)


@st.composite
def told(draw, resource_type):
    """Return an event, sensible or not, of a resource."""
    kind = draw(st.sampled_from(list(events.RANKS)))
    source = draw(
        st.sampled_from([events.NOTIFICATION, events.COARSE, events.API])
    )
    if kind == events.CORRECT:
        said = {
            'target_start': draw(TIMES),
            'target_end': draw(st.none() | TIMES),
            'set': draw(CORRECTED),
        }
    else:
        said = draw(SAID)
        if 'flavor' in said:
            said.update(dict.fromkeys(FLAVORS, said['flavor']))
    if kind == events.EXISTS:
        source = events.AUDIT
        end = draw(ENDS)
        if end:
            said[end] = True if end == 'gone' else draw(TIMES)
    return resource_type, draw(MOMENTS), kind, source, said


STORIES = st.sampled_from(KINDS).flatmap(
    lambda kind: st.lists(told(kind), min_size=1, max_size=8)
)
RULES = st.builds(
    timeline.Rules,
    metadata=st.just(('os_distro',)),
    volume_threshold=st.sampled_from([0, 60]),
    split_on_state=st.booleans(),
)


def rows(line):
    return chain.rows(1, ('kind', 'id'), line)


class Stored:
    """What resource.apply() keeps, without a database."""

    def __init__(self, rules):
        self.rules = rules
        self.known = {}
        self.last = None
        self.rows = {}
        self.memory = None

    def apply(self, new):
        self.known.update((event.message_id, event) for event in new)
        line, old = self.go_on(new)
        self.last = max(event.sort_key for event in self.known.values())
        self.memory = json.dumps(line.memory)
        for place in old:
            del self.rows[place]
        self.rows.update(rows(line))
        return line

    def go_on(self, new):
        if self.last and min(event.sort_key for event in new) > self.last:
            try:
                line = timeline.Timeline.continued(json.loads(self.memory))
                old = rows(line)
                return fold.fold(new, self.rules, line), old
            except timeline.Incomplete:
                pass
        return fold.fold(self.known.values(), self.rules), dict(self.rows)


class TestParts(unittest.TestCase):
    @hypothesis.settings(max_examples=400, deadline=None)
    @hypothesis.given(STORIES, RULES, st.randoms(), st.booleans())
    def test_events_in_any_parts_are_what_they_are_together(
        self, story, rules, dice, ordered
    ):
        given = [
            events.Event(f'm-{number}', kind, 'r', *said)
            for number, (kind, *said) in enumerate(story)
        ]
        dice.shuffle(given)
        if ordered:
            given.sort(key=lambda event: event.sort_key)
        given += dice.sample(given, len(given) // 3)
        stored = Stored(rules)
        while given:
            size = dice.randint(1, 3)
            line = stored.apply(given[:size])
            given = given[size:]
            whole = fold.fold(stored.known.values(), rules)
            self.assertEqual(whole.memory, line.memory)
            self.assertEqual(rows(whole), stored.rows)

    def test_going_on_leaves_the_memory_as_it_is(self):
        said = {'project_id': 'p', 'name': 'a'}
        create, update = (
            events.Event(kind, 'image', 'r', BEGIN, kind, 'api', given)
            for kind, given in (
                (events.CREATE, said),
                (events.UPDATE, {**said, 'name': 'b'}),
            )
        )
        memory = fold.fold([create], timeline.Rules()).memory
        before = json.dumps(memory)
        line = timeline.Timeline.continued(memory)
        fold.fold([update], timeline.Rules(), line)
        self.assertEqual(before, json.dumps(memory))
