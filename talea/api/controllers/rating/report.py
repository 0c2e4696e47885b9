# SPDX-License-Identifier: Apache-2.0
"""``/v1/report``: who owes something."""

from talea.api import expose
from talea.api.controllers.rating import reading
from talea.api.controllers.rating import refused
from talea.api.controllers.rating import slashed
from talea.objects import summary
from talea.objects import vocabulary
from talea.policies import report as policies

# Of a list that has no pages.
_ALL = 10**9


class Tenants(slashed.Slashed):
    """``/v1/report/tenants``."""

    @expose.expose(query=reading.WINDOW, strict=True)
    def get(self, begin, end):
        """List the projects that have rated usage."""
        self.context.can(policies.LIST_TENANTS)
        window = reading.window(self.request, begin, end)
        found = []
        question = summary.Question(
            vocabulary.Selection(*window),
            (reading.PROJECT,),
            limit=_ALL,
        )
        summary.walk(self.context, question, lambda row: found.append(row))
        return [row.values[0] for row in found if row.values[0] is not None]


class Report(slashed.Slashed):
    """``/v1/report``."""

    children = {
        'tenants': Tenants,
        'summary': refused.ReportSummary,
        'total': refused.ReportTotal,
    }
