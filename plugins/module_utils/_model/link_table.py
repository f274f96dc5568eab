# SPDX-License-Identifier: GPL-3.0-or-later
"""The network devices of a host and how they stand on each other, as ``ip -d -j link show`` tells them."""

from __future__ import annotations

OWNER_ALIAS = "kvm.vnic"  # kept by the kernel as the device's ifalias: what carries it was made by us and may be purged


_PAIRED = ("veth", "netkit", "vxcan")  # their link is the other end of the pair, which they don't stand on


class Link:
    """One device. ``kind`` is rtnetlink's (``bridge``, ``vlan``, ``macvtap``, ``tun``; None for hardware); ``data`` its kind's settings."""

    def __init__(self, raw):
        info = raw.get("linkinfo") or {}
        self.raw = raw
        self.name = raw["ifname"]
        self.index = raw.get("ifindex")
        self.kind = info.get("info_kind")
        self.data = info.get("info_data") or {}
        self.mac = raw.get("address")
        self.mtu = raw.get("mtu")
        self.up = "UP" in raw.get("flags", ())
        self.carrier = "LOWER_UP" in raw.get("flags", ())
        self.master = raw.get("master")
        self.lower = None if "link_netnsid" in raw or self.kind in _PAIRED else raw.get("link")
        self.alias = raw.get("ifalias")
        self.pci = raw.get("parentdev") if raw.get("parentbus") == "pci" else None
        self.vfs = raw.get("vfinfo_list") or []

    @property
    def ours(self):
        return self.alias == OWNER_ALIAS


class LinkTable:
    """Links by name, with the questions that guards ask about who stands on whom."""

    def __init__(self, raw_links=()):
        self._links, self._ports, self._upon = {}, {}, {}
        for raw in raw_links:
            if raw.get("ifname"):
                link = Link(raw)
                self._links[link.name] = link
        for link in self:
            for below, place in ((link.master, self._ports), (link.lower, self._upon)):
                if below:
                    place.setdefault(below, []).append(link.name)

    def __iter__(self):
        return iter(self._links.values())

    def __contains__(self, name):
        return name in self._links

    def get(self, name):
        return self._links.get(name)

    def of_kind(self, kind):
        return [link for link in self if link.kind == kind]

    def ports(self, master):
        """Names of the devices enslaved to a bridge or bond, sorted."""
        return sorted(self._ports.get(master, ()))

    def standing_on(self, name):
        """Names of VLANs, macvlans, macvtaps … whose lower device is ``name``, sorted."""
        return sorted(self._upon.get(name, ()))

    def uppers(self, name):
        """Everything above ``name``, at any height: masters, and devices standing on it."""
        return self._closure(name, self._directly_above)

    def lowers(self, name):
        """Everything below ``name``: ports of a bridge or bond, the lower device of a VLAN or macvtap."""
        return self._closure(name, self._directly_below)

    def stack(self, name):
        """``name`` with everything below it and everything above any of those but what is merely beside it."""
        below = self.lowers(name)
        return {name} | below | self.uppers(name)

    def _directly_above(self, name):
        link = self._links.get(name)
        above = set(self.standing_on(name))
        if link is not None and link.master:
            above.add(link.master)
        return above

    def _directly_below(self, name):
        link = self._links.get(name)
        below = set(self.ports(name))
        if link is not None and link.lower:
            below.add(link.lower)
        return below

    @staticmethod
    def _closure(name, neighbours):
        found, queue = set(), [name]
        while queue:
            for other in neighbours(queue.pop()):
                if other not in found and other != name:
                    found.add(other)
                    queue.append(other)
        return found
