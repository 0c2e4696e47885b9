# SPDX-License-Identifier: Apache-2.0
"""Composes the URLs of all faces."""

from talea import version
from talea.api import expose
from talea.api.controllers import base
from talea.api.controllers import usage


def _document(request):
    return {
        'id': 'v1',
        'status': 'CURRENT',
        'version': version.version_string(),
        'links': [{'rel': 'self', 'href': f'{request.application_url}/v1'}],
    }


class V1(base.Controller):
    """``/v1``: the same as the bare paths."""

    children = usage.CHILDREN

    @expose.expose(public=True)
    def get(self):
        return {'version': _document(self.request)}


class Root(base.Controller):
    """``/``: which versions there are, and Almanach's bare paths."""

    children = {'v1': V1, **usage.CHILDREN}

    @expose.expose(public=True)
    def get(self):
        return {'versions': [_document(self.request)]}
