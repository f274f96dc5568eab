# SPDX-License-Identifier: GPL-3.0-or-later
"""This collection's way: a task for each kind of thing, however many there are."""

from __future__ import annotations

from . import wishes


def macvtaps(pfs):
    links = [dict(link, mode="bridge") for link in wishes.macvtaps(pfs)]
    return [{"kvm.vnic.macvtap": {"lower_devices": [{"name": pfs[0]["name"]}], "macvtaps": links}}]


def taps(_pfs, bridge=None):
    names = wishes.taps()
    bridge = bridge or {"name": wishes.BRIDGE}
    return [
        {"kvm.vnic.tap": {"taps": [{"name": name} for name in names]}},
        {"kvm.vnic.bridge": {"bridges": [dict(bridge, ports=names)]}},
    ]


def vfs(pfs):
    counts = [{"pf": pf["name"], "num_vfs": pf["total"], "autoprobe": False} for pf in pfs]
    return [{"kvm.vnic.sriov": {"pfs": counts, "vfs": wishes.vfs(pfs)}}]


def _interface(nic):
    known = {key: nic[key] for key in ("name", "mac", "mtu") if key in nic}
    if "bridge" in nic:
        return dict(known, type="bridge", source={"bridge": nic["bridge"]})
    return dict(known, type="direct", source={"device": nic["device"], "mode": "bridge"})


def guests(pfs, edited=False):
    domains = [
        {"name": name, "interfaces": [_interface(nic) for nic in nics]}
        for name, nics in wishes.guests(pfs, edited).items()
    ]
    return [{"kvm.vnic.domain_interface": {"domains": domains}}]


def ovs_ports():
    ports = [dict(port, type="internal") for port in wishes.ovs_ports()]
    return [{"kvm.vnic.ovs_bridge": {"bridges": [{"name": wishes.OVS_BRIDGE, "ports": ports}]}}]


def ovs_flows():
    return [{"kvm.vnic.ovs_flows": {"bridges": [{"name": wishes.OVS_FLOW_BRIDGE, "flows": wishes.ovs_flows()}]}}]
