# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup('hashmap', title='The rating module hashmap')

OPTS = [
    cfg.BoolOpt(
        'force',
        default=False,
        mutable=True,
        help='Whether rules may have effect in the past, so that what was '
        'rated is rated again, even if a request does not say force=true. '
        'The client of CloudKitty cannot say it.',
    ),
]


def register(conf):
    conf.register_group(GROUP)
    conf.register_opts(OPTS, group=GROUP)


def list_opts():
    return [(GROUP, OPTS)]
