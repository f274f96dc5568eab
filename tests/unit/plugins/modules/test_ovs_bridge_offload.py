# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether Open vSwitch hands flows to cards: one setting of the whole host, in the transaction of its bridges."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._resource.ovs_bridge import OvsBridge
from ansible_collections.kvm.vnic.tests.unit.memory_host.undoing import killed_everywhere, lead_back, watched
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.ovs_bridge_case import again, ovs_host, picture, run

ON = [["set", "Open_vSwitch", ".", 'other_config:"hw-offload"="true"']]
OFF = [["remove", "Open_vSwitch", ".", "other_config", '"hw-offload"']]


@pytest.fixture
def host():
    return ovs_host()


def settings(host):
    return host.ovs_memory.named("Open_vSwitch", ".")["other_config"]


def with_setting(value):
    host = ovs_host()
    settings(host).update({"hw-offload": value, "theirs": "1"})
    return host


def told(result):
    return [(action["target"], action["field"], action["before"], action["after"]) for action in result["actions"]]


def restarts(result):
    return [note for note in result["notes"] if "restart" in note]


def test_it_is_turned_on_beside_the_bridges_and_a_second_run_writes_nothing(host):
    result = run(host, {"name": "br0"}, hw_offload=True, diff=True)
    assert not result["failed"] and told(result)[0] == ("Open vSwitch", "hw_offload", False, True)
    assert len(host.ovs_memory.writes) == 1 and ON[0] in host.ovs_memory.writes[0]
    assert ["add-br", "br0"] in host.ovs_memory.writes[0] and settings(host) == {"hw-offload": "true"}
    (note,) = restarts(result)
    assert "ovs-vswitchd" in note and "every port" in note
    assert '"hw_offload": false' in result["diff"]["before"] and '"hw_offload": true' in result["diff"]["after"]
    assert restarts(again(host, {"name": "br0"}, hw_offload=True)) == []
    assert again(host, {"name": "br0"})["notes"] == []  # left out, it is left alone
    assert settings(host) == {"hw-offload": "true"}


def test_check_mode_tells_it_all_and_writes_nothing(host):
    result = run(host, hw_offload=True, check=True, diff=True)
    assert told(result) == [("Open vSwitch", "hw_offload", False, True)] and len(restarts(result)) == 1
    assert host.ovs_memory.writes == [] and settings(host) == {}


def test_off_is_what_it_is_without_the_key(host):
    again(host, hw_offload=False)
    assert host.ovs_memory.writes == []


@pytest.mark.parametrize("value", ["true", "TRUE"])
def test_it_is_turned_off_and_what_others_set_stays(value):
    host = with_setting(value)
    again(host, hw_offload=True)
    result = run(host, hw_offload=False)
    assert told(result) == [("Open vSwitch", "hw_offload", True, False)] and len(restarts(result)) == 1
    assert host.ovs_memory.writes == [OFF] and settings(host) == {"theirs": "1"}
    again(host, hw_offload=False)


@pytest.mark.parametrize("value", ["false", "yes", ""])
def test_what_the_switch_takes_for_off(value):
    host = with_setting(value)
    again(host, hw_offload=False)
    assert run(host, hw_offload=True, back=False)["changed"] and settings(host)["hw-offload"] == "true"
    assert host.ovs_memory.writes == [ON]


@pytest.mark.parametrize("running", [True, False])
def test_what_leading_back_leaves_until_the_next_start_is_told(host, running):
    host.ovs_memory.running(running)
    _result, plan = watched(OvsBridge(), lambda: run(host, hw_offload=True, back=False))
    undo = lead_back(OvsBridge(), host, plan)
    assert settings(host) == {} and undo.consents == () and undo.params["hw_offload"] is False
    assert [("until it starts anew" in text) for text in undo.uncovered] == [True] * running


@pytest.mark.parametrize(("before", "after"), [("false", True), ("true", False)])
def test_killed_anywhere_it_is_led_back_and_can_be_done_again(before, after):
    params = {"bridges": [{"name": "br0"}], "hw_offload": after, "missing": "fail"}
    assert killed_everywhere(OvsBridge(), lambda: with_setting(before), params, picture) >= 1


def test_purge_leaves_it_alone():
    host = with_setting("true")
    run(host, purge=True)
    assert settings(host)["hw-offload"] == "true" and host.ovs_memory.writes == []


def test_a_switch_that_is_not_running_reads_it_when_it_starts(host):
    host.ovs_memory.running(False)
    result = run(host, hw_offload=True, back=False)
    assert not result["failed"] and settings(host) == {"hw-offload": "true"} and restarts(result) == []
    assert [action["effect"] for action in result["actions"]] == ["service_start"]
    assert [(each["target"], each["field"], each["until"]) for each in result["pending"]] == [
        ("Open vSwitch", "hw_offload", "service_start")
    ]


def test_without_open_vswitch_there_is_nothing_to_turn_off(host):
    del host.commands.tools["ovs-vsctl"]
    refused = run(host, hw_offload=True)
    assert refused["failed"] and "hw_offload" in refused["msg"] and "needs Open vSwitch" in refused["msg"]
    assert not run(host, hw_offload=False)["changed"]


def test_a_database_that_does_not_answer(host):
    host.ovs_memory.database = False
    for wish in (True, False):
        refused = run(host, hw_offload=wish)
        assert refused["failed"] and "hw_offload" in refused["msg"] and "not running" in refused["msg"]


def test_a_bridge_may_have_any_name(host):
    run(host, {"name": "openvswitch"}, {"name": "hw_offload"}, hw_offload=True)
    assert sorted(row["name"] for row in host.ovs_memory.rows["Bridge"].values()) == ["hw_offload", "openvswitch"]
