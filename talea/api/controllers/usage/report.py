# SPDX-License-Identifier: Apache-2.0
"""How a request becomes a report with its caller."""

from talea.objects import change
from talea.objects import timeline


def record(request, resource_type, resource_id, decide):
    """Record what *request* reports on a resource.

    :returns: the entities of the resource then, oldest first
    """
    context = request.context
    caller = {
        'user_id': context.user_id,
        'project_id': context.project_id,
        'request_id': context.request_id,
    }
    return change.record(
        context,
        change.Report(timeline.Rules.of(request.conf), request.now, caller),
        resource_type,
        resource_id,
        decide,
    )
