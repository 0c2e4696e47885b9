# SPDX-License-Identifier: Apache-2.0
"""What a fetcher is: it names the scopes that there are."""

import abc
from collections.abc import Iterable
import dataclasses
import datetime
from typing import Any

NAMESPACE = 'talea.fetchers'


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """A scope as a fetcher knows it.

    :ivar first: when its first usage began; None if that is not known
    """

    scope_id: str
    first: datetime.datetime | None = None


class Fetcher(abc.ABC):
    """A driver of talea.fetchers.

    :param conf: ConfigOpts
    :param options: the group [discovery:NAME]
    """

    def __init__(self, conf: Any, options: Any):
        self.conf = conf
        self.options = options

    @abc.abstractmethod
    def fetch(self, context: Any) -> Iterable[Found]:
        """Return all scopes there are.

        :raises talea.exception.TaleaError: if they cannot be had, with the
            reason
        """
