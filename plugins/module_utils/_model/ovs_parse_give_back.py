# SPDX-License-Identifier: GPL-3.0-or-later
"""A port's ``give_back``: which addresses and routes a device had."""

from __future__ import annotations

import re

from .names import parse_own_interface_name
from .ovs_wish import GiveBack

# What ip(8) takes after "address add" and "route replace" here: numbers, addresses and names; never an option or blank.
_WORD = re.compile(r"[0-9A-Za-z:][0-9A-Za-z:./_@%-]*", re.ASCII)
_KINDS = ("addresses", "routes")


def parse_give_back(value, problems):
    """``{device: GiveBack}``."""
    if not isinstance(value, dict):
        problems.add(value, "is no mapping of devices to their addresses and routes")
        return {}
    found = {}
    for device, given in value.items():
        at = problems.at(str(device))
        name = at.parse(parse_own_interface_name, device)
        if not isinstance(given, dict) or set(given) - set(_KINDS):
            at.add(given, "is no mapping of %s" % " and ".join(_KINDS))
            continue
        found[name] = GiveBack(*(_lines(given.get(kind) or [], at.at(kind)) for kind in _KINDS))
    return found


def _lines(items, problems):
    lines = []
    for index, words in enumerate(items if isinstance(items, list) else [items]):
        fine = (
            isinstance(words, list) and words and all(isinstance(word, str) and _WORD.fullmatch(word) for word in words)
        )
        if not fine:
            problems.at(index).add(words, "is no list of words of ip(8), such as ['192.0.2.5/24']")
        else:
            lines.append(tuple(words))
    return tuple(lines)
