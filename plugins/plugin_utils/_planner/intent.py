# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user wants, validated and normalised: the same for every host of the fleet."""

from __future__ import annotations

from dataclasses import dataclass, field

from .cpu_nodes import AUTO
from .ovs_intent import PortWish, ovs_switch, port_wish
from .profiles import Profile


@dataclass(frozen=True)
class Uplink:
    """``vfs``: the number stated, or None. ``path``: where it was written, for messages."""

    selector: object
    vfs: object
    path: str


@dataclass(frozen=True)
class Network:
    """``bridge``: a Linux bridge's name, or None; ``ovs``: an :class:`OvsSwitch`, or None."""

    name: str
    uplinks: tuple
    bridge: object
    ovs: object
    vlan: object
    mtu: object
    path: str


@dataclass(frozen=True)
class Nic:
    """``mac``: given by the inventory or made of guest and name; ``stated_mac``: whether the inventory gave it."""

    guest: str
    name: str
    network: str
    requires: tuple
    mac: str
    stated_mac: bool
    model: object
    backend: object
    port: PortWish
    path: str

    def __str__(self):
        return "%s/%s" % (self.guest, self.name)


@dataclass(frozen=True)
class Guest:
    """``host``: where the guest will be defined, if the inventory says so; ``nics``: by name."""

    name: str
    uuid: object
    host: object
    nics: tuple
    path: str


@dataclass(frozen=True)
class Intent:
    """``guests`` in order of name. ``housekeeping``: the CPUs stated for the host itself, or None."""

    profile: Profile
    networks: dict
    guests: tuple
    purge: bool
    housekeeping: object
    strict: bool
    by_name: dict = field(repr=False, compare=False, default_factory=dict)
    by_uuid: dict = field(repr=False, compare=False, default_factory=dict)
    by_host: dict = field(repr=False, compare=False, default_factory=dict)


def assemble(read, profile, macs):
    """The :class:`Intent` of a read inventory that has no problems. ``macs``: ``{(guest, nic): address}``."""
    networks = {}
    for name, entry in read["networks"].items():
        path = "vnic_networks.%s" % name
        uplinks = (
            Uplink(uplink["device"], uplink["vfs"], "%s.uplinks[%d]" % (path, index))
            for index, uplink in enumerate(entry["uplinks"])
        )
        ordered = tuple(sorted(uplinks, key=lambda uplink: uplink.selector))
        switch = entry["switch"] or {}
        networks[name] = Network(
            name, ordered, switch.get("bridge"), ovs_switch(switch), entry["vlan"], entry["mtu"], path
        )
    guests = []
    for index, entry in enumerate(read["guests"]):
        path = "vnic_guests[%d]" % index
        nics = tuple(
            sorted(
                (_nic(entry["name"], nic, macs, path, at) for at, nic in enumerate(entry["interfaces"])),
                key=lambda nic: nic.name,
            )
        )
        guests.append(Guest(entry["name"], entry["uuid"], entry["host"], nics, path))
    guests.sort(key=lambda guest: guest.name)
    hosts = {}
    for guest in guests:
        if guest.host is not None:
            hosts.setdefault(guest.host, []).append(guest)
    return Intent(
        profile=profile,
        networks=networks,
        guests=tuple(guests),
        purge=read["purge"],
        housekeeping=None if read["housekeeping_cpus"] == AUTO else read["housekeeping_cpus"],
        strict=read["strict_placement"],
        by_name={guest.name: guest for guest in guests},
        by_uuid={guest.uuid: guest for guest in guests if guest.uuid is not None},
        by_host=hosts,
    )


def _nic(guest, entry, macs, path, at):
    return Nic(
        guest=guest,
        name=entry["name"],
        network=entry["network"],
        requires=tuple(sorted(set(entry["requires"]))),
        mac=macs[guest, entry["name"]],
        stated_mac=entry["mac"] is not None,
        model=entry["model"],
        backend=entry["backend"],
        port=port_wish(entry),
        path="%s.interfaces[%d]" % (path, at),
    )
