# SPDX-License-Identifier: Apache-2.0
"""Rating modules as CloudKitty's two APIs show them."""

from wsme import types as wtypes

from talea.api.types import base
from talea.api.types import fields


class _Priority(fields.Field):
    name = 'priority'
    _largest = 2**31 - 1

    def parse(self, value):
        if isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value[:20])
        if type(value) is not int or not 1 <= value <= self._largest:
            raise fields.BadValue(
                f'must be a whole number from 1 to {self._largest}'
            )
        return value


_IGNORED = fields.Raw()


class Change(base.StrictBody):
    """What a module is to become."""

    enabled = fields.Single(fields.Boolean())
    priority = fields.Single(_Priority())


class FirstChange(base.StrictBody):
    """The same in the first API, whose client sends all that it was shown."""

    module_id = _IGNORED
    description = _IGNORED
    hot_config = wtypes.wsattr(_IGNORED, name='hot-config')
    enabled = fields.Boolean()
    priority = _Priority()


def show(one):
    """Return what the second API shows of a Module."""
    return {
        'module_id': one.name,
        'description': one.driver.description,
        'enabled': one.enabled,
        'hot_config': one.driver.configurable,
        'priority': one.priority,
    }


def show_first(one):
    """Return what the first API shows of a Module."""
    shown = show(one)
    shown['hot-config'] = shown.pop('hot_config')
    return shown
