# SPDX-License-Identifier: Apache-2.0
"""WSGI applications and their server.

Native threads are chosen here, before all other imports: importing
oslo.messaging selects oslo.service's eventlet backend unless another one has
been selected before.
"""

import warnings

from oslo_service import backend

# Libraries import eventlet if it is there; nothing of Talea uses it.
warnings.filterwarnings('ignore', r'\s*Eventlet is deprecated')

backend.init_backend(backend.BackendType.THREADING)
