# SPDX-License-Identifier: Apache-2.0
from talea.policies import base

LIST_METRICS = 'info:list_metrics_info'
GET_METRIC = 'info:get_metric_info'
GET_CONFIG = 'info:get_config'

RULES = [
    base.rule(
        LIST_METRICS,
        base.ALL,
        'List what is measured.',
        'GET /v1/info/metrics',
    ),
    base.rule(
        GET_METRIC,
        base.ALL,
        'Show a metric.',
        'GET /v1/info/metrics/{metric_name}',
    ),
    base.rule(
        GET_CONFIG,
        base.ALL,
        'Show how metrics are made.',
        'GET /v1/info/config',
    ),
]


def list_rules():
    return RULES
