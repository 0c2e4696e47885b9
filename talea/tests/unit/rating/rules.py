# SPDX-License-Identifier: Apache-2.0
"""Rules and points for tests: written by hand, or drawn."""

import dataclasses
import datetime
from decimal import Decimal

from hypothesis import strategies as st

from talea.rating import chain
from talea.rating import hashmap
from talea.rating import noop
from talea.rating import point
from talea.rating import rules

START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)

SERVICES = (
    rules.Service(id='s-instance', name='instance'),
    rules.Service(id='s-volume', name='volume.size'),
)
FIELDS = (
    rules.Field(id='f-flavor', name='flavor', service_id='s-instance'),
    rules.Field(id='f-vcpus', name='vcpus', service_id='s-instance'),
    rules.Field(id='f-type', name='type', service_id='s-volume'),
)
VALUES = ('small', '2', '2.5')


def mapping(cost, value=None, parent='f-flavor', **kwargs):
    """Return a mapping, of a service if *value* is None."""
    given = {
        'id': f'm-{value}-{cost}',
        'type': rules.FLAT,
        'group_id': None,
        'tenant_id': None,
        'start': START,
        'service_id': None if value else 's-instance',
        'field_id': parent if value else None,
        **kwargs,
    }
    return rules.Mapping(cost=Decimal(cost), value=value, **given)


def threshold(level, cost, parent='f-vcpus', **kwargs):
    """Return a threshold, of a service if *parent* is None."""
    given = {
        'id': f't-{level}-{cost}',
        'type': rules.FLAT,
        'group_id': None,
        'tenant_id': None,
        'start': START,
        'service_id': None if parent else 's-instance',
        'field_id': parent,
        **kwargs,
    }
    return rules.Threshold(cost=Decimal(cost), level=Decimal(level), **given)


def collection(*given):
    """Return the Rules that *given*, mappings and thresholds, are part of."""
    return rules.Rules(
        SERVICES,
        FIELDS,
        tuple(one for one in given if isinstance(one, rules.Mapping)),
        tuple(one for one in given if isinstance(one, rules.Threshold)),
    )


def rate(of_rules, one, scope_id='p1'):
    """Return the Point that is *one* at the prices of *of_rules*."""
    raters = (noop.Noop().rater(of_rules), hashmap.Hashmap().rater(of_rules))
    return chain.Chain(raters).rate(one, scope_id)


def usage(quantity=1, metric='instance', **fields):
    """Return a point of so much from a meter that stood at 1000."""
    readings = ((Decimal(1000), 1000 + Decimal(quantity)),)
    return point.Point(metric, 'hour', readings, fields, {})


# -- drawn --------------------------------------------------------------------

COSTS = (
    st.decimals(-100, 100, places=3)
    | st.decimals(-1, 1, places=28)
    | st.decimals(-(10**12), 10**12, places=28)
)
LEVELS = st.sampled_from([Decimal(one) for one in ('-1', '0', '2', '2.5')])
PARENTS = st.sampled_from([*SERVICES, *FIELDS])
NUMBERS = st.decimals(0, 10**7, places=28)


@st.composite
def _rule(draw):
    parent = draw(PARENTS)
    service = isinstance(parent, rules.Service)
    common = {
        'cost': draw(COSTS),
        'type': draw(st.sampled_from(rules.TYPES)),
        'service_id': parent.id if service else None,
        'field_id': None if service else parent.id,
        'group_id': draw(st.sampled_from((None, 'g'))),
        'tenant_id': draw(st.sampled_from((None, None, 'p1', 'p2'))),
        'start': START,
    }
    if draw(st.booleans()):
        value = None if service else draw(st.sampled_from(VALUES))
        return rules.Mapping(id='', value=value, **common)
    return rules.Threshold(id='', level=draw(LEVELS), **common)


def _key(one):
    """Return what only one rule may have at a time."""
    return (
        type(one),
        one.parent_id,
        one.group_id,
        one.tenant_id,
        one.type,
        getattr(one, 'value', None),
        getattr(one, 'level', None),
    )


def some_rules():
    """Return a strategy for lists of rules that do not exclude one another."""
    return st.integers(0, 20).flatmap(
        lambda number: st.lists(
            _rule(), min_size=number, max_size=25, unique_by=_key
        ).map(_numbered)
    )


def _numbered(some):
    return [
        dataclasses.replace(one, id=f'r{number}')
        for number, one in enumerate(some)
    ]


@st.composite
def points(draw):
    """Return a strategy for points, of whatever metric."""
    numbers = NUMBERS | st.sampled_from([Decimal(0), Decimal(2), Decimal(4)])
    edges = sorted(draw(st.lists(numbers, min_size=2, max_size=6)))
    values = st.sampled_from((*VALUES, 2, Decimal('2.5')))
    odd = st.sampled_from((None, 'NaN', True, 10, '-1'))
    names = ('flavor', 'vcpus', 'type', 'other')
    known = st.fixed_dictionaries(
        {}, optional=dict.fromkeys(names, values | values | odd)
    )
    return point.Point(
        draw(st.sampled_from((*['instance'] * 4, 'volume.size', 'unknown'))),
        'unit',
        tuple(zip(edges[::2], edges[1::2], strict=False)),
        draw(known),
        draw(known),
        draw(st.sampled_from((Decimal(0), Decimal('1.5')))),
    )
