# SPDX-License-Identifier: GPL-3.0-or-later
"""What an Open vSwitch bridge has for ports, and which of them lead on or are copied to."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner import world
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner.switched import beside, facts, intent
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner.world import card, guest, planned, problems


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


def test_uplinks_of_one_bridge_are_one_device():
    tree = intent()
    tree["networks"]["other"] = {"switch": {"ovs": "br-lan"}, "vlan": 7, "uplinks": [{"device": "0000:42:00.0"}]}
    tree["guests"] = [guest("web1", "lan", "other")]
    assert any("second uplink of br-lan" in p.message for p in problems(tree, facts(card("ens3", "0000:42:00.0"))))
    tree["networks"]["other"]["switch"]["ovs"] = "br-x"
    tree["networks"]["other"]["uplinks"] = [{"device": "0000:41:00.0"}]
    assert any("is the port of one bridge" in p.message for p in problems(tree, facts()))


def test_copies_to_a_device_of_the_hosts_that_stands_alone():
    """Once it is a port of the bridge, it is no way out of it."""
    tree, host = intent({"mirror_to": "cap0", "isolated": True}, uplinks=[]), facts(world.nic("cap0", kind="dummy"))
    first = planned(tree, host)
    assert planned(tree, world.applied(first, host)) == first and "stands alone" in first["notes"][0]
