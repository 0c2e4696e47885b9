# SPDX-License-Identifier: Apache-2.0
"""Calls of CloudKitty's first API that Talea does not serve, on purpose."""

from talea import exception
from talea.api import expose
from talea.api.controllers.rating import slashed
from talea.policies import collector as collector_policies
from talea.policies import rating as policies
from talea.policies import report as report_policies

SCRIPTS = (
    'pyscripts would run code from the database with all the rights of the '
    'processor. Talea has no such module: use hashmap, or install a rating '
    'module (talea.rating.modules).'
)
COLLECTORS = (
    'which collector measures what is configured in [discovery:...] and '
    'metrics.yaml, not through the API.'
)
SUMMARY = 'use GET /v2/summary.'
FRAMES = 'use GET /v2/dataframes.'


def _no(context, rule, reason):
    """Say that there is no such thing.

    :param rule: of a policy; whoever it keeps out is not told
    :raises talea.exception.NotSupported: always, but for those
    """
    context.can(rule)
    raise exception.NotSupported(reason=reason)


def _refuse(rule, reason):
    """Return an endpoint, of a path without ids, that says no."""

    def endpoint(self):
        _no(self.context, rule, reason)

    return expose.expose()(endpoint)


class Script(slashed.Slashed):
    @expose.expose()
    def get(self, script_id):
        _no(self.context, policies.MODULE_CONFIG, SCRIPTS)

    @expose.expose()
    def put(self, script_id):
        _no(self.context, policies.MODULE_CONFIG, SCRIPTS)

    @expose.expose()
    def delete(self, script_id):
        _no(self.context, policies.MODULE_CONFIG, SCRIPTS)


class Scripts(slashed.Slashed):
    child = Script

    get = _refuse(policies.MODULE_CONFIG, SCRIPTS)
    post = _refuse(policies.MODULE_CONFIG, SCRIPTS)


class Pyscripts(slashed.Slashed):
    """``/v1/rating/module_config/pyscripts``."""

    children = {'scripts': Scripts}


class CollectorMapping(slashed.Slashed):
    @expose.expose()
    def get(self, service_id):
        _no(self.context, collector_policies.GET_MAPPING, COLLECTORS)

    @expose.expose()
    def delete(self, service_id):
        _no(self.context, collector_policies.MANAGE_MAPPING, COLLECTORS)


class CollectorMappings(slashed.Slashed):
    child = CollectorMapping

    get = _refuse(collector_policies.LIST_MAPPINGS, COLLECTORS)
    post = _refuse(collector_policies.MANAGE_MAPPING, COLLECTORS)
    delete = _refuse(collector_policies.MANAGE_MAPPING, COLLECTORS)


class CollectorStates(slashed.Slashed):
    get = _refuse(collector_policies.GET_STATE, COLLECTORS)
    put = _refuse(collector_policies.UPDATE_STATE, COLLECTORS)


class Collector(slashed.Slashed):
    """``/v1/collector``."""

    children = {'mappings': CollectorMappings, 'states': CollectorStates}


class ReportSummary(slashed.Slashed):
    """``/v1/report/summary``."""

    get = _refuse(report_policies.GET_SUMMARY, SUMMARY)


class ReportTotal(slashed.Slashed):
    """``/v1/report/total``."""

    get = _refuse(report_policies.GET_TOTAL, SUMMARY)


class Dataframes(slashed.Slashed):
    """``/v1/storage/dataframes``."""

    get = _refuse(report_policies.LIST_FRAMES, FRAMES)


class Storage(slashed.Slashed):
    """``/v1/storage``."""

    children = {'dataframes': Dataframes}
