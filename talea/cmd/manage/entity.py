# SPDX-License-Identifier: Apache-2.0
"""talea-manage entity: what the events of resources amount to."""

from talea.cmd.manage import base
from talea.cmd.manage import progress
from talea.cmd.manage import resumable
from talea.objects import resource
from talea.objects import timeline

_TOGETHER = 100


class Rebuild(base.Ready):
    """Fold the entities of resources again from their events.

    For when options of [entities] have changed. If it was interrupted, the
    same command goes on where it stopped. Collectors may run meanwhile,
    with the new options.
    """

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--project', metavar='ID', help='Only resources of this project.'
        )
        parser.add_argument(
            '--resource', metavar='ID', help='Only this resource.'
        )
        parser.add_argument(
            '--restart',
            action='store_true',
            help='Begin anew instead of going on.',
        )
        return parser

    def take_action(self, parsed_args):
        project, one = parsed_args.project, parsed_args.resource
        work = resumable.Resumable(
            self,
            f'entity rebuild {project or ""} {one or ""}',
            parsed_args.restart,
        )
        done = 0
        rules = timeline.Rules.of(self.conf)
        with progress.bar(self.app, 'Rebuild', None, ' resources') as bar:
            while pks := resource.page(
                self.context,
                work.position,
                _TOGETHER,
                project_id=project,
                resource_id=one,
            ):
                resource.refold(self.context, pks, rules, self.now)
                work.move(pks[-1])
                done += len(pks)
                bar.update(len(pks))
        work.finish()
        self.app.stdout.write(f'{done} resources folded again.\n')
