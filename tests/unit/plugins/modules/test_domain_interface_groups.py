# SPDX-License-Identifier: GPL-3.0-or-later
"""A VF in an IOMMU group with something else: what VFIO would refuse at the guest's start is refused before."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.tests.unit.memory_host.guest_host import (
    BRIDGE,
    UUID2,
    VF,
    VFS,
    define,
    hypervisor,
    nic,
    run,
    run_all,
)

DEVICES = "/sys/bus/pci/devices/"
OTHER = "52:54:00:00:00:bb"


def share(host, pci="0000:42:00.0", kind="0x010802", driver="nvme"):
    """The VF of the wish and ``pci`` are in one group."""
    host.tree.symlinks[DEVICES + VFS[1] + "/iommu_group"] = "../../../../kernel/iommu_groups/9"
    for member in (VFS[1], pci):
        host.tree.contents["/sys/kernel/iommu_groups/9/devices/" + member] = ""
    host.tree.contents[DEVICES + pci + "/class"] = kind
    if driver:
        host.tree.symlinks[DEVICES + pci + "/driver"] = "../../../bus/pci/drivers/" + driver
    return host


@pytest.mark.parametrize("running", [False, True])
@pytest.mark.parametrize("wish", [VF, dict(VF, source={"pci": VFS[1]})])
def test_what_the_host_drives_is_in_the_way(wish, running):
    host = share(hypervisor())
    if running:
        host.libvirt.start("web1")
    result = run(host, wish)
    assert result["failed"] and result["error_kind"] == "conflict" and host.libvirt.writes == []
    assert "domains[0].interfaces[0].source" in result["msg"] and "0000:42:00.0 (driver nvme)" in result["msg"]


@pytest.mark.parametrize(
    "kind, driver",
    [
        ("0x060400", "pcieport"),
        ("0x060400", None),
        ("0x010802", None),
        ("0x010802", "vfio-pci"),
        ("0x020000", "pci-stub"),
    ],
)
def test_bridges_and_what_keeps_its_hands_off_are_not(kind, driver):
    host = share(hypervisor(), kind=kind, driver=driver)
    assert not run(host, VF)["failed"]


def test_a_variant_driver_of_vfio_is_not_either():
    host = share(hypervisor(), driver="mlx5_vfio_pci")
    assert not run(host, VF)["failed"]
    host = share(hypervisor(), driver="xe")
    host.tree.contents[DEVICES + "0000:42:00.0/vfio-dev/vfio3"] = ""
    assert not run(host, VF)["failed"]


@pytest.mark.parametrize("driver", ["vfio-pci", "nvme", None])
def test_another_guests_device_is_in_the_way(driver):
    host = share(hypervisor(), driver=driver)
    disk = (
        "<hostdev mode='subsystem' type='pci' managed='yes'><source><address domain='0x0000' bus='0x42' slot='0x00'"
        " function='0x0'/></source></hostdev>"
    )
    define(host, "db1", UUID2, interfaces=disk)
    result = run(host, VF)
    assert result["failed"] and "which guest db1 has" in result["msg"]
    assert not run_all(host, {"name": "db1", "interfaces": [VF]})["failed"]  # its own disk is not


def test_two_vfs_of_one_group_go_to_one_guest_only():
    host = share(hypervisor(), pci=VFS[0], kind="0x020000", driver="igbvf")
    host.tree.symlinks[DEVICES + VFS[0] + "/iommu_group"] = "../../../../kernel/iommu_groups/9"
    second = dict(VF, name="back", source={"pf": "enp3s0", "index": 0}, mac=OTHER)
    assert "igbvf" in run(host, VF)["msg"]
    assert not run(host, VF, second)["failed"]


def test_a_nic_that_is_there_stays_whatever_came_to_share_its_group():
    host = hypervisor()
    run(host, VF)
    share(host)
    assert not run(host, dict(VF, vlan=9))["failed"] and nic(host, "persistent").vlan == 9
    assert not run(host, BRIDGE)["failed"]
