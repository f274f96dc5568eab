# SPDX-License-Identifier: GPL-3.0-or-later
"""PCI and MAC addresses, with the traps that YAML lays for them when they are not quoted."""

from __future__ import annotations

import re

_PCI = re.compile(r"(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}):([01][0-9a-f])\.([0-7])", re.ASCII)
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)


def parse_pci(text):
    """The canonical ``dddd:bb:ss.f`` form (lower case, domain filled in). Raises ValueError saying what is allowed."""
    text = str(text).strip().lower()
    match = _PCI.fullmatch(text)
    if match:
        # as the kernel prints it (drivers/pci/probe.c, pci_setup_device): domains beyond ffff have more digits
        return "%04x:%s:%s.%s" % (int(match.group(1) or "0", 16), match.group(2), match.group(3), match.group(4))
    if _NUMBER.fullmatch(text):
        raise ValueError(
            'is a number, not a PCI address: YAML read it so because it was not quoted; write it as "0000:03:00.0" in quotes'
        )
    raise ValueError('is no PCI address: expected domain:bus:slot.function such as "0000:3b:00.1"')


def is_pci(text):
    return bool(_PCI.fullmatch(str(text).strip().lower()))


def parse_mac(text):
    """The canonical lower-case, colon-separated form of a MAC that one interface may carry.

    Dashes are accepted and normalised. Raises ValueError for anything else, for group addresses and for all zeros.
    """
    given = str(text).strip().lower()
    mac = given.replace("-", ":")
    if _NUMBER.fullmatch(given):
        raise ValueError(
            'is a number, not a MAC address: YAML read it so because it was not quoted; write it as "52:54:00:12:34:56" in quotes'
        )
    if not _MAC.fullmatch(mac):
        raise ValueError('is no MAC address: expected six hexadecimal pairs such as "52:54:00:12:34:56"')
    if int(mac[:2], 16) & 1:
        raise ValueError("is a group (multicast or broadcast) MAC address: the lowest bit of its first byte must be 0")
    if mac == "00:00:00:00:00:00":
        raise ValueError("is the all-zero MAC address, which no interface can carry")
    return mac
