# SPDX-License-Identifier: GPL-3.0-or-later
"""The door to the journal's directory, which only its owner may have made."""

from __future__ import annotations

from .._model.errors import ApplyFailed, InFlight
from .file_worker import Stuck
from .files import READ_TIMEOUT, WRITE_TIMEOUT, error_name

BASE, BELOW = "/var/lib", ("kvm-vnic", "journal")
DIRECTORY = "/".join((BASE,) + BELOW)


class JournalFiles:
    """Every method raises ApplyFailed with the errno's name; bounded in time."""

    def __init__(self, files):
        self._files = files

    def _call(self, operation, *arguments, timeout=WRITE_TIMEOUT):
        try:
            return self._files.worker.call(operation, self._files.at(BASE), BELOW, *arguments, timeout=timeout)
        except Stuck as error:
            raise InFlight(DIRECTORY, error.strerror) from None
        except OSError as error:
            raise ApplyFailed(DIRECTORY, error_name(error)) from None

    def write(self, name, text):
        """A whole new file, on the disk when this returns."""
        self._call("write_private", name, text)

    def read(self, names):
        """``{name: (text, why it cannot be read)}``, one of them None."""
        answers = self._call("read_private", list(names), timeout=READ_TIMEOUT)
        return {name: (None, text) if code else (text, None) for name, (code, text) in answers.items()}

    def move(self, moves, gone):
        """Rename ``[(old, new), …]`` and remove ``gone``."""
        self._call("move_private", list(moves), list(gone))
