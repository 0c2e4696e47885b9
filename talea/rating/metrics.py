# SPDX-License-Identifier: Apache-2.0
"""What is measured of each kind of entity: metrics.yaml, read and checked."""

from collections.abc import Mapping
import dataclasses
import decimal
import fractions
import functools
import math
import pathlib
from typing import Any

import voluptuous
import yaml

from talea import exception
from talea.rating import point

SHIPPED = pathlib.Path(__file__).parent / 'metrics.yaml'

# Attributes that begin a new entity when they change, or never change: what
# a metric may look at. Whatever else an entity has (its name, its host, its
# image) is only what was known last, and no ground for a price.
ATTRIBUTES: dict[str, frozenset[str]] = {
    'instance': frozenset(
        (
            'flavor',
            'flavor_id',
            'vcpus',
            'memory_mb',
            'disk_gb',
            'root_gb',
            'ephemeral_gb',
        )
    ),
    'volume': frozenset(('size', 'volume_type_id', 'volume_type')),
    'snapshot': frozenset(('size', 'volume_id')),
    'image': frozenset(('size',)),
    'floatingip': frozenset(('network_id', 'address')),
    # "nodes" is both counts together.
    'cluster': frozenset(('node_count', 'master_count', 'nodes')),
}
# Of kinds that plug-ins add.
OTHERS = frozenset(('flavor', 'size'))
# Properties of the image of an instance; see [entities] instance_image_meta.
IMAGE = 'os.'

# What summaries call something else: names that no attribute can have.
RESERVED = frozenset(
    (
        'id',
        'type',
        'time',
        'time-d',
        'time-w',
        'time-m',
        'time-y',
        'begin',
        'end',
        'qty',
        'rate',
    )
)

MUTATIONS = ('NONE', 'NUMBOOL', 'NOTNUMBOOL', 'FLOOR', 'CEIL', 'MAP')

_MICROSECONDS = 3600 * 10**6


class BadMetrics(exception.TaleaError):
    """The metrics cannot be used as they are written."""

    template = '%(path)s: %(reason)s'


@dataclasses.dataclass(frozen=True, slots=True)
class Metric:
    """How one quantity is made of the entities of one kind.

    :ivar entity: kind of entity
    :ivar unit: of the quantity, which is level times hours
    :ivar measure: attribute whose value is measured; None: each counts as 1
    :ivar groupby: {name in the dataframe: attribute}
    :ivar metadata: likewise
    """

    name: str
    entity: str
    unit: str
    measure: str | None
    factor: fractions.Fraction
    offset: fractions.Fraction
    mutate: str
    mutate_map: Mapping[fractions.Fraction, fractions.Fraction]
    groupby: Mapping[str, str]
    metadata: Mapping[str, str]
    description: str

    def level(self, value: Any) -> fractions.Fraction | None:
        """Return what the meter turns by in an hour, for a measured *value*.

        value * factor + offset, mutated. None if *value* is no number: what
        is not known is not measured.
        """
        if self.measure is None:
            value = 1
        if type(value) is float and math.isfinite(value):
            # The text of a float is what was sent, its value is not.
            value = fractions.Fraction(str(value))
        elif type(value) is not int:
            return None
        level: fractions.Fraction = value * self.factor + self.offset
        if self.mutate == 'NUMBOOL':
            return fractions.Fraction(level != 0)
        if self.mutate == 'NOTNUMBOOL':
            return fractions.Fraction(level == 0)
        if self.mutate == 'FLOOR':
            return fractions.Fraction(math.floor(level))
        if self.mutate == 'CEIL':
            return fractions.Fraction(math.ceil(level))
        if self.mutate == 'MAP':
            return self.mutate_map.get(level, fractions.Fraction(0))
        return level


@functools.lru_cache(maxsize=100000)
def reading(level: fractions.Fraction, microseconds: int) -> decimal.Decimal:
    """Return what a meter shows that has turned by *level* an hour since 1970.

    :param microseconds: since 1970
    :returns: rounded half to even at 28 places
    """
    context = point.EXACT
    return point.rounded(
        context.divide(
            decimal.Decimal(level.numerator * microseconds),
            decimal.Decimal(level.denominator * _MICROSECONDS),
        )
    )


def _fraction(value: Any) -> fractions.Fraction:
    """Read a number, or the text of a fraction such as 1/1048576."""
    if type(value) not in (int, float, str):
        raise voluptuous.Invalid('must be a number or a fraction like 1/1024')
    try:
        # The text of a float is what was written, its value is not.
        return fractions.Fraction(str(value))
    except (ValueError, ZeroDivisionError):
        raise voluptuous.Invalid(
            'must be a number or a fraction like 1/1024'
        ) from None


def _text(longest: int) -> Any:
    return voluptuous.All(
        str,
        voluptuous.Length(min=1, max=longest),
        msg=f'must be text of 1 to {longest} characters',
    )


_NAMES = {_text(64): _text(64)}
_METRIC = {
    voluptuous.Required('entity'): _text(32),
    voluptuous.Required('unit'): _text(64),
    voluptuous.Optional('measure', default=None): voluptuous.Any(
        None, _text(64)
    ),
    voluptuous.Optional('factor', default=1): _fraction,
    voluptuous.Optional('offset', default=0): _fraction,
    voluptuous.Optional('mutate', default='NONE'): voluptuous.In(MUTATIONS),
    voluptuous.Optional('mutate_map', default=dict): {_fraction: _fraction},
    voluptuous.Optional('groupby', default=dict): _NAMES,
    voluptuous.Optional('metadata', default=dict): _NAMES,
    voluptuous.Optional('description', default=''): str,
}
_SCHEMA = voluptuous.Schema(
    {voluptuous.Required('metrics'): {_text(255): _METRIC}}
)


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """What is there twice is a mistake, not the second one."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    problem=f'{key.value} is there twice',
                    problem_mark=key.start_mark,
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def load(
    path: str | None = None, split_on_state: bool = False
) -> dict[str, Metric]:
    """Return {name: Metric} of a file.

    :param path: the shipped metrics.yaml by default
    :param split_on_state: whether a change of state begins a new entity, so
        that metrics may look at it
    :raises BadMetrics: if it cannot be read, with the place and the reason
    """
    path = path or str(SHIPPED)
    try:
        with open(path) as file:
            content = _Loader(file).get_single_data()
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        raise BadMetrics(
            path=path, reason=' '.join(str(error).split())
        ) from None
    try:
        metrics = {
            name: Metric(name, **given)
            for name, given in _SCHEMA(content)['metrics'].items()
        }
        for metric in metrics.values():
            _check(metric, split_on_state)
    except voluptuous.Invalid as error:
        raise BadMetrics(path=path, reason=error) from None
    return metrics


def _check(metric: Metric, split_on_state: bool) -> None:
    """Pass if *metric* makes sense as a whole.

    :raises voluptuous.Invalid: otherwise
    """
    both = metric.groupby.keys() & metric.metadata.keys()
    if both:
        raise voluptuous.Invalid(
            f'{min(both)} is in groupby and in metadata',
            ['metrics', metric.name],
        )
    taken = RESERVED & (metric.groupby.keys() | metric.metadata.keys())
    if taken:
        raise voluptuous.Invalid(
            f'the name "{min(taken)}" means something else in summaries',
            ['metrics', metric.name],
        )
    if (metric.mutate == 'MAP') != bool(metric.mutate_map):
        raise voluptuous.Invalid(
            'mutate MAP and mutate_map go together', ['metrics', metric.name]
        )
    known = ATTRIBUTES.get(metric.entity, OTHERS)
    instance = metric.entity == 'instance'
    for attribute in (
        *metric.groupby.values(),
        *metric.metadata.values(),
        *filter(None, [metric.measure]),
    ):
        if instance and (
            (attribute.startswith(IMAGE) and attribute != IMAGE)
            or (attribute == 'state' and split_on_state)
        ):
            continue
        if attribute not in known:
            raise voluptuous.Invalid(
                f'there is no attribute {attribute} of {metric.entity} that '
                'could be rated (the state of an instance needs [entities] '
                'split_on_state)',
                ['metrics', metric.name],
            )
