# SPDX-License-Identifier: Apache-2.0
"""``/v1/rating``: how prices are made, in CloudKitty's first API."""

from talea.api.controllers.rating import hashmap
from talea.api.controllers.rating import modules
from talea.api.controllers.rating import quote
from talea.api.controllers.rating import refused
from talea.api.controllers.rating import slashed


class ModuleConfig(slashed.Slashed):
    """``/v1/rating/module_config``."""

    children = {
        'hashmap': hashmap.Hashmap,
        'pyscripts': refused.Pyscripts,
    }


class Rating(slashed.Slashed):
    """``/v1/rating``."""

    children = {
        'modules': modules.FirstModules,
        'reload_modules': modules.Reload,
        'quote': quote.Quote,
        'module_config': ModuleConfig,
    }
