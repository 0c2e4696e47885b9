# SPDX-License-Identifier: Apache-2.0
"""Who comes to the API, with tokens that a Keystone would have given."""

from keystonemiddleware import fixture as keystone_fixture

from talea.tests.functional.faces import base

# Who comes: roles (with those they imply) and project.
PERSONAS = {
    'reader': (['reader'], 'p1'),
    'stranger': (['reader'], 'p2'),
    'member': (['member', 'reader'], 'p1'),
    'manager': (['manager', 'member', 'reader'], 'p1'),
    'admin': (['admin', 'manager', 'member', 'reader'], 'p9'),
    'service': (['service'], 'p9'),
    'roleless': ([], 'p1'),
}
OWNERS = {'reader', 'member', 'manager', 'admin'}
READERS = {'reader', 'stranger', 'member', 'manager', 'admin'}
WRITERS = {'admin', 'service'}
EVERYBODY = {*PERSONAS, 'nobody'}


class PersonasTestCase(base.ApiTestCase):
    """A test whose callers are PERSONAS: the name of each is its token.

    :ivar tokens: all of them
    """

    def configure(self):
        super().configure()
        self.conf.set_override('strategy', 'token,keystone', 'auth')
        self.tokens = self.useFixture(keystone_fixture.AuthTokenFixture())
        for name, (roles, project_id) in PERSONAS.items():
            self.tokens.add_token_data(
                token_id=name,
                user_id=name,
                user_name=name,
                user_domain_id='default',
                user_domain_name='Default',
                project_id=project_id,
                project_name=project_id,
                project_domain_id='default',
                project_domain_name='Default',
                role_list=roles,
            )
