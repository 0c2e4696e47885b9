# SPDX-License-Identifier: Apache-2.0
"""talea-manage notification: the archive."""

import json

from cliff import lister

from talea.cmd.manage import base
from talea.cmd.manage import progress
from talea.collector import definitions
from talea.collector import recorder
from talea.collector import replay
from talea.collector.bus import file
from talea.objects import notification
from talea.objects import timeline


class Replay(base.Ready):
    """Store notifications from files as if they came from a bus.

    Takes recordings (an object with "exchange", "routing_key", "at" and
    "body" on each line) and plain lists of notifications, one on each line
    or a JSON list, with the envelope of oslo.messaging or without,
    compressed by gzip or not. What is archived already changes nothing.
    """

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'files',
            nargs='+',
            metavar='FILE',
            help='File to replay; - is the standard input.',
        )
        parser.add_argument(
            '--dry-run',
            action='store_true',
            help='Write nothing, only tell what would change.',
        )
        parser.add_argument(
            '--deployment',
            metavar='NAME',
            default='default',
            help='Deployment that the notifications belong to.',
        )
        return parser

    def take_action(self, parsed_args):
        bus = file.FileBus(
            parsed_args.files,
            parsed_args.deployment,
            self.conf.collector.batch_size,
            self.now,
        )
        known_types = definitions.load()
        rules = timeline.Rules.of(self.conf)
        if parsed_args.dry_run:
            rehearsal = replay.Rehearsal(
                self.context, self.conf.collector, known_types, rules
            )
            outcome = self._follow(bus, rehearsal.run(bus))
            self._report(outcome, 'would be ')
            self._foresee(rehearsal.preview())
            return
        outcomes = replay.replay(
            self.context,
            bus,
            self.conf.collector,
            known_types,
            rules,
            lambda: self.now,
        )
        self._report(self._follow(bus, outcomes), '')

    def _follow(self, bus, outcomes):
        """Draw the progress; return the sum of *outcomes*."""
        total = recorder.Outcome()
        with progress.bar(
            self.app, 'Replay', bus.size, 'B', unit_scale=True
        ) as bar:
            for outcome in outcomes:
                total += outcome
                bar.set_postfix(
                    messages=total.archived + total.repeated, refresh=False
                )
                bar.update(bus.position - bar.n)
            bar.update(bus.position - bar.n)
        return total

    def _report(self, total, mode):
        self.app.stdout.write(
            f'{total.archived} messages {mode}archived, {total.faulty} of '
            f'them with a fault, {total.repeated} known already; '
            f'{total.events} events {mode}derived.\n'
        )

    def _foresee(self, found):
        self.app.stdout.write(
            f'{found.resources} resources would be new; {found.added} '
            f'entities would be added, {found.changed} changed, '
            f'{found.removed} removed. Nothing was written.\n'
        )


class Purge(base.Ready):
    """Delete old notifications from the archive.

    Events and entities stay: no usage changes. What is purged cannot be
    read by "event rebuild" any more.
    """

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--before',
            type=base.moment,
            required=True,
            metavar='TIME',
            help='Delete what arrived before this.',
        )
        parser.add_argument(
            '--dry-run',
            action='store_true',
            help='Delete nothing, only count.',
        )
        return parser

    def take_action(self, parsed_args):
        before = parsed_args.before
        total = notification.count(self.context, before=before)
        if parsed_args.dry_run:
            self.app.stdout.write(
                f'{total} messages would be deleted. Nothing was written.\n'
            )
            return
        done = 0
        with progress.bar(self.app, 'Purge', total, ' messages') as bar:
            while number := notification.purge(self.context, before):
                done += number
                bar.update(number)
        self.app.stdout.write(f'{done} messages deleted.\n')


class Show(base.Ready, lister.Lister):
    """Show the newest notifications, or one of them whole."""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'message_id',
            nargs='?',
            metavar='MESSAGE_ID',
            help='Show this one, with its masked message.',
        )
        parser.add_argument(
            '--faulty',
            action='store_true',
            help='Only those that could not be understood.',
        )
        parser.add_argument(
            '--limit', type=base.positive, default=20, metavar='NUMBER'
        )
        parser.add_argument(
            '--marker',
            metavar='MESSAGE_ID',
            help='Go on after this one, the last of the page before.',
        )
        return parser

    def take_action(self, parsed_args):
        if parsed_args.message_id is not None:
            return self._one(parsed_args.message_id)
        found = notification.page(
            self.context,
            faulty=parsed_args.faulty,
            marker=parsed_args.marker,
            limit=parsed_args.limit,
        )
        names = ('received_at', 'message_id', 'service', 'event_type')
        names += ('fault',) if parsed_args.faulty else ('resource_id',)
        return (
            names,
            [[_text(getattr(one, name)) for name in names] for one in found],
        )

    def _one(self, message_id):
        one = notification.get(self.context, message_id)
        names = (
            'message_id',
            'deployment',
            'exchange',
            'routing_key',
            'priority',
            'event_type',
            'publisher_id',
            'service',
            'host',
            'request_id',
            'project_id',
            'user_id',
            'resource_id',
            'state',
            'old_state',
            'task',
            'old_task',
            'fact_at',
            'sent_at',
            'received_at',
            'fault',
        )
        rows = [[name, _text(getattr(one, name))] for name in names]
        rows.append(['body', _pretty(one.body)])
        return ('field', 'value'), rows


def _text(value):
    return '' if value is None else str(value)


def _pretty(body):
    """Return a body as people read it: indented if it is JSON."""
    text = body.decode('utf-8', 'replace')
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
