# SPDX-License-Identifier: Apache-2.0
"""Whatever is told, in whatever order: the ledger says what there is."""

import collections
import datetime

import hypothesis
from hypothesis import strategies as st

from talea.conductor import facts
from talea.conductor import match
from talea.db import api as db
from talea.objects import event as events
from talea.objects import resource
from talea.objects import tally_mark
from talea.objects import timeline
from talea.tests.functional.db import clusters
from talea.tests.functional.db.clusters import at

# So few of each that they claim the same things again and again.
PROJECTS = st.sampled_from(['p1', 'p1', 'p1', 'p2'])
NUMBERS = st.integers(0, 2)
STACKS = st.sampled_from([None, 'k0', 'k1', 'k1-x'])
NAMES = st.sampled_from(['n0', 'n1'])
ADDRESSES = st.lists(
    st.sampled_from(['10.0.0.1', '10.0.0.2', '10.0.0.3']),
    max_size=2,
    unique=True,
).map(sorted)
SERVERS = st.sampled_from(['instance-0', 'instance-1', 'instance-2'])
PORTS = st.sampled_from(['port-0', 'port-1', 'port-2'])
REFERENCES = st.sampled_from(['cluster-0', 'k1', 'n0', 'nothing'])

SAID = {
    'cluster': {
        'name': NAMES,
        'state': st.sampled_from(
            ['CREATE_COMPLETE', 'CREATE_FAILED', 'UPDATE_IN_PROGRESS']
        ),
        'stack_id': STACKS,
        'node_count': st.integers(0, 3),
        'master_count': st.integers(0, 1),
        'node_addresses': ADDRESSES,
        'master_addresses': ADDRESSES,
    },
    'instance': {
        'name': st.sampled_from(['k0-0', 'k1-0', 'k1-x-node-1', 'web']),
        'vcpus': st.integers(1, 4),
        'addresses': ADDRESSES,
        'ports': st.lists(PORTS, max_size=2, unique=True).map(sorted),
    },
    'volume': {
        'size': st.integers(1, 9),
        'attached_to': st.lists(SERVERS, max_size=2, unique=True).map(sorted),
        'metadata': st.dictionaries(
            st.just(timeline.CSI_CLUSTER), REFERENCES, max_size=1
        ),
    },
    'floatingip': {
        'port_id': st.none() | PORTS,
        'fixed_ip': st.none() | st.sampled_from(['10.0.0.1', '10.0.0.2']),
        'description': REFERENCES.map(lambda name: clusters.CONTROLLER + name)
        | st.just('mine'),
    },
}
# What tells that an attribute has become another one.
KINDS = {
    ('cluster', 'node_count'): events.RESIZE,
    ('cluster', 'master_count'): events.RESIZE,
    ('instance', 'vcpus'): events.RESIZE,
    ('volume', 'size'): events.RESIZE,
    ('volume', 'attached_to'): events.ATTACH,
    ('volume', 'project_id'): events.TRANSFER,
}
# Of these nothing tells that they have become others.
FOR_EVER = {('volume', 'metadata'), ('floatingip', 'description')}


@st.composite
def births(draw):
    kind = draw(st.sampled_from(sorted(SAID)))
    said = {name: draw(given) for name, given in SAID[kind].items()}
    return (
        'birth',
        kind,
        draw(NUMBERS),
        {'project_id': draw(PROJECTS)} | said,
    )


@st.composite
def changes(draw):
    kind = draw(st.sampled_from(sorted(SAID)))
    names = sorted(name for name in SAID[kind] if (kind, name) not in FOR_EVER)
    if kind == 'volume':
        names.append('project_id')
    name = draw(st.sampled_from(names))
    value = draw({'project_id': PROJECTS, **SAID[kind]}[name])
    return ('change', kind, draw(NUMBERS), {name: value})


DEATHS = st.tuples(
    st.just('death'), st.sampled_from(sorted(SAID)), NUMBERS, st.just({})
)
# What happens, one thing a minute.
STORIES = st.tuples(
    st.lists(births(), min_size=12, max_size=20),
    st.lists(st.one_of(changes(), changes(), DEATHS, births()), max_size=20),
).map(lambda parts: parts[0] + parts[1])
# What is done after each transaction that takes in something of it.
DEEDS = st.lists(
    st.tuples(
        st.integers(1, 10),
        st.sampled_from(['ask', 'ask', 'ask of one', 'sweep', 'fold again']),
    ),
    min_size=3,
    max_size=12,
)


class Truth:
    """What is there. Simple, and no ledger."""

    def __init__(self):
        self.things = {}
        self.gone = set()

    def happen(self, what, kind, name, said):
        """Take in what happens; return whether it can."""
        if what == 'birth':
            if name in self.things or name in self.gone:
                return False
            self.things[name] = (kind, dict(said))
        elif name not in self.things:
            return False
        elif what == 'change':
            self.things[name][1].update(said)
        else:
            del self.things[name]
            self.gone.add(name)
        return True

    def figures(self):
        """Return {cluster: (key, figures)}."""
        told = collections.defaultdict(list)
        for name, (kind, said) in self.things.items():
            told[kind].append(getattr(self, f'_{kind}')(name, said))
        found = clusters.plainly(*(told[kind] for kind in KINDS_IN_ORDER))
        return {one.id: (one, found[one.id]) for one in told['cluster']}

    def _cluster(self, name, said):
        return facts.Cluster(
            name,
            said['name'],
            said['project_id'],
            said['state'],
            said['node_count'] + said['master_count'],
            said['stack_id'],
            (*said['node_addresses'], *said['master_addresses']),
        )

    def _instance(self, name, said):
        return facts.Server(
            name,
            said['name'],
            said['project_id'],
            said['vcpus'],
            2048,
            20,
            tuple(said['addresses']),
            tuple(said['ports']),
        )

    def _volume(self, name, said):
        return facts.Volume(
            name,
            said['project_id'],
            said['size'],
            tuple(said['attached_to']),
            said['metadata'].get(timeline.CSI_CLUSTER),
        )

    def _floatingip(self, name, said):
        return facts.FloatingIp(
            name,
            said['project_id'],
            None,
            said['port_id'],
            said['fixed_ip'],
            match.cloud_controller(said['description']),
        )


KINDS_IN_ORDER = ('cluster', 'instance', 'volume', 'floatingip')


class AnyTestCase(clusters.ClustersCase):
    """On one engine: what differs between them is tried elsewhere."""

    @hypothesis.settings(max_examples=100, deadline=None)
    @hypothesis.given(
        STORIES, st.randoms(use_true_random=False), st.booleans(), DEEDS
    )
    def test_the_ledger_says_what_there_is(self, story, dice, mixed, deeds):
        self.forget()
        truth = Truth()
        told = self.messages(truth, story)
        # Some come twice, and half of the time all in any order.
        told += dice.sample(told, len(told) // 3)
        if mixed:
            dice.shuffle(told)
        for number, deed in deeds:
            if told[:number]:
                self.apply(*told[:number])
            told = told[number:]
            self.do(deed)
        if told:
            self.apply(*told)
        self.compare(truth)
        self.assertEqual([], self.marks())

    def forget(self):
        """Begin with a database in which nothing is."""
        with self.database.engine.begin() as connection:
            for table in ('event', 'entity', 'resource', 'tally'):
                connection.exec_driver_sql(f'DELETE FROM {table}')
            connection.exec_driver_sql('DELETE FROM tally_mark')

    def messages(self, truth, story):
        """Let the story happen; return what is told of it."""
        told = []
        for minute, (what, kind, number, said) in enumerate(story):
            name = f'{kind}-{number}'
            if not truth.happen(what, kind, name, said):
                continue
            moment = at(10) + datetime.timedelta(minutes=minute)
            if what == 'birth':
                said = {**said, 'created_at': moment.isoformat()}
                if kind == 'instance':
                    said = {**clusters.FLAVOR, 'metadata': {}, **said}
                event = events.CREATE
            elif what == 'change':
                (attribute,) = said
                event = KINDS.get((kind, attribute), events.UPDATE)
                if event == events.RESIZE and kind != 'volume':
                    said = self.whole(truth, kind, name, attribute)
            else:
                event = events.DELETE
            _, now = truth.things.get(name, (kind, {}))
            said = {**said, 'project_id': now.get('project_id')}
            told.append(self.event(event, kind, name, moment, **said))
        return told

    def whole(self, truth, kind, name, attribute):
        """Return the group of an attribute that has become another one."""
        said = truth.things[name][1]
        if kind == 'instance':
            return {**clusters.FLAVOR, attribute: said[attribute]}
        return {one: said[one] for one in ('node_count', 'master_count')}

    def do(self, deed):
        if deed == 'ask':
            self.ask()
        elif deed == 'ask of one':
            self.ask(project_id='p1')
        elif deed == 'sweep':
            tally_mark.sweep(db.DbContext())
        elif deed == 'fold again':
            pks = resource.page(self.context, 0, 100)
            resource.refold(db.DbContext(), pks, self.rules, clusters.NOW)

    def compare(self, truth):
        wanted = truth.figures()
        answer = self.ask(group_by='cluster', all=True)
        self.assertEqual(
            {name: found for name, (_, found) in sorted(wanted.items())},
            {row.key['cluster']: row.figures for row in answer.rows},
        )
        for row in answer.rows:
            one, _ = wanted[row.key['cluster']]
            self.assertEqual(
                (one.name, one.project_id, one.status),
                tuple(row.key[n] for n in ('name', 'project_id', 'status')),
            )
        for project in (None, 'p1', 'p2'):
            counted = [
                found
                for one, found in wanted.values()
                if project in (None, one.project_id)
                and one.status == 'CREATE_COMPLETE'
            ]
            self.assertEqual(
                sum(counted, facts.Figures()), self.total(project_id=project)
            )
