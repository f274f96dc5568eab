# SPDX-License-Identifier: GPL-3.0-or-later
"""The door to files below one root: sysfs, procfs and configuration."""

from __future__ import annotations

import base64
import errno
import os

from .._model.action import UNKNOWN
from .._model.errors import ApplyFailed, InFlight
from .file_worker import FileWorker, Stuck

READ_TIMEOUT = 10.0
WRITE_TIMEOUT = 120.0


def error_name(error):
    """``EBUSY (Device or resource busy)`` for an OSError."""
    return "%s (%s)" % (errno.errorcode.get(error.errno, error.errno), error.strerror)


class Files:
    """Paths are the host's own absolute ones; every operation is bounded in time.

    Reading raises OSError; writing raises :class:`ApplyFailed` with the errno's name, or :class:`InFlight` when the
    kernel does not return.
    """

    def __init__(self, root="/", worker=None):
        self._root = root.rstrip("/")
        self._worker = worker or FileWorker()

    @property
    def worker(self):
        """The child process that reads and writes, for other doors whose system calls can hang too."""
        return self._worker

    def at(self, path):
        """Where ``path`` of the host is for this process. Raises OSError for one that would leave the root."""
        if not path.startswith("/") or "\0" in path or ".." in path.split("/"):
            raise OSError(errno.EINVAL, "path leaves its root", path)
        return self._root + path

    def read(self, path, timeout=READ_TIMEOUT):
        """The content, stripped of surrounding blanks."""
        return self._worker.call("read", self.at(path), timeout=timeout).strip()

    def content(self, path):
        """The content byte for byte, as :meth:`replace` writes it back; None where there is no such file."""
        try:
            return self._worker.call("content", self.at(path), timeout=READ_TIMEOUT)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR):
                return None
            raise ApplyFailed("read %s" % path, error_name(error)) from None

    def content_bytes(self, path):
        """Like :meth:`content`, for large files that are no text."""
        try:
            return base64.b64decode(self._worker.call("content_base64", self.at(path), timeout=READ_TIMEOUT))
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR):
                return None
            raise ApplyFailed("read %s" % path, error_name(error)) from None

    def read_or(self, path, default=UNKNOWN):
        """The content, or ``default`` where it cannot be read for whatever reason."""
        try:
            return self.read(path)
        except OSError:
            return default

    def read_many(self, paths, default=UNKNOWN, timeout=READ_TIMEOUT):
        """``{path: content or default}`` in one round trip. One stuck file makes all of them unknown: keep
        lock-taking files out."""
        paths = list(paths)
        try:
            answers = self._worker.call("read_many", [self.at(path) for path in paths], timeout=timeout)
        except Stuck:
            return dict.fromkeys(paths, default)
        found = {}
        for path in paths:
            code, text = answers[self.at(path)]
            found[path] = default if code else text.strip()
        return found

    def list_many(self, paths, timeout=READ_TIMEOUT):
        """``{path: names}`` in one round trip, without the directories that cannot be read."""
        paths = list(paths)
        try:
            answers = self._worker.call("list_many", [self.at(path) for path in paths], timeout=timeout)
        except Stuck:
            return {}
        return {path: answers[self.at(path)] for path in paths if self.at(path) in answers}

    def write(self, path, value, timeout=WRITE_TIMEOUT):
        """One write(2) to an existing attribute."""
        command = "write %r to %s" % (value, path)
        try:
            self._worker.call("write", self.at(path), str(value), timeout=timeout)
        except Stuck:
            raise InFlight(
                command, "the kernel did not return within %g s; the write may still take effect" % timeout
            ) from None
        except OSError as error:
            raise ApplyFailed(command, error_name(error)) from None

    def replace(self, path, text, mode=0o644):
        """Put a whole file in place: old or new after a power cut, never torn."""
        self._replace("replace", path, text, mode)

    def replace_bytes(self, path, data, mode=0o644):
        """Like :meth:`replace`, for large files that are no text."""
        self._replace("replace_base64", path, base64.b64encode(data).decode(), mode)

    def _replace(self, operation, path, content, mode):
        try:
            self._worker.call(operation, self.at(path), content, mode, timeout=WRITE_TIMEOUT)
        except Stuck as error:
            raise InFlight("replace %s" % path, error.strerror) from None
        except OSError as error:
            raise ApplyFailed("replace %s" % path, error_name(error)) from None

    def make_directory(self, path, mode=0o755):
        """A directory, unless there is one; its parent exists."""
        try:
            self._worker.call("mkdir", self.at(path), mode, timeout=WRITE_TIMEOUT)
        except FileExistsError:
            return
        except OSError as error:
            raise ApplyFailed("make directory %s" % path, error_name(error)) from None

    def real_path(self, path):
        """``path`` with every symbolic link followed, so that replacing it keeps the links."""
        try:
            return self._worker.call("realpath", self.at(path), timeout=READ_TIMEOUT)[len(self._root) :]
        except OSError:
            return path

    def remove(self, path):
        try:
            self._worker.call("remove", self.at(path), timeout=WRITE_TIMEOUT)
        except Stuck as error:
            raise InFlight("remove %s" % path, error.strerror) from None
        except OSError as error:
            raise ApplyFailed("remove %s" % path, error_name(error)) from None

    def exists(self, path):
        try:
            return self._worker.call("exists", self.at(path), timeout=READ_TIMEOUT)
        except OSError:
            return False

    def listdir(self, path):
        """Sorted names; an empty list where there is no such directory."""
        try:
            return sorted(self._worker.call("listdir", self.at(path), timeout=READ_TIMEOUT))
        except OSError:
            return []

    def list_or(self, path, default=UNKNOWN):
        """Sorted names; an empty list where there is no such directory, ``default`` where it cannot be read."""
        try:
            return sorted(self._worker.call("listdir", self.at(path), timeout=READ_TIMEOUT))
        except OSError as error:
            return [] if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ESRCH) else default

    def links_or(self, path, default=UNKNOWN):
        """Like :meth:`links`, with ``default`` where the directory is there and cannot be read."""
        try:
            return self._worker.call("links", self.at(path), timeout=READ_TIMEOUT)
        except OSError as error:
            return {} if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ESRCH) else default

    def links(self, path):
        """``{name: target}`` of the symbolic links in a directory; empty where it cannot be read."""
        try:
            return self._worker.call("links", self.at(path), timeout=READ_TIMEOUT)
        except OSError:
            return {}

    def link_name(self, path):
        """The last component of a symbolic link's target (``driver`` → ``igb``), or None where there is no link."""
        try:
            return os.path.basename(self._worker.call("readlink", self.at(path), timeout=READ_TIMEOUT))
        except OSError:
            return None

    def stat(self, path):
        """``{mode, uid, gid, mtime_ns}``, or None where there is nothing."""
        try:
            return self._worker.call("stat", self.at(path), timeout=READ_TIMEOUT)
        except OSError:
            return None

    def close(self):
        self._worker.close()
