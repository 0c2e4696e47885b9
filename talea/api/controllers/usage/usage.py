# SPDX-License-Identifier: Apache-2.0
"""Usage of a project."""

import csv
import io

from talea.api import expose
from talea.api.controllers import base
from talea.api.controllers.usage import entity
from talea.api.types import fields
from talea.api.types import spool
from talea.objects import usage
from talea.policies import usage as policies

_COLUMNS = ('resource', 'group', 'quantity', 'unit', 'seconds')


def _csv(project_id, rows):
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(('project_id', *_COLUMNS))
    for row in rows:
        writer.writerow(
            (
                project_id,
                row.resource,
                row.group,
                format(row.quantity, 'f'),
                row.unit,
                format(row.seconds, 'f'),
            )
        )
    table = spool.Spool('text/csv')
    table.write(text.getvalue())
    return table


class Usage(base.Controller):
    """``/project/<id>/usage``."""

    @expose.expose(
        query={
            **entity.WINDOW,
            'group_by': expose.Parameter(
                fields.Choice(*usage.GROUPINGS), default='type'
            ),
            'format': expose.Parameter(fields.Choice('json', 'csv')),
        }
    )
    def get(self, project_id, start, end, group_by, format):
        """Sum up what a project used in a window."""
        self.context.can(policies.GET, {'project_id': project_id})
        # What goes on has not been used beyond now.
        end = min(end or self.request.now, self.request.now)
        rows = usage.show(self.context, start, end, project_id, group_by)
        if self._wants_csv(format):
            return _csv(project_id, rows)
        return {
            'project_id': project_id,
            'start': str(start),
            'end': str(end),
            'group_by': group_by,
            'usage': [
                {name: getattr(row, name) for name in _COLUMNS} for row in rows
            ],
        }

    def _wants_csv(self, format):
        if format is not None:
            return format == 'csv'
        return base.wants_csv(self.request)
