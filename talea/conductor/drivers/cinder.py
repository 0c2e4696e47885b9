# SPDX-License-Identifier: Apache-2.0
"""Volumes as Cinder lists them."""

from collections.abc import Mapping
from typing import Any

from talea.conductor import facts
from talea.conductor.drivers import base
from talea.conductor.drivers import pages

# From this one on Cinder refuses filters that are for administrators only.
_MICROVERSION = '3.31'
# The id of no project.
_NOBODY = 'nobody'

# Of volumes that have not come to life, or never did.
_UNBORN = frozenset(
    ('creating', 'downloading', 'error', 'error_managing', 'managing')
)
# What the CSI driver for Cinder writes on what it makes.
_CSI = 'cinder.csi.openstack.org/cluster'


class Cinder(base.Driver):
    """Tells of volumes."""

    kinds = (facts.VOLUMES,)

    def __init__(self, conf: Any) -> None:
        super().__init__(conf)
        self._cinder = pages.Service(conf, 'block-storage', '3', _MICROVERSION)

    def tell(
        self, project_id: str | None, deadline: base.Deadline
    ) -> Mapping[str, Any]:
        query = [('all_tenants', '1')]
        if project_id is None:
            # Others than administrators get the volumes of their own project,
            # without a word; but they may not filter by project.
            self._cinder.ask(
                '/volumes', [*query, ('project_id', _NOBODY)], deadline
            )
        else:
            query.append(('project_id', project_id))
        return {
            facts.VOLUMES: self._cinder.facts(
                '/volumes/detail', 'volumes', query, _volume, deadline
            )
        }


def _volume(one: Mapping[str, Any]) -> facts.Volume | None:
    # While a volume is migrated it is there twice; Cinder shows the copy to
    # administrators only.
    moving = one.get('os-vol-mig-status-attr:migstat') or ''
    if one['status'] in _UNBORN or moving.startswith('target:'):
        return None
    return facts.Volume(
        id=one['id'],
        project_id=one['os-vol-tenant-attr:tenant_id'],
        size=int(one['size']),
        servers=tuple(
            attachment['server_id']
            for attachment in one['attachments']
            if attachment['server_id']
        ),
        cluster=(one.get('metadata') or {}).get(_CSI) or None,
    )
