# SPDX-License-Identifier: Apache-2.0
"""The commands. Native threads are chosen here, before all other imports.

Importing oslo.messaging selects oslo.service's eventlet backend unless
another one has been selected before.
"""

from oslo_service import backend

backend.init_backend(backend.BackendType.THREADING)
