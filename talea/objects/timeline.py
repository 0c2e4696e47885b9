# SPDX-License-Identifier: Apache-2.0
"""The fold: what a resource's events amount to. Pure, no clock, no database.

Names of attributes
===================

Events carry what the service said under these names. A definition leaves out
what the message does not say, and what it says but cannot be trusted at that
moment (the flavor while a resize may still be reverted, the image while a
rebuild is under way). All times are ISO 8601 text with offset.

On every kind of resource:

``project_id``
    Owner.
``name``
    Instance: the host name. Others: the display name.
``created_at``
    When the resource was created. Only given if the message proves that it
    really came to life (it has been launched): a failed create is no usage.
    Whoever misses the create event opens the entity from here.
``state``
    The service's word: active, stopped, in-use ...
``ended_at`` (EXISTS)
    The audit says that the resource is gone, and since when.
``gone`` (EXISTS)
    True: the audit says that it is gone, but not since when.
``period_begin``, ``period_end`` (EXISTS)
    What the audit looks back on.

Instance:

``flavor``, ``flavor_id``, ``vcpus``, ``memory_mb``, ``disk_gb``, ``root_gb``,
``ephemeral_gb``
    The flavor group: always given or left out together. ``flavor`` is its
    name, ``disk_gb`` root and ephemeral together.
``image_id``
    Image it was built from; "" when it boots from a volume.
``image_meta``
    Properties of that image as the payload has them, unfiltered (os_distro,
    os_version, os_type ...). Left out by messages that do not carry them (the
    versioned format), which give ``os_type`` alone.
``os_type``, ``metadata`` (dict), ``display_name``, ``zone``, ``host``,
``launched_at``
    As the payload has them.

Volume: ``size`` (GiB), ``volume_type_id``, ``attached_to`` (sorted list of
instance ids), ``zone``, ``metadata`` (dict).
Snapshot: ``size`` (GiB), ``volume_id``.
Floating IP: ``address``, ``network_id``, ``port_id``, ``fixed_ip``,
``router_id``.
Image: ``size`` (bytes), ``visibility``.
Volume type: ``name`` alone.

CORRECT has instead: ``target_start``, ``target_end`` (the entity that the
operator saw, by its edges; ``target_end`` is None for the active one),
``set`` (new values by the names above, and ``start``/``end``) and ``caller``;
its fact_at is when the correction was made.
"""

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Rules:
    """What the fold is told by options; see talea.conf.entities.

    :ivar image_meta: names of image properties that count
    :ivar metadata: keys of instance metadata that are kept
    :ivar volume_threshold: seconds
    :ivar split_on_state: whether a change of state starts a new entity
    """

    image_meta: tuple[str, ...] = ('distro', 'version', 'os_type')
    metadata: tuple[str, ...] = ()
    volume_threshold: int = 60
    split_on_state: bool = False

    @classmethod
    def of(cls, conf):
        """Read the rules from the options of *conf*."""
        group = conf.entities
        return cls(
            tuple(group.instance_image_meta),
            tuple(group.instance_metadata),
            group.volume_existence_threshold,
            group.split_on_state,
        )
