# SPDX-License-Identifier: Apache-2.0
"""``/v1/rating/module_config/hashmap``: what rules belong to."""

from oslo_utils import uuidutils

from talea.api import expose
from talea.api.controllers.rating import pricing
from talea.api.controllers.rating import slashed
from talea.api.types import fields
from talea.api.types import rule as shapes
from talea.objects import hashmap
from talea.objects import pricing as rules_kept
from talea.policies import rating as policies
from talea.rating import rules

ID = expose.Parameter(fields.ID)
MANDATORY = expose.Parameter(fields.ID, mandatory=True)


class _Place(slashed.Slashed):
    """What is the same for services, fields and groups."""

    def _create(self, kind, show, **given):
        """Make one of *kind* and return the answer."""
        new = kind(
            id=uuidutils.generate_uuid(),
            created=self.request.now,
            created_by=self.context.user_id,
            **given,
        )
        hashmap.create(self.context, new)
        return slashed.created(self.request, new.id, show(new))

    def _delete(self, delete, id_, *args):
        delete(
            self.context, id_, *args, self.context.user_id, self.request.now
        )


class Types(slashed.Slashed):
    @expose.expose(strict=True)
    def get(self):
        """List the types of mappings and thresholds."""
        self.context.can(policies.MODULE_CONFIG)
        return list(rules.TYPES)


class Service(_Place):
    @expose.expose(strict=True)
    def get(self, service_id):
        """Show a service."""
        self.context.can(policies.MODULE_CONFIG)
        return shapes.service(hashmap.service(self.context, service_id))

    @expose.expose(status=204, strict=True)
    def delete(self, service_id):
        """Delete a service with all that belongs to it."""
        self.context.can(policies.MODULE_CONFIG)
        self._delete(hashmap.delete_service, service_id)


class Services(_Place):
    child = Service

    @expose.expose(strict=True)
    def get(self):
        """List the services."""
        self.context.can(policies.MODULE_CONFIG)
        found = hashmap.services(self.context)
        return {'services': [shapes.service(one) for one in found]}

    @expose.expose(status=201, body=shapes.NameBody, strict=True)
    def post(self, body):
        """Make a service."""
        self.context.can(policies.MODULE_CONFIG)
        return self._create(rules.Service, shapes.service, name=body.name)

    @expose.expose(
        status=204,
        body=shapes.ServiceIdBody,
        query={'service_id': ID},
        strict=True,
        optional=True,
    )
    def delete(self, body, service_id):
        """Delete a service that the body or the query names."""
        wanted = shapes.one_id('service_id', service_id, body)
        self.context.can(policies.MODULE_CONFIG)
        self._delete(hashmap.delete_service, wanted)


class Field(_Place):
    @expose.expose(strict=True)
    def get(self, field_id):
        """Show a field."""
        self.context.can(policies.MODULE_CONFIG)
        return shapes.field(hashmap.field(self.context, field_id))

    @expose.expose(status=204, strict=True)
    def delete(self, field_id):
        """Delete a field with its rules."""
        self.context.can(policies.MODULE_CONFIG)
        self._delete(hashmap.delete_field, field_id)


class Fields(_Place):
    child = Field

    @expose.expose(query={'service_id': MANDATORY}, strict=True)
    def get(self, service_id):
        """List the fields of a service."""
        self.context.can(policies.MODULE_CONFIG)
        found = hashmap.fields(self.context, service_id)
        return {'fields': [shapes.field(one) for one in found]}

    @expose.expose(status=201, body=shapes.FieldBody, strict=True)
    def post(self, body):
        """Make a field."""
        self.context.can(policies.MODULE_CONFIG)
        return self._create(
            rules.Field,
            shapes.field,
            name=body.name,
            service_id=body.service_id,
        )

    @expose.expose(
        status=204,
        body=shapes.FieldIdBody,
        query={'field_id': ID},
        strict=True,
        optional=True,
    )
    def delete(self, body, field_id):
        """Delete a field that the body or the query names."""
        wanted = shapes.one_id('field_id', field_id, body)
        self.context.can(policies.MODULE_CONFIG)
        self._delete(hashmap.delete_field, wanted)


class _GroupRules(slashed.Slashed):
    """The rules of a group."""

    kind = None
    show = None
    name = None

    @expose.expose(query={'group_id': MANDATORY}, strict=True)
    def get(self, group_id):
        """List the rules of a group."""
        self.context.can(policies.MODULE_CONFIG)
        hashmap.group(self.context, group_id)
        wanted = rules_kept.Filter(group_id=group_id)
        found = rules_kept.list_(self.context, self.kind, wanted)
        return {self.name: [type(self).show(one) for one in found]}


class GroupMappings(_GroupRules):
    kind = rules.Mapping
    show = staticmethod(shapes.mapping)
    name = 'mappings'


class GroupThresholds(_GroupRules):
    kind = rules.Threshold
    show = staticmethod(shapes.threshold)
    name = 'thresholds'


RECURSIVE = expose.Parameter(fields.Boolean())


class Group(_Place):
    @expose.expose(strict=True)
    def get(self, group_id):
        """Show a group."""
        self.context.can(policies.MODULE_CONFIG)
        return shapes.group(hashmap.group(self.context, group_id))

    @expose.expose(status=204, query={'recursive': RECURSIVE}, strict=True)
    def delete(self, group_id, recursive):
        """Delete a group, with its rules or without them."""
        self.context.can(policies.MODULE_CONFIG)
        self._delete(hashmap.delete_group, group_id, bool(recursive))


class Groups(_Place):
    children = {'mappings': GroupMappings, 'thresholds': GroupThresholds}
    child = Group

    @expose.expose(strict=True)
    def get(self):
        """List the groups."""
        self.context.can(policies.MODULE_CONFIG)
        found = hashmap.groups(self.context)
        return {'groups': [shapes.group(one) for one in found]}

    @expose.expose(status=201, body=shapes.NameBody, strict=True)
    def post(self, body):
        """Make a group."""
        self.context.can(policies.MODULE_CONFIG)
        return self._create(rules.Group, shapes.group, name=body.name)

    @expose.expose(
        status=204,
        body=shapes.GroupIdBody,
        query={'group_id': ID, 'recursive': RECURSIVE},
        strict=True,
        optional=True,
    )
    def delete(self, body, group_id, recursive):
        """Delete a group that the body or the query names."""
        wanted = shapes.one_id('group_id', group_id, body)
        if recursive is None:
            recursive = body.given().get('recursive', False)
        self.context.can(policies.MODULE_CONFIG)
        self._delete(hashmap.delete_group, wanted, recursive)


class Hashmap(slashed.Slashed):
    """``/v1/rating/module_config/hashmap``."""

    children = {
        'types': Types,
        'services': Services,
        'fields': Fields,
        'groups': Groups,
        'mappings': pricing.Mappings,
        'thresholds': pricing.Thresholds,
    }
