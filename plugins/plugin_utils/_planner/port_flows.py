# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenFlow for a guest's port: what it may send, and where that goes. Matches and actions as ovs-ofctl(8) and
ovs-fields(7) write them, ``{port}`` standing for the port's number, which every start of the guest changes, and
``{NAME}`` for that of another port.

All of a port's flows are in table 0, the narrowest first, and end in one that drops. What a flow lets through goes on
as on any switch (``NORMAL``); of an isolated guest it goes out of the uplink itself, because ``NORMAL`` cannot be told
which ports to spare.
"""

from __future__ import annotations

import ipaddress
from collections import namedtuple

# Above the default flow of a bridge (0) and below what an administrator states without a priority (32768).
TAGGED, HIDDEN, EXACT, REFUSED, SOURCE, REST = 20040, 20035, 20030, 20020, 20010, 20000
LOCAL = "LOCAL"
NORMAL, DROP = "NORMAL", "drop"

_NO_MAC = "00:00:00:00:00:00"  # what a message of neighbour discovery has without its link-layer option (ovs-fields(7))
# What Open vSwitch says of such a message where its option occurs twice (lib/flow.c, parse_icmpv6)
_UNREAD = "icmp_type=%d,icmp_code=0,nd_target=::"
# Types of Ethernet that a packet has to a switch which reads fewer tags than there are: one by default (vlan-limit,
# ovs-vswitchd.conf.db(5))
_TAGS = ("0x8100", "0x88a8")
_VLAN_PRESENT = 4096  # OFPVID_PRESENT (OpenFlow 1.3.5, 7.2.3.7)
_SOLICITATION, _ADVERTISEMENT = 135, 136  # of neighbours (RFC 4861); their options are fields for code 0 only
# What a host sends before it has an address: solicitations of routers, and reports of groups (RFC 4862, RFC 3810)
_BEFORE_AN_ADDRESS = (131, 133, 143)
_ROUTERS_ONLY = (134, 137)  # advertisements and redirects (RFC 4861)

PortRules = namedtuple("PortRules", "mac vlan trunks anti_spoofing isolated addresses uplink")


def link_local(mac):
    """The IPv6 address that a host makes of its MAC address (RFC 4291, appendix A)."""
    octets = [int(octet, 16) for octet in mac.split(":")]
    octets = [octets[0] ^ 2] + octets[1:3] + [0xFF, 0xFE] + octets[3:]
    return str(ipaddress.IPv6Address(bytes([0xFE, 0x80] + [0] * 6 + octets)))


def _flow(priority, match, actions):
    return {"table": 0, "priority": priority, "match": match, "actions": actions}


def port_flows(rules):
    """``[{table, priority, match, actions}]``, highest priority first. ``rules``: a :class:`PortRules`; ``uplink``: the
    bridge's port that an isolated guest reaches, by name.
    """
    if not (rules.anti_spoofing or rules.isolated):
        return [_flow(REST, "in_port={port}", NORMAL)]
    onward = _to_uplink(rules) if rules.isolated else NORMAL
    flows = []
    if not rules.trunks:
        # An access port's own tag is the switch's to add; a priority tag would pass (ofproto-dpif-xlate.c,
        # input_vid_is_valid).
        flows.append(_flow(TAGGED, "in_port={port},vlan_tci=0x1000/0x1000", DROP))
    if rules.isolated:
        flows.append(_from_uplink(rules))
    if not rules.anti_spoofing:
        return flows + [_flow(REST, "in_port={port}", onward)]
    if rules.trunks:
        # Whoever gets the packet may read on below the second tag.
        flows += [_flow(TAGGED, "in_port={port},dl_type=%s" % kind, DROP) for kind in _TAGS]
    own = "in_port={port},dl_src=%s" % rules.mac
    checks = _listed_only(rules.mac, rules.addresses) if rules.addresses else _any_address(rules.mac)
    for priority, kind, more in checks:
        match = kind + "," + own + ("," + more if more else "") if kind else own
        flows.append(_flow(priority, match, DROP if priority in (HIDDEN, REFUSED) else onward))
    return flows + [_flow(REST, "in_port={port}", DROP)]


def _to_uplink(rules):
    tag = "push_vlan:0x8100,set_field:%d->vlan_vid," % (_VLAN_PRESENT + rules.vlan) if rules.vlan else ""
    return tag + (LOCAL if rules.uplink == LOCAL else "output:{%s}" % rules.uplink)


def _from_uplink(rules):
    """The way back, which the switch has not learnt: what an isolated guest sends does not pass its table of
    addresses.
    """
    tag = "dl_vlan=%d" % rules.vlan if rules.vlan else "vlan_tci=0x0000/0x1fff"
    uplink = LOCAL if rules.uplink == LOCAL else "{%s}" % rules.uplink
    match = "in_port=%s,%s,dl_dst=%s" % (uplink, tag, rules.mac)
    return _flow(EXACT, match, ("pop_vlan," if rules.vlan else "") + "output:{port}")


def _unread():
    for number in (_SOLICITATION, _ADVERTISEMENT):
        yield HIDDEN, "icmp6", _UNREAD % number


def _any_address(mac):
    """``(priority, kind of packet, more of the match)``: any IP address, but nobody else's hardware address for it."""
    yield from _unread()
    yield EXACT, "arp", "arp_sha=%s" % mac
    yield REFUSED, "arp", ""
    for number, field in ((_SOLICITATION, "nd_sll"), (_ADVERTISEMENT, "nd_tll")):
        for link_layer in (mac, _NO_MAC):
            yield EXACT, "icmp6", "icmp_type=%d,icmp_code=0,%s=%s" % (number, field, link_layer)
        yield REFUSED, "icmp6", "icmp_type=%d" % number
    yield SOURCE, "", ""


def _listed_only(mac, addresses):
    """As :func:`_any_address`; IP from ``addresses`` and the link-local address only, and no other protocol."""
    four = [address for address in addresses if ":" not in address]
    six = [address for address in addresses if ":" in address]
    derived = link_local(mac)
    six += [] if derived in six else [derived]
    yield from _unread()
    yield EXACT, "udp", "nw_src=0.0.0.0,nw_dst=255.255.255.255,tp_src=68,tp_dst=67"
    for address in four:
        yield EXACT, "arp", "arp_spa=%s,arp_sha=%s" % (address, mac)
        # Whether the address is taken is asked without one (RFC 5227).
        yield EXACT, "arp", "arp_spa=0.0.0.0,arp_tpa=%s,arp_op=1,arp_sha=%s" % (address, mac)
        yield SOURCE, "ip", "nw_src=%s" % address
    for address in six:
        for link_layer in (mac, _NO_MAC):
            asks = (address, _SOLICITATION, link_layer)
            yield EXACT, "icmp6", "ipv6_src=%s,icmp_type=%d,icmp_code=0,nd_sll=%s" % asks
            tells = (_ADVERTISEMENT, address, link_layer)
            yield EXACT, "icmp6", "icmp_type=%d,icmp_code=0,nd_target=%s,nd_tll=%s" % tells
        taken = (_SOLICITATION, address, _NO_MAC)
        yield EXACT, "icmp6", "ipv6_src=::,icmp_type=%d,icmp_code=0,nd_target=%s,nd_sll=%s" % taken
        yield SOURCE, "ipv6", "ipv6_src=%s" % address
    for number in _BEFORE_AN_ADDRESS:
        yield EXACT, "icmp6", "ipv6_src=::,icmp_type=%d" % number
    yield REFUSED, "arp", ""
    for number in (_SOLICITATION, _ADVERTISEMENT) + _ROUTERS_ONLY:
        yield REFUSED, "icmp6", "icmp_type=%d" % number
