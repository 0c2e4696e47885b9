# SPDX-License-Identifier: Apache-2.0
"""Composes the URLs of all faces."""

from talea import version
from talea.api import expose
from talea.api.controllers import base
from talea.api.controllers import rating
from talea.api.controllers import stats
from talea.api.controllers import usage


def _document(request, name):
    return {
        'id': name,
        'status': 'CURRENT',
        'version': version.version_string(),
        'links': [
            {'rel': 'self', 'href': f'{request.application_url}/{name}'}
        ],
    }


class Info(usage.CHILDREN['info']):
    """``/v1/info``: Almanach's, and below it CloudKitty's."""

    children = rating.INFO


class V1(base.Controller):
    """``/v1``: Almanach's bare paths, CloudKitty's first API, and Magnum's."""

    children = {
        **usage.CHILDREN,
        **rating.V1,
        **stats.CHILDREN,
        'info': Info,
    }

    @expose.expose(public=True)
    def get(self):
        return {'version': _document(self.request, 'v1')}


class V2(base.Controller):
    """``/v2``: CloudKitty's second API."""

    children = rating.V2

    @expose.expose(public=True)
    def get(self):
        return {'version': _document(self.request, 'v2')}


class Root(base.Controller):
    """``/``: which versions there are, and paths that are bare."""

    children = {'v1': V1, 'v2': V2, **usage.CHILDREN, **stats.CHILDREN}

    @expose.expose(public=True)
    def get(self):
        return {
            'versions': [
                _document(self.request, name) for name in ('v1', 'v2')
            ]
        }
