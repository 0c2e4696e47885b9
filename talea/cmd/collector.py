# SPDX-License-Identifier: Apache-2.0
"""talea-collector: takes notifications from the buses of all deployments."""

import sys

from talea import exception
from talea import service
from talea import worker
from talea.collector import service as collector
from talea.conf import collector as collector_conf


@service.command
def main(argv):
    """Run until a signal ends it."""
    conf = service.prepare(argv)
    service.check_database()
    # Tells of options that cannot be used while somebody is looking.
    if not conf.collector.deployments:
        raise exception.BusError(reason='[collector] deployments names none')
    for name in conf.collector.deployments:
        if not collector_conf.is_given(conf, name):
            raise exception.BusError(
                reason=f'[deployment:{name}] transport_url is not set'
            )
        collector.open_bus(conf, name)
    worker.serve(
        conf, 'talea-collector', collector.recruit, conf.collector.workers
    )


if __name__ == '__main__':
    sys.exit(main())
