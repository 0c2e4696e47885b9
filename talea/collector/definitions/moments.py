# SPDX-License-Identifier: Apache-2.0
"""Times as services spell them.

Six spellings were seen, all of them ISO 8601; one without a zone means UTC,
and ``""`` as well as null mean that there is none.
"""

import datetime
from typing import Any

_UTC = datetime.UTC


def parse(value: Any) -> datetime.datetime:
    """Return *value* as aware UTC.

    :raises ValueError: if it is no date, or none that a cloud can have seen
    """
    if not isinstance(value, str):
        raise ValueError(f'{value!r} is no date')
    moment = datetime.datetime.fromisoformat(value)
    if not 1970 <= moment.year < 9999:
        raise ValueError(f'{value!r} is no date that a cloud has seen')
    if moment.tzinfo is None:
        return moment.replace(tzinfo=_UTC)
    return moment.astimezone(_UTC)


def known(value: Any) -> datetime.datetime | None:
    """Return *value* as aware UTC, None if the service knows of none yet.

    :raises ValueError: if it is something else than a date or nothing
    """
    return None if value is None or value == '' else parse(value)
