# SPDX-License-Identifier: Apache-2.0
"""talea-conductor: tells what the clusters of a cloud hold."""

import logging
import sys

from oslo_config import cfg

from talea import messaging
from talea import service
from talea import worker
from talea.conductor import gather
from talea.conductor import service as conductor

LOG = logging.getLogger(__name__)


@service.command
def main(argv):
    """Run until a signal ends it."""
    conf = service.prepare(argv)
    if not messaging.is_configured(conf):
        raise cfg.RequiredOptError('transport_url')
    # Tells of options that cannot be used while somebody is looking.
    gather.load(conf)
    if conf.conductor.rpc_timeout <= conf.stats.driver_timeout:
        LOG.warning(
            '[conductor] rpc_timeout is not more than [stats] '
            'driver_timeout: a service that is slow looks like a conductor '
            'that is away.'
        )
    worker.serve(
        conf,
        'talea-conductor',
        conductor.recruit,
        conf.conductor.workers,
        conductor.grace(conf),
    )


if __name__ == '__main__':
    sys.exit(main())
