# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine on the host, in one file that needs no Ansible."""

from __future__ import annotations

import stat

from .._model.errors import ApplyFailed

PATH = "/usr/local/libexec/kvm-vnic.pyz"
MODE = 0o755
OWNER = 0


def read(host):
    """The bytes of what is installed, b"" where nothing is. Raises ApplyFailed when it cannot be read."""
    return host.files.content_bytes(PATH) or b""


def install(host, archive):
    """Put ``archive`` in place, whole or not at all; returns whether that was needed. Raises ApplyFailed."""
    if is_safe(host.files.stat(PATH)) and read(host) == archive:
        return False
    host.files.make_directory(PATH.rpartition("/")[0])
    _refuse_open_directories(host)
    host.files.replace_bytes(PATH, archive, MODE)
    return True


def _refuse_open_directories(host):
    place = PATH
    while place.count("/") > 1:
        place = place.rpartition("/")[0]
        status = host.files.stat(place)
        if status is not None and status["mode"] & stat.S_IWOTH:
            raise ApplyFailed(
                "install %s" % PATH,
                "%s can be written to by every user, who could replace what root runs: take that away (chmod o-w)"
                % place,
            )


def is_safe(status):
    """Whether nobody but root can change what root will run."""
    return status is not None and stat.S_IMODE(status["mode"]) == MODE and status["uid"] == OWNER
