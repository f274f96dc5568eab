# SPDX-License-Identifier: GPL-3.0-or-later
"""As much of a switch as the tests need: which of a list of flows takes a packet. That the flows mean the same to Open vSwitch
(3.1.0) was seen by ofproto/trace.
"""

from __future__ import annotations

import ipaddress

ETHERNET = {"arp": "arp", "ip": "ip", "udp": "ip", "ipv6": "ipv6", "icmp6": "ipv6"}
INNER = {"udp": "udp", "icmp6": "icmp6"}
NUMBERS = ("priority", "icmp_type", "icmp_code", "tp_src", "tp_dst", "arp_op", "dl_vlan")
# What Open vSwitch reads of neighbour discovery whose option occurs twice (lib/flow.c, parse_icmpv6)
TWICE = {"nd_target": "::", "nd_sll": "00:00:00:00:00:00", "nd_tll": "00:00:00:00:00:00"}


def packet(mac, kind=None, port="{port}", **fields):
    """``kind``: arp, ip, udp, ipv6, icmp6 or another type of Ethernet; ``vlan``: a tag, None for none; ``inner``: the
    type of a second one, behind which nothing is read (vlan-limit, ovs-vswitchd.conf.db(5)); ``twice``: whether the
    options of neighbour discovery are there two times.
    """
    return dict({"in_port": port, "dl_src": mac, "kind": kind, "vlan": None, "inner": None, "twice": False}, **fields)


def _fits(word, found):
    if word in ETHERNET:
        if found["inner"] is not None:
            return False
        same = ETHERNET.get(found["kind"]) == ETHERNET[word]
        return same and (word not in INNER or found["kind"] == INNER[word])
    key, value = word.split("=", 1)
    if key == "vlan_tci":
        assert value in ("0x1000/0x1000", "0x0000/0x1fff")
        return (found["vlan"] is not None) == (value == "0x1000/0x1000")
    if key == "dl_vlan":
        return found["vlan"] == int(value)
    if key == "dl_type":
        assert value in ("0x8100", "0x88a8")
        return found["inner"] == value
    if key not in found:
        return False
    if found["twice"] and key in TWICE:
        found = TWICE
    if key in ("nw_src", "nw_dst", "arp_spa", "arp_tpa", "ipv6_src", "nd_target"):
        return ipaddress.ip_address(found[key]) in ipaddress.ip_network(value)
    return found[key] == int(value) if key in NUMBERS else found[key] == value


def actions(flows, found):
    """The actions of the flow that takes the packet, or None."""
    fitting = [flow for flow in flows if all(_fits(word, found) for word in flow["match"].split(","))]
    highest = max((flow["priority"] for flow in fitting), default=None)
    chosen = {flow["actions"] for flow in fitting if flow["priority"] == highest}
    assert len(chosen) <= 1, "two flows of one priority disagree: which of them takes the packet is undefined"
    return chosen.pop() if chosen else None
