# SPDX-License-Identifier: Apache-2.0
"""A request that succeeds for every route, on what ApiTestCase can create."""

INSTANCE = {
    'id': 'i2',
    'created_at': '2016-01-01',
    'name': 'vm',
    'flavor': 'small',
    'os_type': None,
    'os_distro': None,
    'os_version': None,
}
VOLUME = {
    'volume_id': 'v2',
    'start': '2016-01-01',
    'volume_type': None,
    'size': 1,
    'volume_name': 'disk',
    'attached_to': [],
}
REBUILD = {
    'rebuild_date': '2016-02-01',
    'distro': 'debian',
    'version': '12',
    'os_type': 'linux',
}
ATTACH = {'date': '2016-02-01', 'attachments': []}
WINDOW = '?start=2016-01-01'

# Route under /v1: (query, body). Ids in paths are i1, v1, t1, p1.
REQUESTS = {
    ('GET', '/info'): ('', None),
    ('GET', '/entities'): (WINDOW, None),
    ('GET', '/instances'): (WINDOW, None),
    ('GET', '/volumes'): (WINDOW, None),
    ('GET', '/entity/{entity_id}'): ('', None),
    ('PUT', '/entity/instance/{instance_id}'): ('', {}),
    ('GET', '/project/{project_id}/entities'): (WINDOW, None),
    ('GET', '/project/{project_id}/instances'): (WINDOW, None),
    ('GET', '/project/{project_id}/volumes'): (WINDOW, None),
    ('GET', '/project/{project_id}/usage'): (WINDOW, None),
    ('POST', '/project/{project_id}/instance'): ('', INSTANCE),
    ('POST', '/project/{project_id}/volume'): ('', VOLUME),
    ('DELETE', '/instance/{instance_id}'): ('', {'date': '2016-02-01'}),
    ('PUT', '/instance/{instance_id}/resize'): (
        '',
        {'date': '2016-02-01', 'flavor': 'large'},
    ),
    ('PUT', '/instance/{instance_id}/rebuild'): ('', REBUILD),
    ('DELETE', '/volume/{volume_id}'): ('', {'date': '2016-02-01'}),
    ('PUT', '/volume/{volume_id}/resize'): (
        '',
        {'date': '2016-02-01', 'size': 2},
    ),
    ('PUT', '/volume/{volume_id}/attach'): ('', ATTACH),
    ('PUT', '/volume/{volume_id}/detach'): ('', ATTACH),
    ('GET', '/volume_types'): ('', None),
    ('GET', '/volume_type/{volume_type_id}'): ('', None),
    ('POST', '/volume_type'): ('', {'type_id': 't2', 'type_name': 'slow'}),
    ('DELETE', '/volume_type/{volume_type_id}'): ('', None),
}
IDS = {
    'project_id': 'p1',
    'entity_id': 'i1',
    'instance_id': 'i1',
    'volume_id': 'v1',
    'volume_type_id': 't1',
}
