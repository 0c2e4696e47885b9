# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg
from oslo_config import types

GROUP = cfg.OptGroup('stats', title='What clusters hold')

OPTS = [
    cfg.ListOpt(
        'drivers',
        default=['ledger'],
        help='Who knows: "ledger", from what Talea has recorded, or any of '
        'magnum, nova, cinder, neutron, keystone, which ask that service of '
        'the cloud each time; or others of talea.stats.drivers. The ledger '
        'cannot be named beside others.',
    ),
    cfg.ListOpt(
        'cluster_states',
        default=['*_COMPLETE'],
        mutable=True,
        help='Statuses of Magnum in which a cluster counts; * and ? stand for '
        'any characters and any one. DELETE_COMPLETE never counts: nothing '
        'is left of it.',
    ),
    cfg.ListOpt(
        'strategies',
        item_type=types.String(
            choices=['addresses', 'prefix', 'heat', 'metadata']
        ),
        default=['addresses', 'prefix', 'heat', 'metadata'],
        help='How servers, volumes and floating IPs are found to be of a '
        'cluster, in this order. addresses: of the nodes that Magnum names; '
        'prefix: the name of the server begins with the stack of the '
        'cluster; heat: it is such as the Heat driver of Magnum makes of the '
        'name of the cluster; metadata: the storage driver or the cloud '
        'controller that made the volume or floating IP names the cluster.',
    ),
    cfg.FloatOpt(
        'cache_seconds',
        default=10,
        min=0,
        mutable=True,
        help='Seconds for which what was gathered answers further questions. '
        '0: each question is asked anew, but for those that are asked while '
        'it is being answered.',
    ),
    cfg.FloatOpt(
        'driver_timeout',
        default=20,
        min=0.1,
        help='Seconds, from the question on, after which a driver that has '
        'not answered has failed.',
    ),
    cfg.IntOpt(
        'pool_size',
        default=16,
        min=1,
        help='Drivers that a conductor asks at the same time.',
    ),
    cfg.BoolOpt(
        'track_stats',
        default=True,
        help='Whether collectors note whose clusters may hold something else, '
        'which the driver "ledger" needs to know. False where nobody asks '
        'it.',
    ),
    cfg.FloatOpt(
        'refresh_interval',
        default=5,
        min=0.1,
        mutable=True,
        help='Driver "ledger": seconds between two looks of a conductor at '
        'what has changed since it was counted.',
    ),
    cfg.FloatOpt(
        'refresh_timeout',
        default=5,
        min=0,
        mutable=True,
        help='Driver "ledger": seconds for which a question waits at most '
        'until what has changed is counted again. The answer says as of when '
        'it is, should more be left. 0: it never waits.',
    ),
    cfg.StrOpt(
        'fake_file',
        help='Driver "fake", which is for tests only: the file of its facts.',
    ),
]


def register(conf):
    conf.register_group(GROUP)
    conf.register_opts(OPTS, group=GROUP)


def list_opts():
    return [(GROUP, OPTS)]
