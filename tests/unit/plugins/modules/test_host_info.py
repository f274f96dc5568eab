# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import time

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.action import UNKNOWN
from ansible_collections.kvm.vnic.tests.unit.memory_host.disk import (
    DiskHost,
    add_cpus,
    add_node,
)
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.host_info_case import nic, release, run

KEYS = {
    "system",
    "virtualization",
    "iommu",
    "cpus",
    "numa_nodes",
    "nics",
    "interrupts",
    "vhost_net",
    "ovs",
    "libvirt",
    "management_path",
}


def test_everything_is_read_and_nothing_is_written(lab):
    before = lab.snapshot()
    result = run(lab)
    assert KEYS <= set(result) and result["problems"] == []
    assert lab.snapshot() == before and lab.writes() == []
    assert run(lab, check=True)["nics"] == result["nics"]


def test_only_what_is_asked_for_is_read(lab):
    result = run(lab, "cpus", "ovs")
    assert set(result) == {"cpus", "ovs", "problems", "changed", "failed"}
    assert lab.commands.calls == []


def test_each_question_is_asked_once(lab):
    lab.session.address = None  # then the default routes tell which devices carry the connection
    run(lab)
    asked = sorted(" ".join(argv) for argv in lab.commands.calls)
    assert asked == [
        "ip -4 -j route show",
        "ip -6 -j route show",
        "ip -d -j address show",
        "ip -d -j link show",
    ]


def test_the_operating_system(lab):
    system = run(lab, "system")["system"]
    assert system["hostname"] == "hv1" and system["kernel"] == "6.12.57+deb13-amd64"
    assert (system["distribution"], system["version"], system["package_manager"]) == ("debian", "13", "apt")
    assert system["kernel_command_line"].endswith("iommu=pt")
    assert system["python"].count(".") == 2


def test_a_distribution_that_is_not_known_is_told_by_its_program(tmp_path):
    host = DiskHost(tmp_path)
    release(host, "ID=homemade\n")
    assert run(host, "system")["system"]["package_manager"] == "unknown"
    host.commands.tools["zypper"] = lambda argv, stdin: ""
    assert run(host, "system")["system"]["package_manager"] == "zypper"
    assert run(host, "system")["system"]["version"] == "unknown"


def test_amd_v_with_nested_paging_under_an_intel_iommu(lab):
    result = run(lab, "virtualization", "iommu")
    assert result["virtualization"]["extension"] == "svm"
    assert result["virtualization"]["nested_paging"] is True
    assert result["virtualization"]["apicv"] is False
    assert result["virtualization"]["kvm_device"] is True
    assert result["iommu"] == {
        "enabled": True,
        "units": ["dmar0"],
        "interrupt_remapping": True,
        "posted_interrupts": False,
    }
    first, second = result["virtualization"]["explanation"]
    assert "AVIC" in first and "nothing turns it on" in first
    assert "not posted" in second


@pytest.fixture
def intel(tmp_path):
    """A recent Intel server with everything on."""
    host = DiskHost(tmp_path)
    release(host, 'ID="rhel"\nVERSION_ID="9.4"\nID_LIKE="fedora"\n')
    add_cpus(host, "vmx ept", "GenuineIntel", vmx_flags="vnmi apicv posted_intr", threads=2)
    host.put("/sys/module/kvm_intel/parameters/ept", "Y")
    host.put("/sys/module/kvm_intel/parameters/enable_apicv", "Y")
    host.put("/dev/kvm")
    host.put("/sys/class/misc/kvm/dev", "10:232")
    for unit in ("dmar0", "dmar1"):
        host.put("/sys/class/iommu/%s/intel-iommu/cap" % unit, "19ed008c40780c66")
    assert 0x19ED008C40780C66 >> 59 & 1
    host.put("/sys/kernel/irq/128/chip_name", "IR-PCI-MSI")
    return host


def test_an_intel_host_that_lacks_nothing(intel):
    result = run(intel, "virtualization", "iommu", "system", "cpus")
    assert result["virtualization"] == {
        "extension": "vmx",
        "nested_paging": True,
        "apicv": True,
        "kvm_device": True,
        "explanation": [],
    }
    assert result["iommu"]["posted_interrupts"] is True and result["iommu"]["units"] == ["dmar0", "dmar1"]
    assert result["system"]["package_manager"] == "dnf"
    assert result["cpus"]["siblings"] == ["0-1", "2-3", "4-5", "6-7"]


def test_one_unit_that_cannot_post_is_enough(intel):
    intel.put("/sys/class/iommu/dmar1/intel-iommu/cap", "d2008c222f0686")
    assert run(intel, "iommu")["iommu"]["posted_interrupts"] is False


def test_posting_needs_remapping_and_the_kernels_leave(intel):
    release(intel, command_line="intremap=on,nopost")
    result = run(intel, "iommu", "virtualization")
    assert result["iommu"]["posted_interrupts"] is False
    assert "intremap=on,nopost" in result["virtualization"]["explanation"][0]
    release(intel, command_line="intremap=off")
    intel.put("/sys/kernel/irq/128/chip_name", "PCI-MSI")
    result = run(intel, "iommu", "virtualization")
    assert result["iommu"]["interrupt_remapping"] is False and result["iommu"]["posted_interrupts"] is False
    assert "remove the kernel argument intremap=off" in result["virtualization"]["explanation"][0]


def test_an_amd_unit_that_posts(lab):
    for name in os.listdir(lab._root + "/sys/class/iommu"):
        os.rename(lab._root + "/sys/class/iommu/" + name, lab._root + "/sys/class/" + name)
    lab.put("/sys/class/iommu/ivhd0/amd-iommu/features", "25bf732fa2295afe:1d")
    assert run(lab, "iommu")["iommu"]["posted_interrupts"] is True


def test_what_is_missing_is_said_with_its_remedy(intel):
    add_cpus(intel, "lm", "GenuineIntel")
    os.remove(intel._root + "/dev/kvm")
    os.rename(intel._root + "/sys/class/iommu", intel._root + "/sys/class/gone")
    release(intel, command_line="intel_iommu=off")
    found = run(intel, "virtualization", "iommu")
    assert found["virtualization"]["extension"] == "none" and found["virtualization"]["kvm_device"] is False
    assert found["iommu"]["enabled"] is False and found["iommu"]["units"] == []
    assert "Intel Virtualization Technology" in found["virtualization"]["explanation"][0]
    assert "remove the kernel argument intel_iommu=off" in found["virtualization"]["explanation"][1]
    release(intel, command_line="quiet")
    assert "VT-d" in run(intel, "virtualization")["virtualization"]["explanation"][1]


def test_the_node_of_kvm_without_kvm_behind_it_does_not_count(intel):
    os.rename(intel._root + "/sys/class/misc", intel._root + "/sys/class/other")
    os.rename(intel._root + "/sys/module", intel._root + "/sys/modules")
    found = run(intel, "virtualization")["virtualization"]
    assert found["kvm_device"] is False and found["nested_paging"] is True and found["apicv"] is False
    assert "modprobe kvm_intel" in found["explanation"][0]


def test_registers_that_cannot_be_read_are_unknown(intel):
    intel.put("/sys/class/iommu/dmar0/intel-iommu/cap", "secret")
    os.rename(intel._root + "/sys/module/kvm_intel/parameters", intel._root + "/sys/module/kvm_intel/hidden")
    found = run(intel, "virtualization", "iommu")
    assert found["iommu"]["posted_interrupts"] == "unknown"
    assert found["virtualization"]["nested_paging"] == found["virtualization"]["apicv"] == "unknown"
    assert found["virtualization"]["explanation"] == []


def test_cpus_that_are_offline_have_no_siblings(tmp_path):
    host = DiskHost(tmp_path)
    add_cpus(host, "vmx", "GenuineIntel", online="0-2,6", cpus=(0, 1, 2, 6))
    host.put("/sys/devices/system/cpu/isolated", "2,6")
    cpus = run(host, "cpus")["cpus"]
    assert cpus == {"online": "0-2,6", "isolated": "2,6", "nohz_full": "", "siblings": ["0", "1", "2", "6"]}


def test_nodes_without_memory_without_cpus_and_with_gaps(tmp_path):
    host = DiskHost(tmp_path)
    host.put("/sys/devices/system/node/online", "0,2,8")
    add_node(host, 0, "0-3", 2097152)
    add_node(host, 2, "", 1048576)
    add_node(host, 8, "4-7", 0)
    nothing = {"memory_free_mib": 0, "hugepages": []}
    assert run(host, "numa_nodes")["numa_nodes"] == [
        {"id": 0, "cpus": "0-3", "memory_mib": 2048, **nothing},
        {"id": 2, "cpus": "", "memory_mib": 1024, **nothing},
        {"id": 8, "cpus": "4-7", "memory_mib": 0, **nothing},
    ]


def test_what_is_free_on_a_node(lab):
    node = "/sys/devices/system/node/node1/"
    lab.put(
        node + "meminfo",
        "Node 1 MemTotal:        2021844 kB\nNode 1 MemFree:         1901808 kB\nNode 1 Active:            60180 kB\n"
        "Node 1 Active(file):      31516 kB\nNode 1 Inactive(file):    10408 kB\nNode 1 SReclaimable:       5984 kB\n"
        "Node 1 HugePages_Free:      3",
    )
    for size, total, free in ((1048576, 0, 0), (2048, 64, 3)):
        lab.put("%shugepages/hugepages-%dkB/nr_hugepages" % (node, size), str(total))
        lab.put("%shugepages/hugepages-%dkB/free_hugepages" % (node, size), str(free))
    first, second = run(lab, "numa_nodes")["numa_nodes"]
    assert first["hugepages"] == []
    assert second["memory_free_mib"] == (1901808 + 31516 + 10408 + 5984) // 1024
    assert second["hugepages"] == [
        {"size_kib": 2048, "total": 64, "free": 3},
        {"size_kib": 1048576, "total": 0, "free": 0},
    ]
    os.remove(lab._root + node + "meminfo")
    os.remove(lab._root + node + "hugepages/hugepages-2048kB/free_hugepages")
    second = run(lab, "numa_nodes")["numa_nodes"][1]
    assert second["memory_free_mib"] == second["memory_mib"] == second["hugepages"][0]["free"] == "unknown"


def test_a_kernel_without_numa_has_no_nodes(tmp_path):
    assert run(DiskHost(tmp_path), "numa_nodes")["numa_nodes"] == []


def test_a_port_with_all_that_matters_of_it(lab):
    assert dict(nic(run(lab, "nics"), "ens2"), sriov="") == {
        "name": "ens2",
        "altnames": [],
        "mac": lab.kernel.links["ens2"]["address"],
        "permanent_mac": lab.kernel.links["ens2"]["address"],
        "pci": "0000:41:00.0",
        "driver": "igb",
        "kind": None,
        "ours": False,
        "numa_node": 1,
        "up": True,
        "carrier": True,
        "speed_mbit": 1000,
        "mtu": 9000,
        "master": None,
        "lower": None,
        "standing_on_it": ["ens2.100"],
        "physical_function": None,
        "queues": {"rx": 2, "tx": 2},
        "irqs": [9, 48, 100],
        "steering": {"rps": {"0": "f0", "1": "f0"}, "rfs": {"0": 0, "1": 0}, "xps": {"0": "f0", "1": "f0"}},
        "offloads": {"ntuple": "off [fixed]", "rxhash": "on", "l2_fwd_offload": "off [fixed]", "hw_tc_offload": "off"},
        "addresses": [],
        "management": False,
        "sriov": "",
    }


def test_a_port_for_which_the_firmware_names_no_node(lab):
    port = nic(run(lab, "nics"), "enp1s0")
    assert port["numa_node"] is None and port["pci"] == "0000:01:00.0" and port["altnames"] == ["enx5254001ab100"]
    assert port["up"] is False and port["carrier"] is False and port["speed_mbit"] is None
    assert port["sriov"] == {"total": 7, "count": 0, "autoprobe": True, "vfs": [], "eswitch_mode": "unknown"}
    assert port["offloads"]["rxhash"] == "unknown"


def test_a_virtio_function_carries_the_connection(lab):
    port = nic(run(lab, "nics"), "enp0s2")
    assert (port["pci"], port["driver"], port["irqs"]) == ("0000:00:02.0", "virtio_net", [36, 37, 38])
    assert port["management"] is True and port["addresses"] == ["192.0.2.1/24"] and port["sriov"] is None
    assert port["speed_mbit"] == "unknown" and port["steering"]["xps"] == {}
    assert run(lab, "management_path")["management_path"] == ["enp0s2"]


def test_a_virtual_device(lab):
    vlan = nic(run(lab, "nics"), "ens2.100")
    assert (vlan["kind"], vlan["lower"], vlan["master"]) == ("vlan", "ens2", "br0")
    assert vlan["pci"] is vlan["driver"] is vlan["numa_node"] is vlan["permanent_mac"] is vlan["sriov"] is None
    assert vlan["irqs"] == [] and vlan["queues"] == {"rx": 1, "tx": 1}


def test_a_usb_nic_is_not_its_controller(lab):
    path = "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/net/enx0"
    lab.kernel.add("enx0")
    lab.put(path + "/queues/rx-0/rps_cpus", "0")
    lab.link("/sys/class/net/enx0", path)
    port = nic(run(lab, "nics"), "enx0")
    assert port["pci"] is None and port["irqs"] == [] and port["steering"]["rfs"] == {"0": "unknown"}


def test_a_device_that_sysfs_does_not_show_is_unknown(lab):
    lab.kernel.add("ghost")
    port = nic(run(lab, "nics"), "ghost")
    assert port["pci"] == port["driver"] == port["numa_node"] == port["irqs"] == port["sriov"] == "unknown"


def test_vfs_and_their_users(lab):
    lab.kernel.links["ens2v1"]["master"] = "br0"
    lab.kernel.links["ens2"]["vfinfo_list"][2].update(address="52:54:00:aa:bb:cc", vlan_list=[{"vlan": 100}])
    result = run(lab, "nics")
    sriov = nic(result, "ens2")["sriov"]
    assert (sriov["total"], sriov["count"], sriov["autoprobe"], len(sriov["vfs"])) == (7, 3, True, 3)
    free, port, last = sriov["vfs"]
    assert free == {
        "index": 0,
        "pci": "0000:41:10.0",
        "driver": "igbvf",
        "numa_node": 1,
        "iommu_group": "100",
        "iommu_group_shared_with": [],
        "netdevs": ["ens2v0"],
        "mac": "02:00:00:00:00:00",
        "vlan": 0,
        "users": [],
        "free": True,
    }
    assert port["free"] is False and "br0" in port["users"][0]
    assert last["mac"] == "52:54:00:aa:bb:cc" and last["vlan"] == 100
    assert nic(result, "ens2v2")["physical_function"] == {"pci": "0000:41:00.0", "index": 2, "name": "ens2"}


def test_what_shares_a_vfs_iommu_group(lab):
    """A bridge does no harm."""
    for pci, kind, driver in (
        ("0000:41:10.0", "0x020000", None),
        ("0000:40:02.0", "0x060400", "pcieport"),
        ("0000:42:00.0", "0x010802", "nvme"),
    ):
        lab.put("/sys/kernel/iommu_groups/100/devices/" + pci, "")
        if pci != "0000:41:10.0":
            lab.put("/sys/bus/pci/devices/%s/class" % pci, kind)
            lab.put("/sys/bus/pci/drivers/%s/x" % driver, "")
            lab.link("/sys/bus/pci/devices/%s/driver" % pci, "/sys/bus/pci/drivers/" + driver)
    vfs = nic(run(lab, "nics"), "ens2")["sriov"]["vfs"]
    assert [vf["iommu_group_shared_with"] for vf in vfs] == [["0000:42:00.0 (driver nvme)"], [], []]


def test_a_vf_for_which_the_firmware_names_no_node_is_not_on_node_0(lab):
    lab.put("/sys/bus/pci/devices/0000:41:10.0/numa_node", "-1")
    os.remove(lab._root + "/sys/bus/pci/devices/0000:41:10.1/numa_node")
    vfs = nic(run(lab, "nics"), "ens2")["sriov"]["vfs"]
    assert [vf["numa_node"] for vf in vfs] == [None, "unknown", 1]


def test_a_vf_in_another_network_namespace_is_not_free(lab):
    lab.kernel.namespaces = ["blue"]
    lab.put("/run/netns/blue", "")
    lab.kernel.elsewhere["blue"] = [dict(lab.kernel.links.pop("ens2v1"))]
    function = lab._root + "/sys/bus/pci/devices/0000:41:10.1"
    os.rename(function + "/net", function + "/gone")
    os.remove(lab._root + "/sys/class/net/ens2v1")
    vf = nic(run(lab, "nics"), "ens2")["sriov"]["vfs"][1]
    assert vf["netdevs"] == [] and vf["free"] is False and "blue" in vf["users"][0]


def test_a_user_that_may_be_hidden_makes_a_vf_unknown(lab, tmp_path):
    lab.put("/etc/libvirt/qemu/web1.xml", "<domain")
    lab.libvirt.running = False
    vf = nic(run(lab, "nics"), "ens2")["sriov"]["vfs"][0]
    assert vf["free"] == "unknown" and vf["users"][0].startswith("unknown:")


def test_a_count_that_is_being_changed_is_unknown_and_holds_nothing_else_up(lab):
    path = lab._root + "/sys/bus/pci/devices/0000:41:00.0/sriov_numvfs"
    os.remove(path)
    os.mkfifo(path)  # nobody writes to it, so that reading it does not return
    began = time.monotonic()
    result = run(lab, "nics")
    assert 1.5 < time.monotonic() - began < 8
    sriov = nic(result, "ens2")["sriov"]
    assert sriov["count"] == "unknown" and sriov["total"] == 7
    assert [vf["free"] for vf in sriov["vfs"]] == ["unknown"] * 3 and sriov["vfs"][0]["driver"] == "igbvf"
    assert nic(result, "enp1s0")["sriov"]["count"] == 0 and nic(result, "ens2")["queues"] == {"rx": 2, "tx": 2}


def test_a_representor_has_no_vfs_of_its_own(lab):
    function = lab._root + "/sys/bus/pci/devices/0000:41:00.0"
    os.makedirs(function + "/net/ens2r0/queues")
    lab.kernel.add("ens2r0", phys_port_name="pf0vf0")
    lab.link("/sys/class/net/ens2r0", "/sys/devices/pci0000:40/0000:40:00.0/0000:41:00.0/net/ens2r0")
    result = run(lab, "nics")
    assert nic(result, "ens2r0")["sriov"] is None and nic(result, "ens2")["sriov"]["count"] == 3


def test_two_devices_on_one_function_leave_open_whose_vfs_they_are(lab):
    function = lab._root + "/sys/bus/pci/devices/0000:41:00.0"
    os.makedirs(function + "/net/ens2d1/queues")
    lab.kernel.add("ens2d1")
    lab.link("/sys/class/net/ens2d1", "/sys/devices/pci0000:40/0000:40:00.0/0000:41:00.0/net/ens2d1")
    result = run(lab, "nics")
    assert nic(result, "ens2d1")["sriov"] == nic(result, "ens2")["sriov"] == "unknown"


def test_offloads_are_unknown_where_nobody_answers(lab):
    lab.ethtool.broken = UNKNOWN
    assert set(nic(run(lab, "nics"), "ens2")["offloads"].values()) == {"unknown"}


def test_a_host_without_iproute2_says_so(lab):
    del lab.commands.tools["ip"]
    result = run(lab)
    assert result["nics"] == result["management_path"] == "unknown"
    assert "ip is not installed" in result["problems"][0]
    assert result["cpus"]["online"] == "0-7" and result["libvirt"]["available"] is True


def test_an_iproute2_without_json_is_unknown(lab):
    lab.commands.tools["ip"] = lambda argv, stdin: "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536\n"
    result = run(lab, "nics", "libvirt")
    assert result["nics"] == "unknown" and "nics: " in result["problems"][0]
