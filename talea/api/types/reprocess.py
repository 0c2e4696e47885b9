# SPDX-License-Identifier: Apache-2.0
"""Tasks that rate periods once more, as they are asked for and shown."""

from talea.api.types import base
from talea.api.types import fields
from talea.api.types import rated
from talea.api.types import spool
from talea.objects import reprocess

ALL = 'ALL'


class _Reason(fields.Text):
    """Text with something in it."""

    def parse(self, value):
        text = super().parse(value)
        if not text.strip():
            raise fields.BadValue('must not be blank')
        return text


class _ScopeIds(fields.Several):
    """Identifiers, or ALL alone."""

    def parse(self, value):
        found = super().parse(value)
        if ALL in found and len(found) > 1:
            raise fields.BadValue(f'{ALL} must stand alone')
        return found


class Order(fields.Choice):
    """ASC or DESC, or the same in small letters."""

    def __init__(self):
        super().__init__('asc', 'desc')

    def parse(self, value):
        return super().parse(value.lower())


class CreateBody(base.StrictBody):
    """Body of POST /v2/task/reprocesses."""

    scope_ids = base.required(_ScopeIds(fields.ID))
    start_reprocess_time = base.required(fields.Single(fields.IsoMoment()))
    end_reprocess_time = base.required(fields.Single(fields.IsoMoment()))
    reason = base.required(fields.Single(_Reason()))

    def order(self):
        """Return the reprocess.Order."""
        ids = self.scope_ids
        return reprocess.Order(
            None if ids == [ALL] else tuple(ids),
            self.start_reprocess_time,
            self.end_reprocess_time,
        )


def _naive(moment):
    # In this place CloudKitty tells no zone.
    return '' if moment is None else moment.replace(tzinfo=None).isoformat()


class Tasks(spool.Array):
    """The list of tasks, as a long answer."""

    def __init__(self):
        super().__init__()
        self.write('{"results": ')

    def add(self, task):
        """Append a reprocess.Task."""
        self.extend(
            [
                {
                    'id': task.id,
                    'scope_id': task.scope_id,
                    'reason': task.reason,
                    'start_reprocess_time': _naive(task.begin),
                    'end_reprocess_time': _naive(task.end),
                    'current_reprocess_time': _naive(task.current),
                    'status': task.status,
                }
            ]
        )

    def end(self):
        """Nothing follows."""
        super().end().write('}')
        return self


class Differences(rated.Objects):
    """What a task would change, as a long answer."""

    def __init__(self):
        super().__init__(
            [
                'scope_id',
                'begin',
                'end',
                'metric',
                'old_qty',
                'new_qty',
                'old_price',
                'new_price',
            ]
        )

    def extend(self, differences):
        """Append preview.Difference objects."""
        for one in differences:
            self.add(
                (
                    one.scope_id,
                    one.begin,
                    one.end,
                    one.metric,
                    one.old_quantity,
                    one.new_quantity,
                    one.old_price,
                    one.new_price,
                )
            )
