# SPDX-License-Identifier: Apache-2.0
"""Scopes as CloudKitty takes and shows them, in all of its releases."""

import datetime
import json
from json import encoder

from talea import exception
from talea.api.types import base
from talea.api.types import fields

NO_MARKER = 'is not of a "next" link in this order'

_NAME = fields.Single(fields.Text(longest=40))
_ID = fields.Single(fields.ID)
_SEVERAL = fields.Several(fields.Text())
_MOMENT = fields.Single(fields.IsoMoment())
_BOOLEAN = fields.Single(fields.Boolean())


class Marker(fields.Field):
    """The last scope of a page: "42", or "2026-01-31T10:00:00.000000~42"."""

    name = 'marker'

    def parse(self, value):
        state, separator, key = value.rpartition('~')
        try:
            if not (key.isascii() and key.isdigit() and len(key) < 19):
                raise ValueError(value)
            if not separator:
                return (int(key),)
            return datetime.datetime.fromisoformat(f'{state}+00:00'), int(key)
        except ValueError:
            raise fields.BadValue(NO_MARKER) from None


def check_marker(after, order):
    """Pass if a marker is of one of scope_page.ORDERS, or None.

    :raises talea.exception.InvalidValue: otherwise
    """
    if after is not None and (order == 'state') != (len(after) == 2):
        raise exception.InvalidValue(name='marker', reason=NO_MARKER)


def marker(line, order):
    """Return the marker of a scope in one of scope_page.ORDERS."""
    if order == 'state':
        return f'{line.state.replace(" ", "T")}~{line.id}'
    return str(line.id)


def position(line, order):
    """Return where a scope is in one of scope_page.ORDERS."""
    return Marker().parse(marker(line, order))


class _Timed(base.StrictBody):
    """A body with a state, by either of its names or by both."""

    state = _MOMENT
    last_processed_timestamp = _MOMENT

    def moment(self):
        """Return the state; None if none was given.

        :raises talea.exception.InvalidValue: two different ones
        """
        given = self.given()
        moments = {
            given[name]
            for name in ('state', 'last_processed_timestamp')
            if name in given
        }
        if len(moments) > 1:
            raise exception.InvalidValue(
                name='state',
                reason='is another one than last_processed_timestamp',
            )
        return moments.pop() if moments else None


class ResetBody(_Timed):
    all_scopes = _BOOLEAN
    scope_id = _SEVERAL
    scope_key = _SEVERAL
    fetcher = _SEVERAL
    collector = _SEVERAL
    force = _BOOLEAN


class CreateBody(_Timed):
    scope_id = base.required(_ID)
    scope_key = _NAME
    fetcher = _NAME
    collector = _NAME
    active = _BOOLEAN


class PatchBody(base.StrictBody):
    scope_id = base.required(_ID)
    scope_key = _NAME
    fetcher = _NAME
    collector = _NAME
    active = _BOOLEAN


def _iso(text):
    """Return a moment of a scope_page.Line in ISO 8601."""
    return f'{text[:10]}T{text[11:].removesuffix(".000000")}+00:00'


def _times(state, now, heard):
    """Return the members that show *state*, text, as JSON."""
    moment = datetime.datetime.fromisoformat(f'{state}+00:00')
    until = None if heard is None else min(moment, heard).isoformat()
    return (
        f'"state": "{state[:19]}", '
        f'"last_processed_timestamp": "{_iso(state)}", '
        f'"lag": {int((now - moment).total_seconds())}, '
        f'"complete_until": {json.dumps(until)}'
    )


def show(lines, now, heard):
    """Return scopes as JSON, without the brackets of the array.

    Written by hand: pages are long, and asked for often.

    :param lines: of scope_page
    :param heard: until when all services were heard, or None
    """
    # Most scopes have one of a few states.
    times = {
        state: _times(state, now, heard)
        for state in {line.state for line in lines}
    }
    text = encoder.encode_basestring_ascii
    return ', '.join(
        [
            f'{{"scope_id": {text(identifier)}, '
            f'"scope_key": {text(scope_key)}, '
            f'"fetcher": {text(fetcher)}, '
            f'"collector": {text(collector)}, '
            f'{times[state]}, '
            f'"active": {"true" if active else "false"}, '
            f'"scope_activation_toggle_date": "{_iso(toggled)}", '
            f'"last_error": {text(error) if error else "null"}, '
            f'"revised_at": {text(_iso(revised)) if revised else "null"}}}'
            for (
                _,
                identifier,
                scope_key,
                fetcher,
                collector,
                state,
                active,
                toggled,
                error,
                revised,
            ) in lines
        ]
    )
