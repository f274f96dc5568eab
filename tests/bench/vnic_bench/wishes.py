# SPDX-License-Identifier: GPL-3.0-or-later
"""What each way of working is asked for: plain data, the same for all three."""

from __future__ import annotations

MACVTAPS = 64
TAPS = 64
GUESTS = 16
NICS = 4
BRIDGE = "b-taps"
GUEST_BRIDGE = "b-guests"
EDITED = 7
EDITED_MTU = 1400
OVS_BRIDGE = "b-ovs"
OVS_PORTS = 200
OVS_FLOW_BRIDGE = "b-ovs-flows"
OVS_FLOWS = 1000
ATTACHED = "attached"  # the profile of guests that get their NICs and are placed nowhere
_LEAVE = {
    "irq_cpu": "leave", "vhost_cpu": "leave", "vcpu_cpu": "leave", "memory": "leave", "host_rss": "keep", "host_rps": "keep",
}  # fmt: skip
PROFILES = {ATTACHED: {"rules": {name: {"value": value} for name, value in _LEAVE.items()}}}


def mac(kind, number):
    return "52:54:00:be:%02x:%02x" % (kind, number)


def macvtaps(pfs):
    """On the first port of the card."""
    return [
        {"name": "b-mvt%02d" % number, "lower": pfs[0]["name"], "mac": mac(1, number)} for number in range(MACVTAPS)
    ]


def taps():
    return ["b-tap%02d" % number for number in range(TAPS)]


def vfs(pfs):
    """All VFs of all ports, each with settings that are not the defaults."""
    return [
        {
            "pf": pf["name"],
            "index": index,
            "mac": mac(2 + port, index),
            "vlan": 100 + index,
            "trust": True,
            "spoofchk": False,
        }
        for port, pf in enumerate(pfs)
        for index in range(pf["total"])
    ]


def nics(guest, pfs, mtu=None):
    """Of the guest with that number: two on a bridge, two on a macvtap; ``mtu`` is the first one's."""
    found = []
    for number in range(NICS):
        nic = {"name": "n%d" % number, "mac": mac(16 + guest, number)}
        nic.update({"bridge": GUEST_BRIDGE} if number % 2 == 0 else {"device": pfs[0]["name"]})
        found.append(dict(nic, mtu=mtu) if mtu and number == 0 else nic)
    return found


def guests(pfs, edited=False):
    """Name to NICs; ``edited``: one NIC of one guest has another MTU."""
    return {
        "bench-%02d" % number: nics(number, pfs, EDITED_MTU if edited and number == EDITED else None)
        for number in range(GUESTS)
    }


def ovs_ports():
    """Ports of the type ``internal``: the only one that needs no device beforehand and is in the kernel's datapath."""
    return [
        {"name": "b-ov%03d" % number, "tag": 100 + number, "external_ids": {"owner": "bench", "rack": "r%d" % number}}
        for number in range(OVS_PORTS)
    ]


def ovs_flows():
    """What keeps guests to their addresses: by turns a port's ARP and its IPv4."""
    flows = []
    for port in range(1, OVS_FLOWS // 2 + 1):
        address = "198.18.%d.%d" % divmod(port, 256)
        source = "in_port=%d,dl_src=52:54:00:bf:%02x:%02x" % ((port,) + divmod(port, 256))
        for match in ("arp,%s,arp_spa=%s" % (source, address), "ip,%s,nw_src=%s" % (source, address)):
            flows.append({"table": 0, "priority": 100, "match": match, "actions": "NORMAL"})
    return flows
