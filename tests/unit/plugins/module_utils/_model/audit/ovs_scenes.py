# SPDX-License-Identifier: GPL-3.0-or-later
"""The aligned host with Open vSwitch beside: two guests on one bridge, each in its VLAN and with its flows."""

from __future__ import annotations

import copy

from .scenes import facts, guest, interface

ID3, ID4 = "6f2ab9a4-0c1e-5b57-9d10-1f1c9f9f0003", "6f2ab9a4-0c1e-5b57-9d10-1f1c9f9f0004"
MATCH = "in_port={port},dl_src=52:54:00:00:00:01"


def port(name, number, tag=None, **more):
    """``{name: facts of a port with one interface}``; ``more``: ``trunks``, ``vlan_mode``, and keys of the interface."""
    shown = {
        "type": "system",
        "ofport": number,
        "error": None,
        "interface_id": None,
        "attached_mac": None,
        "vm_id": None,
        "flows": 0,
    }
    settings = {
        "tag": tag,
        "trunks": more.pop("trunks", []),
        "vlan_mode": more.pop("vlan_mode", None),
        "protected": False,
    }
    return {name: dict(settings, interfaces={name: dict(shown, **more)})}


def bridge(*ports, **more):
    found = {
        "datapath_type": "system",
        "fail_mode": "secure",
        "controllers": [],
        "in_band": [],
        "mirrors": [],
        "ports": {},
    }
    for each in ports:
        found["ports"].update(each)
    return dict(found, flows={"total": 9, "ours": 6, "guest": 4, "guard": 2}, **more)


def ovs_facts():
    """``web3/inner`` is in VLAN 100 as ``vnet3``; ``web4/trunk`` has VLANs 10 and 20, and 5 untagged, as ``vnet4``."""
    found = facts()
    shown = {"trunks": None, "native_vlan": None}
    inner = interface("inner", "bridge", {"bridge": "br-t"}, target="vnet3", vlan=100, interface_id=ID3, **shown)
    trunk = interface(
        "trunk",
        "bridge",
        {"bridge": "br-t"},
        target="vnet4",
        vlan=None,
        interface_id=ID4,
        **dict(shown, trunks=[5, 10, 20], native_vlan=5),
    )
    found["libvirt"]["domains"] += [
        guest("web3", "5", inner, workers=[{"tid": 1, "interface": "inner", "queue": 0, "cpus": "7"}]),
        guest("web4", "6", trunk, workers=[{"tid": 2, "interface": "trunk", "queue": 0, "cpus": "7"}]),
    ]
    found["ovs"] = {
        "installed": True,
        "running": True,
        "version": "3.5.0",
        "hw_offload": False,
        "bridges": {
            "br-t": bridge(
                port("br-t", 65534, type="internal"),
                port("vnet3", 3, 100, interface_id=ID3, attached_mac="52:54:00:00:00:01", flows=2),
                port("vnet4", 4, 5, trunks=[10, 20], vlan_mode="native-untagged", interface_id=ID4, flows=2),
            )
        },
    }
    return copy.deepcopy(found)


def wish(*flows, **more):
    """Parameters of ovs_flows that protect ``web3``'s port by ``flows``, two that match its number where none is given."""
    listed = flows or (MATCH, "arp," + MATCH, "dl_dst=52:54:00:00:00:01")
    entry = {
        "interface_id": ID3.upper(),
        "guest": "web3",
        "protected": True,
        "flows": [{"match": match, "actions": "NORMAL"} for match in listed],
    }
    return {"ovs_flows": {"bridges": [{"name": "br-t", "guest_ports": [dict(entry, **more)]}]}}


def nic_wish(guest_name, name, **settings):
    return {"domain_interface": {"domains": [{"name": guest_name, "interfaces": [dict({"name": name}, **settings)]}]}}
