# SPDX-License-Identifier: Apache-2.0
"""talea-manage as an operator meets it: a command, its output, its code."""

import datetime
import functools
import gzip
import itertools
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import fixtures
import sqlalchemy as sa

from talea.db import models
from talea.tests import base

RECORDING = (
    pathlib.Path(__file__).parents[4]
    / 'samples'
    / 'cloud-a'
    / 'notifications.jsonl.gz'
)
MANAGE = pathlib.Path(sys.executable).parent / 'talea-manage'
SOME = 1200

CONF = """
[DEFAULT]
log_file = {directory}/talea.log

[database]
connection = sqlite:///{directory}/talea.sqlite

[entities]
{entities}
"""


def recorded(number):
    """Return the first lines of the recording, as dicts."""
    with gzip.open(RECORDING, 'rt') as lines:
        return [json.loads(line) for line in itertools.islice(lines, number)]


def run(conf, *words, stdin=b''):
    """Run a command; return the CompletedProcess with text output."""
    done = subprocess.run(
        [MANAGE, '--config-file', conf, *map(str, words)],
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
    )
    done.stdout = done.stdout.decode()
    done.stderr = done.stderr.decode()
    return done


def configured(directory, entities=''):
    """Write talea.conf into *directory*; return its path."""
    path = directory / 'talea.conf'
    path.write_text(CONF.format(directory=directory, entities=entities))
    return path


# Made once, for all tests of the process: to replay takes its time.
_TEMPLATES = tempfile.TemporaryDirectory(prefix='talea-test-')


@functools.cache
def template(messages):
    """Return a directory with a database and the messages that it holds."""
    directory = pathlib.Path(_TEMPLATES.name) / str(messages)
    directory.mkdir()
    conf = configured(directory)
    lines = ''.join(json.dumps(one) + '\n' for one in recorded(messages))
    recording = directory / 'recording.jsonl'
    recording.write_text(lines)
    for words in (('db', 'upgrade'), ('notification', 'replay', recording)):
        done = run(conf, *words)
        if done.returncode:
            raise AssertionError(done.stderr)
    return directory


class ManageTestCase(base.TestCase):
    """Runs talea-manage with a configuration and database of the test.

    :cvar messages: how many of the recording the database begins with
    :ivar recording: a file of these messages
    """

    messages = 0

    def setUp(self):
        super().setUp()
        self.directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        shutil.copytree(
            template(self.messages), self.directory, dirs_exist_ok=True
        )
        self.recording = self.directory / 'recording.jsonl'
        self.configure()

    def configure(self, entities=''):
        self.conf_file = configured(self.directory, entities)
        self.engine = sa.create_engine(
            f'sqlite:///{self.directory}/talea.sqlite'
        )
        self.addCleanup(self.engine.dispose)

    def run_manage(self, *words, stdin=b''):
        return run(self.conf_file, *words, stdin=stdin)

    def manage(self, *words, stdin=b''):
        """Run a command that must succeed; return what it printed."""
        done = self.run_manage(*words, stdin=stdin)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertNotIn('Traceback', done.stderr)
        return done.stdout

    def refused(self, *words):
        """Run a command that must fail; return its one line."""
        done = self.run_manage(*words)
        self.assertNotEqual(0, done.returncode)
        lines = done.stderr.splitlines()
        self.assertEqual(1, len(lines), done.stderr)
        self.assertNotIn('Traceback', done.stderr)
        return lines[0]

    def rows(self, table, *but):
        """Return the rows of *table* in the order of their keys.

        :param but: names of columns to leave out
        """
        columns = [column for column in table.c if column.name not in but]
        with self.engine.connect() as connection:
            return [
                tuple(row)
                for row in connection.execute(
                    sa.select(*columns).order_by(*table.primary_key)
                )
            ]

    def everything(self):
        return {
            table.name: self.rows(table)
            for table in (models.EVENT, models.ENTITY, models.RESOURCE)
        }

    def write(self, name, content):
        path = self.directory / name
        path.write_bytes(content)
        return path

    def write_recording(self, number):
        """Write the beginning of the recording to a file of its own."""
        lines = ''.join(json.dumps(one) + '\n' for one in recorded(number))
        return self.write('other.jsonl', lines.encode())


class SchemaTest(ManageTestCase):
    def setUp(self):
        super().setUp()
        (self.directory / 'talea.sqlite').unlink()

    def test_upgrade_makes_the_schema_and_doing_it_again_changes_nothing(
        self,
    ):
        self.assertEqual('empty\n', self.manage('db', 'version'))
        self.assertIn('now', self.manage('db', 'upgrade'))
        self.assertIn('already', self.manage('db', 'upgrade'))
        version = self.manage('db', 'version').strip()
        self.assertIn(version, self.manage('db', 'check'))

    def test_check_and_every_other_command_ask_for_the_upgrade(self):
        for words in (('db', 'check'), ('usage', 'show')):
            line = self.refused(*words)
            self.assertIn('talea-manage db upgrade', line)


class MistakesTest(ManageTestCase):
    def test_a_file_that_is_not_there_is_one_line(self):
        line = self.refused('notification', 'replay', '/does/not/exist.gz')
        self.assertIn('/does/not/exist.gz', line)

    def test_a_configuration_that_is_not_there_is_one_line(self):
        done = subprocess.run(
            [MANAGE, '--config-file', '/does/not/exist', 'db', 'version'],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.assertEqual(1, done.returncode)
        self.assertEqual(1, len(done.stderr.splitlines()), done.stderr)
        self.assertIn('/does/not/exist', done.stderr)

    def test_a_database_that_is_away_is_one_line(self):
        database = self.directory / 'talea.sqlite'
        database.unlink()
        database.mkdir()
        self.refused('usage', 'show')

    def test_a_time_that_is_none_is_told_with_an_example(self):
        done = self.run_manage('notification', 'purge', '--before', '10')
        self.assertEqual(2, done.returncode)
        self.assertIn('ISO 8601', done.stderr)

    def test_a_notification_that_is_not_there_is_one_line(self):
        self.assertIn('nobody', self.refused('notification', 'show', 'nobody'))


class RepeatTest(ManageTestCase):
    messages = SOME

    def test_a_second_replay_changes_nothing(self):
        before = self.everything()
        self.assertTrue(before['entity'])
        said = self.manage('notification', 'replay', self.recording)
        self.assertIn('0 messages archived', said)
        self.assertIn(f'{SOME} known already', said)
        self.assertEqual(before, self.everything())

    def test_a_dry_run_of_what_is_known_tells_that_nothing_changes(self):
        told = self.manage(
            'notification', 'replay', '--dry-run', self.recording
        )
        self.assertIn('0 messages would be archived', told)
        self.assertIn(
            '0 resources would be new; 0 entities would be added, 0 changed, '
            '0 removed.',
            told,
        )

    def test_a_dry_run_counts_entities_that_would_change(self):
        path = self.write_recording(SOME + 500)
        before = self.rows(models.ENTITY, 'id', 'processed_at')
        told = self.manage('notification', 'replay', '--dry-run', path)
        self.manage('notification', 'replay', path)
        after = self.rows(models.ENTITY, 'id', 'processed_at')
        old = {row[:2]: row for row in before}
        new = {row[:2]: row for row in after}
        changed = sum(new.get(key, row) != row for key, row in old.items())
        self.assertTrue(changed)
        self.assertIn(
            f'{len(new.keys() - old.keys())} entities would be added, '
            f'{changed} changed, 0 removed.',
            told,
        )

    def test_a_plain_compressed_list_from_standard_input_is_the_same(self):
        columns = ('id', 'processed_at', 'resource_pk')
        wanted = self.rows(models.ENTITY, *columns)
        plain = [
            json.loads(json.loads(one['body'])['oslo.message'])
            for one in recorded(SOME)
        ]
        (self.directory / 'talea.sqlite').unlink()
        self.configure()
        self.manage('db', 'upgrade')
        self.manage(
            'notification',
            'replay',
            '-',
            stdin=gzip.compress(json.dumps(plain).encode()),
        )
        self.assertEqual(wanted, self.rows(models.ENTITY, *columns))


class ReplayTest(ManageTestCase):
    def test_a_dry_run_tells_what_the_replay_then_does(self):
        path = self.write_recording(SOME)
        told = self.manage('notification', 'replay', '--dry-run', path)
        self.assertEqual([], self.rows(models.NOTIFICATION))
        self.assertEqual([], self.rows(models.RESOURCE))
        done = self.manage('notification', 'replay', path)
        self.assertEqual(
            done, told.splitlines(True)[0].replace('would be ', '')
        )
        resources = len(self.rows(models.RESOURCE))
        entities = len(self.rows(models.ENTITY))
        self.assertIn(
            f'{resources} resources would be new; {entities} entities would '
            'be added, 0 changed, 0 removed.',
            told,
        )

    def test_messages_belong_to_the_deployment_that_is_named(self):
        self.manage(
            'notification',
            'replay',
            '--deployment',
            'region-1',
            self.write_recording(3),
        )
        self.assertEqual(
            [('region-1',)] * 3,
            self.rows(
                models.NOTIFICATION,
                *(
                    column.name
                    for column in models.NOTIFICATION.c
                    if column.name != 'deployment'
                ),
            ),
        )

    def test_progress_is_told_in_lines_unless_to_be_quiet(self):
        recording = self.write_recording(50)
        loud = self.run_manage('notification', 'replay', recording)
        self.assertIn('100%', loud.stderr)
        self.assertNotIn('\r', loud.stderr)
        quiet = self.run_manage('--quiet', 'notification', 'replay', recording)
        self.assertEqual('', quiet.stderr)


class ArchiveTest(ManageTestCase):
    messages = 200

    def show(self, *words):
        return json.loads(
            self.manage('notification', 'show', '-f', 'json', *words)
        )

    def test_pages_follow_one_another_and_hold_all(self):
        pages = []
        page = self.show('--limit', 80)
        while page:
            pages.append(page)
            page = self.show('--limit', 80, '--marker', page[-1]['message_id'])
        self.assertEqual([80, 80, 40], [len(page) for page in pages])
        ids = {one['message_id'] for page in pages for one in page}
        self.assertEqual(200, len(ids))

    def test_faulty_ones_are_listed_with_the_reason(self):
        before = self.show('--faulty', '--limit', 100)
        path = self.write('broken', b'this is not JSON\n')
        self.manage('notification', 'replay', path)
        faulty = self.show('--faulty', '--limit', 100)
        self.assertEqual(len(before) + 1, len(faulty))
        self.assertIn('JSON', faulty[0]['fault'])

    def test_one_is_shown_whole(self):
        body = json.loads(recorded(1)[0]['body'])
        message = json.loads(body['oslo.message'])
        shown = {
            one['field']: one['value']
            for one in self.show(message['message_id'])
        }
        self.assertEqual(message['event_type'], shown['event_type'])
        self.assertEqual('nova', shown['exchange'])
        self.assertEqual(
            message['payload'], json.loads(shown['body'])['payload']
        )

    def test_a_purge_keeps_events_and_entities_also_when_told_again(self):
        before = self.everything()
        newest = self.show('--limit', 1)[0]['received_at']
        told = self.manage(
            'notification', 'purge', '--before', newest, '--dry-run'
        )
        self.assertIn('199 messages would be deleted', told)
        self.assertEqual(200, len(self.rows(models.NOTIFICATION)))
        done = self.manage('notification', 'purge', '--before', newest)
        self.assertIn('199 messages deleted', done)
        self.assertEqual(1, len(self.rows(models.NOTIFICATION)))
        self.assertEqual(before, self.everything())
        self.manage('notification', 'replay', self.recording)
        kept = ('generation',)
        self.assertEqual(before['event'], self.rows(models.EVENT))
        self.assertEqual(before['entity'], self.rows(models.ENTITY))
        self.assertEqual(
            [row[:3] for row in before['resource']],
            [row[:3] for row in self.rows(models.RESOURCE, *kept)],
        )


class RebuildTest(ManageTestCase):
    messages = SOME

    def entities(self):
        return sorted(self.rows(models.ENTITY, 'id', 'processed_at'))

    def interrupted(self, name, position):
        """Leave what a rebuild leaves that was interrupted."""
        self.execute(
            models.REBUILD.insert().values(
                name=name,
                position=position,
                started_at=datetime.datetime.now(datetime.UTC),
            )
        )

    def execute(self, statement):
        with self.engine.begin() as connection:
            connection.execute(statement)

    def test_events_that_other_definitions_had_made_are_replaced(self):
        entities, events = self.entities(), set(self.rows(models.EVENT, 'id'))
        resource = models.RESOURCE
        # What an older release might have made of the same notifications:
        # another name everywhere, and nothing at all of volumes.
        self.execute(
            models.EVENT.update().values(attributes='{"name": "wrong"}')
        )
        volumes = sa.select(resource.c.id).where(
            resource.c.resource_type == 'volume'
        )
        self.execute(
            models.EVENT.delete().where(
                models.EVENT.c.resource_pk.in_(volumes)
            )
        )
        self.manage('entity', 'rebuild')
        self.assertNotEqual(entities, self.entities())
        self.manage('event', 'rebuild')
        self.assertEqual(entities, self.entities())
        self.assertEqual(events, set(self.rows(models.EVENT, 'id')))

    def test_nothing_is_written_where_definitions_are_the_same(self):
        before = self.everything()
        said = self.manage('event', 'rebuild')
        self.assertIn(f'{SOME} messages read again', said)
        self.assertEqual(before, self.everything())

    def test_only_what_arrived_since_is_read_again(self):
        middle = recorded(SOME)[800]['at']
        said = self.manage('event', 'rebuild', '--since', middle)
        self.assertIn(f'{SOME - 800} messages read again', said)

    def test_an_interrupted_rebuild_of_events_goes_on_where_it_stopped(self):
        self.interrupted('event rebuild ', SOME - 100)
        done = self.run_manage('event', 'rebuild')
        self.assertIn('Going on', done.stderr)
        self.assertIn('100 messages read again', done.stdout)
        again = self.manage('event', 'rebuild')
        self.assertIn(f'{SOME} messages read again', again)

    def killed(self, table, *words):
        """Kill a command as soon as it has written to *table*."""
        process = subprocess.Popen(
            [MANAGE, '--config-file', self.conf_file, *words],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while process.poll() is None and not self.rows(table):
            time.sleep(0.01)
        process.kill()
        process.wait()

    def test_a_replay_that_was_killed_is_completed_by_the_next(self):
        # Rows are numbered anew: what counts are the periods.
        wanted = {row[2:] for row in self.entities()}
        for table in reversed(models.METADATA.sorted_tables):
            self.execute(table.delete())
        words = ('notification', 'replay', self.recording)
        self.killed(models.NOTIFICATION, *words)
        self.manage(*words)
        self.assertEqual(SOME, len(self.rows(models.NOTIFICATION)))
        self.assertEqual(wanted, {row[2:] for row in self.entities()})

    def test_a_rebuild_that_was_killed_is_completed_by_the_next(self):
        entities, events = self.entities(), set(self.rows(models.EVENT, 'id'))
        self.execute(
            models.EVENT.update().values(attributes='{"name": "wrong"}')
        )
        self.killed(models.REBUILD, 'event', 'rebuild')
        self.manage('event', 'rebuild')
        self.assertEqual(events, set(self.rows(models.EVENT, 'id')))
        self.assertEqual(entities, self.entities())

    def test_restart_begins_a_rebuild_anew(self):
        self.interrupted('event rebuild ', SOME - 100)
        said = self.manage('event', 'rebuild', '--restart')
        self.assertIn(f'{SOME} messages read again', said)

    def test_options_take_effect_on_old_entities_by_a_rebuild(self):
        before = self.entities()
        self.configure('volume_existence_threshold = 0')
        self.manage('entity', 'rebuild')
        self.assertNotEqual(before, self.entities())
        self.configure()
        self.manage('entity', 'rebuild')
        self.assertEqual(before, self.entities())

    def test_one_resource_alone_can_be_folded_again(self):
        row = self.rows(models.RESOURCE)[0]
        said = self.manage('entity', 'rebuild', '--resource', row[2])
        self.assertEqual('1 resources folded again.\n', said)

    def test_the_resources_of_a_project_alone_can_be_folded_again(self):
        entity = models.ENTITY.c
        with self.engine.connect() as connection:
            project, number = connection.execute(
                sa.select(
                    entity.project_id,
                    sa.func.count(sa.distinct(entity.resource_pk)),
                ).group_by(entity.project_id)
            ).first()
        said = self.manage('entity', 'rebuild', '--project', project)
        self.assertEqual(f'{number} resources folded again.\n', said)

    def test_an_interrupted_rebuild_of_entities_goes_on_where_it_stopped(
        self,
    ):
        pks = [row[0] for row in self.rows(models.RESOURCE)]
        self.interrupted('entity rebuild  ', pks[-4])
        done = self.run_manage('entity', 'rebuild')
        self.assertIn('Going on', done.stderr)
        self.assertIn('3 resources folded again', done.stdout)


class StatsTest(ManageTestCase):
    """Clusters of three projects, and collectors that noted nothing."""

    def setUp(self):
        super().setUp()
        begin = datetime.datetime(2026, 1, 31, tzinfo=datetime.UTC)
        rows = [
            {
                'resource_pk': number,
                'seq': 0,
                'entity_type': 'cluster',
                'entity_id': f'c{number}',
                'project_id': f'p{number}',
                'start_at': begin,
                'end_at': None,
                'last_event_at': begin,
                'processed_at': begin,
                'name': 'name',
                'attributes': '{"node_count": 2}',
                'source': 'notification',
            }
            for number in range(3)
        ]
        with self.engine.begin() as connection:
            connection.execute(sa.insert(models.ENTITY), rows)

    def test_what_clusters_hold_is_counted_again(self):
        for nodes in (2, 5):
            with self.engine.begin() as connection:
                connection.execute(
                    sa.update(models.ENTITY).values(
                        attributes=json.dumps({'node_count': nodes})
                    )
                )
            self.assertEqual(
                '3 projects counted.\n', self.manage('stats', 'count')
            )
            with self.engine.connect() as connection:
                found = connection.scalars(sa.select(models.TALLY.c.nodes))
                self.assertEqual([nodes] * 3, list(found))
            self.assertEqual([], self.rows(models.TALLY_MARK))


class UsageTest(ManageTestCase):
    messages = SOME

    def usage(self, *words):
        return json.loads(self.manage('usage', 'show', '-f', 'json', *words))

    def test_usage_stops_at_the_newest_message_and_says_so(self):
        done = self.run_manage('usage', 'show')
        sent = max(
            json.loads(json.loads(one['body'])['oslo.message'])['timestamp']
            for one in recorded(SOME)
        )
        self.assertIn(f'to {sent} UTC (clipped', done.stderr)
        self.assertEqual(
            self.usage(),
            self.usage('--end', '2099-01-01', '--begin', '2026-11-01'),
        )

    def test_quantities_are_exact_for_programs(self):
        whole = self.usage('--begin', '2026-11-21T06:00:00')
        self.assertTrue(whole)
        middle = '2026-11-21T06:16:00.123456'
        parts = self.usage('--end', middle) + self.usage('--begin', middle)
        for one in whole:
            found = sum(
                float(part['quantity'])
                for part in parts
                if all(
                    part[name] == one[name]
                    for name in ('project', 'usage', 'of')
                )
            )
            self.assertAlmostEqual(float(one['quantity']), found, places=9)

    def test_people_get_a_table_for_each_project_and_what_was_skipped(self):
        text = self.manage('usage', 'show')
        for project in {one['project'] for one in self.usage()}:
            self.assertIn(f'\nProject {project}\n', text)
        self.assertIn('\nSkipped\n', text)
        self.assertIn('say nothing about usage', text)

    def test_one_project_alone_can_be_asked_for(self):
        whole = self.usage()
        project = whole[0]['project']
        self.assertEqual(
            [one for one in whole if one['project'] == project],
            self.usage('--project', project),
        )
        text = self.manage('usage', 'show', '--project', project)
        self.assertNotIn('Skipped', text)

    def test_a_project_without_usage_gets_a_sentence(self):
        text = self.manage('usage', 'show', '--project', 'nobody')
        self.assertEqual('Nothing was used.', text.strip())

    def test_faults_and_failed_creates_are_counted_with_their_reason(self):
        path = self.write('broken', b'this is not JSON\n')
        self.manage('notification', 'replay', path)
        skipped = json.loads(self.manage('usage', 'skipped', '-f', 'json'))
        self.assertTrue(any('not JSON' in one['why'] for one in skipped))

    def test_a_period_that_ends_before_it_begins_is_one_line(self):
        line = self.refused('usage', 'show', '--begin', '2026-12-01')
        self.assertIn('clipped', line)
