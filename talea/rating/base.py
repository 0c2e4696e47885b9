# SPDX-License-Identifier: Apache-2.0
"""What a rating module is. Others come as drivers of talea.rating.modules."""

import functools
from typing import Any
from typing import NoReturn
from typing import Protocol

from stevedore import extension

from talea import exception
from talea.rating import point as rating_point

NAMESPACE = 'talea.rating.modules'


class BadModule(exception.TaleaError):
    """A rating module is installed that cannot be used.

    Without it usage would be billed at wrong prices, so nothing is.
    """

    template = 'The rating module "%(name)s" cannot be loaded: %(reason)s'


class Rater(Protocol):
    """Prices by the rules of one moment. Pure: no clock, no database."""

    def rate(
        self, point: rating_point.Point, scope_id: str
    ) -> rating_point.Point:
        """Return *point* with what it costs added to its price."""


class Module:
    """A rating module, which makes Raters of rules.

    :cvar description: what operators are told of it
    :cvar configurable: whether it has rules, which take effect at once
    :cvar enabled: whether it is on as long as nobody has decided that
    :cvar optional: whether it can be switched off
    """

    description = ''
    configurable = False
    enabled = False
    optional = True

    def rater(self, rules: Any) -> Rater:
        """Return a Rater by *rules*.

        :param rules: talea.rating.hashmap.Rules of one moment, for whoever
            knows what to do with them
        """
        raise NotImplementedError


@functools.cache
def modules() -> dict[str, Module]:
    """Return all modules that are installed, by name.

    :raises BadModule: if one of them cannot be loaded
    """
    found: Any = extension.ExtensionManager(
        NAMESPACE, invoke_on_load=True, on_load_failure_callback=_fail
    )
    return {
        str(one.name): one.obj
        for one in sorted(found, key=lambda one: str(one.name))
    }


def _fail(manager: Any, entry_point: Any, reason: Any) -> NoReturn:
    raise BadModule(name=entry_point.name, reason=reason) from reason
