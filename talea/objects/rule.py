# SPDX-License-Identifier: Apache-2.0
"""All rules in memory, compiled for the moments that they are asked for."""

import bisect
from collections.abc import Iterable
import datetime
import functools
from typing import Any

from talea import exception
from talea.db import api as db
from talea.objects import generation as generations
from talea.objects import hashmap
from talea.objects import module
from talea.objects import pricing
from talea.rating import base
from talea.rating import chain
from talea.rating import rules

# How many compiled chains a book keeps, at most; one counts for all periods
# from one change of the rules to the next.
MEMORY = 100

# How often to read rules that change while they are read.
_ATTEMPTS = 20


class RuleBook:
    """The rules as they were at one time, whenever they are valid.

    Safe to share between threads.

    :param generation: how often they had changed until then
    :param given: all rules that are not deleted
    :param modules: those that are enabled, in the order in which they price
    """

    def __init__(
        self,
        generation: int,
        given: rules.Rules,
        modules: Iterable[base.Module],
    ) -> None:
        self.generation = generation
        self._rules = given
        self._modules = tuple(modules)
        self._edges = sorted(
            {
                edge
                for one in (*given.mappings, *given.thresholds)
                for edge in (one.start, one.end)
                if edge is not None
            }
        )
        self._chains: dict[int, chain.Chain] = {}

    def chain(self, at: datetime.datetime) -> chain.Chain:
        """Return what prices a period that begins at *at*, aware.

        The same one for all moments between which no rule starts or ends.
        """
        place = bisect.bisect_right(self._edges, at)
        found = self._chains.get(place)
        if found is None:
            valid = self._rules.at(at)
            found = chain.Chain(one.rater(valid) for one in self._modules)
            if len(self._chains) >= MEMORY:
                self._chains.clear()
            self._chains[place] = found
        return found


@db.reader
def generation(context: Any) -> int:
    """Return how often rules have changed."""
    return generations.numbers(context).get(generations.RULES, 0)


@db.reader
def load(context: Any) -> RuleBook:
    """Return the rules as they are now; a handful of statements.

    :raises talea.exception.ConcurrentUpdate: if they never stop changing
    :raises talea.rating.base.BadModule: if a module cannot be loaded
    """
    for _ in range(_ATTEMPTS):
        # Each statement sees what is committed when it begins. Rules change
        # together with their number: as long as it has not, they belong
        # together.
        before = generation(context)
        given = rules.Rules(
            tuple(hashmap.services(context)),
            tuple(hashmap.fields(context)),
            tuple(pricing.list_(context, rules.Mapping, pricing.EVER)),
            tuple(pricing.list_(context, rules.Threshold, pricing.EVER)),
        )
        modules = module.list_(context)
        if generation(context) == before:
            break
    else:
        raise exception.ConcurrentUpdate(what='The set of rules')
    enabled = sorted(
        (one for one in modules if one.enabled),
        key=lambda one: (-one.priority, one.name),
    )
    return RuleBook(before, given, (one.driver for one in enabled))


@db.reader
def current(context: Any) -> RuleBook:
    """Return the rules as they are now, read again only if they changed."""
    shelf = _shelf(context.session.get_bind())
    book = shelf.get('book')
    if book is None or book.generation != generation(context):
        book = shelf['book'] = load(context)
    return book


@functools.lru_cache(maxsize=8)
def _shelf(engine: Any) -> dict[str, RuleBook]:
    """Return the place of the book of one database."""
    return {}
