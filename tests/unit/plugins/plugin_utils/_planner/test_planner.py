# SPDX-License-Identifier: GPL-3.0-or-later
"""Single hosts and what is planned for them."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import InvalidInput
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.fleet import homeless
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.macs import made_mac
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.planner import plan
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.validator import validate
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner import world

LONG = "enp59s0f0np0"


def guest(name, *networks, **wishes):
    """A guest with a NIC n0, n1 … in each network."""
    return {
        "name": name,
        "interfaces": [dict({"name": "n%d" % i, "network": n}, **wishes) for i, n in enumerate(networks)],
    }


def planned(intent, facts, host="hv1"):
    return plan(validate(intent), facts, host)


def problems(intent, facts):
    with pytest.raises(InvalidInput) as caught:
        planned(intent, facts)
    return caught.value.problems


def card(name="ens2", pci="0000:41:00.0", **more):
    return world.nic(name, pci, **dict({"total": 7, "numa_node": 1}, **more))


FAST = {"prod": {"uplinks": [{"device": "ens2"}], "vlan": 100, "mtu": 9000}}


def test_a_vf_on_a_card_without_any():
    facts = world.host(card(), domains=[world.domain("web1", pins={"0": "4-7"})])
    found = planned({"networks": FAST, "guests": [guest("web1", "prod")]}, facts)
    (nic,) = found["nics"]
    assert found["pfs"] == [{"pf": "ens2", "num_vfs": 4}]
    assert (nic["attachment"], nic["backend"], nic["model"], nic["vf"]) == (
        "sriov",
        "vfio",
        None,
        {"pf": "ens2", "index": 0},
    )
    assert (nic["numa_node"], nic["vlan"], nic["status"], nic["rejected"], nic["xml"]) == (1, 100, "planned", [], None)
    assert nic["mac"] == made_mac("web1", "n0", "52:54")
    assert "VF 0 of ens2" in nic["reason"] and "node 1, as are the guest's vCPUs" in nic["reason"]
    assert found["domains"] == [
        {
            "name": "web1",
            "uuid": world.uuid_of("web1"),
            "purge": False,
            "interfaces": [
                {"name": "n0", "type": "hostdev", "source": {"pf": "ens2", "index": 0}, "mac": nic["mac"], "vlan": 100}
            ],
        }
    ]
    # A VF's MTU is at most its card's; no VLAN subinterface is needed.
    assert found["lower_devices"] == [{"name": "ens2", "up": True, "mtu": 9000}]
    assert found["vlans"] == [] and found["bridges"] == [] and found["vfs"] == []


def test_twice_the_demand_and_no_more_than_there_are():
    names = ["web%d" % number for number in range(3)]
    intent = {"networks": FAST, "guests": [guest(name, "prod") for name in names]}
    facts = world.host(card(), domains=[world.domain(name) for name in names])
    assert planned(intent, facts)["pfs"] == [{"pf": "ens2", "num_vfs": 6}]
    assert planned(intent, world.host(card(total=5), domains=facts["libvirt"]["domains"]))["pfs"][0]["num_vfs"] == 5


def test_a_count_that_is_there_stays():
    facts = world.host(card(count=2), domains=[world.domain("web1")])
    assert planned({"networks": FAST, "guests": [guest("web1", "prod")]}, facts)["pfs"] == [
        {"pf": "ens2", "num_vfs": 2}
    ]


def test_a_stated_count_is_wished_whoever_needs_it():
    networks = {"prod": {"uplinks": [{"device": "ens2", "vfs": 3}]}}
    assert planned({"networks": networks}, world.host(card(count=2)))["pfs"] == [{"pf": "ens2", "num_vfs": 3}]


def test_the_xml_is_what_libvirt_takes():
    facts = world.host(card(count=4), domains=[world.domain("web1")])
    (nic,) = planned({"networks": FAST, "guests": [guest("web1", "prod")]}, facts)["nics"]
    assert nic["xml"].split("\n")[0] == '<interface type="hostdev" managed="yes">'
    for part in ('domain="0x0000" bus="0x41" slot="0x10" function="0x0"', '<tag id="100" />', '<alias name="ua-n0" />'):
        assert part in nic["xml"]


def test_macvtap_on_a_vlan():
    facts = world.host(card(total=None), domains=[world.domain("web1")])
    found = planned({"networks": FAST, "guests": [guest("web1", "prod")]}, facts)
    (nic,) = found["nics"]
    assert (nic["attachment"], nic["backend"], nic["model"]) == ("macvtap", "vhost", "virtio")
    assert nic["rejected"] == [{"attachment": "sriov", "reason": "ens2 has no SR-IOV"}]
    assert found["vlans"] == [{"name": "ens2.100", "lower": "ens2", "id": 100, "mtu": 9000}]
    assert found["lower_devices"] == [{"name": "ens2", "up": True, "mtu": 9000}]
    interface = found["domains"][0]["interfaces"][0]
    assert interface["source"] == {"device": "ens2.100", "mode": "bridge"}
    assert interface["vlan"] == 0 and "mtu" not in interface


def test_an_mtu_never_shrinks_a_card():
    networks = {"prod": {"uplinks": [{"device": "ens2"}], "mtu": 1500}}
    facts = world.host(card(total=None, mtu=9000), domains=[world.domain("web1")])
    found = planned({"networks": networks, "guests": [guest("web1", "prod")]}, facts)
    assert found["lower_devices"] == [{"name": "ens2", "up": True, "mtu": 9000}]


def test_the_name_of_a_vlan_fits():
    networks = {"prod": {"uplinks": [{"device": LONG}], "vlan": 4094}}
    facts = world.host(card(LONG, total=None), domains=[world.domain("web1")])
    (vlan,) = planned({"networks": networks, "guests": [guest("web1", "prod")]}, facts)["vlans"]
    assert len(vlan["name"]) <= 15 and vlan["name"].endswith(".4094") and vlan["name"].startswith("enp5")


def test_a_bridge_with_its_uplink():
    networks = {"hall": {"uplinks": [{"device": "ens2"}], "switch": {"bridge": "br0"}, "vlan": 7, "mtu": 9000}}
    intent = {"networks": networks, "guests": [guest("web1", "hall", requires=["filtering"])]}
    found = planned(intent, world.host(card(), domains=[world.domain("web1")]))
    (nic,) = found["nics"]
    assert (nic["attachment"], nic["backend"], nic["numa_node"]) == ("bridge", "vhost", 1)
    assert [entry["attachment"] for entry in nic["rejected"]] == ["sriov", "macvtap"]
    assert all(entry["reason"].startswith("requires filtering") for entry in nic["rejected"])
    assert found["bridges"] == [{"name": "br0", "ports": ["ens2.7"]}]
    assert found["vlans"] == [{"name": "ens2.7", "lower": "ens2", "id": 7, "mtu": 9000}]
    assert found["domains"][0]["interfaces"][0]["mtu"] == 9000 and found["notes"] == []


def test_a_bridge_network_takes_vfs_of_its_uplink_first():
    networks = {"hall": {"uplinks": [{"device": "ens2"}], "switch": {"bridge": "br0"}}}
    found = planned(
        {"networks": networks, "guests": [guest("web1", "hall")]}, world.host(card(), domains=[world.domain("web1")])
    )
    assert found["nics"][0]["attachment"] == "sriov" and found["bridges"] == []


def test_an_isolated_bridge_is_made_and_told():
    facts = world.host(card(), domains=[world.domain("web1")])
    found = planned({"networks": {"in": {"switch": {"bridge": "br9"}}}, "guests": [guest("web1", "in")]}, facts)
    assert found["bridges"] == [{"name": "br9"}] and "br9 stands alone" in found["notes"][0]
    assert [entry["reason"] for entry in found["nics"][0]["rejected"]] == ["network in lists no uplink"] * 2


def bridge_host(**port):
    return world.host(card(**port), world.nic("br0", kind="bridge"), domains=[world.domain("web1")])


HALL = {"networks": {"hall": {"uplinks": [{"device": "ens2"}], "switch": {"bridge": "br0"}}}, "profile": "only",
        "profiles": {"only": {"rules": {"attachments": {"value": ["bridge"]}}}},
        "guests": [guest("web1", "hall")]}  # fmt: skip


def test_somebody_elses_bridge_is_used_as_it_is():
    found = planned(HALL, bridge_host())
    assert found["bridges"] == [{"name": "br0"}] and found["lower_devices"] == []
    assert "used as it is: ens2 is not among its ports" in found["notes"][0]


def test_a_bridge_that_has_its_port():
    found = planned(HALL, bridge_host(master="br0"))
    assert found["bridges"] == [{"name": "br0", "ports": ["ens2"]}] and found["notes"] == []


def test_our_own_bridge_gets_the_port_it_lacks():
    """After a run that was interrupted."""
    facts = bridge_host()
    world.find(facts, "br0")["ours"] = True
    assert planned(HALL, facts)["bridges"] == [{"name": "br0", "ports": ["ens2"]}]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"br0": {"kind": "bond"}}, "is a bond, no bridge"),
        ({"br0": None, "ens2": {"master": "bond0"}}, "is a port of bond0"),
        ({"br0": None, "ens2": {"master": "unknown"}}, "of unknown use"),
        ({"ovs": ["br0"]}, "Open vSwitch"),
    ],
)
def test_a_bridge_that_cannot_be(change, words):
    facts = bridge_host()
    for name, values in change.items():
        if name == "ovs":
            facts["ovs"]["bridges"] = values
        elif values is None:
            facts["nics"] = [device for device in facts["nics"] if device["name"] != name]
        else:
            world.find(facts, name).update(values)
    (problem,) = problems(HALL, facts)
    assert (
        problem.path == "vnic_guests[0].interfaces[0]"
        and words in problem.message
        and "on this host" in problem.message
    )


def test_never_untagged_by_accident():
    intent = dict(HALL, networks={"hall": dict(HALL["networks"]["hall"], vlan=9)})
    (problem,) = problems(intent, bridge_host())
    assert "exists without the port ens2.9" in problem.message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"iommu": {"enabled": False, "interrupt_remapping": False}}, "no IOMMU"),
        ({"iommu": {"enabled": True, "interrupt_remapping": False}}, "interrupt remapping is missing"),
        ({"iommu": {"enabled": "unknown", "interrupt_remapping": True}}, "could not be read"),
        ({"iommu": {"enabled": True, "interrupt_remapping": "unknown"}}, "could not be read"),
        ({"iommu": "unknown"}, "could not be read"),
    ],
)
def test_what_a_host_must_have_for_vfs(change, words):
    facts = world.host(card(), domains=[world.domain("web1")], **change)
    found = planned({"networks": FAST, "guests": [guest("web1", "prod")]}, facts)
    assert found["nics"][0]["attachment"] == "macvtap" and words in found["nics"][0]["rejected"][0]["reason"]
    assert found["pfs"] == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"total": None, "sriov": "unknown"}, "could not be read"),
        ({"total": 0}, "gives ens2 no VFs"),
        ({"management": True}, "may carry the connection"),
        ({"management": "unknown"}, "may carry the connection"),
    ],
)
def test_what_a_card_must_have_for_vfs(more, words):
    facts = world.host(card(**more), domains=[world.domain("web1")])
    (nic,) = planned({"networks": FAST, "guests": [guest("web1", "prod")]}, facts)["nics"]
    assert nic["attachment"] == "macvtap" and words in nic["rejected"][0]["reason"]


def test_vfs_that_are_there_on_the_way_in_are_used():
    """Only making the first ones interrupts the card."""
    facts = world.host(card(management=True, count=4), domains=[world.domain("web1")])
    assert planned({"networks": FAST, "guests": [guest("web1", "prod")]}, facts)["nics"][0]["attachment"] == "sriov"
    networks = {"prod": {"uplinks": [{"device": "ens2", "vfs": 4}]}}
    facts = world.host(card(management=True), domains=[world.domain("web1")])
    assert planned({"networks": networks, "guests": [guest("web1", "prod")]}, facts)["nics"][0]["attachment"] == "sriov"


def test_others_keep_their_vfs():
    facts = world.host(card(count=4, total=4), domains=[world.domain("web1")])
    world.use(facts, "ens2", 0, "the network namespace blue")
    vfs = world.find(facts, "ens2")["sriov"]["vfs"]
    vfs[1].update(free="unknown")
    vfs[2].update(iommu_group=vfs[3]["iommu_group"])
    (nic,) = planned({"networks": FAST, "guests": [guest("web1", "prod")]}, facts)["nics"]
    assert nic["attachment"] == "macvtap"
    reason = nic["rejected"][0]["reason"]
    for words in (
        "VF 0 is used by the network namespace blue",
        "VF 1 is not known to be free",
        "VF 2 shares its IOMMU group",
    ):
        assert words in reason


def test_none_left_says_so():
    facts = world.host(card(count=1, total=1), domains=[world.domain("web1"), world.domain("web2")])
    nics = planned({"networks": FAST, "guests": [guest("web1", "prod"), guest("web2", "prod")]}, facts)["nics"]
    assert [nic["attachment"] for nic in nics] == ["sriov", "macvtap"]
    assert nics[1]["rejected"][0]["reason"] == "no free VF on ens2, which has 1: 1 for NICs of this plan"


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

    def nic(self, pins, first=0, second=1, vcpus=1, **more):
        facts = world.host(
            card("ens1", "0000:01:00.0", numa_node=first, **more),
            card("ens2", "0000:41:00.0", numa_node=second, **more),
            domains=[world.domain("web1", pins=pins, vcpus=vcpus)],
        )
        (nic,) = planned({"networks": self.networks, "guests": [guest("web1", "prod")]}, facts)["nics"]
        return nic

    def test_the_guests_node_comes_first(self):
        assert self.nic({"0": "5"})["vf"]["pf"] == "ens2"
        assert self.nic({"0": "1"})["vf"]["pf"] == "ens1"

    def test_macvtaps_too(self):
        assert "on ens2" in self.nic({"0": "5"}, total=None)["reason"]

    @pytest.mark.parametrize("pins", [{}, {"0": "0-7"}, {"0": "0,4"}, {"0": ""}, {"0": "junk"}, {"0": "900"}])
    def test_no_single_node_no_preference(self, pins):
        nic = self.nic(pins)
        assert nic["vf"]["pf"] == "ens1" and "pinned to no single node" in nic["reason"]

    def test_every_vcpu_counts(self):
        assert self.nic({"0": "5"}, vcpus=2)["vf"]["pf"] == "ens1"
        assert self.nic({"0": "5", "1": "6"}, vcpus=2)["vf"]["pf"] == "ens2"

    @pytest.mark.parametrize("node", [None, -1, "unknown"])
    def test_an_unknown_node_is_told_and_not_guessed(self, node):
        nic = self.nic({"0": "1"}, first=node, second=1)
        assert nic["numa_node"] is None and "NUMA node of ens1 is unknown" in nic["reason"]

    def test_a_far_one_is_told(self):
        assert "its packets cross nodes" in self.nic({"0": "5"}, second=0)["reason"]


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


class TestGuests:
    networks = {"prod": {"uplinks": [{"device": "ens2"}]}}

    def test_only_those_that_live_here(self):
        facts = world.host(card(), domains=[world.domain("web1"), world.domain("stranger")])
        found = planned({"networks": self.networks, "guests": [guest("web1", "prod"), guest("web2", "prod")]}, facts)
        assert [nic["guest"] for nic in found["nics"]] == ["web1"]
        assert [domain["name"] for domain in found["domains"]] == ["web1"]

    def test_by_uuid_under_another_name(self):
        facts = world.host(card(), domains=[world.domain("{{ lookup('pipe','id') }}", uuid=world.uuid_of("x").upper())])
        wish = dict(guest("web1", "prod"), uuid=world.uuid_of("x"))
        found = planned({"networks": self.networks, "guests": [wish]}, facts)
        assert found["nics"][0]["guest"] == "web1" and found["domains"][0]["name"] == "{{ lookup('pipe','id') }}"
        assert found["nics"][0]["uuid"] == world.uuid_of("x")

    def test_another_guest_of_that_name(self):
        facts = world.host(card(), domains=[world.domain("web1", uuid=world.uuid_of("y"))])
        found = planned(
            {"networks": self.networks, "guests": [dict(guest("web1", "prod"), uuid=world.uuid_of("x"))]}, facts
        )
        assert found["nics"] == [] and "is left alone" in found["notes"][0]

    def test_listed_twice_by_uuid_and_by_name(self):
        facts = world.host(card(), domains=[world.domain("web1", uuid=world.uuid_of("x"))])
        wishes = [dict(guest("label", "prod"), uuid=world.uuid_of("x")), guest("web1", "prod")]
        (problem,) = problems({"networks": self.networks, "guests": wishes}, facts)
        assert problem.path == "vnic_guests[1].name" and "list it once" in problem.message

    def test_announced_for_this_host(self):
        intent = {"networks": self.networks, "guests": [dict(guest("web1", "prod"), host="hv1")]}
        found = planned(intent, world.host(card(count=4)))
        (nic,) = found["nics"]
        assert nic["status"].startswith("pending: guest is not defined") and nic["uuid"] is None
        assert "hostdev" in nic["xml"] and found["domains"] == [] and found["pfs"] == [{"pf": "ens2", "num_vfs": 4}]
        assert planned(intent, world.host(card()), "hv2")["nics"] == []

    def test_those_defined_come_before_those_announced(self):
        intent = {"networks": self.networks, "guests": [dict(guest("aaa", "prod"), host="hv1"), guest("zzz", "prod")]}
        nics = planned(intent, world.host(card(count=1, total=1), domains=[world.domain("zzz")]))["nics"]
        assert [(nic["guest"], nic["attachment"]) for nic in nics] == [("zzz", "sriov"), ("aaa", "macvtap")]

    def test_without_libvirt_no_guest_is_known(self):
        facts = world.host(card(), libvirt={"available": False, "problem": "python3-libvirt is missing", "domains": []})
        found = planned({"networks": self.networks, "guests": [guest("web1", "prod")]}, facts)
        assert found["nics"] == [] and "python3-libvirt is missing" in found["notes"][0]

    def test_an_address_that_another_nic_has(self):
        mac = made_mac("web1", "n0", "52:54")
        facts = world.host(card(), domains=[world.domain("web1"), world.domain("old", world.interface(None, mac))])
        (problem,) = problems({"networks": self.networks, "guests": [guest("web1", "prod")]}, facts)
        assert problem.path == "vnic_guests[0].interfaces[0].mac" and "guest old" in problem.message

    def test_two_nics_here_with_one_address(self):
        mac = "52:54:00:00:00:07"
        facts = world.host(
            card(),
            domains=[world.domain("a", world.interface("n0", mac)), world.domain("b", world.interface("n0", mac))],
        )
        (problem,) = problems({"networks": self.networks, "guests": [guest("a", "prod"), guest("b", "prod")]}, facts)
        assert "b/n0 is a/n0's too" in problem.message

    def test_purge_is_passed_on(self):
        facts = world.host(card(), domains=[world.domain("web1")])
        found = planned({"purge": True, "guests": [{"name": "web1", "interfaces": []}]}, facts)
        assert found["domains"] == [{"name": "web1", "uuid": world.uuid_of("web1"), "interfaces": [], "purge": True}]

    def test_the_homeless(self):
        intent = {
            "networks": self.networks,
            "guests": [guest("web1", "prod"), guest("web2", "prod"), {"name": "web3", "interfaces": []},
                       dict(guest("web4", "prod"), host="hv1"), dict(guest("web5"), uuid=world.uuid_of("x"))],
        }  # fmt: skip
        first = planned(intent, world.host(card(), domains=[world.domain("web1")]))
        second = planned(
            intent, world.host(card(), domains=[world.domain("web3"), world.domain("?", uuid=world.uuid_of("x"))])
        )
        assert homeless(validate(intent), [first, second]) == ["web2", "web4"]


def test_without_facts_only_the_inventory_is_judged():
    found = plan(validate({"networks": FAST, "guests": [guest("web1", "prod")]}), None, None)
    assert found["nics"] == [] and found["pfs"] == [] and found["profile"] == "best_performance"
    with pytest.raises(InvalidInput):
        plan(validate({"guests": [guest("web1", "prod")]}), None, None)
