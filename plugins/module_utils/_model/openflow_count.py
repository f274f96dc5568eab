# SPDX-License-Identifier: GPL-3.0-or-later
"""Flows of a bridge, counted by whose they are."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .openflow_cookie import GUARD, GUEST, cookie_of, is_ours, kind_of

# Lines of ovs-ofctl(8)'s dump-flows: " cookie=0x1, table=3, priority=100,arp,in_port=4 actions=NORMAL"; a cookie of 0 is
# left out with --no-stats (lib/ofp-flow.c, ofputil_flow_stats_format).
_COOKIE = re.compile(r"^ ?cookie=(0x[0-9a-fA-F]+)", re.ASCII)
_IN_PORT = re.compile(r"[, ]in_port=(\d+)[, ]", re.ASCII)
_ACTIONS = "actions="


@dataclass(frozen=True)
class FlowCount:
    """``ours``: of every kind; ``received``: ``{(cookie, OpenFlow port): how many guests' flows match what it
    receives}``."""

    total: int
    ours: int
    guest: int
    guard: int
    received: dict = field(default_factory=dict, repr=False)

    def of_port(self, interface_id, ofport):
        """How many of the flows for the guest's port ``interface_id`` match what port ``ofport`` receives. Those with
        another number were for the port that it had before its guest restarted, or that had the number before it."""
        return self.received.get((cookie_of(GUEST, interface_id.lower()), ofport), 0) if interface_id else 0


def count_flows(text):
    """The :class:`FlowCount` of what ``dump-flows --no-names`` printed."""
    total, ours, kinds, received = 0, 0, {GUEST: 0, GUARD: 0}, {}
    for line in text.splitlines():
        match, has_actions, _actions = line.partition(_ACTIONS)
        if not has_actions:
            continue  # the reply's head
        total += 1
        found = _COOKIE.match(match)
        cookie = int(found.group(1), 16) if found else 0
        if not is_ours(cookie):
            continue
        ours += 1
        kind, port = kind_of(cookie), _IN_PORT.search(match)
        if kind in kinds:
            kinds[kind] += 1
        if kind == GUEST and port:
            key = cookie, int(port.group(1))
            received[key] = received.get(key, 0) + 1
    return FlowCount(total, ours, kinds[GUEST], kinds[GUARD], received)
