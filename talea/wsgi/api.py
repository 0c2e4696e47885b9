# SPDX-License-Identifier: Apache-2.0
"""For WSGI servers: ``talea.wsgi.api:application``."""

from talea import service
from talea.api import app

application = app.make_app(service.prepare([]))
