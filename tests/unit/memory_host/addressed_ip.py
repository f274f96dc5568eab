# SPDX-License-Identifier: GPL-3.0-or-later
"""``ip`` that also gives and takes addresses and routes."""

from __future__ import annotations

from .iproute import MemoryIp
from .upper_devices import Refused


def give(kernel, device, *addresses):
    """Put addresses (``192.0.2.1/24``) on a device as if they had always been there."""
    for address in addresses:
        local, length = address.split("/")
        _infos(kernel, device).append(
            {
                "family": "inet6" if ":" in local else "inet",
                "local": local,
                "prefixlen": int(length),
                "scope": "global",
                "valid_life_time": 4294967295,
                "preferred_life_time": 4294967295,
            }
        )


def held(kernel, device):
    """The addresses of a device."""
    return ["%s/%d" % (info["local"], info["prefixlen"]) for info in _infos(kernel, device)]


def _infos(kernel, device):
    for entry in kernel.addresses:
        if entry["ifname"] == device:
            return entry["addr_info"]
    kernel.addresses.append({"ifname": device, "addr_info": []})
    return kernel.addresses[-1]["addr_info"]


class AddressedIp(MemoryIp):
    """``routes6``: of IPv6; a route to somewhere over a gateway needs an address on its device."""

    def __init__(self):
        super().__init__()
        self.routes6 = []

    def forget(self, name):
        """What goes with a device."""
        self.addresses[:] = [entry for entry in self.addresses if entry["ifname"] != name]
        for routes in (self.routes, self.routes6):
            routes[:] = [route for route in routes if route.get("dev") != name]

    def __call__(self, argv, stdin):
        if "-6" in argv and "route" in argv:
            kept, self.routes = self.routes, self.routes6
            try:
                return super().__call__([word for word in argv if word != "-6"], stdin)
            finally:
                self.routes = kept
        return super().__call__(argv, stdin)

    def _address_add(self, words):
        device = words[words.index("dev") + 1]
        self.get(device)
        if words[0] in held(self, device):
            raise Refused("RTNETLINK answers: File exists")
        give(self, device, words[0])

    def _address_delete(self, words):
        assert words[1] == "dev", words
        infos = _infos(self, words[2])
        found = [info for info in infos if "%s/%d" % (info["local"], info["prefixlen"]) == words[0]]
        if not found:
            raise Refused("RTNETLINK answers: Cannot assign requested address")
        infos.remove(found[0])

    def _route_replace(self, words):
        target, pairs = words[0], [word for word in words[1:] if word != "onlink"]
        given = dict(zip(pairs[::2], pairs[1::2]))
        assert set(given) <= {"via", "metric", "proto", "src", "scope", "dev"}, words
        six = ":" in target + given.get("via", "")
        if "via" in given and not held(self, given["dev"]):
            raise Refused("Error: Nexthop has invalid gateway.")
        routes = self.routes6 if six else self.routes
        target = "default" if target == "::/0" else target
        routes[:] = [
            route for route in routes if (route["dst"], str(route.get("metric"))) != (target, str(given.get("metric")))
        ]
        route = {"dst": target, "dev": given["dev"], "protocol": given.get("proto", "boot"), "flags": []}
        route.update({key: given[word] for word, key in (("via", "gateway"), ("src", "prefsrc")) if word in given})
        if "metric" in given:
            route["metric"] = int(given["metric"])
        routes.append(route)
