# SPDX-License-Identifier: GPL-3.0-or-later
"""What was moved into another network namespace, where neither sysfs nor ``ip link`` of the host shows it."""

from __future__ import annotations

import json

from .._model.errors import ApplyFailed
from .consumers_user import User

NAMED = "/run/netns"  # ip-netns(8); a namespace without a name cannot be looked into from outside
_MOST = 64  # asking each costs a process
_PAIRED = ("veth", "netkit", "vxcan")  # their link is the other end of the pair, which they don't stand on


class Namespaces:
    """The named ones, read once, when first asked."""

    def __init__(self, host):
        self._host = host
        self._cards = None
        self._upon = {}

    def _read(self):
        if self._cards is not None:
            return
        self._cards = {}
        try:
            for name in self._host.ip.namespaces()[:_MOST] if self._host.files.listdir(NAMED) else ():
                for link in self._host.ip.links_in(name):
                    place = "%s (as %s)" % (name, link.name)
                    if link.pci:
                        self._cards[link.pci] = place
                    # print_name_and_link in ip/ipaddress.c: an index instead of a name where that is in another one
                    if "link_netnsid" in link.raw and link.kind not in _PAIRED:
                        self._upon.setdefault(link.raw.get("link_index"), []).append((link.kind, place))
        except (ApplyFailed, json.JSONDecodeError):
            pass  # the name is a courtesy: that a card is elsewhere is known already

    def of_card(self, pci):
        """Where the network device of a PCI function is, in words, or None."""
        self._read()
        return self._cards.get(pci)

    def above(self, index):
        """Users that stand on the network device of this ``index``; an index may mean one of a third namespace too."""
        self._read()
        return [
            User("a %s in network namespace %s, which stands on it" % (kind or "device", place))
            for kind, place in self._upon.get(index, ())
        ]
