# SPDX-License-Identifier: GPL-3.0-or-later
"""What a NIC has already, where its guest runs, and what it asks for."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner import world
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner.world import card, guest, planned

FAST = {"prod": {"uplinks": [{"device": "ens2"}], "vlan": 100, "mtu": 9000}}


class TestSticking:
    def facts(self, **has):
        has = dict({"type": "hostdev", "vf": {"pf": "ens2", "index": 3}}, **has)
        entry = dict(world.interface("n0", "52:54:00:aa:bb:cc"), **has)
        facts = world.host(card(count=4), domains=[world.domain("web1", entry), world.domain("aaa")])
        world._count_users(facts)
        return facts

    intent = {"networks": FAST, "guests": [guest("web1", "prod"), guest("aaa", "prod")]}

    def nics(self, facts, intent=None):
        return {nic["guest"]: nic for nic in planned(intent or self.intent, facts)["nics"]}

    def test_a_nic_keeps_its_vf_and_its_address(self):
        nics = self.nics(self.facts())
        assert nics["web1"]["vf"] == {"pf": "ens2", "index": 3} and nics["web1"]["mac"] == "52:54:00:aa:bb:cc"
        assert nics["aaa"]["vf"] == {"pf": "ens2", "index": 0}

    def test_found_by_the_pci_address_too(self):
        facts = self.facts(vf=None, source={"pci": "0000:41:10.3"})
        world.find(facts, "ens2")["sriov"]["vfs"][3].update(free=False, users=["the guest web1"])
        assert self.nics(facts)["web1"]["vf"] == {"pf": "ens2", "index": 3}

    def test_adopted_by_its_address(self):
        intent = {"networks": FAST, "guests": [guest("web1", "prod", mac="52:54:00:aa:bb:cc"), guest("aaa", "prod")]}
        assert self.nics(self.facts(name=None), intent)["web1"]["vf"] == {"pf": "ens2", "index": 3}

    def test_a_stated_address_wins(self):
        intent = {"networks": FAST, "guests": [guest("web1", "prod", mac="52:54:00:00:00:09")]}
        assert self.nics(self.facts(), intent)["web1"]["mac"] == "52:54:00:00:00:09"

    def test_not_on_a_vf_that_will_go(self):
        networks = {"prod": {"uplinks": [{"device": "ens2", "vfs": 2}]}}
        nics = self.nics(self.facts(), {"networks": networks, "guests": self.intent["guests"]})
        assert {nics["web1"]["vf"]["index"], nics["aaa"]["vf"]["index"]} == {0, 1}

    def test_not_on_another_networks_card(self):
        facts = self.facts()
        facts["nics"].append(card("ens3", "0000:42:00.0"))
        nics = self.nics(
            facts, {"networks": {"prod": {"uplinks": [{"device": "ens3"}]}}, "guests": self.intent["guests"]}
        )
        assert nics["web1"]["vf"]["pf"] == "ens3"

    def test_what_runs_alone_comes_after_the_definition(self):
        facts = self.facts()
        live = dict(
            world.interface("n0", "52:54:00:aa:bb:cc"), persistent=False, live=True, vf={"pf": "ens2", "index": 1}
        )
        facts["libvirt"]["domains"][0]["interfaces"].insert(0, live)
        world._count_users(facts)
        assert self.nics(facts)["web1"]["vf"] == {"pf": "ens2", "index": 3}


class TestNearness:
    networks = {"prod": {"uplinks": [{"device": "ens1"}, {"device": "ens2"}]}}

    def nic(self, pins, first=0, second=1, vcpus=1, cpuset=None, placed=True, **more):
        """``placed``: whether the host tells its CPUs, so that guests are placed."""
        facts = world.host(
            card("ens1", "0000:01:00.0", numa_node=first, **more),
            card("ens2", "0000:41:00.0", numa_node=second, **more),
            domains=[dict(world.domain("web1", pins=pins, vcpus=vcpus), cpuset=cpuset)],
        )
        if not placed:
            facts["cpus"] = "unknown"
        (nic,) = planned({"networks": self.networks, "guests": [guest("web1", "prod")]}, facts)["nics"]
        return nic

    def test_the_guests_node_comes_first(self):
        assert self.nic({"0": "5"})["vf"]["pf"] == "ens2"
        assert self.nic({"0": "1"})["vf"]["pf"] == "ens1"

    def test_macvtaps_too(self):
        assert "on ens2" in self.nic({"0": "5"}, total=None)["reason"]

    @pytest.mark.parametrize("pins", [{}, {"0": "0-7"}, {"0": "0,4"}, {"0": ""}, {"0": "junk"}, {"0": "900"}])
    def test_no_single_node_no_preference(self, pins):
        nic = self.nic(pins, placed=False)
        assert nic["vf"]["pf"] == "ens1" and "pinned to no single node" in nic["reason"]
        assert "node 0, as are the guest's vCPUs" in self.nic(pins)["reason"]

    def test_every_vcpu_counts(self):
        assert self.nic({"0": "5"}, vcpus=2)["vf"]["pf"] == "ens1"
        assert self.nic({"0": "5", "1": "6"}, vcpus=2)["vf"]["pf"] == "ens2"

    def test_the_domains_cpuset_holds_for_vcpus_without_a_pin(self):
        assert self.nic({"0": "5"}, vcpus=2, cpuset="4-7")["vf"]["pf"] == "ens2"
        assert self.nic({}, cpuset="4-7")["vf"]["pf"] == "ens2"
        assert self.nic({"0": "5"}, vcpus=2, cpuset="0-7")["vf"]["pf"] == "ens1"

    @pytest.mark.parametrize("node", [None, -1, "unknown"])
    def test_an_unknown_node_is_told_and_not_guessed(self, node):
        nic = self.nic({"0": "1"}, first=node, second=1)
        assert nic["numa_node"] is None and "NUMA node of ens1 is unknown" in nic["reason"]

    def test_a_far_one_is_told(self):
        assert "its packets cross nodes" in self.nic({"0": "5"}, second=0, placed=False)["reason"]
        assert self.nic({"0": "5"}, second=0)["vcpu_cpus"] == "1"


class TestRequirements:
    def attachment(self, requirement, **more):
        networks = {
            "all": {"uplinks": [{"device": "ens2"}], "switch": {"bridge": "br0"}},
            "prod": {"uplinks": [{"device": "ens2"}]},
        }
        network = more.pop("network", "all")
        facts = world.host(card(**more), domains=[world.domain("web1")])
        intent = {"networks": {network: networks[network]}, "guests": [guest("web1", network, requires=[requirement])]}
        return planned(intent, facts)["nics"][0]

    @pytest.mark.parametrize("requirement", ["migration", "filtering", "mirroring", "mac_change"])
    def test_no_vf(self, requirement):
        nic = self.attachment(requirement)
        assert nic["attachment"] == "bridge" and nic["rejected"][0]["reason"].startswith("requires %s: " % requirement)

    def test_a_macvtap_migrates(self):
        assert self.attachment("migration", network="prod")["attachment"] == "macvtap"

    def test_a_vf_reaches_an_address_of_its_card(self):
        assert self.attachment("host_access", addresses=["192.0.2.1/24"])["attachment"] == "sriov"
        nic = self.attachment("host_access", addresses=[])
        assert nic["attachment"] == "bridge" and "no known address" in nic["rejected"][0]["reason"]
        assert self.attachment("host_access", addresses="unknown")["attachment"] == "bridge"


class TestModels:
    def nic(self, profile="best_performance", **wishes):
        facts = world.host(card(), domains=[world.domain("web1")])
        intent = {
            "profile": profile,
            "networks": {"prod": {"uplinks": [{"device": "ens2"}]}},
            "guests": [guest("web1", "prod", **wishes)],
        }
        found = planned(intent, facts)
        (nic,) = found["nics"]
        return nic, found["domains"][0]["interfaces"][0]

    @pytest.mark.parametrize("model", ["e1000", "rtl8139"])
    def test_emulated(self, model):
        nic, interface = self.nic(model=model)
        assert (nic["attachment"], nic["model"], nic["backend"]) == ("macvtap", model, "qemu")
        assert interface["model"] == model and "backend" not in interface
        assert "model %s was asked for" % model in nic["rejected"][0]["reason"]

    @pytest.mark.parametrize("backend", ["vhost", "qemu"])
    def test_backend(self, backend):
        nic, interface = self.nic(backend=backend)
        assert (nic["attachment"], nic["model"], nic["backend"], interface["backend"]) == (
            "macvtap",
            "virtio",
            backend,
            backend,
        )
        assert "backend %s was asked for" % backend in nic["rejected"][0]["reason"]

    def test_compatible(self):
        nic, interface = self.nic("compatible")
        assert (nic["attachment"], nic["model"], nic["backend"]) == ("macvtap", "e1000", "qemu")
        assert "profile compatible does not use it" in nic["rejected"][0]["reason"]

    def test_compatible_with_a_wish(self):
        assert self.nic("compatible", model="virtio")[0]["backend"] == "vhost"
        assert self.nic("compatible", backend="vhost")[0]["model"] == "virtio"
        assert self.nic("compatible", backend="qemu")[0]["model"] == "e1000"
