# SPDX-License-Identifier: Apache-2.0
"""What the calls of CloudKitty's first API have in common."""

from talea.api import expose
from talea.api.controllers import base


class Slashed(base.Controller):
    """A place that is found with a slash at its end, too.

    The client has one wherever it names no id.
    """

    def find(self, segments):
        return super().find([] if segments == [''] else segments)


def created(request, id_, value):
    """Return the answer to a POST.

    :param id_: of what was made
    """
    where = request.path_url.removesuffix('/')
    return expose.Answer(value, {'Location': f'{where}/{id_}'})
