# SPDX-License-Identifier: Apache-2.0
"""Microversions of Magnum, which all of its clients ask for.

The answer is the same in all of them; but clients look whether they got the
one that they asked for.
"""

import re

from webob import exc

from talea import exception

HEADER = 'OpenStack-API-Version'
LOWEST = (1, 1)
HIGHEST = (1, 14)

# What a client may call the service, and what it is called in answers.
_NAMES = (
    'container-infra',
    'container-infrastructure',
    'container-infrastructure-management',
)
_NAME = _NAMES[-1]
_VERSION = re.compile(r'([0-9]{1,4})\.([0-9]{1,4})')


class Unsupported(exception.TaleaError):
    """There is no such version."""

    code = 406
    template = 'Version %(version)s is not supported'

    @property
    def detail(self):
        """The error, as all services have it that know microversions."""
        return {
            'max_version': _text(HIGHEST),
            'min_version': _text(LOWEST),
            'code': 'magnum.microversion-unsupported',
            'links': [
                {
                    'rel': 'help',
                    'href': 'https://docs.openstack.org/api-guide/compute/'
                    'microversions.html',
                }
            ],
            'title': 'Requested microversion is unsupported',
        }


def _text(version):
    return '{}.{}'.format(*version)


def _asked(header):
    """Return the version that *header* asks for.

    :raises webob.exc.HTTPNotAcceptable: if it is none of this service
    """
    words = header.split()
    if len(words) != 2 or words[0] not in _NAMES:
        raise exc.HTTPNotAcceptable
    if words[1].lower() == 'latest':
        return HIGHEST
    numbers = _VERSION.fullmatch(words[1])
    if numbers is None:
        raise exc.HTTPNotAcceptable
    return int(numbers[1]), int(numbers[2])


def negotiate(request):
    """Return the headers of an answer in the version that is asked for.

    :raises webob.exc.HTTPNotAcceptable: if the header makes no sense
    :raises Unsupported: if there is no such version
    """
    version = LOWEST
    if HEADER in request.headers:
        version = _asked(request.headers[HEADER])
    headers = {
        'OpenStack-API-Minimum-Version': f'{_NAME} {_text(LOWEST)}',
        'OpenStack-API-Maximum-Version': f'{_NAME} {_text(HIGHEST)}',
        HEADER: f'{_NAME} {_text(version)}',
        'Vary': HEADER,
    }
    if not LOWEST <= version <= HIGHEST:
        error = Unsupported(version=_text(version))
        error.headers = headers
        raise error
    return headers
