# SPDX-License-Identifier: GPL-3.0-or-later
"""Which guests and which switch run, told from the files that libvirt and Open vSwitch leave."""

from __future__ import annotations

import zlib

from .._host.ovs import SWITCH_PID
from .consumers_definitions import STATUS


def starts(host):
    """A word that is another one once a guest of libvirt or ovs-vswitchd started, ended or started anew. Asks no daemon."""
    # src/qemu/qemu_process.c: the file is called <name>.pid, in the driver's stateDir
    paths = ["%s/%s" % (STATUS, name) for name in host.files.listdir(STATUS) if name.endswith(".pid")]
    found = host.files.read_many([*paths, SWITCH_PID], "")
    text = "\n".join("%s %s" % (path, found[path]) for path in sorted(found))
    return "%08x" % zlib.crc32(text.encode("utf-8", "surrogateescape"))
