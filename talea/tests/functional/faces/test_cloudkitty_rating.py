# SPDX-License-Identifier: Apache-2.0
"""Prices, modules and what is measured, through CloudKitty's own client."""

import datetime
from decimal import Decimal

from cloudkittyclient import exc

from talea.db import api as db
from talea.objects import frame
from talea.objects import posting
from talea.objects import pricing
from talea.rating import rules
from talea.tests.functional.faces import cloudkitty

UTC = datetime.UTC
# What other files try.
ELSEWHERE = ('dataframes', 'scope', 'summary', 'tasks', 'total', 'storage')
DESIGN = 'Not implemented: '


class LibraryTestCase(cloudkitty.ClientTestCase):
    def setUp(self):
        super().setUp()
        self.hashmap = self.library().rating.hashmap
        self.service = self.hashmap.create_service(name='instance')
        self.service_id = self.service['service_id']
        self.field = self.hashmap.create_field(
            name='flavor_name', service_id=self.service_id
        )
        self.field_id = self.field['field_id']
        self.group = self.hashmap.create_group(name='extra')
        self.group_id = self.group['group_id']

    def test_types(self):
        self.assertEqual(['flat', 'rate'], self.hashmap.get_mapping_types())

    def test_services(self):
        self.assertEqual(
            {'services': [self.service]}, self.hashmap.get_service()
        )
        self.assertEqual(
            self.service, self.hashmap.get_service(service_id=self.service_id)
        )
        said = self.refused(409, self.hashmap.create_service, name='instance')
        self.assertIn('already exists', said)
        self.hashmap.delete_service(service_id=self.service_id)
        self.refused(404, self.hashmap.get_service, service_id=self.service_id)

    def test_fields(self):
        self.assertEqual(
            {'fields': [self.field]},
            self.hashmap.get_field(service_id=self.service_id),
        )
        self.assertEqual(
            self.field, self.hashmap.get_field(field_id=self.field_id)
        )
        self.hashmap.delete_field(field_id=self.field_id)
        self.refused(404, self.hashmap.get_field, field_id=self.field_id)

    def test_groups(self):
        self.assertEqual({'groups': [self.group]}, self.hashmap.get_group())
        self.assertEqual(
            self.group, self.hashmap.get_group(group_id=self.group_id)
        )
        self.hashmap.delete_group(group_id=self.group_id)
        self.refused(404, self.hashmap.get_group, group_id=self.group_id)

    def test_mappings(self):
        made = self.hashmap.create_mapping(
            cost=0.25,
            field_id=self.field_id,
            value='m1.small',
            group_id=self.group_id,
            tenant_id='p1',
            type='rate',
            start='2999-01-01',
            end='2999-01-31',
            description='half of the half',
        )
        self.assertEqual(24, len(made['name']))
        self.assertEqual('2999-02-01T00:00:00+00:00', made['end'])
        self.assertEqual(0.25, made['cost'])
        mapping_id = made['mapping_id']
        self.assertEqual(made, self.hashmap.get_mapping(mapping_id=mapping_id))
        for query in (
            {'field_id': self.field_id},
            {'group_id': self.group_id},
            {'field_id': self.field_id, 'tenant_id': 'p1'},
        ):
            self.assertEqual(
                {'mappings': [made]}, self.hashmap.get_mapping(**query)
            )
        for query in (
            {'service_id': self.service_id},
            {'field_id': self.field_id, 'no_group': True},
            {'field_id': self.field_id, 'filter_tenant': True},
        ):
            self.assertEqual(
                {'mappings': []}, self.hashmap.get_mapping(**query)
            )
        self.assertEqual(
            self.group, self.hashmap.get_mapping_group(mapping_id=mapping_id)
        )
        self.assertEqual(
            {'mappings': [made]},
            self.hashmap.get_group_mappings(group_id=self.group_id),
        )
        changed = self.hashmap.update_mapping(
            mapping_id=mapping_id, cost='0.5', value='m1.large'
        )
        self.assertEqual(
            (0.5, 'm1.large', 2),
            (changed['cost'], changed['value'], changed['version']),
        )
        self.hashmap.delete_mapping(mapping_id=mapping_id)
        self.assertEqual(
            {'mappings': []}, self.hashmap.get_mapping(field_id=self.field_id)
        )

    def test_to_end_a_price_costs_no_digits(self):
        """The client reads prices as floats and sends all of it back."""
        cost = '0.1234567890123456789012345678'
        made = self.hashmap.create_mapping(
            cost=cost, field_id=self.field_id, value='m1.small'
        )
        mapping_id = made['mapping_id']
        self.hashmap.update_mapping(mapping_id=mapping_id, end='2999-12-31')
        kept = pricing.get(self.context, rules.Mapping, mapping_id)
        self.assertEqual(Decimal(cost), kept.cost)
        self.assertEqual(datetime.datetime(3000, 1, 1, tzinfo=UTC), kept.end)

    def test_prices_of_the_past_take_an_option_or_a_parameter(self):
        """The client has no word for force."""
        past = {
            'cost': 1,
            'field_id': self.field_id,
            'value': 'm1.small',
            'start': '2020-01-01',
        }
        self.refused(400, self.hashmap.create_mapping, **past)
        self.conf.set_override('force', True, 'hashmap')
        path = '/v1/rating/module_config/hashmap/mappings'
        answer = self.request(
            'POST',
            f'{path}?force=false',
            past,
            content_type='application/json',
        )
        self.assertEqual(400, answer.status_int)
        made = self.hashmap.create_mapping(**past)
        self.assertEqual('2020-01-01T00:00:00+00:00', made['start'])
        ended = self.hashmap.update_mapping(
            mapping_id=made['mapping_id'], end='2020-01-31'
        )
        self.assertEqual('2020-02-01T00:00:00+00:00', ended['end'])

    def test_a_price_in_force_cannot_be_changed(self):
        made = self.hashmap.create_mapping(
            cost=1, field_id=self.field_id, value='m1.small'
        )
        said = self.refused(
            400,
            self.hashmap.update_mapping,
            mapping_id=made['mapping_id'],
            cost=2,
        )
        self.assertIn('You are allowed to update only the attribute', said)

    def test_thresholds(self):
        made = self.hashmap.create_threshold(
            level='2.50',
            cost=0.25,
            service_id=self.service_id,
            group_id=self.group_id,
            type='rate',
        )
        self.assertEqual((2.5, 0.25), (made['level'], made['cost']))
        threshold_id = made['threshold_id']
        self.assertEqual(
            made, self.hashmap.get_threshold(threshold_id=threshold_id)
        )
        for query in (
            {'service_id': self.service_id},
            {'group_id': self.group_id, 'filter_tenant': True},
        ):
            self.assertEqual(
                {'thresholds': [made]}, self.hashmap.get_threshold(**query)
            )
        self.assertEqual(
            self.group,
            self.hashmap.get_threshold_group(threshold_id=threshold_id),
        )
        self.assertEqual(
            {'thresholds': [made]},
            self.hashmap.get_group_thresholds(group_id=self.group_id),
        )
        self.assertEqual(
            made, self.hashmap.update_threshold(threshold_id=threshold_id)
        )
        changed = self.hashmap.update_threshold(
            threshold_id=threshold_id, level='3'
        )
        self.assertEqual((3, 2), (changed['level'], changed['version']))
        self.assertEqual(
            {'thresholds': [changed]},
            self.hashmap.get_threshold(service_id=self.service_id),
        )
        self.hashmap.delete_group(group_id=self.group_id, recursive=True)
        self.assertEqual(
            {'thresholds': []},
            self.hashmap.get_threshold(service_id=self.service_id),
        )
        gone = self.hashmap.get_threshold(threshold_id=threshold_id)
        self.assertIsNotNone(gone['deleted'])
        self.refused(
            404, self.hashmap.delete_threshold, threshold_id=threshold_id
        )

    def test_quotes_in_both_versions(self):
        self.hashmap.create_mapping(
            cost=0.5, field_id=self.field_id, value='m1.small'
        )
        wanted = [
            {
                'service': 'instance',
                'desc': {'flavor_name': 'm1.small'},
                'volume': '3',
            }
        ]
        for version in '12':
            rating = self.library(version).rating
            self.assertEqual(1.5, rating.get_quotation(res_data=wanted))

    def test_modules_in_both_versions(self):
        for version in '12':
            rating = self.library(version).rating
            names = [
                one['module_id'] for one in rating.get_module()['modules']
            ]
            self.assertEqual(['hashmap', 'noop'], names)
            changed = rating.update_module(
                module_id='hashmap', enabled=False, priority=int(version) + 1
            )
            self.assertEqual(
                (False, int(version) + 1),
                (changed['enabled'], changed['priority']),
            )
            changed = rating.update_module(module_id='hashmap', enabled=True)
            self.assertIs(True, changed['enabled'])
            self.refused(404, rating.get_module, module_id='nobody')
            self.refused(
                400, rating.update_module, module_id='hashmap', priority=0
            )
            rating.reload_modules()

    def test_what_is_refused_says_so(self):
        both = self.library()
        for call, kwargs in (
            (both.rating.pyscripts.list_scripts, {}),
            (both.rating.pyscripts.get_script, {'script_id': 'x'}),
            (
                both.rating.pyscripts.create_script,
                {'name': 'x', 'data': 'y'},
            ),
            (both.rating.pyscripts.delete_script, {'script_id': 'x'}),
            (both.collector.get_mapping, {'service': 'x'}),
            (both.collector.get_mapping, {'collector': 'x'}),
            (
                both.collector.create_mapping,
                {'collector': 'x', 'service': 'y'},
            ),
            (both.collector.delete_mapping, {'service': 'y'}),
            (both.collector.get_state, {'name': 'x'}),
            (both.collector.set_state, {'name': 'x', 'enabled': True}),
            (both.report.get_summary, {}),
            (both.report.get_total, {}),
            (both.storage.get_dataframes, {}),
        ):
            self.assertIn(DESIGN, self.refused(501, call, **kwargs))

    def test_a_wrong_token_is_refused(self):
        stranger = self.library(token='another').rating
        self.refused(401, stranger.hashmap.get_service)
        self.refused(401, stranger.get_module)

    def test_what_the_client_refuses_never_comes(self):
        self.assertRaises(exc.ArgumentRequired, self.hashmap.get_mapping)


class TenantsTestCase(cloudkitty.ClientTestCase):
    def setUp(self):
        super().setUp()
        line = frame.Line('m', 'u', Decimal(1), Decimal(0), {}, {})
        frames = [
            frame.Frame(
                *(None, None, 'project_id', project),
                *(begin, begin + datetime.timedelta(hours=1), begin),
                *(0, begin, None, (line,)),
            )
            for project, begin in (
                ('p2', datetime.datetime(2026, 1, 1, 10, tzinfo=UTC)),
                ('p1', datetime.datetime(2026, 1, 31, 23, tzinfo=UTC)),
                ('p1', datetime.datetime(2026, 1, 31, 23, tzinfo=UTC)),
                ('p3', datetime.datetime(2026, 2, 1, tzinfo=UTC)),
            )
        ]
        with db.writer.using(self.context):
            posting.post(self.context, frames, [], frames[0].settled)

    def test_those_with_usage_in_the_window_are_named(self):
        report = self.library().report
        begin = datetime.datetime(2026, 1, 1)
        end = datetime.datetime(2026, 2, 1)
        self.assertEqual(
            ['p1', 'p2'], report.get_tenants(begin=begin, end=end)
        )
        self.assertEqual(
            ['p1', 'p3'],
            report.get_tenants(
                begin=datetime.datetime(2026, 1, 1, 11),
                end=datetime.datetime(2026, 2, 1, 1),
            ),
        )
        self.assertEqual([], report.get_tenants())

    def test_by_command_too(self):
        for shell in cloudkitty.SHELLS:
            rows = self.table(
                shell,
                'report tenant list',
                *('-b', '2026-01-01T00:00:00Z', '-e', '2026-02-01T00:00:00Z'),
            )
            self.assertEqual([{'Tenant ID': 'p1'}, {'Tenant ID': 'p2'}], rows)


class CommandsTestCase(cloudkitty.ClientTestCase):
    """Every command there is, in both shells."""

    shell = None

    def setUp(self):
        super().setUp()
        self.tried = set()

    def table(self, command, *arguments):
        self.tried.add(command)
        return super().table(self.shell, command, *arguments)

    def do(self, command, *arguments, code=0):
        self.tried.add(command)
        return self.command(self.shell, command, *arguments, code=code)

    def one(self, command, *arguments):
        (row,) = self.table(command, *arguments)
        return row

    def _everything(self):
        self._modules()
        self._info()
        self._report()
        self._hashmap()
        self._refused()
        wanted = {
            command
            for command in cloudkitty.commands(self.shell)
            if not command.startswith(ELSEWHERE)
        }
        self.assertEqual(wanted, self.tried)

    def _modules(self):
        rows = self.table('module list')
        self.assertEqual(
            [
                {'Module': 'hashmap', 'Enabled': True, 'Priority': 1},
                {'Module': 'noop', 'Enabled': True, 'Priority': 1},
            ],
            rows,
        )
        self.assertEqual(
            {'Module': 'hashmap', 'Enabled': False, 'Priority': 1},
            self.one('module disable', 'hashmap'),
        )
        self.assertEqual(
            {'Module': 'hashmap', 'Enabled': True, 'Priority': 1},
            self.one('module enable', 'hashmap'),
        )
        self.assertEqual(
            {'Module': 'hashmap', 'Enabled': True, 'Priority': 5},
            self.one('module set priority', 'hashmap', '5'),
        )
        self.assertEqual(
            {'Module': 'hashmap', 'Enabled': True, 'Priority': 5},
            self.one('module get', 'hashmap'),
        )

    def _info(self):
        rows = self.table('info metric list')
        self.assertIn(
            {'Metric': 'volume.size', 'Unit': 'GiB.hour', 'Metadata': []},
            rows,
        )
        row = self.one('info metric get', 'instance')
        self.assertEqual(('instance', 'hour'), (row['Metric'], row['Unit']))
        self.assertIn('vcpus', row['Metadata'])
        self.assertEqual(
            ['metrics'],
            [row['Section'] for row in self.table('info config get')],
        )

    def _report(self):
        self.assertEqual([], self.table('report tenant list'))

    def _hashmap(self):
        self.assertEqual(
            [{'Mapping types': 'flat'}, {'Mapping types': 'rate'}],
            self.table('hashmap mapping-types list'),
        )
        service = self.one('hashmap service create', 'instance')
        self.service_id = service['Service ID']
        self.assertEqual('instance', service['Name'])
        self.assertEqual([service], self.table('hashmap service list'))
        self.assertEqual(
            service, self.one('hashmap service get', self.service_id)
        )
        field = self.one(
            'hashmap field create', self.service_id, 'flavor_name'
        )
        self.field_id = field['Field ID']
        self.assertEqual(
            [field], self.table('hashmap field list', self.service_id)
        )
        self.assertEqual(field, self.one('hashmap field get', self.field_id))
        group = self.one('hashmap group create', 'extra')
        self.group_id = group['Group ID']
        self.assertEqual([group], self.table('hashmap group list'))
        self._mappings()
        self._thresholds()
        self.do('hashmap group delete', '--recursive', self.group_id)
        self.assertEqual([], self.table('hashmap group list'))
        self.do('hashmap field delete', self.field_id)
        self.do('hashmap service delete', self.service_id)
        self.assertEqual([], self.table('hashmap service list'))

    def _mappings(self):
        made = self.one(
            'hashmap mapping create',
            *('--field-id', self.field_id, '--value', 'm1.small'),
            *('-t', 'flat', '-g', self.group_id, '-p', 'p1'),
            *('--name', 'winter', '--description', 'as cold as it is'),
            *('--start', '2999-01-01', '--end', '2999-01-31', '0.00005'),
        )
        mapping_id = made['Mapping ID']
        self.assertEqual(
            (5e-05, 'winter', '2999-02-01T00:00:00+00:00'),
            (made['Cost'], made['Mapping Name'], made['Mapping End Date']),
        )
        shown = self.one('hashmap mapping get', mapping_id)
        self.assertEqual(
            {
                'Mapping ID': mapping_id,
                'Value': 'm1.small',
                'Cost': 5e-05,
                'Type': 'flat',
                'Field ID': self.field_id,
                'Service ID': None,
                'Group ID': self.group_id,
                'Project ID': 'p1',
            },
            shown,
        )
        for options in (
            ['--field-id', self.field_id],
            ['-g', self.group_id, '-p', 'p1', '--filter-tenant'],
        ):
            self.assertEqual(
                [shown], self.table('hashmap mapping list', *options)
            )
        self.assertEqual(
            [],
            self.table(
                'hashmap mapping list', '-s', self.service_id, '--no-group'
            ),
        )
        self.assertEqual(
            [shown], self.table('hashmap group mappings get', self.group_id)
        )
        changed = self.one(
            'hashmap mapping update', mapping_id, '--cost', '0.75'
        )
        self.assertEqual(0.75, changed['Cost'])
        said = self.do(
            'hashmap mapping create',
            *('-s', self.service_id, '--start', '2020-01-01', '1'),
            code=1,
        )
        self.assertIn('is in the past', said)
        self.do('hashmap mapping delete', mapping_id)
        self.assertEqual(
            [], self.table('hashmap mapping list', '-g', self.group_id)
        )

    def _thresholds(self):
        made = self.one(
            'hashmap threshold create',
            *('-s', self.service_id, '-g', self.group_id),
            *('-p', 'p1', '-t', 'rate', '1000', '0.9'),
        )
        threshold_id = made['Threshold ID']
        self.assertEqual(
            {
                'Threshold ID': threshold_id,
                'Level': 1000,
                'Cost': 0.9,
                'Type': 'rate',
                'Field ID': None,
                'Service ID': self.service_id,
                'Group ID': self.group_id,
                'Project ID': 'p1',
            },
            made,
        )
        self.assertEqual(made, self.one('hashmap threshold get', threshold_id))
        self.assertEqual(
            [made],
            self.table('hashmap threshold list', '-s', self.service_id),
        )
        self.assertEqual(
            [made],
            self.table('hashmap group thresholds get', self.group_id),
        )
        changed = self.one(
            'hashmap threshold update',
            *(threshold_id, '-l', '2000', '--cost', '0.8'),
        )
        self.assertEqual((2000, 0.8), (changed['Level'], changed['Cost']))
        self.do('hashmap threshold delete', threshold_id)
        self.assertEqual(
            [], self.table('hashmap threshold list', '-g', self.group_id)
        )

    def _refused(self):
        for command, arguments in (
            ('pyscript create', ['x', 'y']),
            ('pyscript delete', ['x']),
            ('pyscript get', ['x']),
            ('pyscript list', []),
            ('collector-mapping create', ['x', 'y']),
            ('collector-mapping delete', ['x']),
            ('collector-mapping get', ['x']),
            ('collector-mapping list', []),
            ('collector disable', ['x']),
            ('collector enable', ['x']),
            ('collector state get', ['x']),
        ):
            self.assertIn(DESIGN, self.do(command, *arguments, code=1))
        # Here the client fails over its own way to report an error.
        self.do('pyscript update', 'x', '-n', 'y', code=1)


class OpenstackTestCase(CommandsTestCase):
    shell = 'openstack'

    def test_every_command(self):
        self._everything()


class CloudkittyTestCase(CommandsTestCase):
    shell = 'cloudkitty'

    def test_every_command(self):
        self._everything()
