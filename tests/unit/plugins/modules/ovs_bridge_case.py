# SPDX-License-Identifier: GPL-3.0-or-later
"""A host with Open vSwitch, and the module on it."""

from __future__ import annotations

import copy

from ansible_collections.kvm.vnic.plugins.module_utils._resource.ovs_bridge import OvsBridge
from ansible_collections.kvm.vnic.plugins.modules import ovs_bridge
from ansible_collections.kvm.vnic.tests.unit.memory_host.addressed_ip import AddressedIp
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module
from ansible_collections.kvm.vnic.tests.unit.memory_host.ovs import MemoryOvs
from ansible_collections.kvm.vnic.tests.unit.memory_host.undoing import run_there_and_back


def ovs_host():
    host = MemoryHost()
    host.kernel = host.commands.tools["ip"] = AddressedIp()
    for name in ("enp1s0", "enp2s0", "enp3s0"):
        host.kernel.add(name, up=True)
    host.ovs_memory = MemoryOvs(host)
    return host


def picture(host):
    """All that lasts, rows by their names in place of their identities."""
    rows, identities = host.ovs_memory.rows, ("_uuid", "next_cfg", "cur_cfg", "error")

    def resolved(table, uuid, names):
        return told(table, rows[table][uuid]) if names is None else names[uuid]

    def told(table, row):
        found = {key: value for key, value in row.items() if key not in identities}
        ports = {uuid: port["name"] for uuid, port in rows["Port"].items()}
        for key, kind, names in REFERENCES.get(table, ()):
            found[key] = sorted((resolved(kind, uuid, names and ports) for uuid in found[key]), key=str)
        if table == "QoS":
            found["queues"] = {number: told("Queue", rows["Queue"][uuid]) for number, uuid in found["queues"].items()}
        if table == "Bridge":
            found["datapath_type"] = found["datapath_type"] or "system"  # both mean the same
        return found

    database = {row["name"]: told("Bridge", row) for row in rows["Bridge"].values()}
    settings = dict(host.ovs_memory.named("Open_vSwitch", ".")["other_config"])
    settings["hw-offload"] = settings.get("hw-offload", "").lower() == "true"  # as the switch reads it
    left = sorted(str(told("QoS", row)) for row in rows["QoS"].values())
    links = {
        name: (sorted(link["flags"]), link.get("master"))
        for name, link in host.kernel.links.items()
        if name != "ovs-system"
    }
    held = {
        entry["ifname"]: sorted(map(str, entry["addr_info"])) for entry in host.kernel.addresses if entry["addr_info"]
    }
    routes = sorted(str(sorted(route.items(), key=str)) for route in host.kernel.routes + host.kernel.routes6)
    return copy.deepcopy(
        {
            "bridges": database,
            "settings": settings,
            "qos": left,
            "queues": len(rows["Queue"]),
            "links": links,
            "held": held,
            "routes": routes,
        }
    )


REFERENCES = {
    "Bridge": (("ports", "Port", None), ("controller", "Controller", None), ("mirrors", "Mirror", None)),
    "Port": (("interfaces", "Interface", None), ("qos", "QoS", None)),
    "Mirror": (("select_src_port", "Port", 1), ("select_dst_port", "Port", 1), ("output_port", "Port", 1)),
}


def run(host, *bridges, **more):
    """``back``: whether what it changes is led back and done again on the way."""
    check, diff, back = more.pop("check", False), more.pop("diff", False), more.pop("back", True)
    wish = dict(more, bridges=list(bridges))
    if not back:
        return run_module(ovs_bridge.main, host, wish, check=check, diff=diff)
    return run_there_and_back(ovs_bridge.main, OvsBridge(), picture, host, wish, check=check, diff=diff)


def fields(result):
    return [(action["target"], action["field"]) for action in result["actions"]]


def again(host, *bridges, **more):
    """Run a second time: nothing may change, and nothing may be written."""
    writes, lines, calls = list(host.ovs_memory.writes), list(host.kernel.writes), len(host.commands.calls)
    result = run(host, *bridges, **more)
    assert not result["failed"] and not result["changed"] and result["actions"] == [], result
    assert host.ovs_memory.writes == writes and host.kernel.writes == lines
    assert sum(call[0] == "ovs-vsctl" for call in host.commands.calls[calls:]) == 1
    return result
