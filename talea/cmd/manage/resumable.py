# SPDX-License-Identifier: Apache-2.0
"""A long piece of work that goes on where it was interrupted."""

from talea.objects import rebuild


class Resumable:
    """Keeps the position of a command in the database.

    :param command: the command; its sentences go where the command's go
    :param name: of the work; what other options do is other work
    :param restart: whether to begin anew
    :ivar position: where the work is
    """

    def __init__(self, command, name, restart, first=0):
        # Longer ids than the column takes are no ids of anything.
        self._name = name[:255]
        self._context = command.context
        self._started_at = command.now
        self.position = first
        found = None if restart else rebuild.get(self._context, self._name)
        if found is not None:
            self.position, self._started_at = found
            command.tell(
                'Going on with what was begun at '
                f'{self._started_at:%Y-%m-%d %H:%M:%S} UTC; --restart begins '
                'anew.'
            )

    def move(self, position):
        """Note that everything up to *position* is done."""
        self.position = position
        rebuild.save(self._context, self._name, position, self._started_at)

    def finish(self):
        """Note that there is nothing left to do."""
        rebuild.forget(self._context, self._name)
