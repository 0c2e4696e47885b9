# SPDX-License-Identifier: Apache-2.0
"""talea-manage usage: what projects used, and what was left out."""

import itertools

from cliff import columns
from cliff import lister

from talea import exception
from talea.cmd.manage import base
from talea.objects import notification
from talea.objects import skipped
from talea.objects import usage

_USAGE = {
    'instance': 'server',
    'volume': 'volume',
    'snapshot': 'snapshot',
    'floatingip': 'floating IP',
    'image': 'image',
    'cluster': 'cluster',
    'node': 'cluster node',
}


class Quantity(columns.FormattableColumn):
    """A Decimal: exact for programs, four places in a column for people."""

    def human_readable(self):
        return f'{self._value:14.4f}'

    def machine_readable(self):
        return f'{self._value:f}'


class Skipped(base.Ready, lister.Lister):
    """Show what notifications are no usage, and why."""

    def take_action(self, parsed_args):
        return skipped.COLUMNS, skipped.show(self.context)


class Show(base.Ready, lister.Lister):
    """Show what was used in a period, a table for each project.

    Usage is counted until the newest archived message at most: what came
    after it nobody knows. Without --begin the period starts with the month.
    Below it, unless one project is asked for, stands what notifications are
    no usage, as "usage skipped" shows it. Other formats than tables are one
    list of all projects.
    """

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--begin', type=base.moment, metavar='TIME', help='Inclusive.'
        )
        parser.add_argument(
            '--end', type=base.moment, metavar='TIME', help='Exclusive.'
        )
        parser.add_argument(
            '--project', metavar='ID', help='Only this project.'
        )
        return parser

    def take_action(self, parsed_args):
        begin, end, clipped = self._window(parsed_args)
        rows = usage.show(
            self.context, begin, end, project_id=parsed_args.project
        )
        self.tell(f'Usage from {_plain(begin)} to {_plain(end)} UTC{clipped}.')
        return (
            ('project', 'usage', 'of', 'quantity', 'unit'),
            [
                (
                    row.project_id,
                    _USAGE.get(row.resource, row.resource),
                    row.group,
                    Quantity(row.quantity),
                    row.unit,
                )
                for row in rows
            ],
        )

    def _window(self, parsed_args):
        """Return (begin, end, how the end came about)."""
        wanted = parsed_args.end or self.now
        newest = notification.newest(self.context)
        end, clipped = wanted, ''
        if newest is not None and newest < wanted:
            end, clipped = newest, ' (clipped to the newest message)'
        begin = parsed_args.begin or end.replace(
            day=1, hour=0, minute=0, second=0, microsecond=0
        )
        if begin >= end:
            raise exception.InvalidValue(
                name='begin',
                reason=f'the period would end before it, at '
                f'{_plain(end)} UTC{clipped}',
            )
        return begin, end, clipped

    def produce_output(self, parsed_args, column_names, data):
        if parsed_args.formatter != 'table' or parsed_args.columns:
            return super().produce_output(parsed_args, column_names, data)
        data = list(data)
        if not data:
            self.app.stdout.write('\nNothing was used.\n')
        for project, rows in itertools.groupby(data, lambda row: row[0]):
            self.app.stdout.write(f'\nProject {project or "(unknown)"}\n')
            super().produce_output(
                parsed_args, column_names[1:], [row[1:] for row in rows]
            )
        left_out = parsed_args.project is None and list(
            skipped.show(self.context)
        )
        if left_out:
            self.app.stdout.write('\nSkipped\n')
            super().produce_output(parsed_args, skipped.COLUMNS, left_out)
        return 0


def _plain(moment):
    return str(moment.replace(tzinfo=None))
