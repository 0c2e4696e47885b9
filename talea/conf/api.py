# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg
from oslo_middleware import cors

GROUP = cfg.OptGroup('api', title='The REST API')

OPTS = [
    cfg.HostAddressOpt(
        'host',
        default='127.0.0.1',
        help='Address that talea-api and talea-standalone listen on. Under '
        'uwsgi or another WSGI server that server decides.',
    ),
    cfg.PortOpt(
        'port',
        default=8797,
        help='Port that talea-api and talea-standalone listen on.',
    ),
    cfg.IntOpt(
        'threads',
        default=8,
        min=1,
        help='Requests that talea-standalone answers at the same time.',
    ),
    cfg.IntOpt(
        'max_json_depth',
        default=64,
        min=4,
        help='Request bodies nested deeper than this are refused with 400.',
    ),
    cfg.IntOpt(
        'max_limit',
        default=1000,
        min=1,
        help='Largest page that a list gives when "limit" is asked for.',
    ),
]


def set_defaults():
    """Let browsers of the origins that are allowed use all of the API."""
    cors.set_defaults(
        allow_methods=['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
        allow_headers=[
            'OpenStack-API-Version',
            'X-Auth-Token',
            'X-OpenStack-Request-ID',
        ],
        expose_headers=[
            'Link',
            'OpenStack-API-Version',
            'X-OpenStack-Request-ID',
            'X-Talea-Matched',
        ],
    )


def register(conf):
    set_defaults()
    conf.register_group(GROUP)
    conf.register_opts(OPTS, group=GROUP)


def list_opts():
    return [(GROUP, OPTS)]
