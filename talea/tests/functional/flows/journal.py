# SPDX-License-Identifier: Apache-2.0
"""What really happened in the recorded cloud, from the cloud's own mouth.

Made from the journal of the client that used the cloud, and from what Nova's
and Cinder's databases held at the end; neither notifications nor Talea have
a part in it.
"""

import dataclasses
import datetime
import gzip
import json
import pathlib

CLOUD = pathlib.Path(__file__).parents[4] / 'samples' / 'cloud-a'
UTC = datetime.UTC

# The last message; what the databases tell of later times is left out.
END = datetime.datetime(2026, 11, 21, 7, 0, 6, tzinfo=UTC)

PROJECTS = {
    'alpha': '59e09862a35b40a696f3d50da2d74a7e',
    'beta': '1c795fa403d4485bbfaa2ba5d3c3ee13',
}
# Images that servers were made of, by name.
OS = {
    'linux': {'distro': 'fedora-coreos', 'os_type': 'linux'},
    'windows': {'distro': 'windows', 'os_type': 'windows'},
}
KINDS = {'server': 'instance'}

# Seconds that an edge may differ, by where it is known from. The databases
# cut to whole seconds; the journal notes when the client saw it.
DATABASE = 2
JOURNAL = 3
# The client saw that a cluster was resized once Magnum said that it was done,
# which it looks for every ten seconds.
RESIZED = 11
# The machine was busy, and the client saw these still later: Nova and Neutron
# had answered before, or were at work that long.
SLOW = {
    'ebd49e3f-9afa-4d6b-a823-2646899e6541': 4,
    'ed60fe50-8fe6-48f4-956e-9fa2bf3d39f3': 4,
    'bf2db8d7-338a-4e86-a855-f9c76c59a3f3': 4,
    '6fef301f-c5e8-44d6-9972-ae6b526f4950': 4,
    'b44ea278-a361-4ba8-9f2d-6c3cf0f41e88': 5,
}


@dataclasses.dataclass(frozen=True)
class Edge:
    """When a period begins or ends.

    :ivar slack: seconds that it may really have been earlier or later
    """

    at: datetime.datetime
    slack: float

    def agrees(self, moment):
        return (
            moment is not None
            and abs((moment - self.at).total_seconds()) <= self.slack
        )


@dataclasses.dataclass
class Period:
    """What an entity should be.

    :ivar end: Edge, None while it goes on
    :ivar values: what is known of its attributes
    """

    start: Edge
    end: Edge | None
    values: dict


class Life:
    """One resource and its periods, oldest first."""

    def __init__(self, start, values):
        self.periods = [Period(start, None, values)]

    @property
    def last(self):
        return self.periods[-1]

    def change(self, edge, **values):
        """Begin a period with other values, if they are others."""
        if self.last.values | values == self.last.values:
            return
        self.last.end = edge
        self.periods.append(Period(edge, None, self.last.values | values))

    def amend(self, **values):
        """Change values in place."""
        self.last.values = self.last.values | values

    def age(self, edge):
        """Return seconds; edges of different sources may seem swapped."""
        return max((edge.at - self.last.start.at).total_seconds(), 0)

    def attach(self, edge, servers, threshold):
        """Attach or detach, leaving *servers*, as Almanach does it."""
        old = self.last.values['attached_to']
        stays = (old and len(servers) > len(old)) or (old and servers)
        if stays or self.age(edge) < threshold:
            self.amend(attached_to=servers)
        else:
            self.change(edge, attached_to=servers)

    def end(self, edge, threshold=0):
        """End it; a last period that is too short never was."""
        if len(self.periods) > 1 and self.age(edge) < threshold:
            self.periods.pop()
        else:
            self.last.end = edge


def _lines(name):
    with gzip.open(CLOUD / f'{name}.jsonl.gz', 'rt') as lines:
        return [json.loads(line) for line in lines]


class Journal:
    """The truth about all resources.

    :ivar lives: {(type, id): Life} of all that the journal tells of
    :ivar unnoted: {id: Life} of volumes that only the database knows: those
        that Nova made for servers, and some made by hand
    """

    def __init__(self, volume_threshold):
        self._threshold = volume_threshold
        self._rows = {row['id']: row for row in _lines('databases')}
        self._steps = {}
        # The client says only of these that they became "error".
        self._failed = set()
        for line in _lines('journal'):
            if line['step'] == 'failed':
                self._failed.add(line['id'])
            if line.get('why', '').endswith(' is error'):
                self._failed.add(line['why'].split()[-3])
            key = (line['kind'], line['id'])
            self._steps.setdefault(key, []).append(line)
        self.lives = {}
        tell = {
            'server': self._server,
            'volume': self._volume,
            'snapshot': self._snapshot,
            'floatingip': self._other,
            'image': self._other,
            'cluster': self._cluster,
        }
        for (kind, id_), steps in self._steps.items():
            if kind in tell and steps[0]['step'] == 'created':
                life = tell[kind](id_, steps)
                self.lives[KINDS.get(kind, kind), id_] = life
        self.unnoted = {
            id_: self._unnoted(id_, row)
            for id_, row in self._rows.items()
            if row['kind'] == 'volume'
            and ('volume', id_) not in self._steps
            and id_ not in self._failed
            and _moment(row['created_at']) < END
        }

    def _begin(self, id_, values):
        """Return a Life that begins when the database says so."""
        row = self._rows[id_]
        start = Edge(_moment(row['created_at']), DATABASE)
        return Life(start, {'project_id': row['project']} | values)

    def _end(self, id_, life, threshold=0):
        """Let it end when the database says so, unless it goes on."""
        row = self._rows[id_]
        ended = row.get('terminated_at') or row['deleted_at']
        if ended and _moment(ended) <= END:
            life.end(Edge(_moment(ended), DATABASE), threshold)

    def _unnoted(self, id_, row):
        life = self._begin(id_, {'size': row['size'], 'type': row['type']})
        self._end(id_, life)
        return life

    def _server(self, id_, steps):
        life = self._begin(
            id_,
            {
                'flavor': steps[0]['flavor'],
                'os': OS[steps[0]['image']],
            },
        )
        for line in steps:
            edge = Edge(_moment(line['at']), SLOW.get(id_, JOURNAL))
            if line['step'] == 'resized':
                life.change(edge, flavor=line['flavor'])
            elif line['step'] == 'rebuilt':
                life.change(edge, os=OS[line['image']])
        self._end(id_, life)
        name = self._rows[id_]['name']
        # When it was renamed is noted, but not to what; what had ended before
        # keeps its name.
        if not any(line['step'] == 'renamed' for line in steps):
            for period in life.periods:
                period.values['name'] = name
        life.amend(display_name=name)
        return life

    def _volume(self, id_, steps):
        retyped = [s['type'] for s in steps if s['step'] == 'retyped']
        # Cinder refused one, as its database shows; the client did not note
        # that.
        final = self._rows[id_]['type']
        refused = retyped and retyped[-1] != final
        life = self._begin(
            id_,
            {
                'size': steps[0]['size'],
                # A clone has the type of its source.
                'type': steps[0].get('type', final),
                'attached_to': [],
            },
        )
        for line in steps:
            edge = Edge(_moment(line['at']), JOURNAL)
            if line['step'] == 'extended':
                life.change(edge, size=line['size'])
            elif line['step'] == 'retyped' and not refused:
                life.change(edge, type=line['type'])
            elif line['step'] == 'attached':
                life.attach(edge, [line['server']], self._threshold)
            elif line['step'] == 'detached':
                life.attach(edge, [], self._threshold)
        self._end(id_, life, self._threshold)
        return life

    def _snapshot(self, id_, steps):
        life = self._begin(
            id_, {'size': steps[0]['size'], 'volume_id': steps[0]['volume']}
        )
        self._end(id_, life)
        return life

    def _other(self, id_, steps):
        """A floating IP or an image: the journal alone knows of them."""
        first = steps[0]
        values = {'project_id': PROJECTS[first['project']]}
        for name in ('size', 'address'):
            if name in first:
                values[name] = first[name]
        slack = SLOW.get(id_, JOURNAL)
        life = Life(Edge(_moment(first['at']), slack), values)
        for line in steps:
            if line['step'] == 'deleted':
                life.end(Edge(_moment(line['at']), JOURNAL))
        return life

    def _cluster(self, id_, steps):
        """A cluster, from when it is complete, with its wanted nodes.

        What Magnum never tells is left out: node groups that are removed.
        """
        first = steps[0]
        values = {
            'project_id': PROJECTS[first['project']],
            'nodes': first['nodes'],
        }
        life = Life(Edge(_moment(first['at']), JOURNAL), values)
        for line in steps:
            if line['step'] == 'resized':
                edge = Edge(_moment(line['at']), RESIZED)
                life.change(edge, nodes=line['nodes'])
            elif line['step'] == 'group-added':
                edge = Edge(_moment(line['at']), JOURNAL)
                life.change(edge, nodes=line['nodes'])
            elif line['step'] == 'deleted':
                life.end(Edge(_moment(line['at']), JOURNAL))
        return life


def _moment(text):
    moment = datetime.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def complaints(name, life, entities):
    """Return what is wrong with the *entities* of a resource.

    :param name: of the resource, for people
    :param life: Life
    :param entities: (start, end, attributes), oldest first
    """
    if len(entities) != len(life.periods):
        return [
            f'{name}: {len(entities)} entities instead of '
            f'{len(life.periods)}: {entities} {life.periods}'
        ]
    found = []
    for number, (period, (start, end, values)) in enumerate(
        zip(life.periods, entities, strict=True)
    ):
        where = f'{name}, entity {number}'
        if not period.start.agrees(start):
            found.append(f'{where} starts {start}, not {period.start}')
        if period.end is None:
            if end is not None:
                found.append(f'{where} ends {end}, but goes on')
        elif not period.end.agrees(end):
            found.append(f'{where} ends {end}, not {period.end}')
        found += [
            f'{where} has {key} {values.get(key)!r}, not {value!r}'
            for key, value in period.values.items()
            if values.get(key) != value
        ]
    return found
