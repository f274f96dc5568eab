# SPDX-License-Identifier: GPL-3.0-or-later
"""What the physical function's driver keeps for each virtual function: how ``ip -d -j link`` shows it and how
ip-link(8) takes it."""

from __future__ import annotations

from .addresses import parse_mac

MAC = ("mac",)
VLAN = ("vlan", "qos", "vlan_protocol")
RATE = ("min_tx_rate", "max_tx_rate")

# What is in one group travels in one netlink attribute (IFLA_VF_VLAN_LIST, IFLA_VF_RATE) and so is written by one line.
# A line carries one group only: the kernel works through the attributes of one request in turn and stops at the first
# error (net/core/rtnetlink.c, do_setvfinfo).
GROUPS = (MAC, VLAN, ("spoofchk",), ("trust",), ("link_state",), RATE, ("query_rss",))
NAMES = tuple(name for group in GROUPS for name in group)

NO_MAC = "00:00:00:00:00:00"  # what ip-link(8) takes for: the VF may choose its own
QINQ = "802.1ad"
DOT1Q = "802.1Q"


def parse_vf_mac(text):
    """The canonical form, or NO_MAC for ``none``. Raises ValueError."""
    return NO_MAC if str(text).strip().lower() == "none" else parse_mac(text)


def group_of(name):
    return next(group for group in GROUPS if name in group)


def read_attributes(info):
    """``{name: value}`` of one entry of ``vfinfo_list``; what the driver does not tell is absent."""
    found = {}
    if info.get("address"):
        found["mac"] = info["address"].lower()
    vlan = (info.get("vlan_list") or [info])[0]  # iproute2 before 4.9 knew one VLAN and no list
    found["vlan"] = int(vlan.get("vlan") or 0)
    found["qos"] = int(vlan.get("qos") or 0)
    found["vlan_protocol"] = QINQ if str(vlan.get("protocol", "")).lower() == QINQ.lower() else DOT1Q
    rate = info.get("rate") or {}
    found["min_tx_rate"] = int(rate.get("min_tx") or 0)
    found["max_tx_rate"] = int(rate.get("max_tx") or 0)
    for name, key in (("spoofchk", "spoofchk"), ("trust", "trust"), ("query_rss", "query_rss_en")):
        if key in info:
            found[name] = bool(info[key])
    if "link_state" in info:
        found["link_state"] = info["link_state"]
    return found


def _switch(value):
    return "on" if value else "off"


def words(group, values):
    """The words behind ``ip link set dev PF vf N`` that set one group to ``values``."""
    if group == VLAN:
        said = ["vlan", str(values["vlan"]), "qos", str(values["qos"])]
        return said + (["proto", QINQ] if values["vlan_protocol"] == QINQ and values["vlan"] else [])
    if group == RATE:
        return ["min_tx_rate", str(values["min_tx_rate"]), "max_tx_rate", str(values["max_tx_rate"])]
    name = group[0]
    if name == "link_state":
        return ["state", values[name]]
    return [name, values[name] if name == "mac" else _switch(values[name])]


def merged(group, current, wished):
    """The values of a whole group after ``wished``; what is not wished stays as it is, or is the kernel's default for a
    VF that is yet to be made."""
    untouched = {"vlan": 0, "qos": 0, "vlan_protocol": DOT1Q, "min_tx_rate": 0, "max_tx_rate": 0}
    after = {name: wished.get(name, current.get(name, untouched.get(name))) for name in group}
    if group == VLAN and not after["vlan"] and "vlan_protocol" not in wished:
        after["vlan_protocol"] = DOT1Q
    return after
