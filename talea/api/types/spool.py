# SPDX-License-Identifier: Apache-2.0
"""Long answers: written piece by piece, sent with their length.

Clients of Almanach take an answer without Content-Length for empty, so
nothing can be streamed before its end is known. What is longer than a few
hundred kilobytes waits on the disk, not in memory.
"""

import json
import tempfile

_IN_MEMORY = 512 * 1024
_BLOCK = 64 * 1024


class Spool:
    """An answer in the making."""

    def __init__(self, content_type):
        self.content_type = content_type
        self.length = 0
        self._file = tempfile.SpooledTemporaryFile(  # noqa: SIM115
            max_size=_IN_MEMORY
        )

    def write(self, text):
        self.length += self._file.write(text.encode())

    def __iter__(self):
        self._file.seek(0)
        while block := self._file.read(_BLOCK):
            yield block

    def close(self):
        self._file.close()


class Array(Spool):
    """A JSON array of dicts."""

    def __init__(self):
        super().__init__('application/json')
        self._before = '['

    def extend(self, dicts):
        """Append *dicts*."""
        for one in dicts:
            self.write(self._before)
            self.write(json.dumps(one))
            self._before = ', '

    def end(self):
        """Close the array; nothing can be appended any more."""
        self.write('[]' if self._before == '[' else ']')
        return self
