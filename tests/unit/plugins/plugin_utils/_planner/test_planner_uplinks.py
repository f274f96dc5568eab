# SPDX-License-Identifier: GPL-3.0-or-later
"""Which cards of a host a network means."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner import world
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner.world import card, guest, planned, problems


class TestUplinks:
    def found(self, device, *nics, bridge=None):
        network = {"uplinks": [{"device": device}]}
        if bridge:
            network["switch"] = {"bridge": bridge}
        facts = world.host(*nics, domains=[world.domain("web1")])
        return {"networks": {"prod": network}, "guests": [guest("web1", "prod")]}, facts

    @pytest.mark.parametrize(
        "selector", ["ens2", "41:00.0", "0000:41:00.0", "B4-96-91-6E-73-32", "driver:ig*", "driver:igb"]
    )
    def test_every_way_to_point(self, selector):
        intent, facts = self.found(selector, card(), world.nic("ens9", "0000:09:00.0", driver="ixgbe"))
        assert planned(intent, facts)["nics"][0]["vf"]["pf"] == "ens2"

    def test_by_another_name_and_by_the_address_it_was_made_with(self):
        """A bond gives its ports its own address, and systemd its devices more than one name."""
        bonded = card(altnames=["enp65s0"], mac="02:00:00:00:00:01", permanent_mac="b4:96:91:6e:73:32")
        for selector in ("enp65s0", "b4:96:91:6e:73:32"):
            assert planned(*self.found(selector, bonded))["nics"][0]["vf"]["pf"] == "ens2"

    def test_a_driver_means_every_card_of_it_but_no_vf(self):
        vf = world.nic("ens2v0", "0000:41:10.0", physical_function={"pci": "0000:41:00.0", "index": 0, "name": "ens2"})
        intent, facts = self.found("driver:igb", card(count=1, total=1), card("ens3", "0000:42:00.0"), vf)
        intent["guests"][0]["interfaces"].append({"name": "n1", "network": "prod"})
        assert [nic["vf"]["pf"] for nic in planned(intent, facts)["nics"]] == ["ens2", "ens3"]

    @pytest.mark.parametrize(
        ("selector", "nics", "words"),
        [
            ("ens7", [card()], "matches no device of this host, which has ens2 (0000:41:00.0, igb, "),
            ("driver:mlx5*", [card()], "matches no device"),
            ("41:00.0", [card(), card("ens2d1")], "matches more than one device of this host: ens2 ("),
            (
                "b4:96:91:6e:73:32",
                [card(), card("ens3", "0000:42:00.0", mac="b4:96:91:6e:73:32")],
                "matches more than one",
            ),
            (
                "ens2v0",
                [card("ens2v0", physical_function={"name": "ens2", "index": 0})],
                "is a virtual function of ens2",
            ),
            ("br0", [world.nic("br0", kind="bridge")], "write switch: {bridge: br0}"),
            ("tap0", [world.nic("tap0", kind="tun")], "is a tun"),
        ],
    )
    def test_refused(self, selector, nics, words):
        (problem,) = problems(*self.found(selector, *nics))
        assert problem.path == "vnic_networks.prod.uplinks[0].device" and words in problem.message

    def test_two_ports_make_no_bridge(self):
        (problem,) = problems(*self.found("driver:igb", card(), card("ens3", "0000:42:00.0"), bridge="br0"))
        assert "close a loop" in problem.message

    def test_a_mac_that_a_bond_borrows_means_the_card(self):
        intent, facts = self.found(
            "b4:96:91:6e:73:32", card(), world.nic("bond0", kind="bond", mac="b4:96:91:6e:73:32")
        )
        assert planned(intent, facts)["nics"][0]["vf"]["pf"] == "ens2"

    def test_cards_serve_in_order_of_pci_address(self):
        intent, facts = self.found("ens1", card("ens1", "0000:80:00.0"), card("ens2", "0000:09:00.0"))
        intent["networks"]["prod"]["uplinks"].append({"device": "ens2"})
        assert planned(intent, facts)["nics"][0]["vf"]["pf"] == "ens2"

    def test_a_network_that_nobody_uses_here_may_be_missing(self):
        networks = {"other": {"uplinks": [{"device": "ens7", "vfs": 4}]}, "plain": {"uplinks": [{"device": "ens7"}]}}
        found = planned({"networks": networks}, world.host(card()))
        assert found["pfs"] == [] and len(found["notes"]) == 1 and "ens7 matches no device" in found["notes"][0]

    def test_one_card_named_in_two_ways(self):
        networks = {
            "a": {"uplinks": [{"device": "ens2", "vfs": 4}]},
            "b": {"uplinks": [{"device": "41:00.0", "vfs": 5}], "switch": {"bridge": "br0"}},
            "c": {"uplinks": [{"device": "driver:igb"}, {"device": world.mac_of("ens2")}]},
        }
        found = problems(
            {"networks": networks, "guests": [guest("web1", "a", "b", "c")]},
            world.host(card(), domains=[world.domain("web1")]),
        )
        told = "\n".join(str(problem) for problem in found)
        for words in ("contradicts network a", "one kind of switch", "another uplink of this network means too"):
            assert words in told

    @pytest.mark.parametrize(
        ("more", "vfs", "words"), [({}, 8, "allowed are 0 to 7"), ({"total": None}, 1, "no SR-IOV capability")]
    )
    def test_more_vfs_than_there_are(self, more, vfs, words):
        networks = {"prod": {"uplinks": [{"device": "ens2", "vfs": vfs}]}}
        (problem,) = problems(
            {"networks": networks, "guests": [guest("web1", "prod")]},
            world.host(card(**more), domains=[world.domain("web1")]),
        )
        assert (problem.path, problem.value) == ("vnic_networks.prod.uplinks[0].vfs", vfs) and words in problem.message

    def test_no_vfs_wished_of_a_card_that_has_none(self):
        networks = {"prod": {"uplinks": [{"device": "ens2", "vfs": 0}]}}
        assert planned({"networks": networks}, world.host(card(total=None)))["pfs"] == []

    @pytest.mark.parametrize(("master", "words"), [("br7", "is a port of br7"), ("unknown", "could not be read")])
    def test_a_port_is_no_parent(self, master, words):
        intent, facts = self.found("ens2", card(total=None, master=master))
        (problem,) = problems(intent, facts)
        assert words in problem.message

    def test_a_name_that_somebody_else_has(self):
        intent, facts = self.found("ens2", card(total=None), world.nic("ens2.5", kind="macvlan"))
        intent["networks"]["prod"]["vlan"] = 5
        (problem,) = problems(intent, facts)
        assert "ens2.5 exists and is no VLAN subinterface of ens2" in problem.message
