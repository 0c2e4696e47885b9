# SPDX-License-Identifier: Apache-2.0
"""Services, fields, groups, mappings and thresholds, as hashmap shows them."""

import datetime
import decimal

from talea import exception
from talea.api.types import amount
from talea.api.types import base
from talea.api.types import fields
from talea.rating import rules

_TEXT = fields.Text(null=True)
_NAME = fields.Text(longest=255, empty=False)
_RULE_NAME = fields.Text(null=True, longest=32)
_ID = fields.Text(null=True, longest=255, empty=False)
_TYPE = fields.Choice(*rules.TYPES)
_COST = amount.Amount(whole=12)
_LEVEL = amount.Amount(whole=18)
_IGNORED = fields.Raw()


class _Value(fields.Text):
    """A value of a field; numbers are compared as text, too."""

    def parse(self, value):
        if type(value) is int:
            value = str(value)
        elif isinstance(value, decimal.Decimal):
            value = format(value, 'f')
        return super().parse(value)


class _Version(fields.Field):
    name = 'version'

    def parse(self, value):
        if type(value) is not int or value < 1:
            raise fields.BadValue('must be a whole number from 1')
        return value


class _End(fields.IsoMoment):
    """The end of a validity, exclusive; of a date, the end of that day."""

    def parse(self, value):
        moment = super().parse(value)
        try:
            datetime.date.fromisoformat(value)
        except ValueError:
            return moment
        return super().parse((moment + datetime.timedelta(days=1)).isoformat())


_VALUE = _Value(null=True, longest=255)
_START = fields.IsoMoment(null=True)
_END = _End(null=True)


class NameBody(base.StrictBody):
    """A service or a group that is to be made."""

    name = base.required(_NAME)


class FieldBody(base.StrictBody):
    name = base.required(_NAME)
    service_id = base.required(fields.ID)


class ServiceIdBody(base.StrictBody):
    service_id = fields.ID


class FieldIdBody(base.StrictBody):
    field_id = fields.ID


class GroupIdBody(base.StrictBody):
    group_id = fields.ID
    recursive = fields.Boolean()


class MappingIdBody(base.StrictBody):
    mapping_id = fields.ID


class ThresholdIdBody(base.StrictBody):
    threshold_id = fields.ID


class _RuleBody(base.StrictBody):
    """What can be said of mappings and thresholds."""

    type = _TYPE
    service_id = _ID
    field_id = _ID
    group_id = _ID
    tenant_id = _ID
    start = _START
    end = _END
    name = _RULE_NAME
    description = _TEXT

    def values(self):
        """Return {attribute of the rule: value} of what was given."""
        found = {
            name: value
            for name, value in self.given().items()
            if name not in self._shown
        }
        if found.get('start', ...) is None:
            # A rule has a start; null is to say that nothing is said.
            del found['start']
        return found

    # Members that answers have and that cannot be chosen.
    _shown = ()


class MappingBody(_RuleBody):
    cost = base.required(_COST)
    value = _VALUE


class ThresholdBody(_RuleBody):
    cost = base.required(_COST)
    level = base.required(_LEVEL)


class _ChangeBody(_RuleBody):
    """What a rule is to become; all else stays as it is.

    The client sends back all that it was shown.
    """

    cost = _COST
    version = _Version()
    created_at = _IGNORED
    created_by = _IGNORED
    updated_by = _IGNORED
    deleted = _IGNORED
    deleted_by = _IGNORED

    _shown = (
        'mapping_id',
        'threshold_id',
        'created_at',
        'created_by',
        'updated_by',
        'deleted',
        'deleted_by',
    )


class MappingChange(_ChangeBody):
    mapping_id = fields.ID
    value = _VALUE


class ThresholdChange(_ChangeBody):
    threshold_id = fields.ID
    level = _LEVEL


def one_id(name, *places):
    """Return the id that was given in one of *places*, or alike in several.

    :param name: of the parameter
    :param places: of the path or query, or None; or a body
    :raises base.Missing: if it was given nowhere
    :raises talea.exception.InvalidValue: if it was given differently
    """
    given = {
        one.given().get(name) if isinstance(one, base.Body) else one
        for one in places
    } - {None}
    if not given:
        raise base.Missing(name=name)
    if len(given) > 1:
        raise exception.InvalidValue(name=name, reason='given twice')
    return given.pop()


def _iso(moment):
    return None if moment is None else moment.isoformat()


def _named(kind, one):
    return {
        f'{kind}_id': one.id,
        'name': one.name,
        'created_at': _iso(one.created),
        'created_by': one.created_by,
    }


def service(one):
    """Return what is shown of a Service."""
    return _named('service', one)


def field(one):
    """Return what is shown of a Field."""
    return {**_named('field', one), 'service_id': one.service_id}


def group(one):
    """Return what is shown of a Group."""
    return _named('group', one)


def _rule(one):
    return {
        'type': one.type,
        'cost': one.cost,
        'service_id': one.service_id,
        'field_id': one.field_id,
        'group_id': one.group_id,
        'tenant_id': one.tenant_id,
        'name': one.name,
        'start': _iso(one.start),
        'end': _iso(one.end),
        'description': one.description,
        'version': one.version,
        'created_at': _iso(one.created),
        'created_by': one.created_by,
        'updated_by': one.updated_by,
        'deleted': _iso(one.deleted),
        'deleted_by': one.deleted_by,
    }


def mapping(one):
    """Return what is shown of a Mapping."""
    return {'mapping_id': one.id, 'value': one.value, **_rule(one)}


def threshold(one):
    """Return what is shown of a Threshold."""
    return {'threshold_id': one.id, 'level': one.level, **_rule(one)}
