# SPDX-License-Identifier: Apache-2.0
"""``/v2/summary``: what was used and what it costs, added up in groups."""

from talea import exception
from talea.api import expose
from talea.api.controllers import base
from talea.api.controllers.rating import reading
from talea.api.types import fields
from talea.api.types import rated
from talea.objects import summary
from talea.policies import summary as policies

_FORMS = {'table': rated.Table, 'object': rated.Objects}


class _Word(fields.Text):
    """What a summary can be grouped by."""

    def parse(self, value):
        word = super().parse(value)
        if word.startswith('time-') and word not in summary.TIMES:
            raise fields.BadValue(
                f"'{word}' is not one of {', '.join(summary.TIMES)}"
            )
        return word


class Summary(base.Controller):
    """``/v2/summary``."""

    @expose.expose(
        query={
            **reading.WINDOW,
            **reading.PAGE,
            'groupby': expose.Multi(_Word(empty=False), default=[]),
            'filters': reading.Filters(),
            'response_format': expose.Parameter(
                fields.Choice(*_FORMS), default='table'
            ),
            'custom_fields': expose.Parameter(fields.Raw()),
        },
        strict=True,
    )
    def get(
        self,
        begin,
        end,
        offset,
        limit,
        groupby,
        filters,
        response_format,
        custom_fields,
    ):
        """Add up what was used and what it costs."""
        if custom_fields is not None:
            raise exception.InvalidValue(
                name='custom_fields',
                reason='Talea gives the sums of quantity and price, and '
                'cannot be asked for others',
            )
        question = summary.Question(
            reading.selection(self.request, policies.GET, begin, end, filters),
            tuple(groupby),
            offset,
            limit,
        )
        shape = _FORMS[response_format]
        if base.wants_csv(self.request):
            shape = rated.Csv
        table = shape(
            ['begin', 'end', 'qty', 'rate', *summary.columns(groupby)]
        )
        try:
            total = summary.walk(
                self.context,
                question,
                lambda row: table.add(
                    [
                        row.begin,
                        row.end,
                        row.quantity,
                        row.price,
                        *summary.cells(row, groupby),
                    ]
                ),
            )
            return table.end(total)
        except Exception:
            table.close()
            raise
