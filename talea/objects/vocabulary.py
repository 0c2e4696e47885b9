# SPDX-License-Identifier: Apache-2.0
"""Which points are asked for, and what the words of a question mean.

A word is "type", the name of a metric; or what identifies scopes, such as
"project_id"; or an attribute that some metric is grouped by; or anything
else, which is looked for in the metadata of points as well.
"""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
import dataclasses
import datetime
import functools
import json
from typing import Any

import sqlalchemy as sa

from talea.db import models
from talea.objects import frame as frames

TYPE = 'type'

_CELL = models.CELL.c


@dataclasses.dataclass(frozen=True, slots=True)
class Selection:
    """Which points are asked for.

    :ivar begin: those of periods that begin at or after this time
    :ivar end: and before this one
    :ivar filters: {word: texts}; points that have one of the texts, for each
        word
    :ivar scope: (scope key, identifier) of the only scope that may be seen,
        whatever it is a key of if that is None; None: all of them
    """

    begin: datetime.datetime
    end: datetime.datetime
    filters: Mapping[str, frozenset[str]] = dataclasses.field(
        default_factory=dict
    )
    scope: tuple[str | None, str] | None = None


def text_of(value: Any) -> str | None:
    """Return the text by which a filter finds *value*; None: by none."""
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


@dataclasses.dataclass(frozen=True, slots=True)
class Vocabulary:
    """What some words mean, by what has been rated so far.

    :ivar keys: scope keys that are in use
    :ivar grouped: those of the words that are attributes that some metric is
        grouped by, other than what tells resources apart
    """

    keys: tuple[str, ...]
    grouped: frozenset[str]

    @classmethod
    def of(cls, context: Any, words: Iterable[str]) -> 'Vocabulary':
        """Look *words* up; joins the transaction of *context*."""
        keys = tuple(_keys(context))
        others = {word for word in words if word != TYPE}
        if len(keys) == 1:
            others.discard(keys[0])
        return cls(
            keys, frozenset(word for word in others if _known(context, word))
        )

    def in_sums(self, words: Iterable[str]) -> bool:
        """Return whether sums can tell *words* apart; otherwise frames."""
        return all(
            word == TYPE or word in self.keys or word in self.grouped
            for word in words
        )

    def value(
        self, word: str, scope: tuple[str, str], line: frames.Line
    ) -> Any:
        """Return what *word* is of a point.

        :param scope: (scope key, identifier)
        """
        if word == TYPE:
            return line.metric
        if word == scope[0]:
            return scope[1]
        value = line.groupby.get(word)
        if value is None and word not in self.grouped:
            value = line.metadata.get(word)
        return value

    def inside(self, filters: Mapping[str, Any]) -> dict[str, Any]:
        """Return those of *filters* that have to look at points."""
        return {
            word: texts
            for word, texts in filters.items()
            if self.keys != (word,)
        }

    def conditions(
        self, selection: Selection, key: Any, identifier: Any
    ) -> Iterator[Any]:
        """Yield what SQL can say about the scopes that are asked for.

        :param key: the column of scope keys
        :param identifier: that of identifiers
        """
        for word in self.keys:
            texts = selection.filters.get(word)
            if texts is None:
                continue
            among = identifier.in_(sorted(texts))
            if len(self.keys) == 1:
                yield among
            else:
                # To others it is an attribute like any other.
                yield sa.or_(key != word, among)
        if selection.scope is not None:
            only, name = selection.scope
            yield identifier == name
            if only is not None and self.keys != (only,):
                yield key == only


def passes(
    filters: Mapping[str, frozenset[str]],
    vocabulary: Vocabulary,
    scope: tuple[str, str],
    line: frames.Line,
) -> bool:
    """Return whether a point passes *filters*."""
    return all(
        text_of(vocabulary.value(word, scope, line)) in texts
        for word, texts in filters.items()
    )


def _keys(context: Any) -> Iterator[str]:
    # One look into the index for each, however many cells there are.
    key = None
    while True:
        statement = sa.select(sa.func.min(_CELL.scope_key))
        if key is not None:
            statement = statement.where(_CELL.scope_key > key)
        key = context.session.scalar(statement)
        if key is None:
            return
        yield key


def _known(context: Any, word: str) -> bool:
    """Return whether some metric is grouped by *word*."""
    found = _found(context.session.get_bind())
    if word in found:
        return True
    # As it is written by talea.objects.posting. Within a value the quotes
    # would have a backslash before them. LIKE is blind to case on SQLite.
    member = json.dumps(word, ensure_ascii=False) + ': '
    without = sa.func.replace(_CELL.groupby, member, '')
    row = context.session.execute(
        sa.select(sa.literal(1)).where(without != _CELL.groupby).limit(1)
    ).first()
    if row is not None:
        found.add(word)
    return row is not None


@functools.lru_cache(maxsize=8)
def _found(engine: Any) -> set[str]:
    # Cells are never deleted, so what was found once stays true.
    return set()
