# SPDX-License-Identifier: GPL-3.0-or-later
"""Open vSwitch's part of a plan for an administrator: bridges, mirrors, limits, and the OpenFlow of each guest's port."""

from __future__ import annotations

from ...module_utils._model.display_text import display_text
from ...module_utils._model.ovs_in_band import KEY
from .words import short


def flows_of_ports(plan):
    """``{interface id: [flow, …]}``."""
    return {port["interface_id"]: port["flows"] for bridge in plan["ovs"]["flows"] for port in bridge["guest_ports"]}


def flow_text(flow):
    """As ``ovs-ofctl add-flow`` takes it, with names of ports in braces for their numbers."""
    return "table=%d,priority=%d,%s actions=%s" % (flow["table"], flow["priority"], flow["match"], flow["actions"])


def port_lines(nic, flows):
    """Of one NIC, nothing for one that is no port of Open vSwitch."""
    if nic["attachment"] != "ovs":
        return
    yield "port: interface id %s on %s" % (nic["interface_id"], short(nic["bridge"]))
    if flows:
        yield "OpenFlow, with the numbers of ports for the names in braces:"
        for flow in flows:
            yield "    " + display_text(flow_text(flow))


def switch_lines(plan):
    """What the host is to have."""
    guarded = {entry["name"]: entry["unlisted_ports"] == "drop" for entry in plan["ovs"]["flows"]}
    if plan["ovs"].get("hw_offload") is not None:
        takers = [short(entry["device"]) for entry in plan["steering"]["devices"] if entry.get("hw_tc_offload")]
        yield "Open vSwitch hands %s" % (
            "no flows to cards"
            if not plan["ovs"]["hw_offload"]
            else "flows to %s" % (", ".join(takers) or "cards, and none of its uplinks is known to take them")
        )
    for bridge in plan["ovs"]["bridges"]:
        name = short(bridge["name"])
        ports = ", ".join(short(port["name"]) for port in bridge.get("ports", ()))
        yield "Open vSwitch bridge %s %s" % (
            name,
            "has the port%s %s" % ("s"[: "," in ports], ports) if ports else "exists",
        )
        for mirror in bridge.get("mirrors", ()):
            vlans = ", ".join(map(str, mirror["select_vlans"]))
            yield "%s gets a copy of every packet of %s%s" % (
                short(mirror["output_port"]),
                name,
                " in VLAN %s" % vlans if vlans else "",
            )
        if guarded.get(bridge["name"]):
            yield "%s lets nothing through from a guest's port whose flows are not there" % name
            yield "%s lets nothing pass its flows for the sake of a controller (%s)" % (name, KEY)
