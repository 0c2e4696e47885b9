# SPDX-License-Identifier: Apache-2.0
from talea import version
from talea.api import expose
from talea.api.controllers import base
from talea.db import api as db
from talea.objects import entity


class Info(base.Controller):
    @expose.expose(public=True)
    def get(self):
        """Tell the version and how many entities there are."""
        # Nobody has to say who he is for this, so there may be no context.
        total, active = entity.count(self.context or db.DbContext())
        return {
            'info': {'version': version.version_string()},
            'database': {'all_entities': total, 'active_entities': active},
        }
