# SPDX-License-Identifier: GPL-3.0-or-later
"""Files, symbolic links and their failures, in memory."""

from __future__ import annotations

import base64
import errno
import os

from ansible_collections.kvm.vnic.plugins.module_utils._host.file_worker import Stuck
from ansible_collections.kvm.vnic.plugins.module_utils._host.files import Files
from ansible_collections.kvm.vnic.plugins.module_utils._model.cpu_set import CpuSet


class MemoryWorker:
    """Stands where the child process stands: the same operations on a dictionary.

    ``contents``: ``{path: text}``; ``symlinks``: ``{path: target}``; ``modes``: ``{path: mode}``.
    ``on_write``: ``{path: function(value)}``, called instead of storing; ``failures``: ``{(operation, path): errno}``; ``stuck``: paths that hang.
    ``writes``: every write in order, as ``(path, value)``.
    ``private``: files that only the journal's operations reach, ``{path: text}``; ``private_writes``: what these did.
    """

    def __init__(self):
        self.contents, self.symlinks, self.modes = {}, {}, {}
        self.on_write, self.failures, self.stuck = {}, {}, set()
        self.writes = []
        self.directories = set()
        self.private, self.private_writes = {}, []

    def call(self, operation, *arguments, timeout=None):
        if operation == "read_many":
            return {path: self._read_one(path) for path in arguments[0]}
        if operation == "list_many":
            return {path: self._listdir(path) for path in arguments[0] if self._exists(path)}
        path = arguments[0]
        if path in self.stuck:
            raise Stuck(errno.ETIMEDOUT, "%s did not return" % operation, path)
        if (operation, path) in self.failures:
            code = self.failures[operation, path]
            raise OSError(code, os.strerror(code), path)
        return getattr(self, "_" + operation)(*arguments)

    def _read_one(self, path):
        try:
            return [0, self.call("read", path)]
        except OSError as error:
            return [error.errno, ""]

    def _resolve(self, path):
        for _step in range(40):
            for end in sorted(self.symlinks, key=len, reverse=True):
                if path == end or path.startswith(end + "/"):
                    path = os.path.normpath(os.path.join(os.path.dirname(end), self.symlinks[end])) + path[len(end) :]
                    break
            else:
                return path
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)

    def _read(self, path):
        path = self._resolve(path)
        if path not in self.contents and path not in self.private:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return self.contents[path] if path in self.contents else self.private[path]

    def _write_private(self, base, below, name, text):
        self.private_writes.append(("write", name))
        self.private["/".join((base, *below, name))] = text

    _replace_private = _write_private

    def _read_private(self, base, below, names):
        paths = {name: "/".join((base, *below, name)) for name in names}
        return {
            name: [0, self.private[path]] if path in self.private else [errno.ENOENT, "gone"]
            for name, path in paths.items()
        }

    def _move_private(self, base, below, moves, gone):
        at = "/".join((base, *below, ""))
        for old, new in moves:
            self.private_writes.append(("move", old, new))
            self.private[at + new] = self.private.pop(at + old)
        for name in gone:
            self.private_writes.append(("remove", name))
            self.private.pop(at + name, None)

    _content = _read

    def _content_base64(self, path):
        return base64.b64encode(self._read(path).encode("utf-8", "surrogateescape")).decode()

    def _replace_base64(self, path, data, mode):
        self._replace(path, base64.b64decode(data).decode("utf-8", "surrogateescape"), mode)

    def _mkdir(self, path, mode):
        if self._exists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
        self.writes.append((path, mode))
        self.modes[path] = mode
        self.directories.add(path)

    def _write(self, path, value):
        real = self._resolve(path)
        if real not in self.contents:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        self.writes.append((path, value))
        if real in self.on_write:
            self.on_write[real](value)
        else:
            self.contents[real] = value

    def _pin_thread(self, path, cpus):
        if path + "/status" not in self.contents:
            raise OSError(errno.ESRCH, os.strerror(errno.ESRCH), path)
        allowed = str(CpuSet(cpus))
        self.writes.append((path, allowed))
        self.contents[path + "/status"] = "Name:\tx\nCpus_allowed_list:\t%s" % allowed

    def _replace(self, path, text, mode):
        self.writes.append((path, text))
        self.contents[self._resolve(path)] = text
        self.modes[path] = mode

    def _remove(self, path):
        self.writes.append((path, None))
        if self.contents.pop(path, None) is None and self.symlinks.pop(path, None) is None:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), path)

    def _listdir(self, path):
        real = self._resolve(path).rstrip("/")
        below = {
            name[len(real) + 1 :].split("/")[0]
            for name in [*self.contents, *self.symlinks, *self.private]
            if name.startswith(real + "/")
        }
        if not below:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return sorted(below)

    def _links(self, path):
        real = self._resolve(path)
        return {end[len(real) + 1 :]: target for end, target in self.symlinks.items() if os.path.dirname(end) == real}

    def _readlink(self, path):
        real = os.path.join(self._resolve(os.path.dirname(path)), os.path.basename(path))
        if real not in self.symlinks:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
        return self.symlinks[real]

    def _realpath(self, path):
        return self._resolve(path)

    def _exists(self, path):
        if path in self.symlinks:
            return True
        real = self._resolve(path)
        return (
            real in self.contents
            or real in self.directories
            or any(name.startswith(real + "/") for name in list(self.contents) + list(self.symlinks))
        )

    def _stat(self, path):
        self._read(path)
        return {"mode": self.modes.get(path, 0o100644), "uid": 0, "gid": 0, "mtime_ns": 0}

    def close(self):
        pass


class MemoryFiles(Files):
    def __init__(self):
        self.memory = MemoryWorker()
        super().__init__("/", self.memory)
