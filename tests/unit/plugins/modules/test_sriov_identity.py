# SPDX-License-Identifier: GPL-3.0-or-later
"""A name and a PCI address are a slot's: a card that came into it is not taken for the one that was meant."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.modules import sriov
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module
from ansible_collections.kvm.vnic.tests.unit.memory_host.sriov import MemoryCard


@pytest.fixture
def host():
    host = MemoryHost()
    MemoryCard(host)
    return host


def make(host, pf, mac):
    return run_module(sriov.main, host, {"pfs": [{"pf": pf, "num_vfs": 2, "permanent_mac": mac}]})


@pytest.mark.parametrize("pf", ["ens2", "0000:41:00.0"])
def test_another_card_in_its_slot_gets_no_vfs(host, pf):
    own = host.kernel.links["ens2"]["address"]
    assert not make(host, pf, own.upper())["failed"]
    host.kernel.links["ens2"]["address"] = "02:00:00:00:99:99"
    written = host.writes()
    result = make(host, pf, own)
    assert result["failed"] and host.writes() == written
    assert "pfs[0].permanent_mac" in result["msg"] and "another card is in its place" in result["msg"]
    assert "02:00:00:00:99:99" in result["msg"] and "not there" in result["msg"]


def test_where_it_went_is_told(host):
    own = host.kernel.links["ens2"]["address"]
    host.kernel.links["ens2"]["address"] = "02:00:00:00:99:99"
    MemoryCard(host, "ens9", "0000:45:00.0")
    host.kernel.links["ens9"]["address"] = own
    assert "that of this address is ens9 at 0000:45:00.0" in make(host, "ens2", own)["msg"]


def test_a_bonds_port_is_known_by_its_own_address(host):
    own = host.kernel.links["ens2"]["address"]
    host.kernel.links["ens2"].update(address="02:00:00:00:99:99", permaddr=own)
    assert not make(host, "ens2", own)["failed"]


@pytest.mark.parametrize("mac", ["zz:00:00:00:00:01", "52:54:00", "01:00:5e:00:00:01", 41135085296])
def test_bad_input(host, mac):
    result = make(host, "ens2", mac)
    assert result["failed"] and "permanent_mac" in result["msg"] and host.writes() == []
