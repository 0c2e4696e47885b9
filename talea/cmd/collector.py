# SPDX-License-Identifier: Apache-2.0
"""talea-collector: takes notifications from the buses of all deployments."""

import sys

from talea import service
from talea import worker
from talea.collector import service as collector


@service.command
def main(argv):
    """Run until a signal ends it."""
    conf = service.prepare(argv)
    service.check_database()
    # Tells of options that cannot be used while somebody is looking.
    for name in conf.collector.deployments:
        collector.open_bus(conf, name)
    worker.serve(
        conf, 'talea-collector', collector.recruit, conf.collector.workers
    )


if __name__ == '__main__':
    sys.exit(main())
