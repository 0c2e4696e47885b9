# SPDX-License-Identifier: Apache-2.0
"""All emulators behind one port."""

import socket
import threading

import fixtures
from keystoneauth1 import loading
import webob

from talea.tests.emulators import cinder
from talea.tests.emulators import keystone
from talea.tests.emulators import magnum
from talea.tests.emulators import neutron
from talea.tests.emulators import nova
from talea.wsgi import server


class Cloud(fixtures.Fixture):
    """It listens on loopback.

    :param world: World
    :ivar url: of Keystone
    :ivar keystone, magnum, nova, cinder, neutron: the emulators
    """

    def __init__(self, world):
        super().__init__()
        self.world = world
        self.keystone = keystone.Keystone(world, self._catalogue)
        self.magnum = magnum.Magnum(world)
        self.nova = nova.Nova(world)
        self.cinder = cinder.Cinder(world)
        self.neutron = neutron.Neutron(world)
        self.services = (
            self.keystone,
            self.magnum,
            self.nova,
            self.cinder,
            self.neutron,
        )

    def _setUp(self):
        # Bound but not listening: whoever connects is refused.
        away = socket.socket()
        self.addCleanup(away.close)
        away.bind(('127.0.0.1', 0))
        self._away = f'http://127.0.0.1:{away.getsockname()[1]}'
        serving = server.Server(self._serve, '127.0.0.1', 0, 32)
        self.url = f'http://127.0.0.1:{serving.port}{self.keystone.path}'
        thread = threading.Thread(target=serving.run)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(serving.stop)

    def configure(self, conf, user='talea', password='password'):
        """Let the service credentials of *conf* be good here."""
        group = 'service_credentials'
        conf.set_override('auth_type', 'password', group)
        conf.register_opts(
            loading.get_auth_plugin_conf_options('password'), group
        )
        for name, value in {
            'auth_url': self.url,
            'username': user,
            'password': password,
            'user_domain_id': 'default',
            'project_name': 'service',
            'project_domain_id': 'default',
        }.items():
            conf.set_override(name, value, group)

    def calls(self):
        """Return what the services were asked, service by service."""
        return [call for one in self.services for call in one.calls]

    def forget(self):
        """Begin to count calls anew."""
        for one in self.services:
            one.calls.clear()

    def _serve(self, environ, start_response):
        path = environ['PATH_INFO']
        for one in self.services:
            # As far as the name of the service.
            if path.split('/')[1] == one.path.split('/')[1]:
                return one(environ, start_response)
        return self._tell(path)(environ, start_response)

    def _tell(self, path):
        """Answer those who ask from another process."""
        if path == '/calls':
            told = [
                [call.service, call.path, list(call.query.items())]
                for call in self.calls()
            ]
            self.forget()
            return webob.Response(json_body=told)
        return webob.Response(status=404)

    def _catalogue(self, host):
        return [
            {
                'id': one.name,
                'type': one.kind,
                'name': one.name,
                'endpoints': [
                    {
                        'id': one.name,
                        'interface': 'public',
                        'region': 'one',
                        'region_id': 'one',
                        'url': (self._away if one.fault.away else host)
                        + one.path.removesuffix('/v2.0'),
                    }
                ],
            }
            for one in self.services
            if not one.fault.absent
        ]
