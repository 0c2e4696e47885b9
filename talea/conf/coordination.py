# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup('coordination', title='How processes share work')

OPTS = [
    cfg.StrOpt(
        'backend_url',
        secret=True,
        help='URL of a backend of tooz (etcd3+http://, redis://, kazoo://, '
        'file:// ...) by which processors share the scopes among them; it '
        'has to know groups. Without it each tries all of them: nothing is '
        'rated twice, but some work is done in vain.',
    ),
]


def register(conf):
    conf.register_group(GROUP)
    conf.register_opts(OPTS, group=GROUP)


def list_opts():
    return [(GROUP, OPTS)]
