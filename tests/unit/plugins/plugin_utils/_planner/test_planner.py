# SPDX-License-Identifier: GPL-3.0-or-later
"""Single hosts and what is planned for them."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import InvalidInput
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.macs import made_mac
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.planner import plan
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.validator import validate
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner import world
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner.world import card, guest, planned, problems

LONG = "enp59s0f0np0"
FAST = {"prod": {"uplinks": [{"device": "ens2"}], "vlan": 100, "mtu": 9000}}


def test_a_vf_on_a_card_without_any():
    facts = world.host(card(), domains=[world.domain("web1", pins={"0": "4-7"})])
    found = planned({"networks": FAST, "guests": [guest("web1", "prod")]}, facts)
    (nic,) = found["nics"]
    assert found["pfs"] == [{"pf": "ens2", "num_vfs": 4, "permanent_mac": world.mac_of("ens2")}]
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
    assert planned(intent, facts)["pfs"] == [{"pf": "ens2", "num_vfs": 6, "permanent_mac": world.mac_of("ens2")}]
    assert planned(intent, world.host(card(total=5), domains=facts["libvirt"]["domains"]))["pfs"][0]["num_vfs"] == 5


def test_a_count_that_is_there_stays():
    facts = world.host(card(count=2), domains=[world.domain("web1")])
    assert planned({"networks": FAST, "guests": [guest("web1", "prod")]}, facts)["pfs"] == [
        {"pf": "ens2", "num_vfs": 2, "permanent_mac": world.mac_of("ens2")}
    ]


def test_a_stated_count_is_wished_whoever_needs_it():
    networks = {"prod": {"uplinks": [{"device": "ens2", "vfs": 3}]}}
    assert planned({"networks": networks}, world.host(card(count=2)))["pfs"] == [
        {"pf": "ens2", "num_vfs": 3, "permanent_mac": world.mac_of("ens2")}
    ]


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
        ({"ovs": {"br0": {"ports": {}}}}, "Open vSwitch"),
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
    vfs[2].update(iommu_group_shared_with=["0000:42:00.0 (driver nvme)"])
    vfs[3].update(iommu_group=vfs[0]["iommu_group"])
    (nic,) = planned({"networks": FAST, "guests": [guest("web1", "prod")]}, facts)["nics"]
    assert nic["attachment"] == "macvtap"
    reason = nic["rejected"][0]["reason"]
    for words in (
        "VF 0 is used by the network namespace blue",
        "VF 1 is not known to be free",
        "VF 2 shares its IOMMU group with 0000:42:00.0 (driver nvme)",
    ):
        assert words in reason


def test_none_left_says_so():
    facts = world.host(card(count=1, total=1), domains=[world.domain("web1"), world.domain("web2")])
    nics = planned({"networks": FAST, "guests": [guest("web1", "prod"), guest("web2", "prod")]}, facts)["nics"]
    assert [nic["attachment"] for nic in nics] == ["sriov", "macvtap"]
    assert nics[1]["rejected"][0]["reason"] == "no free VF on ens2, which has 1: 1 for NICs of this plan"


def test_without_facts_only_the_inventory_is_judged():
    found = plan(validate({"networks": FAST, "guests": [guest("web1", "prod")]}), None, None)
    assert found["nics"] == [] and found["pfs"] == [] and found["profile"] == "best_performance"
    with pytest.raises(InvalidInput):
        plan(validate({"guests": [guest("web1", "prod")]}), None, None)
