# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'conductor', title='The conductor, which tells what clusters hold'
)

OPTS = [
    cfg.IntOpt(
        'workers', default=1, min=1, help='Processes of talea-conductor.'
    ),
    cfg.IntOpt(
        'rpc_timeout',
        default=30,
        min=1,
        mutable=True,
        help='Seconds that the API waits for an answer of a conductor. More '
        'than [stats] driver_timeout, or a driver that is slow looks like a '
        'conductor that is away.',
    ),
    cfg.IntOpt(
        'max_questions',
        min=1,
        mutable=True,
        sample_default='half of [api] threads',
        help='Questions that one process of the API has waiting for their '
        'answers at the same time; others are answered with 503. Each of '
        'them holds a thread: it must be less than the process has, or slow '
        'services of the cloud block the API. Half of [api] threads where it '
        'is not set. Under uwsgi or another WSGI server, whose threads Talea '
        'does not know, set it to half of those.',
    ),
]


def register(conf):
    conf.register_group(GROUP)
    conf.register_opts(OPTS, group=GROUP)


def list_opts():
    return [(GROUP, OPTS)]
