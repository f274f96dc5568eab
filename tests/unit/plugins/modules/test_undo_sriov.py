# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual functions led back: after whole runs, after runs that were killed, and what nobody may lose."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._engine.converge import converge
from ansible_collections.kvm.vnic.plugins.module_utils._model.consent import Consent
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import Conflict, InvalidInput
from ansible_collections.kvm.vnic.plugins.module_utils._resource.sriov import Sriov
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.journal import MemoryJournal
from ansible_collections.kvm.vnic.tests.unit.memory_host.sriov import MemoryCard
from ansible_collections.kvm.vnic.tests.unit.memory_host.undone import differences, is_whole, lead_back, shown, undo_of
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.test_journal_crashes import Fuse, Killed, set_fuse


def hypervisor(driver="ice"):
    """Two cards: one without VFs, one with three that were set up by hand."""
    host = MemoryHost()
    host.commands.tools["modprobe"] = lambda argv, stdin: ""
    MemoryCard(host, driver=driver)
    card = MemoryCard(host, "ens3", "0000:42:00.0", driver=driver, mac="52:54:00:00:00:02")
    card.make(3)
    infos = card.link["vfinfo_list"]
    infos[0].update(address="00:00:00:00:00:00", trust=True, link_state="enable")
    host.kernel.links["ens3v0"]["address"] = "6a:00:00:00:00:00"
    infos[1].update(vlan_list=[{"vlan": 5, "qos": 2, "protocol": "802.1ad"}])
    infos[1].update(rate={"max_tx": 200, "min_tx": 100}, spoofchk=False)
    card.unbind(2)
    host.tree.contents[card.vf_at(2, "driver_override")] = "vfio-pci"
    card.bind(2, "vfio-pci")
    return host


CASES = {
    "VFs made and set up": {
        "pfs": [{"pf": "ens2", "num_vfs": 3, "autoprobe": False}],
        "vfs": [{"vf": "ens2#0-1", "trust": True, "vlan": 7}, {"vf": "ens2#2", "driver": "vfio-pci"}],
    },
    "all VFs removed": {"pfs": [{"pf": "ens3", "num_vfs": 0, "autoprobe": False}]},
    "everything of a VF": {
        "vfs": [
            {
                "vf": "ens3#%d" % index,
                "mac": "52:54:00:00:01:%02x" % index,
                "vlan": 9,
                "qos": 1,
                "vlan_protocol": "802.1Q",
                "spoofchk": index > 0,
                "trust": index > 0,
                "link_state": "disable",
                "min_tx_rate": 10,
                "max_tx_rate": 50,
                "driver": "vfio-pci" if index < 2 else "default",
            }
            for index in range(3)
        ]
    },
    "everything cleared": {
        "vfs": [
            {"vf": "ens3#0-2", "mac": "none", "vlan": 0, "qos": 0, "trust": False, "min_tx_rate": 0, "max_tx_rate": 0}
        ]
    },
    "a VLAN gone with its protocol": {"vfs": [{"vf": "ens3#1", "vlan": 0}]},
    "purged": {"pfs": [{"pf": "ens3"}], "vfs": [{"vf": "ens3#0", "trust": False}], "purge": True},
}


def run(host, params):
    return converge(Sriov(), params, host, Consent(), MemoryJournal())


@pytest.mark.parametrize("case", CASES)
def test_killed_after_each_write_and_led_back_nothing_differs_and_the_run_can_be_had_again(case):
    host, fuse = hypervisor(), Fuse(1000)
    before = shown(host)
    undo = undo_of(Sriov(), CASES[case], host, Consent())
    assert all("made anew" in text or is_whole((0, undo[1])) for text in undo[1].uncovered) or case == "all VFs removed"
    set_fuse(host, fuse)
    assert run(host, CASES[case]).changed
    final, total = shown(host), 1000 - fuse.left
    lead_back(Sriov(), undo, host)
    assert differences(before, shown(host)) == {}
    for allowed in range(total):
        host = hypervisor()
        set_fuse(host, Fuse(allowed))
        with pytest.raises(Killed):
            run(host, CASES[case])
        set_fuse(host, Fuse(1000))
        lead_back(Sriov(), undo, host)
        assert differences(before, shown(host)) == {}, allowed
        assert not lead_back(Sriov(), undo, host).changed
    run(host, CASES[case])
    assert differences(final, shown(host)) == {}


def test_a_vf_that_somebody_uses_by_now_is_not_destroyed():
    host = hypervisor()
    wish = {"pfs": [{"pf": "ens2", "num_vfs": 2}]}
    undo = undo_of(Sriov(), wish, host, Consent())
    assert not [name for name in undo[1].consents if not name.startswith("management:")]
    run(host, wish)
    host.kernel.add("br0", "bridge")
    host.kernel.links["ens2v1"]["master"] = "br0"
    with pytest.raises(Conflict) as refused:
        lead_back(Sriov(), undo, host)
    assert "ens2#1" in str(refused.value) and "bridge br0" in str(refused.value)
    assert host.cards[0].count == 2


def test_the_connection_over_the_pf_does_not_keep_its_vfs_from_being_led_back():
    host = hypervisor("igb")  # changing the number interrupts the PF's own traffic
    host.kernel.addresses = [
        {"ifname": "ens2", "addr_info": [{"local": "192.0.2.1", "prefixlen": 24, "scope": "global"}]}
    ]
    host.session.address = "192.0.2.1"
    wish = {"pfs": [{"pf": "ens2", "num_vfs": 2}]}
    consent = Consent(["management:ens2"])
    undo = undo_of(Sriov(), wish, host, consent)
    converge(Sriov(), wish, host, consent, MemoryJournal())
    lead_back(Sriov(), undo, host)
    assert host.cards[0].count == 0


def test_another_number_of_vfs_is_a_point_of_no_return():
    host = hypervisor()
    host.cards[1].clear()
    host.cards[1].make(2)
    wish = {"pfs": [{"pf": "ens3", "num_vfs": 4}], "vfs": [{"vf": "ens3#0", "trust": True}]}
    params, undo = undo_of(Sriov(), wish, host, Consent())
    assert params is None and len(undo.uncovered) == 1 and "(2) were destroyed" in undo.uncovered[0]


def test_what_stays_is_told():
    host = hypervisor()
    host.kernel._up(host.kernel.links["ens2"], False)
    told = undo_of(Sriov(), {"pfs": [{"pf": "ens2", "num_vfs": 1}]}, host, Consent())[1].uncovered
    assert len(told) == 1 and "ens2 was down and stays up" in told[0]


@pytest.mark.parametrize("driver, words", [(None, "had no driver"), ("mlx5_vfio_pci", "and not mlx5_vfio_pci")])
def test_a_driver_that_cannot_be_chosen_is_told(driver, words):
    host = hypervisor()
    card = host.cards[1]
    card.unbind(0)
    if driver:
        card.bind(0, driver)
        host.tree.contents[card.vf_at(0, "vfio-dev/vfio0/dev")] = "511:0"
    wish = {"vfs": [{"vf": "ens3#0", "driver": "default" if driver else "vfio-pci"}]}
    if driver:
        host.tree.contents[card.vf_at(0, "driver_override")] = driver
    assert words in " ".join(undo_of(Sriov(), wish, host, Consent())[1].uncovered)


def test_the_pf_is_named_by_its_address_because_names_change():
    undo = undo_of(Sriov(), CASES["VFs made and set up"], hypervisor(), Consent())
    assert [pf["pf"] for pf in undo[0]["pfs"]] == ["0000:41:00.0"]


def test_no_mac_address_may_be_for_many_and_is_neither_pending_nor_verified():
    host = hypervisor("igb")
    outcome = run(host, {"vfs": [{"vf": "ens3#0-2", "mac": "none"}]})
    assert [info["address"] for info in host.cards[1].link["vfinfo_list"]] == ["00:00:00:00:00:00"] * 3
    assert outcome.pending == () and not run(host, {"vfs": [{"vf": "ens3#0-2", "mac": "None"}]}).changed


@pytest.mark.parametrize("mac", ["no", "nothing", "00:00:00:00:00:00", ""])
def test_other_words_for_no_mac_address_are_refused(mac):
    with pytest.raises(InvalidInput):
        run(hypervisor(), {"vfs": [{"vf": "ens3#0", "mac": mac}]})


@pytest.mark.parametrize("before, after", [("0", True), ("1", False)])
def test_autoprobe_gets_back_what_it_was(before, after):
    host = hypervisor()
    place = host.cards[0].at("sriov_drivers_autoprobe")
    host.tree.contents[place] = before
    wish = {"pfs": [{"pf": "ens2", "autoprobe": after}]}
    undo = undo_of(Sriov(), wish, host, Consent())
    assert run(host, wish).changed and host.tree.contents[place] != before
    lead_back(Sriov(), undo, host)
    assert host.tree.contents[place] == before
