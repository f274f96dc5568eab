# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's addresses and routes, from a device that becomes a port to its bridge's internal port."""

from __future__ import annotations

from dataclasses import dataclass

from .._model.errors import Conflict

_FOREVER = 4294967295  # include/net/addrconf.h, INFINITY_LIFE_TIME


@dataclass(frozen=True)
class Move:
    """``addresses``, ``routes``: words after ``address`` and ``route`` without the verb and the device; ``bridge``: None for
    what was on the device and goes nowhere."""

    device: str
    bridge: str
    addresses: tuple
    routes: tuple

    @classmethod
    def of(cls, device, bridge, addresses, routes):
        """From what ``ip -j`` printed. Raises Conflict for a route that cannot be told again."""
        words = tuple(_address(info) for info in addresses)
        kept = [route for route in routes if route.get("protocol") != "kernel"]  # those come with their addresses
        kept.sort(key=lambda route: "gateway" in route)  # a gateway must be reachable already
        return cls(device, bridge, words, tuple(route_words(route, device) for route in kept))

    def arrive(self):
        """Lines that give the bridge the addresses; the device still has them."""
        yield ["link", "set", "dev", self.bridge, "up"]
        for words in self.addresses:
            yield ["address", "add"] + list(words) + ["dev", self.bridge] + (["nodad"] if ":" in words[0] else [])

    def leave(self):
        """Lines that take them from the device, and turn the routes round. With the first address of a network the
        kernel may take the others (ip-sysctl, promote_secondaries), so that it goes last."""
        for words in reversed(self.addresses):
            yield ["address", "delete", words[0], "dev", self.device]
        yield from self._routes(self.bridge)

    def undo(self):
        """Lines that lead back from wherever it stopped; those that find nothing to do fail, and that is well."""
        for words in self.addresses:
            yield ["address", "add"] + list(words) + ["dev", self.device] + (["nodad"] if ":" in words[0] else [])
        for words in reversed(self.addresses if self.bridge else ()):
            yield ["address", "delete", words[0], "dev", self.bridge]
        yield from self._routes(self.device)

    def _routes(self, device):
        for words in self.routes:
            yield ["route", "replace"] + list(words) + ["dev", device]


def _address(info):
    words = ["%s/%d" % (info["local"], info["prefixlen"])]
    if info.get("broadcast"):
        words += ["broadcast", info["broadcast"]]
    for key, word in (("valid_life_time", "valid_lft"), ("preferred_life_time", "preferred_lft")):
        if info.get(key, _FOREVER) != _FOREVER:
            words += [word, str(info[key])]
    return tuple(words)


def route_words(route, device):
    """Raises Conflict for what cannot be told again."""
    if route.get("nexthops") or route.get("via") or route.get("encap") or route.get("type", "unicast") != "unicast":
        raise Conflict(
            "the route to %s over %s has more than one next hop or a form that is not moved: move the addresses of %s by the host's own network configuration"
            % (route.get("dst"), device, device)
        )
    target = route["dst"]
    if target == "default" and route.get("family") == "-6":
        target = "::/0"  # the word does not tell its family
    words = [target]
    words += ["via", route["gateway"]] if route.get("gateway") else []
    for key, word in (("metric", "metric"), ("protocol", "proto"), ("prefsrc", "src"), ("scope", "scope")):
        if route.get(key) is not None:
            words += [word, str(route[key])]
    return tuple(words + (["onlink"] if "onlink" in (route.get("flags") or ()) else []))
