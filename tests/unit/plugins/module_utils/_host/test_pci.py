# SPDX-License-Identifier: GPL-3.0-or-later
"""PCI functions in a tree of real files and links."""

from __future__ import annotations

import errno

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host.files import Files
from ansible_collections.kvm.vnic.plugins.module_utils._host.pci import Pci
from ansible_collections.kvm.vnic.plugins.module_utils._model.action import UNKNOWN
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import ApplyFailed, InFlight
from ansible_collections.kvm.vnic.tests.unit.memory_host.files import MemoryFiles

PF, VF = "0000:41:00.0", "0000:41:10.0"


@pytest.fixture
def tree(tmp_path):
    devices, drivers = tmp_path / "sys/bus/pci/devices", tmp_path / "sys/bus/pci/drivers"
    for path in (
        devices / PF / "net/ens2",
        devices / VF / "net/ens2v0",
        drivers / "igbvf",
        tmp_path / "sys/kernel/iommu_groups/9",
    ):
        path.mkdir(parents=True)
    contents = {
        PF: {"sriov_totalvfs": "7\n", "sriov_numvfs": "1\n", "sriov_drivers_autoprobe": "1\n", "device": "0x10c9\n"},
        VF: {"enable": "1\n", "driver_override": "(null)\n", "device": "0x10ca\n"},
    }
    for pci, files in contents.items():
        for name, text in files.items():
            (devices / pci / name).write_text(text)
    (devices / PF / "virtfn0").symlink_to("../" + VF)
    (devices / VF / "physfn").symlink_to("../" + PF)
    (devices / VF / "driver").symlink_to("../../drivers/igbvf")
    (devices / VF / "iommu_group").symlink_to("../../../../kernel/iommu_groups/9")
    (drivers / "igbvf/unbind").write_text("")
    (tmp_path / "sys/bus/pci/drivers_probe").write_text("")
    return tmp_path


@pytest.fixture
def pci(tree):
    files = Files(str(tree))
    yield Pci(files)
    files.close()


def test_physical_and_virtual_functions(pci):
    assert pci.physical_functions() == {PF: 7}
    assert pci.device_ids([PF, VF]) == {PF: "0x10c9", VF: "0x10ca"}
    (vf,) = pci.virtual_functions(PF)
    assert (vf.pf, vf.index, vf.pci, vf.driver, vf.group, vf.netdevs, vf.vfio, vf.enabled) == (
        PF,
        0,
        VF,
        "igbvf",
        "9",
        ("ens2v0",),
        False,
        1,
    )
    assert pci.iommu_group(VF) == "9" and pci.iommu_group(PF) is None
    assert pci.driver_overrides([VF]) == {VF: None}
    assert pci.num_vfs(PF) == 1 and pci.autoprobe(PF) is True


def test_a_variant_of_vfio_is_known_by_its_character_device(pci, tree):
    (tree / "sys/bus/pci/devices" / VF / "net/ens2v0").rmdir()
    (tree / "sys/bus/pci/devices" / VF / "vfio-dev/vfio3").mkdir(parents=True)
    assert pci.virtual_functions(PF)[0].vfio and pci.vfio_devices(VF) == ["vfio3"]


def test_writes(pci, tree):
    pci.set_autoprobe(PF, False)
    pci.set_num_vfs(PF, 0, 5.0)
    pci.rebind(VF, "vfio-pci")
    devices = tree / "sys/bus/pci/devices"
    assert (devices / PF / "sriov_drivers_autoprobe").read_text().startswith("0")
    assert (devices / PF / "sriov_numvfs").read_text().startswith("0")
    assert (devices / VF / "driver_override").read_text().startswith("vfio-pci")
    assert pci.driver_overrides([VF]) == {VF: "vfio-pci"}
    assert (tree / "sys/bus/pci/drivers/igbvf/unbind").read_text() == VF
    assert (tree / "sys/bus/pci/drivers_probe").read_text() == VF


def test_a_function_without_the_attribute_says_so(pci):
    with pytest.raises(ApplyFailed, match="ENOENT"):
        pci.set_num_vfs(VF, 1, 5.0)
    assert pci.num_vfs(VF) is UNKNOWN and pci.autoprobe(VF) is UNKNOWN


def test_a_read_that_hangs_is_in_flight():
    files = MemoryFiles()
    path = "/sys/bus/pci/devices/%s/sriov_numvfs" % PF
    files.memory.contents[path] = "1"
    files.memory.stuck.add(path)
    with pytest.raises(InFlight, match="has not returned"):
        Pci(files).num_vfs(PF)


def test_a_directory_that_cannot_be_listed_is_unknown():
    files = MemoryFiles()
    files.memory.failures["listdir", "/etc/x"] = errno.EACCES
    files.memory.failures["links", "/proc/1/fd"] = errno.EACCES
    assert files.list_or("/etc/x") is UNKNOWN and files.links_or("/proc/1/fd") is UNKNOWN
    assert files.list_or("/etc/none") == [] and files.links_or("/proc/2/fd") == {}


@pytest.mark.parametrize(
    "pf, offset, stride, index, address",
    [
        ("0000:41:00.0", 128, 2, 0, "0000:41:10.0"),  # as the 82576 has it
        ("0000:41:00.1", 128, 2, 3, "0000:41:10.7"),
        ("0000:3b:00.0", 256, 1, 9, "0000:3c:01.1"),
    ],
)
def test_where_a_vf_will_be(pf, offset, stride, index, address):
    files = MemoryFiles()
    files.memory.contents["/sys/bus/pci/devices/%s/sriov_offset" % pf] = str(offset)
    files.memory.contents["/sys/bus/pci/devices/%s/sriov_stride" % pf] = str(stride)
    assert Pci(files).future_vf_address(pf, index) == address
    assert Pci(files).future_vf_address("0000:99:00.0", 0) is None


def test_a_driver_that_does_not_let_go_is_in_flight():
    files = MemoryFiles()
    path = "/sys/bus/pci/devices/%s/driver_override" % VF
    files.memory.contents[path] = "(null)"
    assert Pci(files).driver_overrides([VF]) == {VF: None}
    files.read_many = lambda paths, default=UNKNOWN: dict.fromkeys(paths, default)  # as when one of them hangs
    with pytest.raises(InFlight, match="let go"):
        Pci(files).driver_overrides([VF])
