# SPDX-License-Identifier: GPL-3.0-or-later
"""How a user points at a physical function: by name, PCI address or MAC address."""

from __future__ import annotations

import re

from .addresses import is_pci, parse_mac, parse_pci
from .names import parse_interface_name

_LOOKS_LIKE_MAC = re.compile(r"[0-9A-Za-z]{1,2}([:-][0-9A-Za-z]{1,2}){5}", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)


def parse_pf(text):
    """``("pci" | "mac" | "name", canonical value)``. Raises ValueError saying what is allowed.

    The kernel takes nearly any name for a network device; ours must be one that cannot be mistaken for an option or a
    path.
    """
    text = str(text)
    if is_pci(text):
        return "pci", parse_pci(text)
    if _LOOKS_LIKE_MAC.fullmatch(text):
        return "mac", parse_mac(text)
    if _NUMBER.fullmatch(text):
        raise ValueError(
            "is a number: YAML read an unquoted PCI or MAC address so; write it in quotes, "
            'as "0000:3b:00.0" or "52:54:00:12:34:56"'
        )
    if text == "lo":
        return "name", text
    try:
        return "name", parse_interface_name(text)
    except ValueError as error:
        raise ValueError(
            "points at no physical function: give the name of its network device, its PCI address or its MAC address "
            "(%s)" % error
        ) from None
