# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of virtual functions while nobody looks, or in the middle of a run."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.modules import audit_info, sriov
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module
from ansible_collections.kvm.vnic.tests.unit.memory_host.sriov import MemoryCard

WISH = {"vfs": [{"vf": "ens2#0", "mac": "52:54:00:aa:00:01", "vlan": 7}]}
HOSTDEV = (
    "<domain type='kvm'><name>web1</name><devices><interface type='hostdev'><mac address='52:54:00:aa:00:01'/><source>"
    "<address type='pci' domain='0x0000' bus='0x41' slot='0x10' function='0x0'/></source></interface></devices></domain>"
)


@pytest.fixture
def host():
    return MemoryHost()


@pytest.fixture
def card(host):
    card = MemoryCard(host, vf_driver="none")
    card.make(1)
    return card


def lost(card):
    """What i40e shows when the guest or the VF went down, and any driver after a reset."""
    card.link["vfinfo_list"][0].update(address="00:00:00:00:00:00", vlan_list=[{}])


def test_an_address_and_a_vlan_that_the_driver_lost_are_found_and_set_again(host, card):
    assert not run_module(sriov.main, host, WISH)["failed"]
    assert not run_module(sriov.main, host, WISH)["changed"]
    lost(card)
    told = run_module(audit_info.main, host, {"resources": {"sriov": WISH}})
    found = {each["evidence"]["field"] for each in told["findings"] if each["id"] == "sriov_differs"}
    assert found == {"mac", "vlan"}
    result = run_module(sriov.main, host, WISH)
    assert not result["failed"] and [action["field"] for action in result["actions"]] == ["mac", "vlan"]
    info = card.link["vfinfo_list"][0]
    assert info["address"] == "52:54:00:aa:00:01" and info["vlan_list"][0]["vlan"] == 7


def test_they_are_not_set_again_under_a_guest(host, card):
    lost(card)
    host.libvirt.define("web1", "1", live_xml=HOSTDEV)
    written = host.writes()
    result = run_module(sriov.main, host, WISH)
    assert result["failed"] and "web1" in result["msg"] and host.writes() == written


@pytest.mark.usefixtures("once")
def test_a_vf_that_udev_renames_meanwhile_is_still_the_same(host):
    card = MemoryCard(host)

    def rename():
        host.kernel.links["enp65s16"] = dict(host.kernel.links.pop("ens2v0"), ifname="enp65s16")
        path = card.vf_at(0, "net/%s/mtu")
        host.tree.contents[path % "enp65s16"] = host.tree.contents.pop(path % "ens2v0")

    card.created = rename
    wish = {"pfs": [{"pf": "ens2", "num_vfs": 2}], "vfs": [{"vf": "ens2#0", "trust": True}]}
    assert not run_module(sriov.main, host, wish)["failed"]
    assert [info["trust"] for info in card.link["vfinfo_list"]] == [True, False]
    assert not run_module(sriov.main, host, wish)["changed"]
