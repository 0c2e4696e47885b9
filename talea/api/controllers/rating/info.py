# SPDX-License-Identifier: Apache-2.0
"""``/v1/info/config`` and ``/v1/info/metrics``: what is measured."""

import functools

from talea import exception
from talea.api import expose
from talea.api.controllers.rating import slashed
from talea.policies import info as policies
from talea.rating import metrics


@functools.lru_cache(maxsize=8)
def _load(path, split_on_state):
    return metrics.load(path, split_on_state)


def _metrics(request):
    """Return {name: Metric}, read once as the processor does."""
    conf = request.conf
    return _load(conf.processor.metrics_file, conf.entities.split_on_state)


def _show(one):
    return {
        'metric_id': one.name,
        'unit': one.unit,
        'metadata': sorted(one.metadata),
        'groupby': sorted(one.groupby),
        'description': one.description,
    }


def _text(fraction):
    """Return a number of metrics.yaml as it may be written there."""
    return str(fraction) if fraction.denominator > 1 else fraction.numerator


def _definition(one):
    return {
        'entity': one.entity,
        'unit': one.unit,
        'measure': one.measure,
        'factor': _text(one.factor),
        'offset': _text(one.offset),
        'mutate': one.mutate,
        'mutate_map': {
            str(level): _text(value) for level, value in one.mutate_map.items()
        },
        'groupby': dict(one.groupby),
        'metadata': dict(one.metadata),
        'description': one.description,
    }


class Metric(slashed.Slashed):
    """``/v1/info/metrics/<name>``."""

    @expose.expose(strict=True)
    def get(self, metric_name):
        """Show a metric."""
        self.context.can(policies.GET_METRIC)
        found = _metrics(self.request).get(metric_name)
        if found is None:
            raise exception.NotFound(f'There is no metric "{metric_name}"')
        return _show(found)


class Metrics(slashed.Slashed):
    """``/v1/info/metrics``."""

    child = Metric

    @expose.expose(strict=True)
    def get(self):
        """List what is measured."""
        self.context.can(policies.LIST_METRICS)
        found = _metrics(self.request).values()
        return {'metrics': [_show(one) for one in found]}


class Config(slashed.Slashed):
    """``/v1/info/config``."""

    @expose.expose(strict=True)
    def get(self):
        """Show how metrics are made."""
        self.context.can(policies.GET_CONFIG)
        found = _metrics(self.request)
        return {
            'metrics': {name: _definition(one) for name, one in found.items()}
        }
