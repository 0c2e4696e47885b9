# SPDX-License-Identifier: Apache-2.0
"""talea-processor: finds scopes and rates what they use."""

import sys

from talea import service
from talea import worker
from talea.processor import passes
from talea.processor import service as processor


@service.command
def main(argv):
    """Run until a signal ends it."""
    conf = service.prepare(argv)
    service.check_database()
    # Tells of options that cannot be used while somebody is looking.
    passes.Passes(conf)
    worker.serve(
        conf, 'talea-processor', processor.recruit, conf.processor.workers
    )


if __name__ == '__main__':
    sys.exit(main())
