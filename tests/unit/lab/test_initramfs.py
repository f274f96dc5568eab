# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import gzip
import lzma

import pytest
from vnic_lab.imaging import initramfs
from vnic_lab.run import LabError

# modules.dep lists a module's whole closure, the deepest last.
DEPENDENCIES = """\
kernel/drivers/net/virtio_net.ko.xz: kernel/net/core/net_failover.ko.xz kernel/net/core/failover.ko.xz
kernel/net/core/net_failover.ko.xz: kernel/net/core/failover.ko.xz
kernel/net/core/failover.ko.xz:
kernel/drivers/net/ethernet/realtek/8139cp.ko.xz: kernel/drivers/net/mii.ko.xz
kernel/drivers/net/mii.ko.xz:
kernel/lib/crc-itu-t.ko.xz:
"""
BUILTIN = "kernel/drivers/virtio/virtio_pci.ko\n"


def order(*wanted):
    return [initramfs.module_name(path) for path in initramfs.load_order(wanted, DEPENDENCIES, BUILTIN)]


def test_dependencies_come_first_and_once():
    assert order("virtio_net", "8139cp", "net_failover") == ["failover", "net_failover", "virtio_net", "mii", "8139cp"]


def test_what_is_compiled_in_needs_no_file():
    assert order("virtio_pci", "8139cp") == ["mii", "8139cp"]


def test_dashes_and_underscores_are_one_name():
    assert order("crc_itu_t") == order("crc-itu-t") == ["crc_itu_t"]


def test_a_missing_module_is_named():
    with pytest.raises(LabError, match="no module igbvf"):
        order("igbvf")


@pytest.mark.parametrize(("suffix", "pack"), [(".ko", bytes), (".ko.xz", lzma.compress), (".ko.gz", gzip.compress)])
def test_modules_are_unpacked(tmp_path, suffix, pack):
    path = tmp_path / ("m" + suffix)
    path.write_bytes(pack(b"\x7fELF"))
    assert initramfs.unpacked(path) == b"\x7fELF"
