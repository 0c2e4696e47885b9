# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup('auth', title='Who may use the API')

OPTS = [
    cfg.StrOpt(
        'strategy',
        default='private_key',
        choices=[
            (
                'private_key',
                'the X-Auth-Token header carries [auth]private_key',
            ),
            ('keystone', 'the X-Auth-Token header carries a Keystone token'),
            ('token,keystone', 'the private key first, then Keystone'),
        ],
        help='How callers prove who they are.',
    ),
    cfg.StrOpt(
        'private_key',
        default='',
        secret=True,
        help='The shared key of the private_key strategy. Whoever knows it is '
        'admin. Must be set; the well-known value "secret" is refused unless '
        'the API listens on loopback only.',
    ),
]


def register(conf):
    conf.register_group(GROUP)
    conf.register_opts(OPTS, group=GROUP)


def list_opts():
    return [(GROUP, OPTS)]
