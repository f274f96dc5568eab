# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time: locks that the kernel releases when their holder dies (flock(2))."""

from __future__ import annotations

import fcntl
import os

from .._model.errors import ApplyFailed, RunInProgress
from .files import error_name
from .private_directory import open_directory

BASE, BELOW = "/run", ("kvm-vnic",)
PATH = "/run/kvm-vnic/lock"  # of the host
STEP = "/run/kvm-vnic/step"  # of a step of the run that holds the host's
PAUSE = 0.1  # seconds between two tries
OVER = "over"


class RunLock:
    """The file's content is who holds it, or held it last; behind it the writes that are in flight (``in_flight``), and
    :data:`OVER` once that run released it.

    Who holds it shares it with the file worker's child: a write that hangs in the kernel keeps the lock by itself.
    """

    def __init__(self, files, clock, path=PATH):
        self._files, self._clock, self._path = files, clock, path
        self._descriptor = None

    def held_by(self):
        """The content while somebody holds it, "" while it is free. Raises ApplyFailed when that cannot be told."""
        try:
            directory = open_directory(self._files.at(BASE), BELOW)
            try:
                # a shared try, so that two who ask are not in each other's way
                return self._ask(directory)
            finally:
                os.close(directory)
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise ApplyFailed(self._path, error_name(error)) from None

    def _ask(self, directory):
        asking = os.open(self._name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
        try:
            fcntl.flock(asking, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return ""
        except BlockingIOError:
            return _content(asking)
        finally:
            os.close(asking)

    def take(self, owner, seconds):
        """Hold the lock as ``owner`` (one line of text); returns what the former holder left, "" where there was none.

        Raises RunInProgress with the holder when it is not free within ``seconds``, ApplyFailed when there can be no lock.
        """
        deadline = self._clock.monotonic() + seconds
        try:
            while not self._try():
                if self._clock.monotonic() >= deadline:
                    raise RunInProgress(self._path, self._files.read_or(self._path, ""), seconds)
                self._clock.sleep(PAUSE)
            former = _content(self._descriptor)
            self._put(owner + "\n")
        except OSError as error:
            self._drop()
            raise ApplyFailed(self._path, error_name(error)) from None
        self._files.worker.keep(self._descriptor)
        return former

    @property
    def _name(self):
        return os.path.basename(self._path)

    def _try(self):
        directory = open_directory(self._files.at(BASE), BELOW, make=True)
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            self._descriptor = os.open(self._name, flags, 0o600, dir_fd=directory)
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # the name may stand for another file by now, which another run can lock
                if os.path.samestat(
                    os.fstat(self._descriptor), os.stat(self._name, dir_fd=directory, follow_symlinks=False)
                ):
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
        """Let go of it, unless a write is in flight: then the kernel does when that ends."""
        if self._descriptor is None:
            return
        self._files.worker.let_go(self._descriptor)
        if not self._files.worker.in_flight():
            try:
                os.pwrite(self._descriptor, (OVER + "\n").encode(), os.fstat(self._descriptor).st_size)
            except OSError:
                pass  # the next run looks at the host once more than it needs to
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)  # closing does not, where an idle child shares it
        self._drop()

    def _drop(self):
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _content(descriptor):
    return os.pread(descriptor, 4096, 0).decode("utf-8", "replace").strip()
