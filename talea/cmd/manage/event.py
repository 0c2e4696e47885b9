# SPDX-License-Identifier: Apache-2.0
"""talea-manage event: what notifications say about resources."""

from talea.cmd.manage import base
from talea.cmd.manage import progress
from talea.cmd.manage import resumable
from talea.collector import definitions
from talea.collector import rebuild
from talea.objects import notification
from talea.objects import timeline


class Rebuild(base.Ready):
    """Derive events again from the archive, and their entities with them.

    For when definitions have changed. Events of notifications that were
    purged, and what was done through the API, stay as they are. If it was
    interrupted, the same command goes on where it stopped. Collectors may
    run meanwhile, with the new definitions.
    """

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--since',
            type=base.moment,
            metavar='TIME',
            help='Only from what arrived at or after this.',
        )
        parser.add_argument(
            '--restart',
            action='store_true',
            help='Begin anew instead of going on.',
        )
        return parser

    def take_action(self, parsed_args):
        since = parsed_args.since
        work = resumable.Resumable(
            self,
            f'event rebuild {since or ""}',
            parsed_args.restart,
            notification.position(self.context, since) if since else 0,
        )
        messages = changed = 0
        with progress.bar(
            self.app,
            'Rebuild',
            notification.count(self.context, position=work.position),
            ' messages',
        ) as bar:
            for position, number, others in rebuild.rebuild(
                self.context,
                work.position,
                self.conf.collector,
                definitions.load(),
                timeline.Rules.of(self.conf),
                lambda: self.now,
            ):
                work.move(position)
                messages += number
                changed += others
                bar.update(number)
        work.finish()
        self.app.stdout.write(
            f'{messages} messages read again; resources changed in '
            f'{changed} places.\n'
        )
