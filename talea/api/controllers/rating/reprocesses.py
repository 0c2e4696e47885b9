# SPDX-License-Identifier: Apache-2.0
"""``/v2/task/reprocesses``: periods that are to be rated once more."""

from talea import exception
from talea.api import expose
from talea.api.controllers import base
from talea.api.controllers.rating import reading
from talea.api.types import fields
from talea.api.types import reprocess as shapes
from talea.objects import period
from talea.objects import reprocess
from talea.policies import schedule as policies
from talea.processor import preview
from talea.processor import rpcapi

_LIST = {
    **reading.PAGE,
    'order': expose.Parameter(shapes.Order(), default='desc'),
}
# Periods of scopes that a dry run looks at in one go.
_PIECE = 1000
# Larger ids there are not.
_DIGITS = 18


def _status(request):
    # The parameter was read before: it is true or false.
    dry = request.GET.get('dry_run', '').lower() == 'true'
    return 200 if dry else 202


def _listing(context, scope_ids, offset, limit, order):
    context.can(policies.GET)
    tasks = shapes.Tasks()
    try:
        newest_first = order == 'desc'
        reprocess.walk(
            context, scope_ids, newest_first, offset, limit, tasks.add
        )
        return tasks.end()
    except Exception:
        tasks.close()
        raise


class One(base.Controller):
    """``/v2/task/reprocesses/<id>``: of a scope, or of a task."""

    @expose.expose(query=_LIST, strict=True)
    def get(self, scope_id, offset, limit, order):
        """List the tasks of a scope."""
        return _listing(self.context, [scope_id], offset, limit, order)

    @expose.expose(status=204, strict=True)
    def delete(self, task_id):
        """End a task before it is done."""
        self.context.can(policies.CREATE)
        digits = task_id.isascii() and task_id.isdigit()
        if not digits or len(task_id) > _DIGITS:
            raise exception.NotFound(f'Task {task_id} not found')
        reprocess.cancel(self.context, int(task_id))


class Reprocesses(base.Controller):
    """``/v2/task/reprocesses``."""

    child = One

    @expose.expose(
        query={**_LIST, 'scope_ids': expose.Multi(fields.Text())}, strict=True
    )
    def get(self, scope_ids, offset, limit, order):
        """List the tasks of all scopes, or of some."""
        return _listing(self.context, scope_ids, offset, limit, order)

    @expose.expose(
        status=_status,
        body=shapes.CreateBody,
        query={'dry_run': expose.Parameter(fields.Flag(), default=False)},
        strict=True,
    )
    def post(self, body, dry_run):
        """Have periods rated once more, or tell what that would change."""
        conf = self.request.conf
        order = body.order()
        grid = period.Grid.of(conf.processor.period)
        order.check(grid)
        self.context.can(policies.CREATE)
        if dry_run:
            return self._differences(order, grid)
        reprocess.schedule(self.context, order, body.reason, self.request.now)
        rpcapi.wake(conf, self.context)
        return {}

    def _differences(self, order, grid):
        pks = reprocess.scopes(self.context, order)
        table = shapes.Differences()
        try:
            for scopes, begin, end in _pieces(pks, order, grid):
                table.extend(
                    preview.preview(
                        self.context, self.request.conf, scopes, begin, end
                    )
                )
            return table.end(table.rows)
        except Exception:
            table.close()
            raise


def _pieces(pks, order, grid):
    """Yield (keys of scopes, begin, end), not too much at a time."""
    number = (order.end - order.begin) // grid.length
    scopes = max(_PIECE // number, 1)
    step = grid.length * _PIECE
    for first in range(0, len(pks), scopes):
        begin = order.begin
        while begin < order.end:
            # Not added before it is compared: there is a last moment.
            end = order.end if order.end - begin <= step else begin + step
            yield pks[first : first + scopes], begin, end
            begin = end


class Tasks(base.Controller):
    """``/v2/task``."""

    children = {'reprocesses': Reprocesses}
