# SPDX-License-Identifier: GPL-3.0-or-later
"""A card as a whole is given to no guest and bound to no other driver: its virtual functions would go."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.modules import sriov
from ansible_collections.kvm.vnic.tests.unit.memory_host.guest_host import MAC, PF, hypervisor, run
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module
from ansible_collections.kvm.vnic.tests.unit.memory_host.sriov import MemoryCard


@pytest.mark.parametrize("running", [False, True])
def test_no_guest_gets_it(running):
    host = hypervisor()
    if running:
        host.libvirt.start("web1")
    wish = {"name": "front", "type": "hostdev", "source": {"pci": PF}, "mac": MAC}
    result = run(host, wish)
    assert result["failed"] and "virtual function" in result["msg"] and host.libvirt.writes == []


@pytest.mark.parametrize("vf", ["0000:41:00.0", "ens2"])
def test_it_keeps_its_driver(vf):
    host = MemoryHost()
    MemoryCard(host).make(2)
    written = host.writes()
    result = run_module(sriov.main, host, {"vfs": [{"vf": vf, "driver": "vfio-pci"}]})
    assert result["failed"] and "vfs[0].vf" in result["msg"] and host.writes() == written
