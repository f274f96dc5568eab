# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks of Open vSwitch whose flows cards are to take."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.filter import wishes
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.text import plan_text
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner import world
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner.world import card, guest, planned, problems


def intent(*offloads, bridges=("br-lan", "br-lan", "br-lan")):
    """Networks n0, n1 … with ``hw_offload`` as stated, None for not; one guest on all of them."""
    networks = {}
    for at, (offload, bridge) in enumerate(zip(offloads, bridges)):
        switch = {"ovs": bridge} if offload is None else {"ovs": bridge, "hw_offload": offload}
        networks["n%d" % at] = {"switch": switch, "vlan": 100 + at}
        if bridge == "br-lan":
            networks["n%d" % at]["uplinks"] = [{"device": "ens2"}]
    return {"networks": networks, "guests": [guest("web1", *networks)]}


def facts(found="off", mode=None, **more):
    host = world.host(card(offloads={"hw_tc_offload": found}, **more), domains=[world.domain("web1")])
    if host["nics"][0]["sriov"]:
        host["nics"][0]["sriov"]["eswitch_mode"] = mode
    return host


def wished(plan):
    return plan["ovs"].get("hw_offload"), [
        device.get("hw_tc_offload") for device in plan["steering"]["devices"] if device["device"] == "ens2"
    ]


def test_what_is_not_stated_is_left_alone():
    found = planned(intent(None), facts())
    assert "hw_offload" not in found["ovs"] and wished(found) == (None, [None]) and found["notes"] == []
    assert "flows to" not in plan_text(found)
    assert "hw_offload" not in wishes.wishes(found)["ovs_bridge"]


@pytest.mark.parametrize("found", ["off", "on", "on [fixed]"])
def test_the_switch_hands_flows_to_a_card_that_takes_them(found):
    """Whether it is so already: facts after applying give the same plan."""
    plan = planned(intent(True), facts(found))
    assert wished(plan) == (True, [True]) and plan["notes"] == []
    assert "Open vSwitch hands flows to ens2" in plan_text(plan)
    asked = wishes.wishes(plan)
    assert asked["ovs_bridge"]["hw_offload"] is True and asked["packet_steering"]["devices"][0]["hw_tc_offload"] is True


def test_a_card_with_nothing_else_to_steer():
    plan = planned(dict(intent(True), profile="compatible"), facts())
    assert plan["steering"]["devices"] == [{"device": "ens2", "hw_tc_offload": True}]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ("off [fixed]", "ens2 cannot take flows of Open vSwitch"),
        ("unknown", "could not be read"),
        (None, "could not be read"),
    ],
)
def test_a_card_that_cannot_is_named(found, words):
    plan = planned(intent(True), facts(found))
    (note,) = plan["notes"]
    assert words in note and "ens2" in note and wished(plan) == (True, [None])
    assert "none of its uplinks is known to take them" in plan_text(plan)
    assert ("off [fixed] (driver igb)" in note) == (found == "off [fixed]")


@pytest.mark.parametrize(
    ("mode", "found", "told"),
    [("legacy", "off", True), ("switchdev", "off", False), (None, "off", False), ("legacy", "off [fixed]", False)],
)
def test_a_card_in_legacy_mode_is_told_and_its_mode_is_left(mode, found, told):
    plan = planned(intent(True), facts(found, mode))
    notes = [note for note in plan["notes"] if "eswitch" in note]
    assert bool(notes) == told and len(notes) <= 1
    if told:
        assert "devlink dev eswitch set pci/0000:41:00.0 mode switchdev" in notes[0] and "takes all virtual" in notes[0]
    assert "eswitch" not in str(wishes.wishes(plan))


def test_off_turns_the_switch_off_and_leaves_the_card_alone():
    plan = planned(intent(False), facts("on"))
    assert wished(plan) == (False, [None]) and plan["notes"] == []
    assert "Open vSwitch hands no flows to cards" in plan_text(plan)
    assert wishes.wishes(plan)["ovs_bridge"]["hw_offload"] is False


def test_one_network_that_wants_it_has_it_for_the_host():
    assert wished(planned(intent(None, True, True), facts())) == (True, [True])
    other = intent(None, True, bridges=("br-lan", "br-x"))  # br-x has no uplink
    assert wished(planned(other, facts())) == (True, [None])


@pytest.mark.parametrize("bridges", [("br-lan", "br-lan"), ("br-lan", "br-x")])
def test_networks_of_one_host_agree_whatever_their_bridges(bridges):
    (problem,) = problems(intent(False, True, bridges=bridges), facts())
    assert problem.path == "vnic_networks.n0.switch.hw_offload" and problem.value is False
    assert "contradicts network n1" in problem.message and "of n0" in problem.message


def test_networks_of_other_hosts_do_not_count():
    tree = intent(False, True)
    tree["guests"] = [guest("web1", "n0")]
    assert wished(planned(tree, facts())) == (False, [None])


def test_the_hardware_under_a_bond():
    host = facts(master="bond0")
    host["nics"].append(world.nic("bond0", kind="bond"))
    tree = intent(True)
    tree["networks"]["n0"]["uplinks"] = [{"device": "bond0"}]
    assert wished(planned(tree, host)) == (True, [True])


def test_a_plan_that_was_applied_is_planned_again():
    first = planned(intent(True), facts())
    assert planned(intent(True), world.applied(first, facts("on"))) == first
