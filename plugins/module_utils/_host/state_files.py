# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept over a boot, in a directory that only its owner may have made."""

from __future__ import annotations

import errno

from .._model.errors import ApplyFailed, InFlight
from .file_worker import Stuck
from .files import READ_TIMEOUT, WRITE_TIMEOUT, error_name

BASE, BELOW = "/var/lib", ("kvm-vnic",)
DIRECTORY = "/".join((BASE,) + BELOW)


class StateFiles:
    """Every method raises ApplyFailed with the errno's name; bounded in time."""

    def __init__(self, files):
        self._files = files

    def _call(self, name, operation, *arguments, timeout=WRITE_TIMEOUT):
        path = "%s/%s" % (DIRECTORY, name)
        try:
            return self._files.worker.call(operation, self._files.at(BASE), BELOW, *arguments, timeout=timeout)
        except Stuck as error:
            raise InFlight(path, error.strerror) from None
        except OSError as error:
            raise ApplyFailed(path, error_name(error)) from None

    def read(self, name):
        """The text, or None where there is no such file."""
        if not self._files.exists(DIRECTORY):
            return None
        code, text = self._call(name, "read_private", [name], timeout=READ_TIMEOUT)[name]
        if code and code != errno.ENOENT:
            raise ApplyFailed("read %s/%s" % (DIRECTORY, name), text)
        return None if code else text

    def write(self, name, text):
        """A whole new file of mode 0600, on the disk when this returns."""
        self._call(name, "write_private", name, text)

    def remove(self, name):
        if self._files.exists(DIRECTORY):
            self._call(name, "move_private", [], [name])
