# SPDX-License-Identifier: GPL-3.0-or-later
"""A host of 1,152 CPUs, 256 VFs and 1,000 guests."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.modules import host_info
from ansible_collections.kvm.vnic.tests.unit.memory_host.disk import DiskHost, Function, add_cpus, add_node, add_virtual
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module

GUEST = (
    "<domain><name>guest%d</name><uuid>00000000-0000-4000-8000-%012d</uuid><vcpu>2</vcpu><devices>"
    "<interface type='bridge'><mac address='52:54:00:00:%02x:%02x'/><source bridge='br0'/><target dev='vnet%d'/>"
    "<model type='virtio'/><driver name='vhost'/></interface></devices></domain>"
)
MASK = ",".join(["00000000"] * 36)


def build(root, cpus, vfs, guests):
    host = DiskHost(root)
    add_cpus(host, "vmx ept", "GenuineIntel", online="0-%d" % (cpus - 1), cpus=range(cpus), threads=2)
    host.put("/sys/devices/system/node/online", "0-7")
    for node in range(8):
        share = cpus // 8
        add_node(host, node, "%d-%d" % (node * share, (node + 1) * share - 1), 1 << 28)
    numbers = range(1000, 1000 + cpus // 4)
    port = Function(host, "0000:81:00.0", "ice", 5)
    port.interrupts(numbers, ["ice-ens5-TxRx-%d" % queue for queue in range(cpus // 4)])
    row = " ".join(["         1"] * cpus)
    lines = ["%d: %s  IR-PCI-MSIX-0000:81:00.0 0-edge      ice-ens5-TxRx-%d" % (n, row, n - 1000) for n in numbers]
    host.put("/proc/interrupts", "\n".join([" ".join("CPU%-7d" % cpu for cpu in range(cpus))] + lines))
    port.netdev("ens5", queues=cpus // 4, masks=MASK).virtual_functions("ens5", vfs, 256, driver=None)
    host.kernel.add("br0", "bridge", up=True)
    for number in range(guests):
        add_virtual(host, "vnet%d" % number, "tun", master="br0")
        xml = GUEST % (number, number, number // 256, number % 256, number)
        host.libvirt.define(
            "guest%d" % number, "00000000-0000-4000-8000-%012d" % number, live_xml=xml, persistent_xml=xml
        )
    host.kernel.addresses = [
        {"ifname": "br0", "addr_info": [{"local": "192.0.2.1", "prefixlen": 24, "scope": "global"}]}
    ]
    host.session.address = "192.0.2.1"
    return host


def measure(host):
    """``(result, how often the file worker was asked)``."""
    calls, call = [], host.files.worker.call

    def counted(*arguments, **more):
        calls.append(arguments[0])
        return call(*arguments, **more)

    host.files.worker.call = counted
    return run_module(host_info.main, host, {}), len(calls)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    return measure(build(tmp_path_factory.mktemp("large"), 1152, 256, 1000))


def test_all_of_it_is_there(large):
    result, _calls = large
    assert not result["failed"] and result["problems"] == []
    assert result["cpus"]["online"] == "0-1151" and len(result["cpus"]["siblings"]) == 576
    assert len(result["nics"]) == 1002  # the port, the bridge and the taps; the VFs have no driver
    port = next(nic for nic in result["nics"] if nic["name"] == "ens5")
    assert port["queues"] == {"rx": 288, "tx": 288} and len(port["irqs"]) == 288
    assert [vf["index"] for vf in port["sriov"]["vfs"]] == list(range(256))
    vectors = result["interrupts"]["vectors"]
    assert len(vectors) == 288 and all(vector["count"] == 1152 for vector in vectors)
    assert [vector["queue"] for vector in vectors] == list(range(288))
    assert all(nic["management"] for nic in result["nics"] if nic["master"] == "br0")
    assert len(result["libvirt"]["domains"]) == 1000


def test_the_cost_grows_with_the_host_and_not_faster(large, tmp_path):
    _result, calls = large
    small = measure(build(tmp_path, 288, 64, 250))
    assert calls < 4.5 * small[1]
    assert calls < 8 * (256 + 1000)
