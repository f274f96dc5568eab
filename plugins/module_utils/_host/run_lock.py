# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time: a lock that the kernel releases when its holder dies (flock(2))."""

from __future__ import annotations

import fcntl
import os

from .._model.errors import ApplyFailed, RunInProgress
from .files import error_name
from .private_directory import open_directory

BASE, BELOW, NAME = "/run", ("kvm-vnic",), "lock"
PATH = "/".join((BASE,) + BELOW + (NAME,))
PAUSE = 0.1  # seconds between two tries
OVER = "over"


class RunLock:
    """The file's content is who holds it, or held it last; with :data:`OVER` behind it once that run released it."""

    def __init__(self, files, clock):
        self._files, self._clock = files, clock
        self._descriptor = None

    def take(self, owner, seconds):
        """Hold the lock as ``owner`` (one line of text); returns what the former holder left, "" where there was none.

        Raises RunInProgress with the holder when it is not free within ``seconds``, ApplyFailed when there can be no lock.
        """
        deadline = self._clock.monotonic() + seconds
        try:
            while not self._try():
                if self._clock.monotonic() >= deadline:
                    raise RunInProgress(PATH, self._files.read_or(PATH, ""), seconds)
                self._clock.sleep(PAUSE)
            former = os.pread(self._descriptor, 4096, 0).decode("utf-8", "replace").strip()
            self._put(owner + "\n")
        except OSError as error:
            self._drop()
            raise ApplyFailed(PATH, error_name(error)) from None
        return former

    def _try(self):
        directory = open_directory(self._files.at(BASE), BELOW, make=True)
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            self._descriptor = os.open(NAME, flags, 0o600, dir_fd=directory)
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # the name may stand for another file by now, which another run can lock
                if os.path.samestat(os.fstat(self._descriptor), os.stat(NAME, dir_fd=directory, follow_symlinks=False)):
                    return True
            except (BlockingIOError, FileNotFoundError):
                pass
            self._drop()
            return False
        finally:
            os.close(directory)

    def _put(self, text):
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text.encode(), 0)

    def release(self):
        if self._descriptor is None:
            return
        try:
            os.pwrite(self._descriptor, (OVER + "\n").encode(), os.fstat(self._descriptor).st_size)
        except OSError:
            pass  # the next run looks at the host once more than it needs to
        self._drop()

    def _drop(self):
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
