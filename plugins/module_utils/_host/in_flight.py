# SPDX-License-Identifier: GPL-3.0-or-later
"""What a file worker is about to write, told in the files of the locks that it keeps, so that whoever is refused learns it.

The worker tells it and not its parent, which may be gone when somebody asks.
"""

from __future__ import annotations

import os

SHOWN = 40  # characters of a value
_WRITES = {
    "write": "write {1} to {0}",
    "set_device_table": "set the table of {0}",
    "replace": "replace {0}",
    "replace_base64": "replace {0}",
    "remove": "remove {0}",
    "mkdir": "make directory {0}",
    "pin_thread": "pin {0}",
    "write_private": "write below {0}",
    "replace_private": "write below {0}",
    "move_private": "rename below {0}",
}


def describe(operation, arguments):
    """The write in one line; "" for what only reads."""
    if operation not in _WRITES:
        return ""
    shown = [repr(each)[1:-1] if isinstance(each, str) else repr(each) for each in arguments[:1]]
    shown += [repr(each)[:SHOWN] for each in arguments[1:2]]
    return _WRITES[operation].format(*shown)


def begin(locks, operation, arguments):
    """Tell of a write behind what the files ``locks`` (descriptors) hold; returns what :func:`end` needs."""
    text, marks = describe(operation, arguments), []
    for lock in locks if text else ():
        try:
            size = os.fstat(lock).st_size
            os.pwrite(lock, (text + "\n").encode("utf-8", "replace"), size)
            marks.append((lock, size))
        except OSError:
            continue  # the write matters more than what is told of it
    return marks


def end(marks):
    for lock, size in marks:
        try:
            os.ftruncate(lock, size)
        except OSError:
            continue
