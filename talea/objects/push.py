# SPDX-License-Identifier: Apache-2.0
"""Rated usage that comes from outside: frames of no scope of ours.

They are a source of their own. Settling never supersedes them.
"""

from collections.abc import Iterable
from collections.abc import Sequence
import dataclasses
import datetime
import hashlib
import json
from typing import Any

import sqlalchemy as sa

from talea import exception
from talea.db import api as db
from talea.db import models
from talea.objects import frame as frames
from talea.objects import posting

SCOPE_KEY = 'project_id'
"""The attribute that tells whose a point is."""

_PUSH = models.PUSH


@dataclasses.dataclass(frozen=True, slots=True)
class Pushed:
    """What was used in a period, by anybody.

    :ivar end: exclusive
    :ivar lines: each has SCOPE_KEY, a text, in its groupby
    """

    begin: datetime.datetime
    end: datetime.datetime
    lines: tuple[frames.Line, ...]


@db.retry
@db.writer
def push(
    context: Any,
    pushed: Sequence[Pushed],
    now: datetime.datetime,
    key: str | None = None,
) -> None:
    """Write down what was pushed, all of it or nothing.

    :param now: aware UTC
    :param key: whatever comes with it again changes nothing, if it is the
        same; None: it counts once more
    :raises talea.exception.Conflict: something else came with that key
    """
    if key is not None and _known(context, key, _digest(pushed), now):
        return
    posting.post(context, list(_frames(pushed, now)), [], now)


def _known(
    context: Any, key: str, digest: str, now: datetime.datetime
) -> bool:
    """Return whether this was pushed before; note it if not."""
    found = context.session.scalar(
        sa.select(_PUSH.c.digest).where(_PUSH.c.idempotency_key == key)
    )
    if found is None:
        # Of two at once the second waits here, fails, and starts again.
        context.session.execute(
            sa.insert(_PUSH).values(
                idempotency_key=key, digest=digest, pushed_at=now
            )
        )
        return False
    if found != digest:
        raise exception.Conflict(
            f"Other dataframes came with the idempotency_key '{key}' before"
        )
    return True


def _digest(pushed: Iterable[Pushed]) -> str:
    whole = [
        [one.begin.isoformat(), one.end.isoformat(), frames.encode(one.lines)]
        for one in pushed
    ]
    return hashlib.sha256(json.dumps(whole).encode()).hexdigest()


def _frames(
    pushed: Iterable[Pushed], now: datetime.datetime
) -> Iterable[frames.Frame]:
    """Yield a frame for each period and scope."""
    for one in pushed:
        scopes: dict[str, list[frames.Line]] = {}
        for line in one.lines:
            scopes.setdefault(line.groupby[SCOPE_KEY], []).append(line)
        for scope_id, lines in scopes.items():
            yield frames.Frame(
                id=None,
                scope_pk=None,
                scope_key=SCOPE_KEY,
                scope_id=scope_id,
                begin=one.begin,
                end=one.end,
                usage_at=one.begin,
                revision=0,
                settled=now,
                superseded=None,
                lines=tuple(lines),
            )
