# SPDX-License-Identifier: GPL-3.0-or-later
"""Open vSwitch as an audit sees it: what is missing, ``"unknown"`` or of another type is None."""

from __future__ import annotations

from dataclasses import dataclass

from .. import reading
from . import port_vlan

NOT_ADDED = -1  # ovs-vswitchd.conf.db(5), column ofport of Interface: the interface could not be added


@dataclass(frozen=True)
class Port:
    """One interface of a port. ``vlan``: as port_vlan has it; ``flows``: how many of our flows for guests are installed
    for it; each None when unknown."""

    bridge: str
    port: str
    name: str
    vlan: object
    ofport: object
    error: object
    interface_id: object
    attached_mac: object
    flows: object


@dataclass(frozen=True)
class Bridge:
    """``guarded``: whether it drops what comes from guests' ports without flows of their own; ``in_band``: controllers and
    managers for which it lets packets through ahead of all flows."""

    name: str
    datapath_type: object
    guarded: object
    in_band: tuple


class OpenVswitch:
    """``bridges``: ``{name: Bridge}``; ``ports``: all interfaces of all ports, in the order of the facts; ``hw_offload``:
    whether it is to hand flows to cards, None when unknown."""

    def __init__(self, raw):
        raw = reading.mapping(raw)
        self.installed = reading.flag(raw.get("installed"))
        self.running = reading.flag(raw.get("running"))
        self.hw_offload = reading.flag(raw.get("hw_offload"))
        self.bridges, self.ports = {}, []
        for name, bridge in reading.mapping(raw.get("bridges")).items():
            bridge = reading.mapping(bridge)
            guard = reading.whole(reading.mapping(bridge.get("flows")).get("guard"))
            kind = reading.text(bridge.get("datapath_type"))
            in_band = tuple(one for one in reading.listed(bridge.get("in_band")) if isinstance(one, str))
            self.bridges[name] = Bridge(name, kind, None if guard is None else guard > 0, in_band)
            for port, settings in reading.mapping(bridge.get("ports")).items():
                self.ports += _interfaces(name, port, reading.mapping(settings))

    def port_of(self, interface):
        """The :class:`Port` of a guest's NIC: its device on the host, or else the one that carries its interface ID; None
        where there is none."""
        for port in self.ports:
            if interface.target is not None and port.name == interface.target:
                return port
        return next(iter(self.ports_with(interface.interface_id)), None)

    def ports_with(self, interface_id, bridge=None):
        """The port of an interface ID in lower case, several where a guest was copied; on ``bridge`` alone, where that is
        given. What a power cut left of an earlier one has the same and no number: it counts where there is no other."""
        found = [
            port
            for port in self.ports
            if interface_id is not None and port.interface_id == interface_id and bridge in (None, port.bridge)
        ]
        return [port for port in found if (port.ofport or NOT_ADDED) > 0] or found[:1]


def _interfaces(bridge, port, settings):
    vlan = port_vlan.of_port(settings)
    for name, raw in reading.mapping(settings.get("interfaces")).items():
        raw = reading.mapping(raw)
        number = raw.get("ofport")
        yield Port(
            bridge=bridge,
            port=port,
            name=name,
            vlan=vlan,
            ofport=number if isinstance(number, int) and not isinstance(number, bool) else None,
            error=reading.text(raw.get("error")),
            interface_id=(reading.text(raw.get("interface_id")) or "").lower() or None,
            attached_mac=reading.text(raw.get("attached_mac")),
            flows=reading.whole(raw.get("flows")),
        )
