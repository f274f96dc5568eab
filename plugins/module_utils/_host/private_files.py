# SPDX-License-Identifier: GPL-3.0-or-later
"""The door to a directory of ours that only its owner may have made."""

from __future__ import annotations

from .._model.errors import ApplyFailed, InFlight
from .file_worker import Stuck
from .files import READ_TIMEOUT, error_name

DISK_TIMEOUT = 60.0  # a disk's, which no driver's budget is meant for
KEPT, VOLATILE = "/var/lib", "/run"  # the second until the next boot


class PrivateFiles:
    """``below``: the names under ``base``. Every method raises ApplyFailed with the errno's name; bounded in time."""

    def __init__(self, files, below=("kvm-vnic",), base=KEPT):
        self._files, self._below, self._base = files, tuple(below), base
        self.directory = "/".join((base,) + self._below)

    def _call(self, operation, *arguments, timeout=DISK_TIMEOUT):
        try:
            return self._files.worker.call(
                operation, self._files.at(self._base), self._below, *arguments, timeout=timeout
            )
        except Stuck as error:
            raise InFlight(self.directory, error.strerror) from None
        except OSError as error:
            raise ApplyFailed(self.directory, error_name(error)) from None

    def write(self, name, text):
        """A whole new file, on the disk when this returns."""
        self._call("write_private", name, text)

    def replace(self, name, text):
        """The whole of a file that may be there: old or new after a power cut or an error, never torn or gone."""
        self._call("replace_private", name, text)

    def read(self, names):
        """``{name: (text, why it cannot be read)}``, one of them None."""
        answers = self._call("read_private", list(names), timeout=READ_TIMEOUT)
        return {name: (None, text) if code else (text, None) for name, (code, text) in answers.items()}

    def move(self, moves, gone):
        """Rename ``[(old, new), …]`` and remove ``gone``."""
        self._call("move_private", list(moves), list(gone))
