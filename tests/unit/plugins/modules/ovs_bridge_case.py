# SPDX-License-Identifier: GPL-3.0-or-later
"""A host with Open vSwitch, and the module on it."""

from __future__ import annotations

from ansible_collections.kvm.vnic.plugins.modules import ovs_bridge
from ansible_collections.kvm.vnic.tests.unit.memory_host.addressed_ip import AddressedIp
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module
from ansible_collections.kvm.vnic.tests.unit.memory_host.ovs import MemoryOvs


def ovs_host():
    host = MemoryHost()
    host.kernel = host.commands.tools["ip"] = AddressedIp()
    for name in ("enp1s0", "enp2s0", "enp3s0"):
        host.kernel.add(name, up=True)
    host.ovs_memory = MemoryOvs(host)
    return host


def run(host, *bridges, **more):
    check, diff = more.pop("check", False), more.pop("diff", False)
    return run_module(ovs_bridge.main, host, dict(more, bridges=list(bridges)), check=check, diff=diff)


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
