# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that choose the queue by destination address, as ``ethtool -n`` prints them (ethtool, rxclass.c)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FILTER = re.compile(r"^Filter: (\d+)$", re.MULTILINE)
_MAC = re.compile(r"^\s*Dest MAC addr: ([0-9A-Fa-f:]{17}) mask: 00:00:00:00:00:00$", re.MULTILINE)
_ANY_SOURCE = re.compile(r"^\s*Src MAC addr: \S+ mask: FF:FF:FF:FF:FF:FF$", re.MULTILINE | re.IGNORECASE)
_ANY_TYPE = re.compile(r"^\s*Ethertype: \S+ mask: 0xFFFF$", re.MULTILINE | re.IGNORECASE)
_QUEUE = re.compile(r"^\s*Action: Direct to queue (\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class MacRule:
    """Packets for ``mac`` go to ``queue``; ``location``: the filter's number."""

    mac: str
    queue: int
    location: int


def parse_mac_rules(text):
    """The :class:`MacRule` of ``ethtool -n``; filters of any other kind are somebody else's and left out."""
    pieces = _FILTER.split(text)
    found = []
    for location, body in zip(pieces[1::2], pieces[2::2]):
        mac, queue = _MAC.search(body), _QUEUE.search(body)
        if "Flow Type: Raw Ethernet" in body and mac and queue and _ANY_SOURCE.search(body) and _ANY_TYPE.search(body):
            found.append(MacRule(mac.group(1).lower(), int(queue.group(1)), int(location)))
    return found
