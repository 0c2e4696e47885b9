# SPDX-License-Identifier: Apache-2.0
"""Until when all services were heard, for those who show it often."""

import datetime
from typing import Any
import weakref

from talea.db import api as db
from talea.objects import watermark

# How old may be what is shown.
_FRESH = datetime.timedelta(seconds=3)

# {engine: (when it was asked, what it said)}
_answers: weakref.WeakKeyDictionary[
    Any, tuple[datetime.datetime, datetime.datetime | None]
] = weakref.WeakKeyDictionary()


def until(context: Any, now: datetime.datetime) -> datetime.datetime | None:
    """Return until when all services were heard, as of a few seconds ago.

    None if none ever spoke.
    """
    engine = db.FACADE.reader.get_engine()
    asked, answer = _answers.get(engine, (None, None))
    if asked is None or not _FRESH > now - asked >= datetime.timedelta(0):
        answer = watermark.horizon(watermark.list_(context), now)
        _answers[engine] = (now, answer)
    return answer
