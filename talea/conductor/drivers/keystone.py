# SPDX-License-Identifier: Apache-2.0
"""Projects that Keystone lists as disabled."""

from collections.abc import Mapping
from typing import Any

import msgspec

from talea.conductor import facts
from talea.conductor.drivers import base
from talea.conductor.drivers import pages


class _Project(msgspec.Struct, gc=False):
    id: str
    enabled: bool


class Keystone(base.Driver):
    """Tells of disabled projects: always all of them, they are few."""

    kinds = (facts.DISABLED_PROJECTS,)

    def __init__(self, conf: Any) -> None:
        super().__init__(conf)
        self._keystone = pages.Service(conf, 'identity', '3')

    def tell(
        self, project_id: str | None, deadline: base.Deadline
    ) -> Mapping[str, Any]:
        return {
            facts.DISABLED_PROJECTS: set(
                self._keystone.facts(
                    '/projects',
                    'projects',
                    [('enabled', 'false')],
                    _Project,
                    _disabled,
                    deadline,
                )
            )
        }


def _disabled(one: _Project) -> str | None:
    # Whoever does not know the filter lists all.
    return None if one.enabled else one.id
