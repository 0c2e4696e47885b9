# SPDX-License-Identifier: Apache-2.0
"""Who asks, and the transaction in which the answer is made."""

from oslo_context import context
from oslo_db.sqlalchemy import enginefacade

from talea import policy


@enginefacade.transaction_context_provider
class RequestContext(context.RequestContext):
    """The caller of one API request."""

    def can(self, rule, target=None):
        """Pass if policy allows *rule* on *target*.

        :param target: dict that names the owner of the thing, never the
            caller: ``{'project_id': ...}``
        :raises talea.exception.Forbidden: if policy does not allow it
        """
        policy.authorize(self, rule, target or {})
