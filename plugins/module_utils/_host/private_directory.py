# SPDX-License-Identifier: GPL-3.0-or-later
"""Files for their owner alone, in directories that nobody else can have put there.

Each directory is opened from the one above and never through a symbolic link, so that what was checked is what is used
(openat(2), O_NOFOLLOW). ``base``: a directory of the system; ``below``: the names under it that are ours. Every function
raises OSError, also for a directory that somebody else owns or can write to.
"""

from __future__ import annotations

import errno
import os
import stat

LARGEST = 16 << 20  # bytes of a file that is read


def _check(descriptor, path, owners, shared=False):
    status = os.fstat(descriptor)
    if status.st_uid not in owners:
        raise OSError(errno.EPERM, "%s belongs to user %d: it is not trusted" % (path, status.st_uid))
    # in a sticky directory others can make what is theirs, which is refused, and not take what is ours (chmod(2), S_ISVTX)
    if status.st_mode & 0o022 and not (shared and status.st_mode & stat.S_ISVTX):
        raise OSError(errno.EPERM, "%s can be written to by others: it is not trusted" % path)


def open_directory(base, below, make=False):
    """A descriptor of the last of ``below``, each with mode 0700 where it is made."""
    if make:
        os.makedirs(base, 0o755, exist_ok=True)
    owner, path = os.geteuid(), base
    descriptor = os.open(base, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _check(descriptor, path, (0, owner), shared=True)
        for name in below:
            path = os.path.join(path, name)
            upper, descriptor = descriptor, _enter(descriptor, name, path, make)
            os.close(upper)
            _check(descriptor, path, (owner,))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _enter(upper, name, path, make):
    if make:
        try:
            os.mkdir(name, 0o700, dir_fd=upper)
            os.fsync(upper)
        except FileExistsError:
            pass
    try:
        return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=upper)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            raise OSError(error.errno, "%s is a symbolic link or no directory: it is not trusted" % path) from None
        raise


def _forget(directory, names):
    for name in names:
        try:
            os.unlink(name, dir_fd=directory)
        except OSError:
            continue


def write_private(base, below, name, text):
    """A whole new file of mode 0600: all of it is there after a power cut, or nothing. Makes the directories."""
    _put(base, below, name, text, [name])


def replace_private(base, below, name, text):
    """Like :func:`write_private` where there may be a file of that name already, which an error leaves as it was."""
    _put(base, below, name, text, [])


def _put(base, below, name, text, gone):
    directory, new = open_directory(base, below, make=True), "." + name
    try:
        _forget(directory, [new])  # of a run that was killed while it wrote
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=directory)
        try:
            rest = text.encode("utf-8", "surrogateescape")
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.rename(new, name, src_dir_fd=directory, dst_dir_fd=directory)
        os.fsync(directory)  # the rename itself must survive a power cut
    except OSError:
        _forget(directory, [new, *gone])
        raise
    finally:
        os.close(directory)


def read_private(base, below, names):
    """``{name: [0, text] or [errno, why]}``."""
    directory, found = open_directory(base, below), {}
    try:
        for name in names:
            try:
                found[name] = [0, _read(directory, name)]
            except OSError as error:
                found[name] = [error.errno or errno.EIO, error.strerror or str(error)]
    finally:
        os.close(directory)
    return found


def _read(directory, name):
    # without O_NONBLOCK, opening a FIFO would wait for a writer
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
        os.close(descriptor)
        raise OSError(errno.EINVAL, "no file of at most %d bytes" % LARGEST)
    with os.fdopen(descriptor, "rb") as stream:
        return stream.read().decode("utf-8", "replace")


def move_private(base, below, moves, gone):
    """Rename ``[[old, new], …]``, then remove ``gone``, as far as that can be done. A rename that is lost in a power cut is
    a run that is told of once more: not worth waiting for the disk."""
    directory = open_directory(base, below)
    try:
        for old, new in moves:
            os.rename(old, new, src_dir_fd=directory, dst_dir_fd=directory)
        _forget(directory, gone)
    finally:
        os.close(directory)
