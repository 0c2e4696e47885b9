# SPDX-License-Identifier: Apache-2.0
"""For WSGI servers: ``talea.wsgi.api:application``."""

from talea import service
from talea.api import app
from talea.api import auth

conf = service.prepare([])
# The WSGI server decides where it listens, whatever [api] host says.
auth.check(conf, None)
application = app.make_app(conf)
