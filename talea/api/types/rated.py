# SPDX-License-Identifier: Apache-2.0
"""Rated usage as it is shown: long answers, written row by row.

Numbers are exact: neither a float in between, nor zeros at their end.
"""

import csv
import datetime
import decimal
import json

from talea.api.types import spool


def number(value):
    """Return the text of a Decimal, as JSON and CSV have it."""
    text = format(value, 'f')
    if '.' in text:
        text = text.rstrip('0').rstrip('.')
    return '0' if text == '-0' else text


def _plain(value):
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return number(value)
    return value


def _json(value):
    if isinstance(value, decimal.Decimal):
        return number(value)
    return json.dumps(_plain(value))


def _object(members):
    """Return the JSON object of {name: JSON}."""
    inside = (f'{json.dumps(name)}: {text}' for name, text in members.items())
    return f'{{{", ".join(inside)}}}'


class Table(spool.Spool):
    """Rows as JSON lists; the names of the columns come once.

    :ivar rows: how many there are so far
    """

    form = 'table'

    def __init__(self, columns):
        super().__init__('application/json')
        self._columns = columns
        self._before = f'{{"format": "{self.form}", "results": ['
        self.rows = 0

    def add(self, row):
        """Append a row: values of the columns."""
        self.write(self._before + self._show(row))
        self._before = ', '
        self.rows += 1

    def end(self, total):
        """Nothing follows; *total* counts the rows of all pages."""
        self.write('' if self.rows else self._before)
        columns = self._columns if self.rows else []
        self.write(f'], {self._end(columns)}"total": {total}}}')
        return self

    def _show(self, row):
        return f'[{", ".join(map(_json, row))}]'

    def _end(self, columns):
        return f'"columns": {json.dumps(columns)}, '


class Objects(Table):
    """Rows as JSON objects."""

    form = 'object'

    def _show(self, row):
        pairs = zip(self._columns, row, strict=True)
        return _object({name: _json(value) for name, value in pairs})

    def _end(self, columns):
        return ''


class Csv(spool.Spool):
    """Rows as CSV, below the names of the columns."""

    def __init__(self, columns):
        super().__init__('text/csv')
        self._writer = csv.writer(self)
        self._writer.writerow(columns)

    def add(self, row):
        """Append a row: values of the columns."""
        self._writer.writerow([_plain(value) for value in row])

    def end(self, total):
        """Nothing follows."""
        return self


class Frames(spool.Spool):
    """Dataframes, an object for each, in CloudKitty's form.

    :param revisions: whether it is told which revision each is
    """

    def __init__(self, revisions):
        super().__init__('application/json')
        self._revisions = revisions
        self._before = '{"dataframes": ['

    def add(self, frame, lines):
        """Append *lines* of *frame*."""
        usage = {}
        for line in lines:
            usage.setdefault(line.metric, []).append(_point(line))
        period = {
            'begin': frame.begin.isoformat(),
            'end': frame.end.isoformat(),
        }
        members = {
            'period': json.dumps(period),
            **self._about(frame),
            'usage': _object(
                {
                    metric: f'[{", ".join(points)}]'
                    for metric, points in usage.items()
                }
            ),
        }
        self.write(self._before + _object(members))
        self._before = ', '

    def _about(self, frame):
        """Return {member: JSON}."""
        corrects = None if frame.usage_at == frame.begin else frame.usage_at
        if self._revisions:
            return {
                'revision': json.dumps(frame.revision),
                'superseded_at': _json(frame.superseded),
                'corrects': _json(corrects),
            }
        return {'corrects': _json(corrects)} if corrects else {}

    def end(self, total):
        """Nothing follows; *total* counts the points of all pages."""
        self.write(self._before if self._before != ', ' else '')
        self.write(f'], "total": {total}}}')
        return self


def _point(line):
    unit = json.dumps(line.unit)
    return _object(
        {
            'vol': f'{{"unit": {unit}, "qty": {number(line.quantity)}}}',
            'rating': f'{{"price": {number(line.price)}}}',
            'groupby': json.dumps(line.groupby),
            'metadata': json.dumps(line.metadata),
        }
    )


class FramesCsv(Csv):
    """Points of dataframes as CSV, a row for each."""

    _COLUMNS = (
        'begin',
        'end',
        'scope_id',
        'metric',
        'unit',
        'qty',
        'price',
        'groupby',
        'metadata',
        'revision',
        'superseded_at',
        'corrects',
    )

    def __init__(self, revisions):
        super().__init__(self._COLUMNS)

    def add(self, frame, lines):
        """Append *lines* of *frame*."""
        corrects = None if frame.usage_at == frame.begin else frame.usage_at
        for line in lines:
            super().add(
                (
                    frame.begin,
                    frame.end,
                    frame.scope_id,
                    line.metric,
                    line.unit,
                    line.quantity,
                    line.price,
                    json.dumps(line.groupby),
                    json.dumps(line.metadata),
                    frame.revision,
                    frame.superseded,
                    corrects,
                )
            )
