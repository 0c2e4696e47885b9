# SPDX-License-Identifier: Apache-2.0
"""talea-api: the API in one process, for development."""

import sys

from talea import service
from talea import worker
from talea.api import app
from talea.wsgi import server


@service.command
def main(argv):
    """Serve the API until a signal ends it."""
    conf = service.prepare(argv)
    service.check_database()
    api = server.Server(
        app.make_app(conf), conf.api.host, conf.api.port, conf.api.threads
    )
    print(
        f'Serving at http://{conf.api.host}:{conf.api.port}/ in one process, '
        'for development. For production give talea.wsgi.api:application to '
        'uwsgi or gunicorn.',
        file=sys.stderr,
    )
    return worker.serve_here(conf, worker.Crew({'api': api}))


if __name__ == '__main__':
    sys.exit(main())
