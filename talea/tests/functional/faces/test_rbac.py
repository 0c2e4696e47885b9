# SPDX-License-Identifier: Apache-2.0
"""Every route, visited by everybody."""

from talea.api import app
from talea.api import routes
from talea.tests.functional.faces import base
from talea.tests.functional.faces import personas
from talea.tests.functional.faces import samples

# Route under /v1: who may.
ALLOWED = {
    ('GET', '/info'): personas.EVERYBODY,
    ('GET', '/entities'): {'admin'},
    ('GET', '/instances'): {'admin'},
    ('GET', '/volumes'): {'admin'},
    ('GET', '/entity/{entity_id}'): personas.OWNERS,
    ('PUT', '/entity/instance/{instance_id}'): personas.WRITERS,
    ('GET', '/project/{project_id}/entities'): personas.OWNERS,
    ('GET', '/project/{project_id}/instances'): personas.OWNERS,
    ('GET', '/project/{project_id}/volumes'): personas.OWNERS,
    ('GET', '/project/{project_id}/usage'): personas.OWNERS,
    ('POST', '/project/{project_id}/instance'): personas.WRITERS,
    ('POST', '/project/{project_id}/volume'): personas.WRITERS,
    ('DELETE', '/instance/{instance_id}'): personas.WRITERS,
    ('PUT', '/instance/{instance_id}/resize'): personas.WRITERS,
    ('PUT', '/instance/{instance_id}/rebuild'): personas.WRITERS,
    ('DELETE', '/volume/{volume_id}'): personas.WRITERS,
    ('PUT', '/volume/{volume_id}/resize'): personas.WRITERS,
    ('PUT', '/volume/{volume_id}/attach'): personas.WRITERS,
    ('PUT', '/volume/{volume_id}/detach'): personas.WRITERS,
    ('GET', '/volume_types'): personas.READERS,
    ('GET', '/volume_type/{volume_type_id}'): personas.READERS,
    ('POST', '/volume_type'): personas.WRITERS,
    ('DELETE', '/volume_type/{volume_type_id}'): personas.WRITERS,
}
SUCCESS = {'GET': 200, 'HEAD': 200, 'POST': 201, 'PUT': 200, 'DELETE': 202}


def _visits():
    """Return the routes of the face, without /v1 and version documents."""
    return {
        (method, path)
        for method, path in routes.routes()
        if path != '/' and not path.startswith(('/stats', '/v1', '/v2'))
    }


class RbacTestCase(personas.PersonasTestCase):
    def _prepare(self):
        """Bring i1, v1 and t1 into being."""
        self.create_instance()
        self.create_volume()
        self.request(
            'POST', '/v1/volume_type', {'type_id': 't1', 'type_name': 'fast'}
        )

    def _visit(self, method, path, who, prefix):
        query, body = samples.REQUESTS[
            'GET' if method == 'HEAD' else method, path
        ]
        token = '' if who == 'nobody' else who
        path = path.format(**samples.IDS)
        return self.request(
            method, f'{prefix}{path}{query}', body, token=token
        )

    def test_the_table_knows_every_route(self):
        known = set(ALLOWED)
        known |= {
            ('HEAD', path) for method, path in ALLOWED if method == 'GET'
        }
        self.assertEqual(known, _visits())
        self.assertEqual(set(ALLOWED), set(samples.REQUESTS))

    def test_who_is_refused_and_how(self):
        self._prepare()
        for prefix in ('', '/v1'):
            for method, path in sorted(_visits()):
                key = ('GET' if method == 'HEAD' else method, path)
                for who in sorted(personas.EVERYBODY - ALLOWED[key]):
                    answer = self._visit(method, path, who, prefix)
                    expected = 403
                    if who == 'nobody':
                        expected = 401
                    elif path == '/entity/{entity_id}':
                        # Whose it is nobody else shall learn.
                        expected = 404
                    self.assertEqual(
                        expected,
                        answer.status_int,
                        (who, method, prefix + path, answer.body),
                    )
        info = self.request('GET', '/v1/info').json['database']
        self.assertEqual({'all_entities': 2, 'active_entities': 2}, info)

    def test_who_is_let_in(self):
        for method, path in sorted(_visits()):
            key = ('GET' if method == 'HEAD' else method, path)
            for who in sorted(ALLOWED[key]):
                with self.subTest(who=who, method=method, path=path):
                    self._fresh()
                    answer = self._visit(method, path, who, '/v1')
                    self.assertEqual(
                        SUCCESS[method],
                        answer.status_int,
                        (who, method, path, answer.body),
                    )

    def _fresh(self):
        with self.database.engine.begin() as connection:
            for table in ('entity', 'event', 'resource'):
                connection.exec_driver_sql(f'DELETE FROM {table}')
        self._prepare()

    def test_a_refusal_names_the_rule(self):
        answer = self.request(
            'GET', '/v1/project/p1/entities?start=2016-01-01', token='stranger'
        )
        self.assertEqual(
            {
                'error': "Policy doesn't allow talea:entity:list to be "
                'performed.'
            },
            answer.json,
        )

    def test_an_unknown_entity_and_a_strangers_look_the_same(self):
        self._prepare()
        theirs = self.request('GET', '/v1/entity/i1', token='stranger')
        none = self.request('GET', '/v1/entity/i9', token='stranger')
        self.assertEqual(
            (none.status, none.body, none.headers['Content-Type']),
            (theirs.status, theirs.body, theirs.headers['Content-Type']),
        )

    def test_a_policy_file_changes_who_may(self):
        rules = self.useFixture(base.PolicyFile(self.conf)).path
        with open(rules, 'w') as file:
            file.write('"talea:entity:list_all": "role:reader"\n')
        self.app = app.make_app(self.conf)
        answer = self.request(
            'GET', '/v1/entities?start=2016-01-01', token='stranger'
        )
        self.assertEqual(200, answer.status_int)

    def test_the_private_key_opens_too(self):
        answer = self.request('GET', '/v1/entities?start=2016-01-01')
        self.assertEqual(200, answer.status_int)
