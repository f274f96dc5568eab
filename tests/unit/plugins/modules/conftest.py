# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._module import run
from ansible_collections.kvm.vnic.tests.unit.memory_host.disk import DiskHost, Function, add_cpus, add_node, add_virtual
from ansible_collections.kvm.vnic.tests.unit.memory_host.undone import converge_and_try_undo
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.host_info_case import release


@pytest.fixture
def lab(tmp_path):
    """The machine of the lab: AMD-V below an Intel IOMMU, two igb ports, one of them without a node."""
    host = DiskHost(tmp_path)
    release(host)
    add_cpus(host, "lm svm npt", "AuthenticAMD")
    host.put("/sys/devices/system/node/online", "0-1")
    add_node(host, 0, "0-3", 2007040)
    add_node(host, 1, "4-7", 2015232)
    host.put("/sys/module/kvm_amd/parameters/npt", "Y")
    host.put("/sys/module/kvm_amd/parameters/avic", "N")
    host.put("/dev/kvm")
    host.put("/sys/class/misc/kvm/dev", "10:232")
    host.put("/sys/class/iommu/dmar0/intel-iommu/cap", "d2008c222f0686")
    host.put("/sys/class/iommu/dmar0/intel-iommu/ecap", "f00f4a")
    host.put("/sys/kernel/irq/0/chip_name", "XT-PIC")
    host.put("/sys/kernel/irq/24/chip_name", "DMAR-MSI")
    Function(host, "0000:00:02.0", "virtio-pci").interrupts([36, 37, 38]).netdev("enp0s2", between="virtio1", speed=-1)
    port = Function(host, "0000:01:00.0", "igb", -1, "pci0000:00/0000:00:04.0", 1).interrupts(range(39, 48))
    port.netdev("enp1s0", queues=8, up=False, altnames=["enx5254001ab100"]).virtual_functions("enp1s0", 0, 7)
    port = Function(host, "0000:41:00.0", "igb", 1, "pci0000:40/0000:40:00.0", 2).interrupts([9, 48, 100])
    port.netdev("ens2", queues=2, masks="f0", speed=1000, mtu=9000).virtual_functions("ens2", 3, 7)
    add_virtual(host, "br0", "bridge")
    add_virtual(host, "ens2.100", "vlan", {"id": 100}, link="ens2", master="br0")
    host.kernel.addresses = [
        {"ifname": "enp0s2", "addr_info": [{"local": "192.0.2.1", "prefixlen": 24, "scope": "global"}]},
        {"ifname": "ens2", "addr_info": [{"local": "fe80::1", "prefixlen": 64, "scope": "link"}]},
    ]
    host.session.address = "192.0.2.1"
    fixed, hashed = (
        "off [fixed]",
        {"rx-ntuple-filter": "off [fixed]", "rx-hashing": "on", "l2-fwd-offload": "off [fixed]"},
    )
    host.ethtool.of = {"enp0s2": {"rx-hashing": fixed}, "ens2": dict(hashed, **{"hw-tc-offload": "off"})}
    return host


UNDONE = (
    "bridge",
    "vlan",
    "tap",
    "macvtap",
    "sriov",
    "sriov_meanwhile",
    "vhost_net",
    "boot_parameters",
    "boot_parameters_loaders",
)


@pytest.fixture
def once():
    """Keeps a test from ``undone``: it counts what happens, or has something happen at the first change."""


@pytest.fixture(autouse=True)
def undone(request, monkeypatch):
    """Each run of these modules' tests is undone as well, and must lead back."""
    if request.module.__name__.rpartition(".test_")[2] in UNDONE and "once" not in request.fixturenames:
        monkeypatch.setattr(run, "converge", converge_and_try_undo)
