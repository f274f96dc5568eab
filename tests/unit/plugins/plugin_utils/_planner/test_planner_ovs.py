# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks of Open vSwitch on a host."""

from __future__ import annotations

import copy
import uuid

import pytest

from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.text import plan_text
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner import world
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner.openflow import actions, packet
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner.switched import beside, facts, intent
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner.world import card, guest, planned, problems

ID = "11111111-2222-5333-8444-555555555555"


def test_a_guest_becomes_a_port():
    found = planned(intent({"datapath_type": "system", "fail_mode": "secure"}, mtu=9000), facts())
    (nic,) = found["nics"]
    ((entry,),) = [domain["interfaces"] for domain in found["domains"]]
    assert (nic["attachment"], nic["backend"], nic["model"], nic["numa_node"]) == ("ovs", "vhost", "virtio", 1)
    assert (nic["bridge"], nic["interface_id"], nic["flows"], nic["vf"]) == (
        "br-lan",
        entry["source"]["interface_id"],
        0,
        None,
    )
    assert uuid.UUID(nic["interface_id"]).version == 5
    assert entry == {
        "name": "n0", "type": "bridge", "source": {"bridge": "br-lan", "interface_id": nic["interface_id"]},
        "model": "virtio", "backend": "vhost", "mac": nic["mac"], "vlan": 100, "mtu": 9000,
    }  # fmt: skip
    assert found["ovs"] == {
        "bridges": [{"name": "br-lan", "datapath_type": "system", "fail_mode": "secure", "ports": [{"name": "ens2"}]}],
        "flows": [{"name": "br-lan", "guest_ports": [], "unlisted_ports": "none"}],
    }
    assert found["lower_devices"] == [{"name": "ens2", "up": True, "mtu": 9000}]
    assert found["vlans"] == found["bridges"] == found["pfs"] == [] and found["notes"] == []
    assert [(entry["attachment"], "has the Open vSwitch bridge br-lan" in entry["reason"]) for entry in nic["rejected"]] == [
        ("sriov", True), ("macvtap", True), ("bridge", True),
    ]  # fmt: skip
    assert "a port of the Open vSwitch bridge br-lan" in nic["reason"]


def test_the_interface_id_is_the_same_everywhere_and_stays():
    first = planned(intent(), facts())["nics"][0]["interface_id"]
    announced = dict(intent(), guests=[guest("web1", "lan") | {"host": "hv2"}])
    assert planned(announced, world.host(card()), "hv2")["nics"][0]["interface_id"] == first
    assert planned(intent(), facts(), "hv9")["nics"][0]["interface_id"] == first
    both = dict(intent(), guests=[guest("web1", "lan", "lan")])
    ids = [nic["interface_id"] for nic in planned(both, facts())["nics"]]
    assert ids[0] == first and ids[1] != first
    kept = world.interface("n0", "52:54:00:aa:bb:cc", interface_id=ID.upper())
    assert planned(intent(), facts(domains=[world.domain("web1", kept)]))["nics"][0]["interface_id"] == ID
    junk = world.interface("n0", "52:54:00:aa:bb:cc", interface_id="x")
    assert planned(intent(), facts(domains=[world.domain("web1", junk)]))["nics"][0]["interface_id"] == first


def test_two_nics_of_one_interface_id():
    twins = [world.interface("n%d" % at, "52:54:00:aa:bb:0%d" % at, interface_id=ID) for at in (0, 1)]
    tree = dict(intent(), guests=[guest("web1", "lan", "lan")])
    (problem,) = problems(tree, facts(domains=[world.domain("web1", *twins)]))
    assert problem.path == "vnic_guests[0].interfaces[1]" and "web1/n0" in problem.message


def test_vlans_of_the_port():
    def vlans(tree):
        (entry,) = planned(tree, facts())["domains"][0]["interfaces"]
        return {key: entry[key] for key in ("vlan", "trunks", "native_vlan") if key in entry}

    untagged = intent()
    del untagged["networks"]["lan"]["vlan"]
    assert vlans(untagged) == {"vlan": 0}
    assert vlans(intent()) == {"vlan": 100}
    assert vlans(intent({"trunks": [9, 8]})) == {"trunks": [8, 9], "native_vlan": 100}
    assert vlans(intent({"trunks": [9, 8]}, {"trunks": [7]})) == {"trunks": [7], "native_vlan": 100}
    assert planned(intent(None, {"trunks": [7]}), facts())["nics"][0]["trunks"] == [7]


def test_limits_are_in_libvirts_words():
    def bandwidth(limit):
        return planned(intent(None, {"rate_limit": limit}), facts())["domains"][0]["interfaces"][0]["bandwidth"]

    assert bandwidth({"to_guest_mbit": 1000, "from_guest_mbit": 8}) == {
        "inbound": {"average": 125000, "peak": 125000},
        "outbound": {"average": 1000},
    }
    assert bandwidth({"from_guest_mbit": 0}) == {"outbound": "none"}
    assert bandwidth({"to_guest_mbit": 0}) == {"inbound": "none"}


def test_anti_spoofing():
    found = planned(intent({"anti_spoofing": True}, {"addresses": ["192.0.2.10"]}), facts())
    (nic,) = found["nics"]
    ((bridge, (port,)),) = [(entry, entry["guest_ports"]) for entry in found["ovs"]["flows"]]
    assert bridge["unlisted_ports"] == "drop" and "fail_mode" not in found["ovs"]["bridges"][0]
    assert (port["guest"], port["protected"], port["interface_id"]) == ("web1", True, nic["interface_id"])
    assert nic["flows"] == len(port["flows"]) > 10
    assert actions(port["flows"], packet(nic["mac"], "ip", nw_src="192.0.2.10")) == "NORMAL"
    assert actions(port["flows"], packet(nic["mac"], "ip", nw_src="192.0.2.11")) == "drop"
    assert actions(port["flows"], packet("52:54:00:ff:ff:ff", "ip", nw_src="192.0.2.10")) == "drop"


def test_no_controller_comes_before_the_flows():
    """Open vSwitch lets through what comes under its name from anybody, a guest too (ovs-vswitchd.conf.db(5), disable-in-band)."""

    def wished(switch):
        return planned(intent(switch), facts())["ovs"]["bridges"][0].get("other_config")

    assert wished({"anti_spoofing": True}) == wished({"isolated": True}) == {"disable-in-band": "true"}
    assert wished({}) is wished({"fail_mode": "secure"}) is None
    found = planned(intent({"anti_spoofing": True}), facts())
    assert "br-lan lets nothing pass its flows for the sake of a controller (disable-in-band)" in plan_text(found)
    assert "disable-in-band" not in plan_text(planned(intent(), facts()))


def test_a_controller_that_loses_its_way_is_told():
    def told(remotes, **switch):
        host = facts(bridges={"br-lan": {"ports": {}, "in_band": remotes}})
        return [note for note in planned(intent(switch), host)["notes"] if "in-band" in note]

    (note,) = told(["tcp:192.0.2.9:6653", "ssl:192.0.2.7"], anti_spoofing=True)
    assert "br-lan" in note and "tcp:192.0.2.9:6653, ssl:192.0.2.7" in note
    assert told(["tcp:192.0.2.9:6653"]) == told([], anti_spoofing=True) == told("unknown", anti_spoofing=True) == []


def test_the_mac_address_that_the_nic_has_is_the_one_that_passes():
    has = world.interface("n0", "52:54:00:aa:bb:cc")
    found = planned(intent({"anti_spoofing": True}), facts(domains=[world.domain("web1", has)]))
    assert any(
        "dl_src=52:54:00:aa:bb:cc" in flow["match"] for flow in found["ovs"]["flows"][0]["guest_ports"][0]["flows"]
    )


def test_an_open_network_beside_a_guarded_one():
    tree = intent({"anti_spoofing": True})
    tree["networks"]["open"] = dict(tree["networks"]["lan"], vlan=200, switch={"ovs": "br-lan"})
    tree["guests"] = [guest("web1", "lan", "open")]
    ports = planned(tree, facts())["ovs"]["flows"][0]["guest_ports"]
    assert sorted((port["protected"], len(port["flows"]) == 1) for port in ports) == [(False, True), (True, False)]


def test_isolated_guests():
    found = planned(intent({"isolated": True}), facts())
    (port,) = found["ovs"]["flows"][0]["guest_ports"]
    sent = actions(port["flows"], packet("52:54:00:ff:ff:ff", "ip"))
    assert sent == "push_vlan:0x8100,set_field:4196->vlan_vid,output:{ens2}" and port["protected"]
    alone = planned(intent({"isolated": True}, uplinks=[]), facts())["ovs"]["flows"][0]["guest_ports"][0]
    assert actions(alone["flows"], packet("52:54:00:ff:ff:ff", "ip")).endswith(",LOCAL")


@pytest.mark.parametrize(
    ("switch", "words"),
    [
        ({}, "are on every VLAN of Open vSwitch bridge br-lan, those of lan too"),
        ({"anti_spoofing": True}, "receive what Open vSwitch bridge br-lan floods in any VLAN, those of lan too"),
        ({"isolated": True}, "receive what Open vSwitch bridge br-lan floods in any VLAN, those of lan too"),
    ],
)
def test_a_network_without_a_vlan_beside_others_is_told(switch, words):
    tree, host = beside(switch, uplinks=[{"device": "ens2"}])
    assert planned(tree, host)["notes"] == []
    del tree["networks"]["b"]["vlan"]
    (note,) = planned(tree, host)["notes"]
    assert "network b" in note and words in note
    tree["guests"] = [guest("web2", "b")]  # what comes by the uplink is there without a guest of lan
    assert any(words in note for note in planned(tree, host)["notes"])
    del tree["networks"]["lan"]
    assert not any(words in note for note in planned(tree, host)["notes"])


@pytest.mark.parametrize("where", ["network", "NIC", "same VLAN"])
def test_who_reaches_isolated_guests_is_told(where):
    tree, host = beside({"trunks": [100, 300]} if where == "network" else {}, uplinks=[{"device": "ens2"}])
    tree["networks"]["lan"]["switch"]["isolated"] = True
    if where == "NIC":
        tree["guests"][1]["interfaces"][0]["trunks"] = [100]
    if where == "same VLAN":
        tree["networks"]["b"].update(vlan=100, switch={"ovs": "br-lan", "trunks": [300]})
    (note,) = planned(tree, host)["notes"]
    assert "guests of network b can send to the isolated ones of network lan" in note and "VLAN 100" in note
    tree["networks"]["lan"]["vlan"] = 400
    assert planned(tree, host)["notes"] == []
    tree["networks"]["lan"]["vlan"] = 100
    tree["guests"] = [guest("web2", "b")]
    assert not any("isolated" in note for note in planned(tree, host)["notes"])


def test_an_uplink_whose_name_no_flow_can_hold():
    tree = intent({"isolated": True}, uplinks=[{"device": "0000:41:00.0"}])
    for name in ("port", "a,b", "1x"):
        (problem,) = problems(tree, world.host(card(name), domains=[world.domain("web1")]))
        assert problem.path == "vnic_networks.lan.switch.isolated" and name in problem.message


def test_who_is_closed_out_is_told():
    stranger = world.domain("db1", world.interface(None, "52:54:00:aa:bb:cc", source={"bridge": "br-lan"}))
    own = world.domain("web1", world.interface("n0", "52:54:00:aa:bb:dd", source={"bridge": "br-lan"}))

    def closed(switch):
        notes = planned(intent(switch), facts(domains=[own, stranger]))["notes"]
        return [note for note in notes if "lets nothing through" in note]

    (note,) = closed({"anti_spoofing": True})
    assert "br-lan" in note and note.endswith("NICs of db1")
    assert closed({}) == []
    own["interfaces"][0]["name"] = None  # adopted by its MAC address
    own["interfaces"][0]["mac"] = planned(intent(), facts())["nics"][0]["mac"]
    assert closed({"anti_spoofing": True}) == [note]


@pytest.mark.parametrize("way", ["ens2", "br-lan"], ids=["before", "after its addresses moved"])
def test_a_way_in_that_the_next_boot_closes_is_told(way):
    host = facts(world.nic("br-lan", kind="openvswitch"), bridges={"br-lan": {"ports": {}}})
    world.find(host, way)["management"] = True

    def told(**switch):
        return [note for note in planned(intent(switch), host)["notes"] if "boot" in note]

    (note,) = told(anti_spoofing=True)
    assert "br-lan" in note and told() == []


def test_a_strangers_nic_on_the_bridge_counts_for_the_uplink():
    stranger = world.domain("db1", world.interface(None, "52:54:00:aa:bb:cc", source={"bridge": "br-lan"}))

    def told(*domains):
        rules = planned(intent(), facts(domains=[world.domain("web1"), *domains]))["rules"]
        return [rule["reason"] for rule in rules if rule["scope"] == "ens2" and "db1" in rule["reason"]]

    assert told(stranger) and not told()


def test_announced_guests_have_their_flows_already():
    tree = dict(intent({"anti_spoofing": True}), guests=[guest("web1", "lan") | {"host": "hv1"}])
    found = planned(tree, world.host(card()))
    assert found["ovs"]["flows"][0]["guest_ports"][0]["guest"] == "web1" and found["domains"] == []


def test_a_linux_bridges_name_on_open_vswitch_is_told_how_to_write_it():
    host = facts(bridges={"br0": {"ports": {}}})
    tree = {"networks": {"lan": {"switch": {"bridge": "br0"}}}, "guests": [guest("web1", "lan")]}
    assert "write switch: {ovs: br0}" in problems(tree, host)[0].message


@pytest.mark.parametrize(
    ("switch", "requires", "words"),
    [
        ({"anti_spoofing": True}, "mac_change", "nothing through but its own MAC"),
        ({"isolated": True}, "host_access", "reach its uplink only"),
        ({}, "mac_change", None),
        ({}, "host_access", None),
        ({"anti_spoofing": True, "isolated": True}, "filtering", None),
    ],
)
def test_requirements(switch, requires, words):
    tree = intent(switch, {"requires": [requires]})
    if words is None:
        assert planned(tree, facts())["nics"][0]["attachment"] == "ovs"
    else:
        assert words in problems(tree, facts())[0].message


@pytest.mark.parametrize(
    ("profile", "model"),
    [("switched", "virtio"), ("talk_2011", "virtio"), ("multiqueue", "virtio"), ("compatible", "e1000")],
)
def test_every_profile_knows_open_vswitch(profile, model):
    (nic,) = planned(dict(intent(), profile=profile), facts())["nics"]
    assert (nic["attachment"], nic["model"]) == ("ovs", model)


def test_the_profile_switched():
    tree = dict(intent(), profile="switched")
    tree["networks"]["hall"] = {"switch": {"bridge": "br-hall"}}
    tree["networks"]["cards"] = {"uplinks": [{"device": "ens3"}]}
    tree["guests"] = [guest("web1", "lan", "hall")]
    found = planned(tree, facts())
    assert [nic["attachment"] for nic in found["nics"]] == ["ovs", "bridge"]
    assert [entry["attachment"] for entry in found["nics"][0]["rejected"]] == ["sriov", "macvtap"]
    assert [entry["attachment"] for entry in found["nics"][1]["rejected"]] == ["sriov", "macvtap", "ovs"]
    assert found["nics"][1]["rejected"][0]["reason"].startswith("the profile switched does not use it: every packet")
    tree["guests"] = [guest("web1", "cards")]
    assert "names no Open vSwitch bridge" in problems(tree, facts(card("ens3", "0000:42:00.0")))[0].message


def test_a_plan_that_was_applied_is_planned_again():
    tree = intent({"anti_spoofing": True, "mirror_to": "cap0"}, {"rate_limit": {"to_guest_mbit": 5}, "trunks": [9]})
    first = planned(tree, facts())
    second = planned(tree, world.applied(first, facts()))
    assert second == first and planned(copy.deepcopy(tree), world.applied(second, facts())) == first


def test_the_text():
    tree = intent({"anti_spoofing": True, "mirror_to": "cap0"}, {"trunks": [9]})
    found = planned(tree, facts())
    text, (nic,) = plan_text(found), found["nics"]
    for words in (
        "web1/n0 on lan (VLAN 100, tagged 9): Open vSwitch, virtio, vhost-net",
        "port: interface id %s on br-lan" % nic["interface_id"],
        "table=0,priority=20000,in_port={port} actions=drop",
        "Open vSwitch bridge br-lan has the ports cap0, ens2",
        "cap0 gets a copy of every packet of br-lan in VLAN 100",
        "br-lan lets nothing through from a guest's port whose flows are not there",
    ):
        assert words in text, text
    assert text.count("priority=2") == nic["flows"]
    quiet = plan_text(planned(intent(), facts()))
    assert "OpenFlow" not in quiet and "lets nothing" not in quiet and "has the port ens2" in quiet
