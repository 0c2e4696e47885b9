# SPDX-License-Identifier: Apache-2.0
"""Volumes as Cinder lists them."""

from collections.abc import Mapping
import sys
from typing import Any

import msgspec

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


class _Attachment(msgspec.Struct, gc=False):
    server_id: str | None


class _Volume(msgspec.Struct):
    """What is needed of a volume as Cinder shows it to administrators.

    :ivar moving: what becomes of it while it is migrated
    """

    id: str
    status: str
    size: int
    attachments: list[_Attachment]
    project_id: str = msgspec.field(name='os-vol-tenant-attr:tenant_id')
    metadata: dict[str, Any] | None = None
    moving: str | None = msgspec.field(
        name='os-vol-mig-status-attr:migstat', default=None
    )


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
                '/volumes/detail', 'volumes', query, _Volume, _volume, deadline
            )
        }


def _volume(one: _Volume) -> facts.Volume | None:
    # While a volume is migrated it is there twice; Cinder shows the copy to
    # administrators only.
    moving = one.moving or ''
    if one.status in _UNBORN or moving.startswith('target:'):
        return None
    cluster = (one.metadata or {}).get(_CSI)
    return facts.Volume(
        id=one.id,
        project_id=sys.intern(one.project_id),
        size=one.size,
        servers=tuple(
            attachment.server_id
            for attachment in one.attachments
            if attachment.server_id
        ),
        cluster=str(cluster) if cluster else None,
    )
