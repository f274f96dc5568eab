# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a network device hangs, by what its link in ``/sys/class/net`` points to."""

from __future__ import annotations

import re

_PCI = r"[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]"
# The function itself, or the virtio device on it. Other buses in between (USB, auxiliary) mean that the function is not
# the NIC's own.
_ON_PCI = re.compile(r"/(%s)(?:/virtio\d+)?/net/[^/]+\Z" % _PCI)


def pci_of(path):
    """The PCI address of the NIC's own function, or None."""
    match = _ON_PCI.search(path)
    return match.group(1) if match else None


def is_virtual(path):
    """Whether no hardware, real or emulated, is behind it (drivers/base/core.c, virtual_device_parent)."""
    return "/devices/virtual/" in path
