# SPDX-License-Identifier: GPL-3.0-or-later
"""A network manager that puts its own value back at once: the run does not claim to have changed it."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.modules import bridge, macvtap, sriov
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module
from ansible_collections.kvm.vnic.tests.unit.memory_host.sriov import MemoryCard

CASES = {
    "an MTU": (
        macvtap.main,
        {"lower_devices": [{"name": "eth0", "mtu": 9000}]},
        lambda links: links["eth0"].update(mtu=1500),
        "eth0 mtu",
    ),
    "a bridge's port": (
        bridge.main,
        {"bridges": [{"name": "br0", "ports": ["eth0"]}]},
        lambda links: links["eth0"].pop("master", None),
        "eth0 master",
    ),
    "a VF's VLAN": (
        sriov.main,
        {"vfs": [{"vf": "ens2#0", "vlan": 5}]},
        lambda links: links["ens2"]["vfinfo_list"][0].update(vlan_list=[{"vlan": 0}]),
        "ens2#0 vlan",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_an_error_with_what_was_wished_and_found(case):
    main, wish, reassert, words = CASES[case]
    host = MemoryHost()
    host.kernel.add("eth0", up=True, mtu=1500)
    MemoryCard(host).make(1)
    write = host.ip.batch

    def batch(*lines, **more):
        answers = write(*lines, **more)
        reassert(host.kernel.links)
        return answers

    host.ip.batch = batch
    result = run_module(main, host, wish)
    assert result["failed"] and result["error_kind"] == "verification", result
    assert words in result["msg"] and "does not show it" in result["msg"]
