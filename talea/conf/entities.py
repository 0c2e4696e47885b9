# SPDX-License-Identifier: Apache-2.0
from oslo_config import cfg

GROUP = cfg.OptGroup(
    'entities',
    title='How events become entities',
    help='Read by the fold alone: a change takes effect on old data by '
    '"talea-manage entity rebuild".',
)

OPTS = [
    cfg.ListOpt(
        'instance_image_meta',
        default=['distro', 'version', 'os_type'],
        help='Properties of the image that an instance was made of which are '
        'kept in its entity, and whose change by a rebuild starts a new one. '
        'An image property os_distro is known here as distro, os_version as '
        'version.',
    ),
    cfg.ListOpt(
        'instance_metadata',
        default=[],
        help='Keys of the metadata of an instance which are kept in its '
        'entity.',
    ),
    cfg.ListOpt(
        'volume_metadata',
        default=['cinder.csi.openstack.org/cluster'],
        help='Keys of the metadata of a volume which are kept in its entity. '
        'By the default the volumes that Kubernetes made are known.',
    ),
    cfg.IntOpt(
        'volume_existence_threshold',
        default=60,
        min=0,
        help='Seconds. A volume that is attached or detached within this time '
        'after its entity began is changed in place instead of starting a '
        'new entity; an entity younger than this is dropped when the volume '
        'is deleted, if an earlier one of it exists.',
    ),
    cfg.IntOpt(
        'instance_existence_threshold',
        default=900,
        min=0,
        help='Seconds. Kept for configurations of Almanach, where deletes of '
        'unknown instances that had lived shorter than this were dropped. '
        'Talea needs no such guess: an instance that never launched has no '
        'entity, all others are known by the notification of their end.',
    ),
    cfg.BoolOpt(
        'split_on_state',
        default=False,
        help='Start a new entity when the state of an instance changes '
        '(stopped, shelved, suspended ...), so that states can be priced. '
        'Otherwise the state is an attribute that changes in place.',
    ),
]


def register(conf):
    conf.register_group(GROUP)
    conf.register_opts(OPTS, group=GROUP)


def list_opts():
    return [(GROUP, OPTS)]
