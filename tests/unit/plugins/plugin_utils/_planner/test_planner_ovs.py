# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks of Open vSwitch on a host."""

from __future__ import annotations

import copy
import uuid

import pytest

from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.text import plan_text
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner import world
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner.openflow import actions, packet
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner.world import card, guest, planned, problems

ID = "11111111-2222-5333-8444-555555555555"


def intent(switch=None, wishes=None, **network):
    lan = dict(
        {"switch": dict({"ovs": "br-lan"}, **(switch or {})), "uplinks": [{"device": "ens2"}], "vlan": 100}, **network
    )
    return {"networks": {"lan": lan}, "guests": [guest("web1", "lan", **(wishes or {}))]}


def facts(*more, domains=None, **ovs):
    found = world.host(card(), *more, domains=domains or [world.domain("web1")])
    found["ovs"]["bridges"].update(ovs.get("bridges", {}))
    return found


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
        "inbound": {"average": 125000},
        "outbound": {"average": 1000},
    }
    assert bandwidth({"from_guest_mbit": 0}) == {"outbound": "none"}


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


def beside(switch=None, **other):
    """A network ``b`` without uplinks, on the bridge of ``lan``, which lists one."""
    tree = intent()
    tree["networks"]["b"] = dict({"switch": dict({"ovs": "br-lan"}, **(switch or {})), "vlan": 7}, **other)
    tree["guests"] = [guest("web1", "lan"), guest("web2", "b")]
    return tree, facts(domains=[world.domain("web1"), world.domain("web2")])


@pytest.mark.parametrize("isolated", [False, True])
def test_the_uplink_of_another_network_of_the_bridge_counts_before_it_is_its_port(isolated):
    tree, host = beside({"isolated": isolated})
    first = planned(tree, host)
    assert [nic["numa_node"] for nic in first["nics"]] == [1, 1]
    assert len(first["notes"]) == isolated and all("not ens2, a port of br-lan" in note for note in first["notes"])
    second = planned(tree, world.applied(first, host))
    assert second == first
    tree["guests"] = [guest("web2", "b")]  # nobody brings the uplink, then
    assert "stands alone" in planned(tree, host)["notes"][-1]


@pytest.mark.parametrize("kind", ["patch", "vxlan", "dpdk"])
def test_what_is_no_device_of_the_hosts_leads_on_too(kind):
    bridge = {"br-lan": {"ports": {"p0": world.ovs_port("p0", kind=kind)}}}
    host = facts(world.nic("br-lan", kind="openvswitch"), bridges=bridge)
    assert planned(intent(uplinks=[]), host)["notes"] == []
    (note,) = planned(intent({"isolated": True}, uplinks=[]), host)["notes"]
    assert "not p0, a port of br-lan" in note


def bonded(bridge):
    bond = {bridge: {"ports": {"bond0": world.ovs_port("ens2", "ens3")}}}
    host = facts(card("ens3", "0000:42:00.0"), world.nic("br-lan", kind="openvswitch"), bridges=bond)
    for name in ("ens2", "ens3"):
        world.find(host, name)["master"] = "ovs-system"
    return host


def test_a_bond_of_open_vswitch():
    found = planned(intent(uplinks=[]), bonded("br-lan"))
    assert found["nics"][0]["numa_node"] == 1 and found["notes"] == []
    (note,) = planned(intent({"isolated": True}, uplinks=[]), bonded("br-lan"))["notes"]
    assert "not bond0, a port of br-lan" in note
    (problem,) = problems(intent(), bonded("br-lan"))
    assert "ens2 is a part of bond0" in problem.message and "leave uplinks out" in problem.message
    (problem,) = problems(intent(), bonded("br9"))
    assert "ens2 is a part of bond0, a port of Open vSwitch bridge br9" in problem.message


def test_an_uplink_that_others_copy_to():
    there = world.ovs_port("ens2", output_of=["theirs"])
    (problem,) = problems(intent(), facts(bridges={"br-lan": {"ports": {"ens2": there}}}))
    assert "where a mirror of br-lan copies to" in problem.message
    found = planned(intent(uplinks=[]), facts(bridges={"br-lan": {"ports": {"ens2": there}}}))
    assert "stands alone" in found["notes"][0]


def test_isolated_guests_of_a_bridge_whose_uplink_the_network_does_not_list():
    bridge = {"br-lan": {"ports": {"ens2": world.ovs_port("ens2")}}}
    host = facts(world.nic("br-lan", kind="openvswitch"), bridges=bridge)
    (note,) = planned(intent({"isolated": True}, uplinks=[]), host)["notes"]
    assert "network lan" in note and "not ens2" in note
    assert planned(intent(uplinks=[]), host)["notes"] == [] == planned(intent({"isolated": True}), host)["notes"]


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


@pytest.mark.parametrize(
    ("port", "made"),
    [(None, True), ("internal", True), ("system", False), ("dummy", False)],
)
def test_a_mirror(port, made):
    there = world.ovs_port("cap0", kind=port, output_of=["old"] if port == "system" else ())
    host = facts(bridges={"br-lan": {"ports": {"cap0": there}}} if port in ("internal", "system") else {})
    if port == "dummy":
        host["nics"].append(world.nic("cap0", kind="dummy"))
    found = planned(intent({"mirror_to": "cap0", "trunks": [300]}), host)["ovs"]["bridges"][0]
    assert found["ports"] == [{"name": "cap0", "type": "internal"} if made else {"name": "cap0"}, {"name": "ens2"}]
    assert found["mirrors"] == [
        {"name": "kvm-vnic-lan", "select_all": True, "output_port": "cap0", "select_vlans": [100, 300]}
    ]


def test_a_mirror_of_everything_and_one_that_cannot_be():
    tree = intent({"mirror_to": "cap0"})
    del tree["networks"]["lan"]["vlan"]
    assert planned(tree, facts())["ovs"]["bridges"][0]["mirrors"][0]["select_vlans"] == []
    (problem,) = problems(tree, facts(bridges={"br9": {"ports": {"cap0": world.ovs_port("cap0", kind="internal")}}}))
    assert "br9" in problem.message and problem.path == "vnic_networks.lan.switch.mirror_to"
    tree["networks"]["lan"]["uplinks"] = [{"device": "0000:41:00.0"}]
    tree["networks"]["lan"]["switch"]["mirror_to"] = "ens2"
    assert any("is an uplink of network lan" in problem.message for problem in problems(tree, facts()))


@pytest.mark.parametrize("selector", ["ens2", "0000:41:00.0"])
def test_no_copies_to_the_uplink_of_another_network(selector):
    tree, host = beside()
    tree["networks"]["lan"]["uplinks"] = [{"device": selector}]
    tree["networks"]["b"]["switch"]["mirror_to"] = "ens2"
    (problem,) = problems(tree, host)
    assert problem.path == "vnic_networks.b.switch.mirror_to" and "an uplink of network lan" in problem.message


@pytest.mark.parametrize(
    ("device", "port", "words"),
    [
        ({}, world.ovs_port("eth9"), "is a port of br-lan already"),
        ({}, world.ovs_port("eth9", attached_mac="52:54:00:00:00:09"), "is a port of br-lan already"),
        ({"master": "br0"}, None, "is a port of br0"),
        ({"master": "unknown"}, None, "could not be read"),
        ({"kind": "bridge"}, None, "is a Linux bridge"),
        ({"management": True}, None, "way in"),
        ({"management": "unknown"}, None, "way in"),
        ({"management": True}, world.ovs_port("eth9", kind="internal"), "way in"),
        ({"name": "eth8", "altnames": ["eth9"]}, None, "another name of eth8"),
        (None, world.ovs_port("eth9", kind="patch"), "is a port of br-lan already"),
    ],
)
def test_no_copies_to_what_carries_something_else(device, port, words):
    more = [world.nic("br-lan", kind="openvswitch")] + (
        [world.nic(**{"name": "eth9", **device})] if device is not None else []
    )
    host = facts(*more, bridges={"br-lan": {"ports": {"eth9": port} if port else {}}})
    (problem,) = problems(intent({"mirror_to": "eth9"}, uplinks=[]), host)
    assert problem.path == "vnic_networks.lan.switch.mirror_to" and words in problem.message


def test_no_copies_to_a_part_of_a_bond():
    for bridge in ("br-lan", "br9"):
        (problem,) = problems(intent({"mirror_to": "ens3"}, uplinks=[]), bonded(bridge))
        assert "is a part of bond0, a port of" in problem.message


@pytest.mark.parametrize(
    ("mirrors", "purged"), [([], True), (["kvm-vnic-old"], True), (["theirs"], False), ("unknown", True)]
)
def test_mirrors_are_purged_where_they_are_all_ours(mirrors, purged):
    host = facts(bridges={"br-lan": {"ports": {}, "mirrors": mirrors}})
    assert ("purge_mirrors" in planned(dict(intent(), purge=True), host)["ovs"]["bridges"][0]) == purged
    assert "purge_mirrors" not in planned(intent(), host)["ovs"]["bridges"][0]


@pytest.mark.parametrize(
    ("nics", "bridges", "words"),
    [
        ({"br-lan": {"kind": "bridge"}}, {}, "is a bridge, no Open vSwitch bridge"),
        ({"br-lan": {"kind": "tun"}}, {}, "is a tun, no Open vSwitch bridge"),
        ({"ens2": {"master": "br0"}}, {}, "is a port of br0"),
        ({"ens2": {"master": "unknown"}}, {}, "could not be read"),
        ({"ens2": {"master": "ovs-system"}}, {"br9": {"ports": {"ens2": world.ovs_port("ens2")}}}, "never moved"),
    ],
)
def test_a_bridge_that_cannot_be(nics, bridges, words):
    host = facts(bridges=bridges)
    for name, values in nics.items():
        if name not in world.names(host):
            host["nics"].append(world.nic(name))
        world.find(host, name).update(values)
    (problem,) = problems(intent(), host)
    assert problem.path == "vnic_guests[0].interfaces[0]" and words in problem.message


def test_a_bridge_in_user_space_while_open_vswitch_is_silent():
    host = facts(world.nic("br-lan", kind="tun"))
    host["ovs"] = {"installed": True, "running": False, "problem": "no socket", "bridges": "unknown"}
    (problem,) = problems(intent(), host)
    assert "is unknown: Open vSwitch does not answer (no socket)" in problem.message
    del host["ovs"]["problem"]
    assert "it could not be asked" in problems(intent(), host)[0].message


def test_a_bridge_that_is_there():
    """In user space its device is a tap; without an uplink the node is that of its port."""
    bridge = {
        "ports": {
            "br-lan": world.ovs_port("br-lan", kind="internal"),
            "ens2": world.ovs_port("ens2"),
            "vnet0": world.ovs_port("vnet0", attached_mac="x"),
        }
    }
    host = facts(world.nic("br-lan", kind="tun"), world.nic("vnet0", kind="tun"), bridges={"br-lan": bridge})
    found = planned(intent(uplinks=[]), host)
    assert found["nics"][0]["numa_node"] == 1 and found["notes"] == [] and "ports" not in found["ovs"]["bridges"][0]
    del bridge["ports"]["ens2"]
    assert "stands alone" in planned(intent(uplinks=[]), host)["notes"][0]


def test_a_linux_bridges_name_on_open_vswitch_is_told_how_to_write_it():
    host = facts(bridges={"br0": {"ports": {}}})
    tree = {"networks": {"lan": {"switch": {"bridge": "br0"}}}, "guests": [guest("web1", "lan")]}
    assert "write switch: {ovs: br0}" in problems(tree, host)[0].message


def test_uplinks_of_one_bridge_are_one_device():
    tree = intent()
    tree["networks"]["other"] = {"switch": {"ovs": "br-lan"}, "vlan": 7, "uplinks": [{"device": "0000:42:00.0"}]}
    tree["guests"] = [guest("web1", "lan", "other")]
    assert any("second uplink of br-lan" in p.message for p in problems(tree, facts(card("ens3", "0000:42:00.0"))))
    tree["networks"]["other"]["switch"]["ovs"] = "br-x"
    tree["networks"]["other"]["uplinks"] = [{"device": "0000:41:00.0"}]
    assert any("is the port of one bridge" in p.message for p in problems(tree, facts()))


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


def test_copies_to_a_device_of_the_hosts_that_stands_alone():
    """Once it is a port of the bridge, it is no way out of it."""
    tree, host = intent({"mirror_to": "cap0", "isolated": True}, uplinks=[]), facts(world.nic("cap0", kind="dummy"))
    first = planned(tree, host)
    assert planned(tree, world.applied(first, host)) == first and "stands alone" in first["notes"][0]


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
