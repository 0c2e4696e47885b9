# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup('processor', title='The processor, which rates usage')

OPTS = [
    cfg.IntOpt(
        'workers', default=1, min=1, help='Processes of talea-processor.'
    ),
    cfg.ListOpt(
        'discoveries',
        default=['default'],
        help='Names of the ways in which scopes are found. Each has a group '
        '[discovery:NAME].',
    ),
    cfg.IntOpt(
        'period',
        default=3600,
        min=60,
        help='Seconds that are rated as one; the grid begins with 1970 UTC. '
        'Must not be changed once something is rated.',
    ),
    cfg.IntOpt(
        'wait',
        default=300,
        min=0,
        mutable=True,
        help='Seconds after the end of a period before it is rated, for what '
        'is still on its way.',
    ),
    cfg.IntOpt(
        'silence_timeout',
        default=3600,
        min=0,
        mutable=True,
        help='A period is rated once every service of every deployment was '
        'heard past its end. A service that said nothing for so many seconds '
        'after it is taken for one that has nothing to say. 0: wait for it '
        'for ever.',
    ),
    cfg.FloatOpt(
        'interval',
        default=10,
        min=0.1,
        mutable=True,
        help='Seconds between two passes with nothing left to do.',
    ),
    cfg.IntOpt(
        'discovery_interval',
        default=60,
        min=1,
        mutable=True,
        help='Seconds between two searches for new scopes.',
    ),
    cfg.IntOpt(
        'chunk',
        default=100,
        min=1,
        mutable=True,
        help='Scopes that are rated in one transaction at most.',
    ),
    cfg.StrOpt(
        'rate_from',
        help='Date in ISO 8601 before which nothing is rated of a scope that '
        'is found. Default: the first of the month in which it is found.',
    ),
    cfg.BoolOpt(
        'rate_inactive_time',
        default=False,
        help='Rate the time in which a scope was switched off, too, once it '
        'is switched on again, as CloudKitty does.',
    ),
    cfg.IntOpt(
        'close_after',
        default=35,
        min=1,
        help='Days after its end when a period is closed: what becomes known '
        'of it later is an entry of the period that is open then.',
    ),
    cfg.BoolOpt(
        'track_changes',
        default=True,
        help='Whether collectors note whose usage has changed, which '
        'processors need to know and take away. False where no processor '
        'runs.',
    ),
    cfg.StrOpt(
        'metrics_file',
        help='What is measured, instead of the shipped metrics.yaml.',
    ),
]

DISCOVERY_OPTS = [
    cfg.StrOpt(
        'fetcher',
        default='ledger',
        help='Who names the scopes: ledger (projects that have usage), '
        'keystone (projects), source (a list), or another driver of '
        'talea.fetchers.',
    ),
    cfg.StrOpt(
        'collector',
        default='ledger',
        help='Who measures their usage: ledger (the entities), or another '
        'driver of talea.collectors.',
    ),
    cfg.StrOpt(
        'scope_key', default='project_id', help='What an identifier is.'
    ),
    cfg.ListOpt(
        'scopes', default=[], help='Fetcher "source": the identifiers.'
    ),
    cfg.StrOpt(
        'role',
        help='Fetcher "keystone": only projects in which the user of '
        '[keystone_authtoken] has this role. Default: all projects.',
    ),
    cfg.BoolOpt(
        'disabled_projects',
        default=True,
        help='Fetcher "keystone": whether projects that are disabled count.',
    ),
]


def discovery(conf, name):
    """Return the option group of the discovery *name*, registering it."""
    group = cfg.OptGroup(
        f'discovery:{name}', title=f'How scopes are found: {name}'
    )
    conf.register_group(group)
    conf.register_opts(DISCOVERY_OPTS, group=group)
    return conf[group.name]


def register(conf):
    conf.register_group(GROUP)
    conf.register_opts(OPTS, group=GROUP)


def list_opts():
    return [(GROUP, OPTS), ('discovery:default', DISCOVERY_OPTS)]
