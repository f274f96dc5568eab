# SPDX-License-Identifier: GPL-3.0-or-later
"""File operations in a child process, so that one that hangs in the kernel cannot hang us.

Reading ``sriov_numvfs`` waits for the device lock while another process writes it (drivers/pci/iov.c,
sriov_numvfs_show), for minutes and uninterruptibly. A child that got stuck so is abandoned and a new one takes over.
It keeps the locks of its run (flock(2): they belong to the open file, which a child shares), so that nobody else writes
while the kernel still does.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import select
import signal
import tempfile
import time

from . import in_flight


class Stuck(OSError):
    """The operation did not end in its time. It may still take effect later."""


def _read(path):
    with open(path, "rb") as stream:
        return stream.read().decode("utf-8", "replace")


def _content(path):
    """Every byte, those that are no UTF-8 as surrogates, so that the file can be written back as it was."""
    with open(path, "rb") as stream:
        return stream.read().decode("utf-8", "surrogateescape")


def _read_many(paths):
    found = {}
    for path in paths:
        try:
            found[path] = [0, _read(path)]
        except OSError as error:
            found[path] = [error.errno or errno.EIO, ""]
    return found


def _list_many(paths):
    found = {}
    for path in paths:
        try:
            found[path] = os.listdir(path)
        except OSError:
            continue
    return found


def _pin_thread(path, cpus):
    """``path``: the thread's directory; below any other root there are no threads, only files that look like them."""
    if not path.startswith("/proc/"):
        raise OSError(errno.ESRCH, os.strerror(errno.ESRCH), path)
    os.sched_setaffinity(int(os.path.basename(path)), cpus)


def _write(path, value):
    # neither create nor truncate: a sysfs attribute exists or the kernel lacks it
    descriptor = os.open(path, os.O_WRONLY)
    try:
        data = value.encode()
        taken = os.write(descriptor, data)  # one write: sysfs takes each write(2) as a whole value
        if taken != len(data):
            raise OSError(errno.EIO, "only %d of %d bytes were taken" % (taken, len(data)))
    finally:
        os.close(descriptor)


def _replace(path, text, mode):
    directory = os.path.dirname(path)
    descriptor, temporary = tempfile.mkstemp(dir=directory, prefix=".kvm-vnic-")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(stream.fileno(), mode)
            stream.write(text.encode("utf-8", "surrogateescape"))
            stream.flush()
            os.fsync(stream.fileno())
        os.rename(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise
    folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)  # the rename itself must survive a power cut
    finally:
        os.close(folder)


def _links(path):
    found = {}
    for name in os.listdir(path):
        try:
            found[name] = os.readlink(os.path.join(path, name))
        except OSError:
            continue
    return found


def _stat(path):
    status = os.stat(path)
    return {"mode": status.st_mode, "uid": status.st_uid, "gid": status.st_gid, "mtime_ns": status.st_mtime_ns}


# Imported by the run that needs it: few do, and each is compiled anew.


def _device_features(names):
    from .ethtool_ioctl import read_features

    return read_features(names)


def _device_spreading(names):
    from .ethtool_queues_ioctl import read_spreading

    return read_spreading(names)


def _private(operation):
    def call(*arguments):
        from . import private_directory

        return getattr(private_directory, operation)(*arguments)

    return call


_OPERATIONS = {
    "read": _read,
    "content": _content,
    "read_many": _read_many,
    "list_many": _list_many,
    "pin_thread": _pin_thread,
    "write": _write,
    "replace": _replace,
    "remove": os.unlink,
    "mkdir": os.mkdir,
    "listdir": os.listdir,
    "links": _links,
    "readlink": os.readlink,
    "realpath": os.path.realpath,
    "exists": os.path.lexists,
    "stat": _stat,
    "device_features": _device_features,
    "device_spreading": _device_spreading,
    "write_private": _private("write_private"),
    "replace_private": _private("replace_private"),
    "read_private": _private("read_private"),
    "move_private": _private("move_private"),
}


def _serve(requests, answers, locks):
    for line in requests:
        operation, arguments = json.loads(line)
        marks = in_flight.begin(locks, operation, arguments)
        try:
            answer = [0, _OPERATIONS[operation](*arguments)]
        except OSError as error:
            answer = [error.errno or errno.EIO, error.strerror or str(error)]
        in_flight.end(marks)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _has_ended(pid):
    """Whether the child ``pid`` is no more; one that sleeps uninterruptibly is, whatever signal it got."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except OSError:
        return True


class FileWorker:
    """Runs one operation after another in a child; raises :class:`OSError` as the operation did, :class:`Stuck` past
    ``timeout`` seconds."""

    def __init__(self):
        self._pid = None
        self._requests = None
        self._answers = None
        self._owner = None
        self._locks, self._given_up = [], []

    def keep(self, lock):
        """Let children that start from now on share the descriptor ``lock``: what hangs in one of them keeps the lock."""
        self._locks.append(lock)
        self.close()

    def let_go(self, lock):
        """Undo :meth:`keep`."""
        self._locks.remove(lock)
        self.close()

    def in_flight(self):
        """The writes, in words, that did not return in their time and have not ended since."""
        self._given_up = [(pid, what) for pid, what in self._given_up if not _has_ended(pid)]
        return [what for _pid, what in self._given_up]

    def call(self, operation, *arguments, timeout=10.0):
        self._ask(json.dumps([operation, arguments]).encode() + b"\n")
        line = self._answer(timeout)
        if line is None:
            pid, what = self._pid, in_flight.describe(operation, arguments)
            self._abandon()
            if what:
                self._given_up.append((pid, what))
            raise Stuck(errno.ETIMEDOUT, "%s did not return within %g s" % (operation, timeout), arguments[0])
        code, value = json.loads(line)
        if code:
            raise OSError(code, value, arguments[0])
        return value

    def _ask(self, request):
        if self._pid is None or self._owner != os.getpid():
            self._start()
        try:
            self._requests.write(request)
            self._requests.flush()
        except BrokenPipeError:  # killed while idle: it has read nothing of this
            self._abandon()
            self._start()
            self._requests.write(request)
            self._requests.flush()

    def _answer(self, timeout):
        buffer = b""
        deadline = time.monotonic() + timeout
        while not buffer.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._answers], [], [], left)[0]:
                return None
            piece = os.read(self._answers, 1 << 20)
            if not piece:
                self._abandon()
                raise OSError(errno.EIO, "the file worker ended unexpectedly")
            buffer += piece
        return buffer

    def _start(self):
        ends = []
        try:
            ends += os.pipe()
            ends += os.pipe()
            pid = os.fork()
        except OSError:
            for end in ends:
                os.close(end)
            raise
        request_read, request_write, answer_read, answer_write = ends
        if pid == 0:
            self._child(request_read, answer_write, self._locks)
        os.close(request_read)
        os.close(answer_write)
        self._pid, self._owner = pid, os.getpid()
        self._requests, self._answers = os.fdopen(request_write, "wb"), answer_read

    @staticmethod
    def _child(request_read, answer_write, locks):
        try:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            request = fcntl.fcntl(request_read, fcntl.F_DUPFD, 3)  # away from 0, 1 and 2, which may have been closed
            answer = fcntl.fcntl(answer_write, fcntl.F_DUPFD, 3)
            locks = [fcntl.fcntl(lock, fcntl.F_DUPFD, 3) for lock in locks]
            null = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):  # an abandoned child must not keep the ssh session's pipes open
                os.dup2(null, descriptor)
            keep = (request, answer, *locks)
            limit = max(keep) + 1
            for descriptor in range(3, limit):
                if descriptor not in keep:
                    try:
                        os.close(descriptor)
                    except OSError:
                        continue
            os.closerange(limit, 4096)
            with os.fdopen(request, "r") as requests, os.fdopen(answer, "w") as answers:
                _serve(requests, answers, locks)
        finally:
            os._exit(0)

    def _abandon(self):
        try:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, os.WNOHANG)
        except OSError:
            pass
        self.close()

    def close(self):
        """Let the child end; it does so by itself when its request pipe closes."""
        if self._pid is None:
            return
        try:
            self._requests.close()
        except OSError:
            pass
        os.close(self._answers)
        try:
            os.waitpid(self._pid, os.WNOHANG)
        except OSError:
            pass
        self._pid = None
