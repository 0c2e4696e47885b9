# SPDX-License-Identifier: Apache-2.0
"""The face of Almanach: bare and under /v1."""

from talea.api.controllers.usage import entity
from talea.api.controllers.usage import info
from talea.api.controllers.usage import instance
from talea.api.controllers.usage import project
from talea.api.controllers.usage import volume
from talea.api.controllers.usage import volume_type

CHILDREN = {
    'info': info.Info,
    'entities': entity.AllEntities,
    'instances': entity.AllInstances,
    'volumes': entity.AllVolumes,
    'entity': entity.Entities,
    'instance': instance.Instances,
    'project': project.Projects,
    'volume': volume.Volumes,
    'volume_type': volume_type.VolumeTypes,
    'volume_types': volume_type.AllVolumeTypes,
}
