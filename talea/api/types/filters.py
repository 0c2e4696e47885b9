# SPDX-License-Identifier: Apache-2.0
"""Filters in a query string: ``key:value``, some of them at a time.

A backslash takes their meaning from commas, colons and backslashes. Before
any other character it is a character like any other.
"""

import re

from talea.api.types import fields

_TOKEN = re.compile(r'\\[\\:,]|.', re.DOTALL)
_ESCAPED = re.compile(r'\\([\\:,])')


def _split(text, mark, most=None):
    """Return the parts of *text* between *marks*; escapes stay in them."""
    parts = [[]]
    for token in _TOKEN.findall(text):
        if token == mark and len(parts) != most:
            parts.append([])
        else:
            parts[-1].append(token)
    return [''.join(part) for part in parts]


def _association(text):
    parts = _split(text, ':', most=2)
    # In values a colon needs no backslash.
    if len(parts) != 2 or not parts[0]:
        raise fields.BadValue(f"invalid key:value association: '{text}'")
    key, value = (_ESCAPED.sub(r'\1', part) for part in parts)
    return fields.clean(key), fields.clean(value)


class Filters(fields.Field):
    """{key: values} of a list of texts; a single one is split at commas."""

    name = 'list of key:value'

    def parse(self, value):
        if len(value) == 1:
            value = _split(value[0], ',')
        found = {}
        for text in value:
            key, one = _association(text)
            found.setdefault(key, set()).add(one)
        return {key: frozenset(values) for key, values in found.items()}
