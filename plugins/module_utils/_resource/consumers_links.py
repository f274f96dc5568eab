# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the host's own network uses a network device: bridges, bonds, devices on top, addresses, routes."""

from __future__ import annotations

from .._model.errors import ApplyFailed
from .consumers_user import User

_PORT_OF = {
    "bond": "member of bond %s",
    "team": "member of team %s",
    "openvswitch": "port of Open vSwitch (%s)",
    "bridge": "port of bridge %s",
}


class LinkUses:
    def __init__(self, host, links):
        self._host = host
        self._links = links
        self._addresses = None
        self._routes = None

    def above(self, name):
        """Devices that stand on ``name``."""
        return [User("%s, which stands on it" % upper) for upper in self._links.standing_on(name)]

    def ports(self, name):
        return [User("port %s" % port) for port in self._links.ports(name)]

    def master(self, name):
        link = self._links.get(name)
        if link is None or not link.master:
            return []
        master = self._links.get(link.master)
        return [User(_PORT_OF.get(master.kind if master else None, "port of %s") % link.master)]

    def addresses(self, name):
        if self._addresses is None:
            self._addresses = {}
            for device in self._host.ip.addresses():
                found = [
                    "%s/%s" % (info["local"], info.get("prefixlen"))
                    for info in device.get("addr_info", ())
                    if info.get("scope") == "global"
                ]
                self._addresses[device["ifname"]] = found
        return [User("address %s" % address) for address in self._addresses.get(name, ())]

    def routes(self, name, announced=True):
        """``announced``: with those that a router's announcement made, as it does on every device that hears it."""
        if self._routes is None:
            self._routes = {}
            for family in ("-4", "-6"):
                try:
                    routes = self._host.ip.routes(family)
                except ApplyFailed:  # a kernel without IPv6
                    continue
                for route in routes:
                    for hop in [route] + list(route.get("nexthops") or ()):
                        if hop.get("dev") and not route.get("dst", "").startswith(
                            ("fe80:", "ff00:")
                        ):  # every device that is up has those
                            found = (route.get("dst", ""), route.get("protocol") == "ra")
                            self._routes.setdefault(hop["dev"], []).append(found)
        return [
            User("route to %s" % destination)
            for destination, from_router in self._routes.get(name, ())
            if announced or not from_router
        ]

    def programs(self, name):
        link = self._links.get(name)
        return [User("an XDP program on it")] if link is not None and link.raw.get("xdp") else []
