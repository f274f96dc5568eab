# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.device_path import is_virtual, pci_of


@pytest.mark.parametrize(
    "path, pci",
    [
        ("../../devices/pci0000:40/0000:40:00.0/0000:41:00.0/net/ens2", "0000:41:00.0"),
        ("../../devices/pci0000:00/0000:00:02.0/virtio1/net/enp0s2", "0000:00:02.0"),
        ("../../devices/pci10000:e0/10000:e0:1d.0/10000:e1:00.0/net/x", "10000:e1:00.0"),
        ("../../devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/net/enx0", None),
        ("../../devices/pci0000:00/0000:08:00.0/mlx5_core.sf.2/net/enp8s0f0s88", None),
        ("../../devices/virtual/net/br0", None),
        ("../../devices/vif-0/net/eth0", None),
    ],
)
def test_the_function_is_the_nics_own(path, pci):
    assert pci_of(path) == pci


def test_what_has_no_hardware():
    assert is_virtual("../../devices/virtual/net/br0") and not is_virtual("../../devices/vif-0/net/eth0")
