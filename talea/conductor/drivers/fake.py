# SPDX-License-Identifier: Apache-2.0
"""Facts from a file, for tests of what is above the drivers. Only for them.

The file, ``[stats] fake_file``, is read each time. It holds a JSON object
with a member for each kind of talea.conductor.facts, each a list of objects
with the members of its dataclass, or of ids. What is not there is nothing,
not unknown. ``delays`` says for some kinds how many seconds they take, and
``failures`` with which text they fail.
"""

from collections.abc import Mapping
import json
import logging
import pathlib
import time
from typing import Any

from talea.conductor import facts
from talea.conductor.drivers import base

LOG = logging.getLogger(__name__)

_TYPES = {
    facts.CLUSTERS: facts.Cluster,
    facts.SERVERS: facts.Server,
    facts.VOLUMES: facts.Volume,
    facts.FLOATING_IPS: facts.FloatingIp,
}


class Fake(base.Driver):
    """Tells of all kinds."""

    kinds = (*_TYPES, facts.DISABLED_PROJECTS)

    def tell(
        self, project_id: str | None, deadline: base.Deadline
    ) -> Mapping[str, Any]:
        LOG.info('Asked for %s of %s', ', '.join(self.kinds), project_id)
        path = pathlib.Path(self.conf.stats.fake_file)
        try:
            given = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise base.DriverError(reason=str(error)) from None
        return {
            kind: self._tell(kind, given, project_id, deadline)
            for kind in self.kinds
        }

    def _tell(
        self,
        kind: str,
        given: Mapping[str, Any],
        project_id: str | None,
        deadline: base.Deadline,
    ) -> Any:
        time.sleep(min(given.get('delays', {}).get(kind, 0), deadline.left()))
        deadline.check()
        if kind in given.get('failures', {}):
            raise base.DriverError(reason=given['failures'][kind])
        found = given.get(kind, [])
        if kind == facts.DISABLED_PROJECTS:
            return set(found)
        return [
            _TYPES[kind](
                **{
                    name: tuple(value) if isinstance(value, list) else value
                    for name, value in one.items()
                }
            )
            for one in found
            if project_id in (None, one['project_id'])
        ]


class FakeMagnum(Fake):
    kinds = (facts.CLUSTERS,)


class FakeNova(Fake):
    kinds = (facts.SERVERS,)


class FakeCinder(Fake):
    kinds = (facts.VOLUMES,)


class FakeNeutron(Fake):
    kinds = (facts.FLOATING_IPS,)


class FakeKeystone(Fake):
    kinds = (facts.DISABLED_PROJECTS,)
