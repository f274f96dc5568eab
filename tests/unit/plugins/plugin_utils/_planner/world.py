# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts as host_info tells them, and what a plan makes of one: a simulator as small as the tests need."""

from __future__ import annotations

import copy

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.cpu_set import CpuSet
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import InvalidInput
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.planner import plan
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.validator import validate

TOTAL = 7


def nic(name, pci=None, **more):
    """A card without SR-IOV, or with ``total`` VFs of which ``count`` exist."""
    total, count = more.pop("total", None), more.pop("count", 0)
    device = {
        "name": name, "mac": mac_of(name), "driver": "igb" if pci else None, "pci": pci, "kind": None,
        "numa_node": None, "up": True, "mtu": 1500, "master": None, "lower": None,
        "standing_on_it": [], "physical_function": None,
        "addresses": [], "management": False, "sriov": None, "queues": {"rx": 2, "tx": 2}, "speed_mbit": 1000,
    }  # fmt: skip
    device.update(more)
    if total is not None:
        device["sriov"] = {"total": total, "count": count, "autoprobe": True, "vfs": make_vfs(device, count)}
    return device


def mac_of(name):
    return "b4:96:91:%02x:%02x:%02x" % tuple((name * 3).encode()[-3:])


def make_vfs(device, count):
    bus = int(device["pci"][5:7], 16) if device["pci"] else 0
    return [
        {
            "index": index, "pci": "0000:%02x:%02x.%d" % (bus, 16 + index // 8, index % 8), "driver": "igbvf",
            "numa_node": device["numa_node"], "iommu_group": "%s-%d" % (device["name"], index), "netdevs": [],
            "mac": None, "vlan": None, "users": [], "free": True,
        }
        for index in range(count)
    ]  # fmt: skip


def domain(name, *interfaces, pins=None, vcpus=1, uuid=None):
    return {
        "name": name, "uuid": uuid or uuid_of(name), "state": "running", "persistent": True, "saved": False,
        "vcpus": vcpus, "vcpu_pins": pins or {}, "emulator_pin": None, "cpuset": None, "interfaces": list(interfaces),
        "memory_mib": 512, "memory": None, "vhost_workers": [],
    }  # fmt: skip


def uuid_of(name):
    return "00000000-0000-4000-8000-%012x" % (int.from_bytes(name.encode()[:6].ljust(6, b"\0"), "big"))


def interface(name, mac, **more):
    entry = {"name": name, "mac": mac, "type": "bridge", "source": {"bridge": "virbr0"}, "vf": None, "vlan": None}
    return dict(entry, live=False, persistent=True, **more)


def host(*nics, domains=(), **more):
    facts = {
        "nics": list(nics),
        "iommu": {"enabled": True, "interrupt_remapping": True, "units": ["dmar0"], "posted_interrupts": False},
        "virtualization": {"apicv": False},
        "vhost_net": {"zero_copy": False},
        "cpus": {"online": "0-7", "isolated": "", "nohz_full": "", "siblings": [str(cpu) for cpu in range(8)]},
        "numa_nodes": [
            {"id": 0, "cpus": "0-3", "memory_mib": 2048, "memory_free_mib": 1024},
            {"id": 1, "cpus": "4-7", "memory_mib": 2048, "memory_free_mib": 1024},
        ],
        "ovs": {"installed": False, "running": False, "bridges": {}},
        "libvirt": {"available": True, "version": "11.3.0", "problem": None, "domains": list(domains)},
        "management_path": [],
    }
    facts.update(more)
    return facts


def guest(name, *networks, **wishes):
    """A guest of the inventory with a NIC n0, n1 … in each network."""
    nics = [dict({"name": "n%d" % at, "network": network}, **wishes) for at, network in enumerate(networks)]
    return {"name": name, "interfaces": nics}


def planned(intent, facts, host_name="hv1"):
    return plan(validate(intent), facts, host_name)


def cpus(words):
    return CpuSet.from_list(words)


def problems(intent, facts):
    """What is wrong with a valid inventory on this host."""
    with pytest.raises(InvalidInput) as caught:
        planned(intent, facts)
    return caught.value.problems


def card(name="ens2", pci="0000:41:00.0", **more):
    """A card with seven VFs to give, on node 1."""
    return nic(name, pci, **dict({"total": TOTAL, "numa_node": 1}, **more))


def use(facts, pf, index, who="the running guest other"):
    """Let somebody who is no guest of libvirt's use a VF."""
    vf = find(facts, pf)["sriov"]["vfs"][index]
    vf.update(users=[who], free=False, foreign=True)


def find(facts, name):
    return next(device for device in facts["nics"] if device["name"] == name)


def names(facts):
    return {device["name"] for device in facts["nics"]}


def applied(plan, facts):
    """``facts`` as host_info would tell them after the roles applied ``plan``."""
    facts = copy.deepcopy(facts)
    for wish in plan["pfs"]:
        _set_count(find(facts, wish["pf"]), wish["num_vfs"])
    for wish in plan["lower_devices"]:
        find(facts, wish["name"]).update({"up": True, **({"mtu": wish["mtu"]} if "mtu" in wish else {})})
    for wish in plan["vlans"]:
        if wish["name"] not in names(facts):
            below = find(facts, wish["lower"])
            facts["nics"].append(
                nic(wish["name"], kind="vlan", lower=wish["lower"], numa_node=below["numa_node"], ours=True)
            )
        find(facts, wish["name"]).update(mtu=wish.get("mtu", 1500))
    for wish in plan["bridges"]:
        if wish["name"] not in names(facts):
            facts["nics"].append(nic(wish["name"], kind="bridge", ours=True))
        for port in wish.get("ports", ()):
            find(facts, port)["master"] = wish["name"]
    for wish in plan["ovs"]["bridges"]:
        _switch(facts, wish)
    for wish in plan["domains"]:
        _attach(find_guest(facts, wish["uuid"]), wish)
    for wish in plan["pinnings"]:
        _pin(find_guest(facts, wish["uuid"]), wish)
    _count_users(facts)
    return facts


def ovs_port(*interfaces, kind="system", output_of=(), **more):
    found = dict({"type": kind, "ofport": 1, "interface_id": None, "attached_mac": None}, **more)
    return {"output_of": list(output_of), "interfaces": {name: dict(found) for name in interfaces}}


def _switch(facts, wish):
    if wish["name"] not in names(facts):
        facts["nics"].append(nic(wish["name"], kind="openvswitch"))
    bridge = facts["ovs"]["bridges"].setdefault(wish["name"], {"ports": {}})
    bridge["ports"].setdefault(wish["name"], ovs_port(wish["name"], kind="internal"))
    for port in wish.get("ports", ()):
        bridge["ports"].setdefault(port["name"], ovs_port(port["name"], kind=port.get("type", "system")))
        if port.get("type") == "internal" and port["name"] not in names(facts):
            facts["nics"].append(nic(port["name"], kind="openvswitch"))
        find(facts, port["name"])["master"] = "ovs-system"
    for mirror in wish.get("mirrors", ()):
        bridge["ports"][mirror["output_port"]]["output_of"] = [mirror["name"]]


def find_guest(facts, uuid):
    return next(guest for guest in facts["libvirt"]["domains"] if guest["uuid"] == uuid)


def _pin(guest, wish):
    guest["vcpu_pins"].update(wish.get("vcpus", {}))
    guest["emulator_pin"] = wish.get("emulator", guest["emulator_pin"])
    guest["memory"] = wish.get("memory", guest["memory"])
    if guest["state"] == "running":
        guest["vhost_workers"] = [dict(worker, kind="thread") for worker in wish.get("vhost", ())]


def _set_count(device, count):
    if device["sriov"]["count"] != count:
        device["sriov"].update(count=count, vfs=make_vfs(device, count))


def _attach(guest, wish):
    for entry in wish["interfaces"]:
        found = next((i for i in guest["interfaces"] if i["name"] == entry["name"]), None)
        found = found or next((i for i in guest["interfaces"] if i["name"] is None and i["mac"] == entry["mac"]), None)
        if found is None:
            found = interface(entry["name"], entry["mac"])
            guest["interfaces"].append(found)
        source = entry["source"]
        vf = {"pf": source["pf"], "index": source["index"]} if "pf" in source else None
        found.update(name=entry["name"], mac=entry["mac"], type=entry["type"], source=dict(source), vf=vf)
        queues = entry.get("queues", found.get("queues") or 1)
        found.update(queues=queues if queues > 1 else None)
        found.update(trunks=entry.get("trunks"), native_vlan=entry.get("native_vlan") or None)
        found.update(vlan=entry.get("vlan") or None, model=entry.get("model"), backend=entry.get("backend"))


def _count_users(facts):
    users = {}
    for guest in facts["libvirt"]["domains"]:
        for entry in guest["interfaces"]:
            if entry["vf"]:
                users.setdefault((entry["vf"]["pf"], entry["vf"]["index"]), []).append("the guest %s" % guest["name"])
    for device in facts["nics"]:
        for vf in (device["sriov"] or {}).get("vfs", ()):
            if not vf.get("foreign"):
                vf["users"] = users.get((device["name"], vf["index"]), [])
                vf["free"] = not vf["users"]
