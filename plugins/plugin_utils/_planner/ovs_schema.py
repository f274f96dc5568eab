# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of the inventory's schema that is about Open vSwitch: keys of a switch, and of an interface on one."""

from __future__ import annotations

import ipaddress

from ...module_utils._model.fields import VLAN_RANGE
from ...module_utils._model.names import parse_own_interface_name
from .nodes import Choice, Flag, Items, Key, Record, Text, Whole

MOST_MBIT = 400000
DATAPATHS = ("system", "netdev")
FAIL_MODES = ("standalone", "secure", "none")
# What no packet on a network comes from: no address yet, this host itself, groups, everybody (RFC 6890, RFC 4291)
_NOBODYS = tuple(
    map(ipaddress.ip_network, ("0.0.0.0", "127.0.0.0/8", "224.0.0.0/4", "255.255.255.255", "::", "::1", "ff00::/8"))
)


def parse_source(text):
    """An address, or a network of them, that a guest may send from: ``10.0.0.5``, ``10.0.8.0/24``, ``2001:db8::5``."""
    address, percent, scope = text.strip().partition("%")
    if percent:
        raise ValueError("has a scope, which is a host's own business: write it without %%%s" % scope.partition("/")[0])
    try:
        found = ipaddress.ip_network(address)
    except ValueError:
        raise ValueError(
            'is no IP address: expected one such as "192.0.2.10" or "2001:db8::10", or a network without host bits such '
            'as "192.0.2.0/24"'
        ) from None
    if found.prefixlen == 0:
        raise ValueError("are all addresses there are: leave addresses out to let the guest send from any")
    single = found.prefixlen == found.max_prefixlen
    for nobodys in _NOBODYS:
        if nobodys.version == found.version and nobodys.overlaps(found):
            if single:
                raise ValueError("is no address that anybody sends from: expected a unicast address")
            shared = nobodys if nobodys.prefixlen > found.prefixlen else found
            raise ValueError(
                "takes in %s, which nobody sends from: expected a network of unicast addresses" % _plain(shared)
            )
    return _plain(found)


def _plain(network):
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


_VLAN = Whole("VLAN", VLAN_RANGE[0], VLAN_RANGE[1], "100")
_MBIT = Whole("number of Mbit/s", 0, MOST_MBIT, "1000")

RATE_LIMIT = Record(
    "a rate limit",
    {
        "to_guest_mbit": Key(_MBIT, "the most that the guest receives, in Mbit/s; 0 for no limit"),
        "from_guest_mbit": Key(_MBIT, "the most that the guest sends, in Mbit/s; 0 for no limit"),
    },
    empty="limits nothing: give to_guest_mbit, from_guest_mbit, or both",
)

SWITCH_KEYS = {
    "ovs": Key(
        Text("Open vSwitch bridge", "br-tenant", parse_own_interface_name),
        "an Open vSwitch bridge, made where it does not exist; the uplink becomes its port",
    ),
    "trunks": Key(Items(_VLAN, "VLANs"), "VLANs that the guests see tagged; the network's vlan is then their untagged"),
    "anti_spoofing": Key(
        Flag(), "whether guests may send with their own MAC address and, where stated, IP addresses only", default=False
    ),
    "isolated": Key(Flag(), "whether guests reach the uplink only, never one another", default=False),
    "mirror_to": Key(
        Text("port", "capture0", parse_own_interface_name),
        "the port of the bridge that gets a copy of every packet of this network",
    ),
    "datapath_type": Key(Choice("datapath", DATAPATHS), "the bridge's datapath: the kernel's or one in user space"),
    "fail_mode": Key(Choice("fail mode", FAIL_MODES), "what the bridge does without its controller"),
    "hw_offload": Key(Flag(), "whether Open vSwitch hands flows to cards; it has one such setting for the whole host"),
}

INTERFACE_KEYS = {
    "addresses": Key(
        Items(Text("IP address", '"192.0.2.10"', parse_source), "IP addresses"),
        "what the guest may send from, where the network has anti_spoofing; any without",
        default=[],
    ),
    "rate_limit": Key(RATE_LIMIT, "the most that passes the port of Open vSwitch"),
    "trunks": Key(Items(_VLAN, "VLANs"), "VLANs that this NIC sees tagged, instead of the network's", default=[]),
}
