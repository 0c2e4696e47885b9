# SPDX-License-Identifier: Apache-2.0
"""talea-standalone: everything in one process, for small clouds."""

import logging
import sys

from talea import messaging
from talea import service
from talea import worker
from talea.api import app
from talea.collector import service as collector
from talea.conductor import rpcapi as conductor_rpcapi
from talea.conductor import service as conductor
from talea.conf import collector as collector_conf
from talea.processor import service as processor
from talea.wsgi import server

LOG = logging.getLogger(__name__)


@service.command
def main(argv):
    """Do what all the other commands do until a signal ends it."""
    conf = service.prepare(argv)
    service.check_database()
    for name in conf.collector.deployments:
        if not collector_conf.is_given(conf, name):
            LOG.warning(
                '[deployment:%s] transport_url is not set: nothing is taken '
                'from any bus for it.',
                name,
            )
    endpoint = conductor.endpoint(conf)
    # The API asks it directly; others may ask it through a queue.
    conductor_rpcapi.serve_here(conf, endpoint)
    loops = conductor.loops(conf, endpoint)
    if not messaging.is_configured(conf):
        # Whoever is woken up is in this process.
        conf.set_default('transport_url', 'fake://')
    loops |= {**collector.loops(conf), **processor.loops(conf)}
    loops['api'] = server.Server(
        app.make_app(conf), conf.api.host, conf.api.port, conf.api.threads
    )
    LOG.info(
        'Serving the API at %(host)s port %(port)d.',
        {'host': conf.api.host, 'port': conf.api.port},
    )
    return worker.serve_here(conf, worker.Crew(loops))


if __name__ == '__main__':
    sys.exit(main())
