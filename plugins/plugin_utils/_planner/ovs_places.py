# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a network's Open vSwitch bridge can be on this host, and with which port."""

from __future__ import annotations

from .ovs_facts import holder
from .place_of import Place
from .rules import OVS

DATAPATH = "ovs-system"  # the kernel datapath's own device, master of every port (net/openvswitch/vport-netdev.c)


def find_ovs(facts, network, uplink):
    """``(Place, None)`` or ``(None, reason)``. ``uplink``: the device that is to be the bridge's port, or None."""
    name = network.ovs.bridge
    existing = facts.device(name)
    if existing is not None and name not in facts.ovs_bridges and existing.kind != "openvswitch":
        return None, "%s exists on this host and is a %s, no Open vSwitch bridge" % (
            name,
            existing.kind or "network card",
        )
    if uplink is not None:
        reason = _no_port(facts, name, uplink)
        if reason:
            return None, reason
        return Place(OVS, uplink=uplink, bridge=name, port=uplink.name, node=uplink.node), None
    ports = _uplinks(facts, name)
    remark = None
    if not ports:
        remark = (
            "Open vSwitch bridge %s stands alone: the network lists no uplink and the bridge has no port but guests'"
        )
        remark %= name
    elif network.ovs.isolated:
        remark = (
            "isolated guests of network %s reach this host alone and not %s, a port of %s: the network lists no uplink"
        )
        remark %= (network.name, ", ".join(device.name for device in ports), name)
    nodes = {device.node for device in ports}
    return Place(OVS, bridge=name, node=nodes.pop() if len(nodes) == 1 else None, remark=remark), None


def _no_port(facts, name, uplink):
    """Why ``uplink`` cannot be a port of ``name``, or None."""
    held = holder(facts.ovs_bridges, uplink.name)
    if held is not None and held != name:
        return "uplink %s is a port of Open vSwitch bridge %s: take it out there first, it is never moved" % (
            uplink.name,
            held,
        )
    if uplink.master == "unknown":
        return "whether uplink %s is a port of something could not be read" % uplink.name
    if held is None and uplink.master not in (None, DATAPATH):
        return "uplink %s is a port of %s, so it cannot be one of %s" % (uplink.name, uplink.master, name)
    return None


def _uplinks(facts, name):
    """Devices of the host that are ports of the bridge and neither guests' nor the switch's own."""
    ports = facts.ovs_bridges.get(name, {})
    found = [facts.device(port) for port in sorted(ports) if not (ports[port].guest or ports[port].internal)]
    return [device for device in found if device is not None]
