# SPDX-License-Identifier: Apache-2.0
"""The fold: what a resource's events amount to. Pure, no clock, no database.

Names of attributes
===================

Events carry what the service said under these names. A definition leaves out
what the message does not say, and what it says but cannot be trusted at that
moment (the flavor while a resize may still be reverted, the image while a
rebuild is under way). All times are ISO 8601 text with offset.

On every kind of resource:

``project_id``
    Owner.
``name``
    Instance: the host name. Others: the display name.
``created_at``
    When the resource was created. Only given if the message proves that it
    really came to life (it has been launched): a failed create is no usage.
    Whoever misses the create event opens the entity from here.
``begun`` (UPDATE)
    True: it is being made, and may still fail. If nothing tells then that it
    came to life, an audit that finds it deleted does not prove it either.
``state``
    The service's word: active, stopped, in-use ...
``ended_at`` (EXISTS)
    The audit says that the resource is gone, and since when.
``gone`` (EXISTS)
    True: the audit says that it is gone, but not since when.
``period_begin``, ``period_end`` (EXISTS)
    What the audit looks back on.

Instance:

``flavor``, ``flavor_id``, ``vcpus``, ``memory_mb``, ``disk_gb``, ``root_gb``,
``ephemeral_gb``
    The flavor group: always given or left out together. ``flavor`` is its
    name, ``disk_gb`` root and ephemeral together.
``image_id``
    Image it was built from; "" when it boots from a volume.
``image_meta``
    Properties of that image as the payload has them, unfiltered (os_distro,
    os_version, os_type ...). Left out by messages that do not carry them (the
    versioned format), which give ``os_type`` alone.
``os_type``, ``metadata`` (dict), ``display_name``, ``zone``, ``host``,
``launched_at``
    As the payload has them.
``addresses``, ``ports``
    Sorted lists of its fixed addresses and of the ids of its ports. Left out
    where the payload has none of them: the old format has addresses with
    creates, rebuilds and resizes only, and never ports.

Volume: ``size`` (GiB), ``volume_type_id``, ``attached_to`` (sorted list of
instance ids), ``zone``, ``metadata`` (dict).
Snapshot: ``size`` (GiB), ``volume_id``.
Floating IP: ``address``, ``network_id``, ``port_id``, ``fixed_ip``,
``router_id``, ``description``.
Image: ``size`` (bytes), ``visibility``.
Volume type: ``name`` alone.

Cluster:

``node_count``, ``master_count``
    How many workers (of all node groups) and masters are wanted. RESIZE takes
    both for true.
``completed``
    True: its create has succeeded. Until something says so it is there, but
    is no usage. Never taken back.
``completed_at``
    By when at the latest, if the message only looks back on it.
``state``, ``stack_id``, ``node_addresses``, ``master_addresses``,
``cluster_template_id``
    As the payload has them; the addresses sorted.

CORRECT has instead: ``target_start``, ``target_end`` (the entity that the
operator saw, by its edges; ``target_end`` is None for the active one),
``set`` (new values by the names above, and ``start``/``end``) and ``caller``;
its fact_at is when the correction was made.
"""

from collections.abc import Mapping
import dataclasses
import datetime
from typing import Any

# Metadata by which Kubernetes' driver for Cinder tells its cluster.
CSI_CLUSTER = 'cinder.csi.openstack.org/cluster'


class Incomplete(Exception):
    """Earlier entities are needed than those at hand: fold from the start."""


@dataclasses.dataclass(frozen=True, slots=True)
class Rules:
    """What the fold is told by options; see talea.conf.entities.

    :ivar image_meta: names of image properties that count
    :ivar metadata: keys of instance metadata that are kept
    :ivar volume_metadata: keys of volume metadata that are kept
    :ivar volume_threshold: seconds
    :ivar split_on_state: whether a change of state starts a new entity
    :ivar track_changes: whether it is noted whose usage changed when
    :ivar track_stats: whether it is noted whose clusters may hold something
        else
    """

    image_meta: tuple[str, ...] = ('distro', 'version', 'os_type')
    metadata: tuple[str, ...] = ()
    volume_threshold: int = 60
    split_on_state: bool = False
    track_changes: bool = True
    volume_metadata: tuple[str, ...] = (CSI_CLUSTER,)
    track_stats: bool = True

    @classmethod
    def of(cls, conf: Any) -> 'Rules':
        """Read the rules from the options of *conf*."""
        group = conf.entities
        return cls(
            tuple(group.instance_image_meta),
            tuple(group.instance_metadata),
            group.volume_existence_threshold,
            group.split_on_state,
            conf.processor.track_changes,
            tuple(group.volume_metadata),
            conf.stats.track_stats,
        )


@dataclasses.dataclass(slots=True, eq=False)
class Span:
    """An entity in the making.

    :ivar start: begin, aware UTC
    :ivar end: exclusive end, None while open
    :ivar last_event: time of the last event applied
    :ivar source: as in Entity
    :ivar values: attributes by the names above; a name that is not there is
        not known yet, None is the service's own "none"
    :ivar opened_by: message id of the event that began it
    :ivar changed_by: message ids of the events that changed it in place
    :ivar closed_by: message id of the event that ended it
    """

    start: datetime.datetime
    end: datetime.datetime | None
    last_event: datetime.datetime
    source: str
    values: dict[str, Any]
    opened_by: str = ''
    changed_by: list[str] = dataclasses.field(default_factory=list)
    closed_by: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-able dict, without who opened and closed it."""
        return {
            'start': self.start.isoformat(),
            'end': self.end and self.end.isoformat(),
            'last_event': self.last_event.isoformat(),
            'source': self.source,
            'values': self.values,
        }

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> 'Span':
        """Return what to_dict() was made of."""
        parse = datetime.datetime.fromisoformat
        return cls(
            parse(given['start']),
            parse(given['end']) if given['end'] else None,
            parse(given['last_event']),
            given['source'],
            dict(given['values']),
        )

    def copy(self) -> 'Span':
        """Return one that can be changed by itself.

        Values are only ever replaced, never changed inside.
        """
        return dataclasses.replace(
            self, values=dict(self.values), changed_by=list(self.changed_by)
        )

    def covers(self, moment: datetime.datetime) -> bool:
        """Whether *moment* lies in it."""
        return self.start <= moment and (self.end is None or moment < self.end)


# How sure the end of a resource is; a better word replaces a worse one.
GONE = 1  # an audit missed it
TOLD = 2  # an audit said when
COARSE = 3  # the service said when, in whole seconds
EXACT = 4  # the service said when
ORDERED = 5  # an operator said so


class Timeline:
    """The chain of a resource's spans, as far as it has been folded.

    A timeline is either complete, or continues from its last span alone.
    What must be known of the past to continue is in ``memory``, which is
    JSON-able.

    :ivar spans: the spans at hand, oldest first
    :ivar first: place of ``spans[0]`` in the whole chain
    :ivar life: place of the first span of the present life: what lies between
        two deletes
    :ivar certainty: of the end, one of the constants above; 0 while open
    :ivar evidence: {group of attributes: (when its value was last known,
        whether from the event that set it)}
    """

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.first = 0
        self.life = 0
        self.certainty = 0
        self.evidence: dict[str, tuple[datetime.datetime, bool]] = {}
        self.corrected = False
        # The present life as it was before its end.
        self._undo: list[Span] | None = None

    # Memory

    @property
    def memory(self) -> dict[str, Any]:
        """What continues() needs to go on from here."""
        return {
            'tail': self.spans[-1].to_dict() if self.spans else None,
            'count': self.first + len(self.spans),
            'life': self.life,
            'certainty': self.certainty,
            'corrected': self.corrected,
            'evidence': {
                group: [when.isoformat(), fact]
                for group, (when, fact) in self.evidence.items()
            },
        }

    @classmethod
    def continued(cls, memory: Mapping[str, Any]) -> 'Timeline':
        """Return a timeline that goes on where *memory* was taken.

        :raises Incomplete: if this past cannot be continued
        """
        if memory['corrected']:
            # Corrections of closed entities apply last, always.
            raise Incomplete
        timeline = cls()
        timeline.first = memory['count']
        if memory['tail'] is not None:
            timeline.first -= 1
            timeline.spans.append(Span.from_dict(memory['tail']))
        timeline.life = memory['life']
        timeline.certainty = memory['certainty']
        timeline.evidence = {
            group: (datetime.datetime.fromisoformat(when), fact)
            for group, (when, fact) in memory['evidence'].items()
        }
        return timeline

    # Reading

    @property
    def tail(self) -> Span:
        """The last span.

        :raises Incomplete: if it is not at hand
        """
        if not self.spans and self.first:
            raise Incomplete
        return self.spans[-1]

    @property
    def empty(self) -> bool:
        return not self.spans and not self.first

    @property
    def alive(self) -> bool:
        """Whether the resource still exists."""
        return not self.empty and not self.certainty

    def begun(self) -> datetime.datetime:
        """Return when the present life began."""
        return self.at(self.life).start

    def at(self, place: int) -> Span:
        """Return the span at *place* in the whole chain.

        :raises Incomplete: if it is not at hand
        """
        if place < self.first:
            raise Incomplete
        return self.spans[place - self.first]

    def lived(self) -> list[Span]:
        """Return the spans of the present life.

        :raises Incomplete: if not all are at hand
        """
        if self.life < self.first:
            raise Incomplete
        return self.spans[self.life - self.first :]

    # Changing

    def open(self, span: Span) -> None:
        """Begin a new life with *span*."""
        self.life = self.first + len(self.spans)
        self.spans.append(span)
        self.certainty = 0
        self.evidence = {}
        self._undo = None

    def split(
        self, when: datetime.datetime, message_id: str, source: str
    ) -> Span:
        """End the span that covers *when* there and begin a copy.

        Spans that begin later stay. No span becomes empty: at or before the
        begin of the present life its first span itself is returned.

        :returns: the span that begins at *when*
        :raises Incomplete: if that lies before the spans at hand
        """
        place = len(self.spans)
        while place and self.spans[place - 1].start > when:
            place -= 1
        if self.first + place <= self.life:
            return self.at(self.life)
        if not place:
            raise Incomplete
        old = self.spans[place - 1]
        if old.start == when:
            return old
        new = Span(when, old.end, when, source, dict(old.values), message_id)
        new.closed_by = old.closed_by
        old.end = old.last_event = when
        old.closed_by = message_id
        self.spans.insert(place, new)
        return new

    def following(self, span: Span) -> list[Span]:
        """Return *span* and those after it."""
        return self.spans[self.place(span) :]

    def place(self, span: Span) -> int:
        """Return the place of *span* among those at hand."""
        # Most changes are to the last one, of thousands perhaps.
        place = len(self.spans) - 1
        while self.spans[place] is not span:
            place -= 1
        return place

    def reopen(self, certainty: int) -> None:
        """Take back an end that is less sure than *certainty*, if any.

        :raises Incomplete: if what was there before it is not at hand
        """
        if not self.certainty or certainty <= self.certainty:
            return
        if self._undo is None:
            raise Incomplete
        self.spans[max(self.life - self.first, 0) :] = self._undo
        self._undo = None
        self.certainty = 0

    def close(
        self,
        when: datetime.datetime,
        certainty: int,
        message_id: str,
        source: str,
        shortest: datetime.timedelta,
    ) -> None:
        """End the present life; one that has ended is left as it is.

        :param shortest: if the life has other spans, a last one shorter than
            this is dropped, and the end before it stands
        :raises Incomplete: if a span before those at hand is ended by it
        """
        if self.certainty:
            return
        begin = max(self.life - self.first, 0)
        self._undo = [span.copy() for span in self.spans[begin:]]
        self.certainty = certainty
        when = max(when, self.begun() if self.life >= self.first else when)
        while self.spans[-1].start > when:
            # Ended before something else was said of it.
            self.spans.pop()
            if not self.spans:
                raise Incomplete
        last = self.spans[-1]
        more = self.first + len(self.spans) - 1 > self.life
        if more and when - last.start < shortest:
            if len(self.spans) == 1:
                # The last word about the span before it may be due.
                raise Incomplete
            self.spans.pop()
            return
        last.end = last.last_event = when
        last.closed_by = message_id
        if source == 'inferred':
            last.source = source
