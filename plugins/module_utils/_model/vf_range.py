# SPDX-License-Identifier: GPL-3.0-or-later
"""Which virtual functions an entry speaks of: ``enp2s0#0-3,6``."""

from __future__ import annotations

import re

HIGHEST_INDEX = 65534  # TotalVFs is a 16-bit register (PCI Express SR-IOV capability), and counting starts at 0
_PART = re.compile(r"^(0|[1-9][0-9]{0,4})(?:-(0|[1-9][0-9]{0,4}))?\Z", re.ASCII)
_ALLOWED = 'allowed are numbers from 0 and ranges such as "3", "0-3" or "0-3,6"'


def parse_indices(value):
    """The sorted tuple of indices of an int, ``"3"``, ``"0-3"`` or ``"0-3,6"``. Raises ValueError saying what is
    allowed."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ValueError("is no VF index: " + _ALLOWED)
    found = set()
    for part in str(value).split(","):
        match = _PART.match(part.strip())
        if not match:
            raise ValueError("is no VF index: " + _ALLOWED)
        first = int(match.group(1))
        last = first if match.group(2) is None else int(match.group(2))
        if last < first:
            raise ValueError('counts backwards: write the lower VF index first, as in "%d-%d"' % (last, first))
        if last > HIGHEST_INDEX:
            raise ValueError("is beyond the highest VF index a card can have, %d" % HIGHEST_INDEX)
        indices = set(range(first, last + 1))
        if indices & found:
            raise ValueError("names VF %d twice" % min(indices & found))
        found |= indices
    return tuple(sorted(found))


def split_vf(text):
    """``(text of the physical function, indices)`` of ``PF#INDICES``. Raises ValueError."""
    pf, mark, indices = str(text).rpartition("#")
    if not mark or not pf:
        raise ValueError(
            "names no virtual function: expected the physical function, '#' and indices, such as \"enp2s0#0-3\""
        )
    try:
        return pf, parse_indices(indices)
    except ValueError as error:
        raise ValueError("the part behind '#' " + str(error)) from None


def vf_name(pf, index):
    """How a virtual function is called everywhere: ``enp2s0#3``."""
    return "%s#%d" % (pf, index)
