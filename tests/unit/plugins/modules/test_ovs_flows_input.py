# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host.commands import Completed
from ansible_collections.kvm.vnic.tests.unit.memory_host.flow_switch import DB, OFF, WEB, flow_host
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.ovs_flows_case import RECORD, guest, run


@pytest.fixture
def host():
    return flow_host()


def refused(host, bridge, kind="value"):
    result = run(host, dict({"name": "br0"}, **bridge))
    assert result["failed"] and result.get("error_kind") == kind and host.writes() == [], result
    return {problem["path"]: problem["message"] for problem in result["problems"]}


def flows(**flow):
    return {"flows": [dict({"actions": "drop"}, **flow)]}


def port(**more):
    return {"guest_ports": [dict({"interface_id": WEB, "guest": "web1"}, **more)]}


def group(*buckets, **more):
    return {"groups": [dict({"id": 1, "type": "all", "buckets": list(buckets)}, **more)]}


def meter(**more):
    return {"meters": [dict({"id": 1, "rate": 5}, **more)]}


F = "bridges[0].flows[0]"
P = "bridges[0].guest_ports[0]"
B = "bridges[0].groups[0].buckets[0]"


@pytest.mark.parametrize(
    ("bridge", "path", "word"),
    [
        ({"name": "../x"}, "bridges[0].name", "interface name"),
        ({"name": "tcp:1"}, "bridges[0].name", "interface name"),
        (flows(table=255), F + ".table", "0 to 254"),
        (flows(table=-1), F + ".table", "0 to 254"),
        (flows(priority=65536), F + ".priority", "0 to 65535"),
        (flows(match="cookie=0x1/-1"), F + ".match", "marks its flows by cookie"),
        (flows(match="ip,table=3"), F + ".match", "table"),
        (flows(match="priority=3"), F + ".match", "no field of a packet"),
        (flows(match="ip idle_timeout=3"), F + ".match", "end by themselves"),
        (flows(match="send_flow_rem"), F + ".match", "no field"),
        (flows(match="ip,actions=NORMAL"), F + ".match", "options of their own"),
        (flows(match="ip,action=NORMAL"), F + ".match", "options of their own"),
        (flows(match="ip\nactions=drop"), F + ".match", "line break"),
        (flows(match="#ip"), F + ".match", "comment"),
        (flows(match="ip#,tcp"), F + ".match", "comment"),
        (flows(actions="output:1#,NORMAL"), F + ".actions", "comment"),
        (flows(actions="#output:1"), F + ".actions", "comment"),
        (group("output:1#x"), B, "comment"),
        (group("weight=70000,actions=drop", type="select"), B, "0 to 65535"),
        (group("watch_port=1,actions=drop"), B, "select or ff"),
        (group("watch_group=1,actions=drop", type="indirect"), B, "select or ff"),
        (group("watch_port=any,watch_group=8,actions=drop", type="ff"), B, "number or the name"),
        (group("watch_port=LOCAL,actions=drop", type="ff"), B, "number or the name"),
        (group("watch_port=eth1,actions=drop", type="ff", id=2), None, None),
        (group("watch_port=0x1,actions=drop", type="ff"), B, "number or the name"),
        (group("watch_port=65534,actions=drop", type="ff"), B, "1 to 65279"),
        (group("watch_port=0,actions=drop", type="ff"), B, "1 to 65279"),
        (group("watch_group=any,actions=drop", type="ff"), B, "no number"),
        (group("watch_group=4294967295,actions=drop", type="ff"), B, "0 to"),
        (group("goto_table:2"), B, "goto_table"),
        (group("output:1,write_actions(output:2)"), B, "write_actions"),
        (group("meter:3,output:1"), B, "meter"),
        (group("mod_tp_dst:80"), B, "set_field:"),
        (flows(match="in_port={port}"), F + ".match", "guest_ports only"),
        (flows(match="in_port={eth1"), F + ".match", "brace"),
        (flows(match="in_port={}"), F + ".match", "no port's name"),
        (flows(actions=""), F + ".actions", "write drop"),
        (flows(actions="drop\nflow add actions=NORMAL"), F + ".actions", "line break"),
        (flows(actions="output:{port}"), F + ".actions", "guest_ports only"),
        (flows(actions="output:{eth 1}"), F + ".actions", "no port's name"),
        (group(id=-1), "bridges[0].groups[0].id", "0 to"),
        (group("output:1", "output:2", type="indirect"), "bridges[0].groups[0].buckets", "one bucket"),
        (group("bucket_id=3,actions=drop"), B, "numbered in their order"),
        (group("weight=1,weight=2,actions=drop", type="select"), B, "each once"),
        (group("weight=1,actions=drop"), B, "type select"),
        (group("weight=x,actions=drop", type="select"), B, "no number"),
        (group("output:1", type="ff"), B, "watch_port"),
        (group("weight=3,actions="), B, "no bucket"),
        (group("output:{port}"), B, "guest_ports only"),
        (group("drop\n"), None, None),
        (group("drop\ngroup delete"), B, "line break"),
        (meter(id=0), "bridges[0].meters[0].id", "1 to"),
        (meter(rate=0), "bridges[0].meters[0].rate", "1 to"),
        (meter(burst=0), "bridges[0].meters[0].burst", "1 to"),
        (port(interface_id="web1"), P + ".interface_id", "UUID"),
        (port(interface_id="{%s}" % WEB[:34]), P + ".interface_id", "UUID"),
        (port(guest=""), P + ".guest", "guest's name"),
        (port(guest="a\nb"), P + ".guest", "guest's name"),
        (port(protected=True), P + ".protected", "list the flows"),
        (port(flows=[{"actions": "drop", "match": "table=1"}]), P + ".flows[0].match", "no field"),
    ],
)
def test_a_bad_value_is_refused_at_its_place(host, bridge, path, word):
    if path is None:
        assert not run(host, dict({"name": "br0"}, **bridge))["failed"]
        return
    problems = refused(host, bridge)
    assert list(problems) == [path] and word in problems[path]


@pytest.mark.parametrize(
    "bridge",
    [
        {"unlisted_ports": "open"},
        {"purge": "perhaps"},
        {"flows": [{"match": "ip"}]},
        {"flows": [{"actions": "drop", "cookie": 5}]},
        {"flows": [{"actions": "drop", "table": "first"}]},
        {"groups": [{"id": 1, "type": "any"}]},
        {"meters": [{"id": 1}]},
        {"meters": [{"id": 1, "rate": 3, "unit": "bps"}]},
        {"guest_ports": [{"interface_id": WEB}]},
    ],
)
def test_ansible_refuses_what_is_no_option(host, bridge):
    assert run(host, dict({"name": "br0"}, **bridge))["failed"] and host.writes() == []


def test_all_problems_come_in_one_message(host):
    result = run(host, {"name": "br0", "flows": [{"actions": ""}], "meters": [{"id": 0, "rate": 0}]}, {"name": "br0"})
    assert {problem["path"] for problem in result["problems"]} == {
        "bridges[1]",
        "bridges[0].flows[0].actions",
        "bridges[0].meters[0].id",
        "bridges[0].meters[0].rate",
    }


def test_numbers_and_ids_are_listed_once(host):
    twice = {"groups": [{"id": 1, "type": "all"}] * 2, "meters": [{"id": 1, "rate": 1}] * 2}
    assert list(refused(host, twice)) == ["bridges[0].groups[1]", "bridges[0].meters[1]"]
    ports = [{"interface_id": WEB, "guest": "a"}, {"interface_id": WEB.upper(), "guest": "b"}]
    assert list(refused(host, {"guest_ports": ports})) == ["bridges[0].guest_ports[1].interface_id"]


def test_every_flow_that_ovs_ofctl_does_not_take_is_named(host):
    listed = [
        {"match": "foo=1", "actions": "drop"},
        {"match": "ip", "actions": "drop"},
        {"match": "ip", "actions": "bar:1", "priority": 3},
        {"match": "arp", "actions": "dec_ttl"},
    ]
    problems = refused(host, {"flows": listed})
    assert {path: message.rpartition("ovs-ofctl: ")[2] for path, message in problems.items()} == {
        "bridges[0].flows[0]": "unknown keyword foo",
        "bridges[0].flows[2]": "unknown action bar",
        "bridges[0].flows[3]": "no usable protocol",
    }
    assert "unknown action bar" in refused(host, group("bar:1"))[B]
    assert list(refused(host, group("dec_ttl,output:1", "bar:1"))) == ["bridges[0].groups[0].buckets[1]"]


def test_flows_of_a_guest_that_is_off_are_looked_at_too(host):
    """Its start would be refused for them."""
    listed = [
        {"match": "foo=1,in_port={port}", "actions": "drop"},
        {"match": "in_port={port}", "actions": "output:eth9"},
    ]
    problems = refused(host, {"guest_ports": [dict(guest(OFF), flows=listed[:1])]})
    assert "unknown keyword foo" in problems["bridges[0].guest_ports[0].flows[0]"]
    problems = refused(host, {"guest_ports": [dict(guest(OFF), flows=listed[1:])]})
    assert "is no port of bridge br0" in problems["bridges[0].guest_ports[0].flows[0]"]


def test_two_flows_in_one_place_are_refused(host):
    listed = [{"match": "tcp", "actions": "drop"}, {"match": "dl_type=0x0800,nw_proto=6", "actions": "NORMAL"}]
    assert "same flow as bridges[0].flows[0]" in refused(host, {"flows": listed})["bridges[0].flows[1]"]
    guarded = {"flows": [{"priority": 0, "actions": "NORMAL"}], "unlisted_ports": "drop"}
    assert "same flow" in refused(host, guarded)["bridges[0].unlisted_ports"]
    ports = [{"interface_id": key, "guest": key, "flows": [{"match": "ip", "actions": "drop"}]} for key in (WEB, DB)]
    assert list(refused(host, {"guest_ports": ports})) == ["bridges[0].guest_ports[1].flows[0]"]


@pytest.mark.parametrize("where", [{"match": "in_port=eth9"}, {"actions": "output:eth9"}, {"actions": "output:{eth9}"}])
def test_a_port_that_is_not_there_is_an_error_and_in_check_mode_a_note(host, where):
    problems = refused(host, flows(**where))
    assert problems == {F: "is no port of bridge br0 that has a number: there are br0, eth1, vnet0, vnet1"}
    planned = run(host, dict(flows(**where), name="br0"), check=True)
    assert not planned["failed"] and "known after apply" in planned["notes"][0]


def test_a_bridge_that_is_not_there_is_an_error_and_in_check_mode_a_note(host):
    wish = {"name": "br9", "flows": [{"actions": "drop"}]}
    assert "make it first" in refused(host, wish)["bridges[0].name"]
    assert "known after apply" in run(host, wish, check=True)["notes"][0]
    assert "left out" in run(host, wish, check=True, missing="skip")["notes"][0]


def test_of_a_bridge_that_is_not_there_check_mode_tells_what_will_be_known(host):
    wish = {
        "name": "br9",
        "flows": [{"match": "ip", "actions": "group:7,local"}, {"match": "in_port=eth9", "actions": "NORMAL"}],
        "groups": [{"id": 7, "type": "all", "buckets": ["output:br9"]}],
        "guest_ports": [guest(OFF)],
        "unlisted_ports": "drop",
    }
    planned = run(host, wish, check=True, diff=True)
    assert planned["changed"] and host.writes() == [] and len(planned["notes"]) == 1, planned
    assert [(action["target"], action["field"], action["after"]) for action in planned["actions"]] == [
        ("br9/" + OFF, "flows_at_start", {"flows": [], "protected": False}),
        ("/etc/libvirt/hooks/qemu.d/kvm-vnic-ovs", "hook", "present"),
        ("br9", "group 7", "type=all,bucket=actions=LOCAL"),
        ("br9", "table=0,priority=32768,ip", "group:7,LOCAL"),
        ("br9", "table=0,priority=1,in_port=LOCAL", "NORMAL"),
        ("br9", "table=0,priority=0", "drop"),
        ("br9", "fail_mode", "secure"),
    ]
    wish["flows"].append({"match": "zz", "actions": "yy"})
    for check in (True, False):
        refused = run(host, wish, check=check)
        assert refused["error_kind"] == "value" and [problem["path"] for problem in refused["problems"]] == [
            "bridges[0].flows[2]"
        ]
    nothing = run(host, {"name": "br9", "guest_ports": [], "unlisted_ports": "none"}, check=True)
    assert not nothing["changed"] and nothing["actions"] == []


def test_a_bridge_without_bundles_is_told(host):
    host.switch.bridges["br0"].protocols = ["OpenFlow10", "OpenFlow13"]
    assert "OpenFlow14" in refused(host, {"flows": []})["bridges[0].name"]
    host.switch.bridges["br0"].protocols = ["OpenFlow14"]
    assert not run(host, {"name": "br0", "flows": []})["failed"]


def test_a_bridge_without_bundles_that_is_asked_nothing_is_left_alone(host):
    bridge, nothing = host.switch.bridges["br0"], {"name": "br0", "guest_ports": [], "unlisted_ports": "none"}
    bridge.protocols = ["OpenFlow10", "OpenFlow13"]
    result = run(host, nothing)
    assert not result["failed"] and not result["changed"] and host.writes() == []
    bridge.protocols = []
    run(host, dict({"name": "br0"}, **port()))
    bridge.protocols = ["OpenFlow10", "OpenFlow13"]
    assert "OpenFlow14" in run(host, nothing)["msg"]  # it has some of ours, perhaps


def test_without_open_vswitch_check_mode_tells_and_a_run_fails(host):
    del host.commands.tools["ovs-vsctl"]
    assert "not installed" in refused(host, {"flows": []})["bridges"]
    planned = run(host, {"name": "br0", "guest_ports": [{"interface_id": WEB, "guest": "a"}]}, check=True)
    assert planned["changed"] and "not installed" in planned["notes"][0] and host.writes() == []
    assert not run(host, purge=True)["failed"]


def test_without_its_daemon_there_are_no_flows(host):
    del host.tree.contents["/run/openvswitch/ovs-vswitchd.pid"]
    assert "ovs-vswitchd is not running" in refused(host, {"flows": []})["bridges"]
    host.tree.contents["/run/openvswitch/ovs-vswitchd.pid"] = "77"
    host.tree.contents["/proc/77/stat"] = "77 (ovs-vswitchd) T 1 77"
    assert "stopped" in refused(host, {"flows": []})["bridges"]


@pytest.mark.parametrize("code", [-14, 142])
@pytest.mark.parametrize(("command", "kind"), [("dump-flows", "unsupported"), ("bundle", "apply")])
def test_a_switch_that_does_not_answer_is_told_in_bounded_time(host, command, code, kind):
    host.switch.failures[command] = Completed(code, "", "")
    result = run(host, {"name": "br0", "flows": [{"actions": "drop"}]})
    assert result["error_kind"] == kind and "answer" in result["msg"] and "br0" in result["msg"]


def test_a_record_that_is_not_ours_is_an_error(host):
    for text in ("{", "[]", '{"version": 2, "bridges": {}}', '{"version": 1, "bridges": {"br0": {}}}'):
        host.tree.contents[RECORD] = text
        result = run(host, {"name": "br0", "flows": []})
        assert result["failed"] and RECORD in result["msg"] and "run again" in result["msg"], result


def test_consent_is_checked_too(host):
    assert run(host, allow_disruption=["all"])["error_kind"] == "value"
