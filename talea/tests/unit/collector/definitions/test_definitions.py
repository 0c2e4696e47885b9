# SPDX-License-Identifier: Apache-2.0
import dataclasses
import datetime
import importlib.metadata
import itertools
import pathlib
import textwrap
import unittest
from unittest import mock

from stevedore import extension

from talea import exception
from talea.collector import definitions
from talea.collector.definitions import moments
from talea.objects import event
from talea.tests import base
from talea.tests.unit.collector.definitions import samples

DOCUMENT = (
    pathlib.Path(__file__).parents[5]
    / 'doc/source/contributor/definitions.rst'
)
NOW = datetime.datetime(2026, 11, 21, 8, tzinfo=datetime.UTC)


def told(**changes):
    one = event.Event(
        'm', 'volume', 'v', NOW, event.CREATE, event.NOTIFICATION, {}
    )
    return dataclasses.replace(one, **changes)


def telling(*events):
    return {'image.activate': (lambda notification: events,)}


class LoadTestCase(base.TestCase):
    def plugged(self, *plugins):
        """Return what is loaded where these entry points are installed."""
        points = [
            importlib.metadata.EntryPoint(name, value, definitions.NAMESPACE)
            for name, value in plugins
        ]
        with mock.patch.object(
            extension.ExtensionManager,
            'list_entry_points',
            lambda self: points,
        ):
            return definitions.load()

    def test_those_of_all_services_are_found(self):
        found = definitions.load()
        for name in (
            'compute.instance.create.end',
            'instance.create.end',
            'volume.create.end',
            'floatingip.create.end',
            'image.activate',
            'magnum.cluster.create',
        ):
            self.assertEqual(1, len(found[name]))

    def test_a_plugin_that_cannot_be_loaded_is_logged_by_its_name(self):
        with self.assertLogs('talea.collector.definitions', 'ERROR') as logs:
            found = self.plugged(
                ('cakes', 'no_such_module:DEFINITIONS'),
                ('neutron', 'talea.collector.definitions.neutron:DEFINITIONS'),
            )
        self.assertIn('"cakes" (no_such_module', logs.output[0])
        self.assertIn('floatingip.create.end', found)

    def test_a_plugin_that_is_no_mapping_is_logged_by_its_name(self):
        with self.assertLogs('talea.collector.definitions', 'ERROR') as logs:
            found = self.plugged(('cakes', 'datetime:UTC'))
        self.assertIn('"cakes" (datetime:UTC)', logs.output[0])
        self.assertEqual({}, found)

    def test_two_plugins_may_define_the_same_message(self):
        glance = 'talea.collector.definitions.glance:DEFINITIONS'
        found = self.plugged(('a', glance), ('b', glance))
        self.assertEqual(2, len(found['image.activate']))


class EventsTestCase(unittest.TestCase):
    def setUp(self):
        super().setUp()
        self.message = samples.first('image.activate')

    def test_an_unknown_message_tells_nothing(self):
        self.assertEqual([], definitions.events(self.message, {}))

    def test_a_message_with_a_fault_tells_nothing(self):
        faulty = dataclasses.replace(self.message, fault='it is broken')
        self.assertEqual([], samples.events(faulty))

    def test_events_of_a_plugin_are_told(self):
        one = told(attributes={'sugar': ['much'], 'size': None})
        self.assertEqual([one], definitions.events(self.message, telling(one)))

    def test_whatever_a_plugin_raises_is_a_bad_message(self):
        def define(notification):
            raise ZeroDivisionError('no cake')

        with self.assertRaisesRegex(
            exception.BadMessage, 'image.activate: ZeroDivisionError: no cake'
        ):
            definitions.events(self.message, {'image.activate': (define,)})

    def test_what_a_plugin_may_not_tell_is_a_bad_message(self):
        for changes in (
            {'resource_id': 7},
            {'resource_id': ''},
            {'resource_type': ''},
            {'resource_type': 'c' * 33},
            {'kind': 'bake'},
            {'fact_at': NOW.replace(tzinfo=None)},
            {'attributes': {'gone': 'yes'}},
            {'attributes': {'flavor': 7}},
            {'attributes': {'attached_to': 'server'}},
            {'attributes': {'attached_to': ['server', 1]}},
            {'attributes': {'created_at': 'yesterday'}},
            {'attributes': {'ended_at': '2026-11-21T08:00:00'}},
            {'attributes': {'baked_at': NOW}},
            {'attributes': {'metadata': {'baked_at': NOW}}},
            {'kind': event.CORRECT},
            {'source': 'hearsay'},
            {'attributes': {'project_id': 'p' * 256}},
        ):
            with (
                self.subTest(changes),
                self.assertRaises(exception.BadMessage),
            ):
                definitions.events(self.message, telling(told(**changes)))


class DocumentationTestCase(unittest.TestCase):
    def test_the_example_works_as_printed(self):
        lines = DOCUMENT.read_text().splitlines()
        begin = lines.index('.. code-block:: python') + 1
        code = itertools.takewhile(
            lambda line: not line or line.startswith('   '), lines[begin:]
        )
        names = {}
        exec(textwrap.dedent('\n'.join(code)), names)
        disk = {
            'uuid': 'd',
            'created': '2026-11-21T06:14:03Z',
            'project': 'p',
            'label': 'disk one',
            'gib': 20,
        }
        found = {}
        for name, define in names['DEFINITIONS'].items():
            message = dataclasses.replace(
                samples.first('volume.retype'),
                event_type=name,
                payload={'disk': disk},
            )
            (one,) = definitions.events(message, {name: (define,)})
            found[one.kind] = one.fact_at
        self.assertEqual(
            {
                event.CREATE: samples.at('06:14:03'),
                event.RESIZE: message.fact_at,
                event.DELETE: message.fact_at,
            },
            found,
        )


class TimesTestCase(unittest.TestCase):
    def test_all_spellings_are_understood(self):
        for text in (
            '2026-11-21 06:14:03+00:00',
            '2026-11-21T06:14:03.000000',
            '2026-11-21 06:14:03',
            '2026-11-21T06:14:03Z',
            '2026-11-21T06:14:03.000000+00:00',
            '2026-11-21 08:14:03.000000+02:00',
        ):
            self.assertEqual(samples.at('06:14:03'), moments.parse(text))

    def test_nothing_is_spelled_in_two_ways(self):
        self.assertIsNone(moments.known(''))
        self.assertIsNone(moments.known(None))

    def test_what_is_no_date_is_refused(self):
        for value in ('soon', '', None, 5, 'NaN', '0001-01-01', []):
            with self.assertRaises(ValueError):
                moments.parse(value)
