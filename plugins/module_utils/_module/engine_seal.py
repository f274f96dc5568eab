# SPDX-License-Identifier: GPL-3.0-or-later
"""The comment at the end of the engine's archive, by which it is known to be whole and compiled for this Python."""

from __future__ import annotations

import hashlib
import importlib.util

LENGTH = 2  # bytes before the comment that say how long it is, in the zip's last record


def sealed(archive):
    """The bytes of ``archive``, a zip without a comment, with one."""
    body = archive[:-LENGTH]
    comment = _seal(body)
    return body + len(comment).to_bytes(LENGTH, "little") + comment


def is_sealed(archive):
    """Whether nothing of ``archive`` was lost or altered since this version of Python sealed it."""
    comment = len(_seal(b""))
    return archive == sealed(archive[: len(archive) - comment])


def _seal(body):
    return b"kvm_vnic %s %s" % (importlib.util.MAGIC_NUMBER.hex().encode(), hashlib.sha256(body).hexdigest().encode())
