# SPDX-License-Identifier: Apache-2.0
"""Where tests of live drivers start: a small cloud, and who asks it."""

from talea.conductor.drivers import base as drivers
from talea.conductor.drivers import cinder
from talea.conductor.drivers import keystone
from talea.conductor.drivers import magnum
from talea.conductor.drivers import neutron
from talea.conductor.drivers import nova
from talea.tests import base
from talea.tests.emulators import cloud
from talea.tests.emulators import world

DRIVERS = {
    'magnum': magnum.Magnum,
    'nova': nova.Nova,
    'cinder': cinder.Cinder,
    'neutron': neutron.Neutron,
    'keystone': keystone.Keystone,
}

ALPHA, BETA, GAMMA = (world.project(number) for number in range(3))


class CloudTestCase(base.TestCase):
    """A test with a cloud of ten clusters in three projects.

    :ivar world: World
    :ivar cloud: Cloud, with some pages in each list
    """

    def setUp(self):
        super().setUp()
        self.world = world.World(10, 60, 40, 24, 3)
        self.cloud = cloud.Cloud(self.world)
        for one, limit in (
            (self.cloud.magnum, 3),
            (self.cloud.nova, 20),
            (self.cloud.cinder, 10),
            (self.cloud.neutron, 7),
            (self.cloud.keystone, 1),
        ):
            one.max_limit = limit
        self.useFixture(self.cloud)
        self.cloud.configure(self.conf)

    def tell(self, name, project_id=None, seconds=20):
        """Return what a new driver tells."""
        ((_, told),) = (
            DRIVERS[name](self.conf)
            .tell(project_id, drivers.Deadline(seconds))
            .items()
        )
        return told

    def fails(self, reason, name, project_id=None, seconds=20):
        """Fail unless the driver says why it cannot tell."""
        try:
            told = self.tell(name, project_id, seconds)
        except drivers.DriverError as error:
            self.assertEqual(reason, str(error), name)
        else:
            self.fail(f'{name} tells of {len(told)}')

    def asked(self, name):
        """Return [(path, number of the page)] of what a service was asked."""
        service = getattr(self.cloud, name)
        return [(call.path, call.number) for call in service.calls]
