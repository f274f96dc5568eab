# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a network's Open vSwitch bridge can be on this host, and with which port."""

from __future__ import annotations

from .ovs_facts import holder
from .place_of import Place
from .rules import OVS

DATAPATH = "ovs-system"  # the kernel datapath's own device, master of every port (net/openvswitch/vport-netdev.c)


def find_ovs(facts, local, uplink):
    """``(Place, None)`` or ``(None, reason)``. ``uplink``: the device that is to be the bridge's port, or None."""
    network, name = local.network, local.network.ovs.bridge
    existing = facts.device(name)
    if existing is not None and name not in facts.ovs_bridges and existing.kind != "openvswitch":
        return None, _no_bridge(facts, existing)
    if uplink is not None:
        reason = no_port(facts, name, "uplink ", uplink) or _not_alone(facts, name, uplink)
        if reason:
            return None, reason
        return Place(OVS, uplink=uplink, bridge=name, port=uplink.name, node=uplink.node), None
    ways = _ways_out(facts, name, local.beside)
    remark = None
    if not ways:
        remark = (
            "Open vSwitch bridge %s stands alone: the network lists no uplink and the bridge has no port but guests'"
        )
        remark %= name
    elif network.ovs.isolated:
        remark = (
            "isolated guests of network %s reach this host alone and not %s, a port of %s: the network lists no uplink"
        )
        remark %= (network.name, ", ".join(ways), name)
    nodes = {device.node for devices in ways.values() for device in devices}
    return Place(OVS, bridge=name, node=nodes.pop() if len(nodes) == 1 else None, remark=remark), None


def _no_bridge(facts, existing):
    if existing.kind == "tun" and facts.ovs_problem is not None:  # as the bridges of its datapath in user space are
        text = "whether %s, a tun of this host, is an Open vSwitch bridge is unknown: Open vSwitch does not answer (%s)"
        return text % (existing.name, facts.ovs_problem)
    return "%s exists on this host and is a %s, no Open vSwitch bridge" % (
        existing.name,
        existing.kind or "network card",
    )


def no_port(facts, name, what, device):
    """Why ``device`` cannot be a port of the bridge ``name``, or None. ``what``: a word for it, and a space."""
    held = holder(facts.ovs_bridges, device.name)
    if held is not None and held[0] != name:
        return "%s%s is %s of Open vSwitch bridge %s: take it out there first, it is never moved" % (
            what,
            device.name,
            "a port" if held[1] == device.name else "a part of %s, a port" % held[1],
            held[0],
        )
    if device.master == "unknown":
        return "whether %s%s is a port of something could not be read" % (what, device.name)
    if held is None and device.master not in (None, DATAPATH):
        return "%s%s is a port of %s, so it cannot be one of %s" % (what, device.name, device.master, name)
    return None


def _not_alone(facts, name, uplink):
    """Why ``uplink``, which is a port of ``name`` or of nothing, cannot be what carries its packets, or None."""
    held = holder(facts.ovs_bridges, uplink.name)
    if held is None:
        return None
    if held[1] != uplink.name:
        text = "uplink %s is a part of %s, a port of Open vSwitch bridge %s, which has it already: leave uplinks out"
        return text % (uplink.name, held[1], name)
    if facts.ovs_bridges[name][held[1]].output:
        return "uplink %s is where a mirror of %s copies to: Open vSwitch drops what else comes in there" % (
            uplink.name,
            name,
        )
    return None


def _ways_out(facts, name, beside):
    """``{port: its devices}`` of what leads from the bridge on. ``beside``: devices that other networks make its ports:
    there already or not, they count, so that the plan stays the same once it was applied.
    """
    ports = facts.ovs_bridges.get(name, {})
    found = {port: ports[port].interfaces for port in ports if ports[port].leads_on}
    for device in beside:
        if holder({name: ports}, device.name) is None:
            found[device.name] = (device.name,)
    return {
        port: [device for device in map(facts.device, sorted(found[port])) if device is not None]
        for port in sorted(found)
    }
