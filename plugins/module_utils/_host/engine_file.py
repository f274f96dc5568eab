# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine on the host, in one file that needs no Ansible."""

from __future__ import annotations

import stat

PATH = "/usr/local/libexec/kvm-vnic.pyz"
MODE = 0o755
OWNER = 0


def read(host):
    """The bytes of what is installed, b"" where nothing is. Raises ApplyFailed when it cannot be read."""
    text = host.files.content(PATH)
    return b"" if text is None else text.encode("utf-8", "surrogateescape")


def install(host, archive):
    """Put ``archive`` in place, whole or not at all; returns whether that was needed. Raises ApplyFailed."""
    if is_safe(host.files.stat(PATH)) and read(host) == archive:
        return False
    host.files.make_directory(PATH.rpartition("/")[0])
    host.files.replace(PATH, archive.decode("utf-8", "surrogateescape"), MODE)
    return True


def is_safe(status):
    """Whether nobody but root can change what root will run."""
    return status is not None and stat.S_IMODE(status["mode"]) == MODE and status["uid"] == OWNER
