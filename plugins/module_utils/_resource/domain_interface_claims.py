# SPDX-License-Identifier: GPL-3.0-or-later
"""One MAC address, one virtual function and one interface ID of Open vSwitch for one NIC, over all guests of the host.
libvirt guards none of them before a guest starts, and the last never: two ports would get each other's flows."""

from __future__ import annotations

from .._model.definition_scope import LIVE, PERSISTENT
from .._model.domain_interface_port import OPENVSWITCH
from .._model.errors import Conflict

# kind of claim: (what it is called, the parameter it is given by)
_KINDS = {
    "mac": ("MAC address", "mac"),
    "pci": ("virtual function", "source"),
    "interface_id": ("interface ID", "source.interface_id"),
}


def _wished(wish):
    """``{kind: value or None}`` of what a NIC is to have."""
    settings = wish.settings
    return {
        "mac": settings.get("mac"),
        "pci": settings.get("source", {}).get("pci"),
        "interface_id": settings.get("interface_id"),
    }


def _observed(nic):
    return {"mac": nic.mac, "pci": nic.source.get("pci"), "interface_id": nic.interface_id}


class _Claims:
    """Who will have what once everything wished is done; what a running guest keeps till its next start counts too."""

    def __init__(self, matches):
        self._claims = {kind: {} for kind in _KINDS}
        self._wished = {kind: {} for kind in _KINDS}
        self._known = {}
        for match in matches:
            for nic in (match.persistent, match.live):
                if nic is not None:
                    self._known[id(nic.element)] = match
            self._add_wish(match)

    def _add_wish(self, match):
        if not match.wish.present:
            return
        who = "NIC %s" % match.target
        for kind, value in _wished(match.wish).items():
            if value is not None:
                self._wished[kind].setdefault(value, {})[who] = match.wish.path
                self._add(kind, value, who)

    def _add(self, kind, value, who):
        if value is not None:
            self._claims[kind].setdefault(value, {})[who] = None

    def add_guest(self, guest):
        for definition in guest.definitions:
            live = definition is guest.live
            for nic in definition.nics:
                match = self._known.get(id(nic.element))
                self._add_nic(guest, nic, match, live)
        interfaces = {
            nic.source.get("pci")
            for definition in guest.definitions
            for nic in definition.nics
            if nic.type == "hostdev"
        }
        for pci in guest.host_pci_devices() - interfaces:
            self._add("pci", pci, "guest %s, which has it as a <hostdev>" % guest.name)

    def _add_nic(self, guest, nic, match, live):
        label = nic.name or nic.alias or nic.mac
        who = "NIC %s" % (match.target if match is not None else "%s/%s" % (guest.name, label))
        for kind, value in _observed(nic).items():
            if match is not None and not self._stays(match, kind, value, live):
                continue
            self._add(kind, value, who)

    @staticmethod
    def _stays(match, kind, value, live):
        """Whether an observed claim of a wished NIC outlives this run."""
        if not match.speaks_of(LIVE if live else PERSISTENT):
            return True
        if not match.wish.present:
            return False
        wished = _wished(match.wish)[kind]
        if kind == "pci" and match.wish.settings.get("type") != "hostdev":
            wished = ""
        if kind == "interface_id" and match.wish.settings.get("virtualport") != OPENVSWITCH:
            wished = ""
        if wished is None or wished == value:
            return True
        return live and not match.will_replug()

    def conflicts(self):
        for kind, (what, field) in _KINDS.items():
            for value, wishes in sorted(self._wished[kind].items()):
                others = [who for who in self._claims[kind][value] if who not in wishes]
                for path in wishes.values():
                    claimants = others + [who for who, where in wishes.items() if where != path]
                    if claimants:
                        yield "%s.%s: %s %s belongs to %s already" % (
                            path,
                            field,
                            what,
                            value,
                            " and ".join(sorted(claimants)),
                        )


def _held_netdevs(matches, state):
    """A VF that a guest does not have yet may be at work in the host."""
    for match in matches:
        pci = match.wish.settings.get("source", {}).get("pci") if match.wish.present else None
        had = {nic.source.get("pci") for nic in (match.persistent, match.live) if nic is not None}
        vf = state.vfs.get(match.wish.vf or pci)
        if pci is None or pci in had or vf is None:
            continue
        for name in vf.netdevs:
            link = state.links.get(name)
            users = [] if link is None or not link.master else ["it is a port of %s" % link.master]
            users += ["%s stands on it" % upper for upper in state.links.standing_on(name)]
            if users:
                yield "%s.source: virtual function %s is in use as %s: %s" % (
                    match.wish.path,
                    pci,
                    name,
                    ", ".join(users),
                )


def _shared_groups(matches, state):
    """A VF that a guest does not have yet, in a group that VFIO does not give it."""
    taken = [(guest, guest.host_pci_devices()) for guest in state.guests]
    for match in matches:
        pci = match.wish.settings.get("source", {}).get("pci") if match.wish.present else None
        had = {nic.source.get("pci") for nic in (match.persistent, match.live) if nic is not None}
        vf = state.vfs.get(match.wish.vf or pci)
        if pci is None or pci in had or vf is None:
            continue
        own = {
            other.wish.settings.get("source", {}).get("pci")
            for other in matches
            if other.guest.uuid == match.guest.uuid
        }
        for mate in vf.mates:
            holders = [guest for guest, devices in taken if mate.pci in devices]
            others = [guest.name for guest in holders if guest.uuid != match.guest.uuid]
            if others or (mate.in_the_way and not holders and mate.pci not in own):
                yield (
                    "%s.source: virtual function %s shares its IOMMU group with %s, which %s: a group goes to one guest, %s"
                    % (
                        match.wish.path,
                        pci,
                        mate,
                        "guest %s has" % others[0] if others else "the host uses",
                        "whole or not at all; take another VF, or a slot whose group is its own",
                    )
                )


def _frozen(matches):
    """QEMU forgets nothing, but a guest that stands still cannot let a device go: libvirt says "detached", and it is
    not."""
    for match in matches:
        if not (match.guest.paused and match.live is not None and match.speaks_of(LIVE)):
            continue
        if not match.wish.present or match.will_replug():
            yield "%s: guest %s is paused and cannot release its NIC %s: resume it first" % (
                match.wish.path,
                match.guest.name,
                match.wish.name,
            )


def refuse_conflicts(matches, state):
    """Raise Conflict with everything that somebody else has."""
    claims = _Claims(matches)
    for guest in state.guests:
        claims.add_guest(guest)
    found = list(claims.conflicts()) + list(_held_netdevs(matches, state))
    found += list(_shared_groups(matches, state)) + list(_frozen(matches))
    if found:
        raise Conflict("; ".join(found))
