# SPDX-License-Identifier: Apache-2.0
"""What the commands have in common."""

import argparse
import datetime

from cliff import command
from dateutil import parser
from oslo_utils import timeutils

from talea import service


def moment(text):
    """Read an option that is a time: ISO 8601, UTC unless it says otherwise.

    :returns: aware UTC
    :raises argparse.ArgumentTypeError: if it is anything else
    """
    try:
        value = parser.isoparse(text)
        return timeutils.normalize_time(value).replace(tzinfo=datetime.UTC)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(
            f'{text!r} is no ISO 8601 time such as 2026-11-21T06:00:00'
        ) from error


def positive(text):
    """Read an option that is a whole number above 0.

    :raises argparse.ArgumentTypeError: if it is anything else
    """
    # More digits than that are more than databases take.
    if not text.isdecimal() or len(text) > 18 or int(text) == 0:
        raise argparse.ArgumentTypeError(f'{text!r} is no number above 0')
    return int(text)


class Ready(command.Command):
    """A command that needs a database with the schema of this release.

    :ivar conf: the configuration
    :ivar context: what functions of talea.objects want first
    """

    def run(self, parsed_args):
        self.conf = self.app.conf
        service.check_database()
        self.context = self.app.context
        return super().run(parsed_args)

    @property
    def now(self):
        """The present, aware UTC."""
        return timeutils.utcnow(with_timezone=True)

    def tell(self, sentence):
        """Print a sentence about what was done, unless to be quiet."""
        if not self.app.quiet:
            print(sentence, file=self.app.stderr)
