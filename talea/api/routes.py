# SPDX-License-Identifier: Apache-2.0
"""All routes, for tests and for the documentation."""

from talea.api.controllers import root


def walk(place=root.Root, path=''):
    """Yield (method, path, endpoint) of every route under *place*.

    Ids are in braces: ``('GET', '/v1/entity/{entity_id}', function)``.
    """
    for method, name in place.methods().items():
        endpoint = getattr(place, name)
        named = path.format(*(f'{{{one}}}' for one in endpoint.ids))
        yield method, named or '/', endpoint
    for segment, child in place.children.items():
        yield from walk(child, f'{path}/{segment}')
    if place.child is not None:
        yield from walk(place.child, f'{path}/{{}}')


def routes():
    """Return [(method, path)] of every route."""
    return [(method, path) for method, path, _ in walk()]
