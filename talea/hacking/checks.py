# SPDX-License-Identifier: Apache-2.0
"""Checks of our own, run by flake8."""

import re

from hacking import core

_LICENSE = '# SPDX-License-Identifier: Apache-2.0'
_LOCAL_TIME = re.compile(r'datetime\.(utcnow\(|now\(\)|today\()|date\.today\(')


@core.flake8ext
def starts_with_license(physical_line, line_number, lines):
    """T301: A file starts with the identifier of its license."""
    first = 2 if lines[0].startswith('#!') else 1
    if line_number == first and physical_line.strip() != _LICENSE:
        return 0, f'T301: the first line is not "{_LICENSE}"'
    return None


@core.flake8ext
def no_local_time(logical_line):
    """T302: Moments are aware and UTC, so that they can be compared."""
    found = _LOCAL_TIME.search(logical_line)
    if found:
        yield found.start(), 'T302: use datetime.datetime.now(datetime.UTC)'
