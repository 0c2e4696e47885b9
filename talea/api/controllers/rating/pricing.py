# SPDX-License-Identifier: Apache-2.0
"""``/v1/rating/module_config/hashmap``: mappings and thresholds."""

from oslo_utils import uuidutils

from talea import exception
from talea.api import expose
from talea.api.controllers.rating import slashed
from talea.api.types import fields
from talea.api.types import rule as shapes
from talea.objects import hashmap
from talea.objects import price_change
from talea.objects import pricing
from talea.policies import rating as policies
from talea.rating import rules

ID = expose.Parameter(fields.ID)
MANDATORY = expose.Parameter(fields.ID, mandatory=True)
NO = expose.Parameter(fields.Boolean(), default=False)
LIST = {
    'service_id': ID,
    'field_id': ID,
    'group_id': ID,
    'no_group': NO,
    'tenant_id': ID,
    'filter_tenant': NO,
    'deleted': NO,
}
FORCE = {'force': expose.Parameter(fields.Boolean())}


class _Place(slashed.Slashed):
    """What is the same for mappings and thresholds.

    :cvar kind: which of them
    :cvar show: what is shown of one
    """

    kind = None
    show = None

    def _show(self, one):
        return type(self).show(one)

    def _force(self, force):
        """Return whether a rule may have effect in the past."""
        return self.request.conf.hashmap.force if force is None else force

    def _list(self, no_group, filter_tenant, **query):
        self.context.can(policies.MODULE_CONFIG)
        wanted = pricing.Filter(
            grouped=not no_group, general=filter_tenant, **query
        )
        return [
            self._show(one)
            for one in pricing.list_(self.context, self.kind, wanted)
        ]

    def _get(self, id_):
        self.context.can(policies.MODULE_CONFIG)
        return self._show(pricing.get(self.context, self.kind, id_))

    def _create(self, body, force):
        self.context.can(policies.MODULE_CONFIG)
        now = self.request.now
        unsaid = dict.fromkeys(
            ('service_id', 'field_id', 'group_id', 'tenant_id')
        )
        if self.kind is rules.Mapping:
            unsaid['value'] = None
        given = {
            **unsaid,
            'type': rules.FLAT,
            'start': now,
            **body.values(),
        }
        new = self.kind(
            id=uuidutils.generate_uuid(),
            created=now,
            created_by=self.context.user_id,
            **given,
        )
        price_change.create(self.context, new, now, self._force(force))
        return slashed.created(self.request, new.id, self._show(new))

    def _update(self, id_, body, force):
        self.context.can(policies.MODULE_CONFIG)
        changed = price_change.update(
            self.context,
            self.kind,
            id_,
            body.values(),
            self.context.user_id,
            self.request.now,
            self._force(force),
        )
        return self._show(changed)

    def _delete(self, id_):
        self.context.can(policies.MODULE_CONFIG)
        price_change.delete(
            self.context,
            self.kind,
            id_,
            self.context.user_id,
            self.request.now,
        )

    def _group(self, id_):
        self.context.can(policies.MODULE_CONFIG)
        one = pricing.get(self.context, self.kind, id_)
        if one.group_id is None:
            raise exception.NotFound(
                f'{self.kind.__name__} {id_} is in no group'
            )
        return shapes.group(hashmap.group(self.context, one.group_id))


class _AMapping:
    kind = rules.Mapping
    show = staticmethod(shapes.mapping)


class MappingGroup(_AMapping, _Place):
    @expose.expose(query={'mapping_id': MANDATORY}, strict=True)
    def get(self, mapping_id):
        """Show the group of a mapping."""
        return self._group(mapping_id)


class Mapping(_AMapping, _Place):
    @expose.expose(strict=True)
    def get(self, mapping_id):
        """Show a mapping, deleted or not."""
        return self._get(mapping_id)

    @expose.expose(body=shapes.MappingChange, query=FORCE, strict=True)
    def put(self, mapping_id, body, force):
        """Change a mapping."""
        wanted = shapes.one_id('mapping_id', mapping_id, body)
        return self._update(wanted, body, force)

    @expose.expose(status=204, strict=True)
    def delete(self, mapping_id):
        """Delete a mapping."""
        self._delete(mapping_id)


class Mappings(_AMapping, _Place):
    children = {'group': MappingGroup}
    child = Mapping

    @expose.expose(query=LIST, strict=True)
    def get(self, **query):
        """List mappings."""
        return {'mappings': self._list(**query)}

    @expose.expose(
        status=201, body=shapes.MappingBody, query=FORCE, strict=True
    )
    def post(self, body, force):
        """Make a mapping."""
        return self._create(body, force)

    @expose.expose(
        body=shapes.MappingChange,
        query={'mapping_id': ID, **FORCE},
        strict=True,
    )
    def put(self, body, mapping_id, force):
        """Change a mapping that the body or the query names."""
        wanted = shapes.one_id('mapping_id', mapping_id, body)
        return self._update(wanted, body, force)

    @expose.expose(
        status=204,
        body=shapes.MappingIdBody,
        query={'mapping_id': ID},
        strict=True,
        optional=True,
    )
    def delete(self, body, mapping_id):
        """Delete a mapping that the body or the query names."""
        self._delete(shapes.one_id('mapping_id', mapping_id, body))


class _AThreshold:
    kind = rules.Threshold
    show = staticmethod(shapes.threshold)


class ThresholdGroup(_AThreshold, _Place):
    @expose.expose(query={'threshold_id': MANDATORY}, strict=True)
    def get(self, threshold_id):
        """Show the group of a threshold."""
        return self._group(threshold_id)


class Threshold(_AThreshold, _Place):
    @expose.expose(strict=True)
    def get(self, threshold_id):
        """Show a threshold, deleted or not."""
        return self._get(threshold_id)

    @expose.expose(body=shapes.ThresholdChange, query=FORCE, strict=True)
    def put(self, threshold_id, body, force):
        """Change a threshold."""
        wanted = shapes.one_id('threshold_id', threshold_id, body)
        return self._update(wanted, body, force)

    @expose.expose(status=204, strict=True)
    def delete(self, threshold_id):
        """Delete a threshold."""
        self._delete(threshold_id)


class Thresholds(_AThreshold, _Place):
    children = {'group': ThresholdGroup}
    child = Threshold

    @expose.expose(query=LIST, strict=True)
    def get(self, **query):
        """List thresholds."""
        return {'thresholds': self._list(**query)}

    @expose.expose(
        status=201, body=shapes.ThresholdBody, query=FORCE, strict=True
    )
    def post(self, body, force):
        """Make a threshold."""
        return self._create(body, force)

    @expose.expose(
        body=shapes.ThresholdChange,
        query={'threshold_id': ID, **FORCE},
        strict=True,
    )
    def put(self, body, threshold_id, force):
        """Change a threshold that the body or the query names."""
        wanted = shapes.one_id('threshold_id', threshold_id, body)
        return self._update(wanted, body, force)

    @expose.expose(
        status=204,
        body=shapes.ThresholdIdBody,
        query={'threshold_id': ID},
        strict=True,
        optional=True,
    )
    def delete(self, body, threshold_id):
        """Delete a threshold that the body or the query names."""
        self._delete(shapes.one_id('threshold_id', threshold_id, body))
