# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup('collector', title='The collector of notifications')

OPTS = [
    cfg.ListOpt(
        'deployments',
        default=['default'],
        help='Names of the message buses (regions or cells) to consume. Each '
        'has a group [deployment:NAME].',
    ),
    cfg.IntOpt(
        'workers', default=1, min=1, help='Processes of talea-collector.'
    ),
    cfg.IntOpt(
        'batch_size',
        default=200,
        min=1,
        mutable=True,
        help='Messages that are stored in one transaction at most.',
    ),
    cfg.FloatOpt(
        'batch_timeout',
        default=1.0,
        min=0.01,
        mutable=True,
        help='Seconds to wait for a batch to become full.',
    ),
    cfg.IntOpt(
        'max_body_size',
        default=4 * 1024 * 1024,
        min=1024,
        help='Bytes. Of a larger message only the beginning is archived, with '
        'the reason as its fault.',
    ),
    cfg.IntOpt(
        'max_json_depth',
        default=100,
        min=4,
        help='Messages nested deeper than this are archived with a fault.',
    ),
]

DEPLOYMENT_OPTS = [
    cfg.StrOpt(
        'transport_url',
        default='fake://',
        secret=True,
        help='Where the bus is: rabbit://USER:PASSWORD@HOST:5672/VHOST, or '
        'any other transport that oslo.messaging knows. talea-collector does '
        'not start without it; talea-standalone does, and takes nothing.',
    ),
    cfg.ListOpt(
        'exchanges',
        default=[
            'nova',
            'cinder',
            'openstack',
            'neutron',
            'glance',
            'magnum',
            'keystone',
        ],
        help='Exchanges that services publish on. Cinder uses "openstack" '
        'unless its control_exchange says otherwise.',
    ),
    cfg.ListOpt(
        'topics',
        default=['notifications', 'versioned_notifications'],
        help='Notification topics of the services.',
    ),
    cfg.ListOpt(
        'priorities',
        default=[
            'audit',
            'debug',
            'info',
            'warn',
            'error',
            'critical',
            'sample',
        ],
        help='Priorities to consume.',
    ),
    cfg.StrOpt(
        'queue_prefix',
        default='talea',
        help='Queues of Talea are named PREFIX.EXCHANGE.TOPIC.PRIORITY and '
        'stand beside those of the publishers.',
    ),
    cfg.BoolOpt(
        'exchange_durable',
        default=False,
        help='Whether the exchanges of the publishers are durable '
        '(amqp_durable_queues of the services).',
    ),
    cfg.BoolOpt(
        'queue_durable',
        default=True,
        help="Whether Talea's own queues survive a restart of the broker.",
    ),
    cfg.BoolOpt(
        'queue_quorum',
        default=False,
        help="Whether Talea's own queues are quorum queues (implies durable).",
    ),
    cfg.IntOpt(
        'heartbeat', default=30, min=0, help='Seconds between heartbeats.'
    ),
    cfg.IntOpt(
        'max_retries',
        default=10,
        min=1,
        help='Attempts to connect before the failure is logged as an error '
        'instead of a warning. The collector goes on trying.',
    ),
    cfg.BoolOpt('ssl', default=False, help='Use TLS.'),
    cfg.StrOpt('ssl_ca_file', help='Certificate authorities to trust.'),
    cfg.StrOpt('ssl_cert_file', help='Certificate to present.'),
    cfg.StrOpt('ssl_key_file', help='Key of ssl_cert_file.'),
]


def deployment(conf, name):
    """Return the option group of the deployment *name*, registering it."""
    group = cfg.OptGroup(f'deployment:{name}', title=f'The message bus {name}')
    conf.register_group(group)
    conf.register_opts(DEPLOYMENT_OPTS, group=group)
    return conf[group.name]


def is_given(conf, name):
    """Return whether anybody said where the bus of a deployment is.

    A group whose name is misspelt leaves the deployment with the defaults.
    """
    deployment(conf, name)
    found = conf.get_location('transport_url', f'deployment:{name}')
    return found.location is not cfg.Locations.opt_default


def register(conf):
    conf.register_group(GROUP)
    conf.register_opts(OPTS, group=GROUP)


def list_opts():
    return [(GROUP, OPTS), ('deployment:default', DEPLOYMENT_OPTS)]
