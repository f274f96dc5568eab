# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host.ovs_hook import HOOK, hook_text
from ansible_collections.kvm.vnic.plugins.module_utils._model.openflow_cookie import GUEST, PLAIN, cookie_of
from ansible_collections.kvm.vnic.tests.unit.memory_host.flow_switch import DB, OFF, WEB, flow_host
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.ovs_flows_case import (
    ANY,
    RECORD,
    flow,
    guest,
    run,
    settled,
    told,
)

OURS = "cookie=0x%x, " % cookie_of(PLAIN)
WEBS = "cookie=0x%x, " % cookie_of(GUEST, WEB)
DEFAULT = "priority=0 actions=NORMAL"


@pytest.fixture
def host():
    return flow_host()


@pytest.fixture
def br0(host):
    return host.switch.bridges["br0"]


def test_flows_in_any_notation_are_put_once(host, br0):
    wish = {
        "name": "br0",
        "flows": [
            flow("dl_type=0x0800,nw_proto=6,tcp_dst=0x50,eth_src=52:54:00:AA:BB:CC", "normal", priority=100),
            flow("in_port=eth1", "output:eth1,local", table=3),
        ],
    }
    result = run(host, wish, diff=True)
    assert told(result) == [
        ("br0", "table=0,priority=100,tcp,dl_src=52:54:00:aa:bb:cc,tp_dst=80", None, "NORMAL"),
        ("br0", "table=3,priority=32768,in_port=1", None, "output:1,LOCAL"),
    ]
    assert result["pending"] == [] and result["notes"] == [] and result["hook_installed"] is False
    assert br0.lines() == [
        OURS + "priority=100,tcp,dl_src=52:54:00:aa:bb:cc,tp_dst=80 actions=NORMAL",
        DEFAULT,
        OURS + "table=3, in_port=1 actions=output:1,LOCAL",
    ]
    assert host.tree.writes == []
    assert "table=3,priority=32768,in_port=1 (plain)" in json.loads(result["diff"]["after"])["br0"]["flows"]
    host.commands.calls.clear()
    settled(host, wish)
    reads = [[word for word in call if not word.startswith("-")] for call in host.commands.calls]
    assert [words[2] for words in reads[1:]] == ["dump-flows", "parse-flows"] and reads[0][0] == "ovs-vsctl"


@pytest.mark.parametrize(
    ("parts", "reads"),
    [
        (("flows",), ["dump-flows", "parse-flows"]),
        (("flows", "meters"), ["dump-flows", "parse-flows", "dump-meters"]),
        (("groups",), ["dump-flows", "parse-flows", "dump-groups"]),
        (("flows", "groups", "meters"), ["dump-flows", "parse-flows", "parse-flows", "dump-groups", "dump-meters"]),
        (("flows", "groups", "meters", "purge"), ["dump-flows", *["parse-flows"] * 2, "dump-groups", "dump-meters"]),
    ],
)
def test_each_table_is_read_once_and_only_if_it_is_spoken_of(host, parts, reads):
    whole = {
        "name": "br0",
        "flows": [flow("ip", "drop"), flow("in_port=eth1", "NORMAL")],
        "groups": [{"id": number, "type": "all", "buckets": ["output:eth1", "output:5"]} for number in (7, 8)],
        "meters": [{"id": number, "rate": 5} for number in (3, 4)],
        "purge": True,
    }
    wish = {"name": "br0", **{part: whole[part] for part in parts}}
    run(host, wish)
    host.commands.calls.clear()
    settled(host, wish)
    assert [word for call in host.commands.calls for word in call if word.startswith(("parse-", "dump-"))] == reads
    assert [call[0] for call in host.commands.calls].count("ovs-vsctl") == 1


def test_check_mode_writes_nothing_and_tells_the_same(host):
    wish = {"name": "br0", "flows": [flow("ip", "drop")], "guest_ports": [guest(WEB, ANY)], "unlisted_ports": "drop"}
    consent = {"allow_disruption": ["fail_mode:br0"]}
    planned = run(host, wish, check=True, diff=True, **consent)
    assert planned["changed"] and host.writes() == [] and "br0 table=0,priority=32768,ip" in planned["diff"]["after"]
    assert planned["hook_installed"] is True
    assert told(run(host, wish, **consent)) == told(planned)


def test_one_bundle_makes_all_changes_of_a_bridge(host, br0):
    run(host, {"name": "br0", "flows": [flow("ip", "drop"), flow("arp", "NORMAL")]})
    br0.add("cookie=0x5,priority=9,udp,actions=drop")
    host.commands.calls.clear()
    result = run(host, {"name": "br0", "flows": [flow("ip", "NORMAL"), flow("tcp", "drop")]})
    assert told(result) == [
        ("br0", "table=0,priority=32768,arp", "NORMAL", None),
        ("br0", "table=0,priority=32768,ip", "drop", "NORMAL"),
        ("br0", "table=0,priority=32768,tcp", None, "drop"),
    ]
    assert [call for call in host.commands.calls if "bundle" in call] == [
        ["ovs-ofctl", "--timeout=30", "-O", "OpenFlow14", "bundle", "br0", "-"]
    ]
    assert "cookie=0x5, priority=9,udp actions=drop" in br0.lines()


def test_omitted_is_left_alone_and_empty_is_cleared(host, br0):
    run(
        host,
        {"name": "br0", "flows": [flow("ip", "drop")], "groups": [{"id": 1, "type": "all", "buckets": ["output:1"]}]},
    )
    assert not run(host, {"name": "br0"})["changed"]
    assert told(run(host, {"name": "br0", "flows": []})) == [("br0", "table=0,priority=32768,ip", "drop", None)]
    assert br0.lines() == [DEFAULT] and list(br0.groups) == [1]
    assert told(run(host, {"name": "br0", "groups": []}))[0] == (
        "br0",
        "group 1",
        "type=all,bucket=actions=output:1",
        None,
    )
    assert br0.groups == {}
    settled(host, {"name": "br0", "flows": [], "groups": []})


def test_purge_of_a_bridge_takes_what_others_made_and_leaves_what_a_bridge_does_by_itself(host, br0):
    br0.add("cookie=0x5,table=1,priority=9,udp,actions=group:3")
    br0.groups[3], br0.meters[4] = "type=all,bucket=actions=output:1", "kbps bands= type=drop rate=5"
    wish = {"name": "br0", "purge": True}
    assert told(run(host, wish)) == [
        ("br0", "meter 4", "kbps bands= type=drop rate=5", None),
        ("br0", "group 3", "type=all,bucket=actions=output:1", None),
        ("br0", "table=1,priority=9,udp", "group:3", None),
    ]
    assert br0.lines() == [DEFAULT] and not br0.groups and not br0.meters
    settled(host, wish)
    br0.fail_mode = "secure"
    assert told(run(host, wish)) == [("br0", "table=0,priority=0", "NORMAL", None)]


def test_purge_of_all_clears_bridges_that_are_not_listed(host, br0):
    other = host.switch.add_bridge("br1", eth2=1)
    run(
        host,
        {"name": "br0", "flows": [flow("ip", "drop")], "guest_ports": [guest(WEB, ANY)]},
        {"name": "br1", "flows": [flow("ip", "drop")]},
    )
    br0.add("cookie=0x5,priority=9,udp,actions=drop")
    kept = {"name": "br1", "flows": [flow("ip", "drop")]}
    assert [action[:2] for action in told(run(host, kept, purge=True))] == [
        ("br0/" + WEB, "flows_at_start"),
        ("br0", "table=0,priority=32768,in_port=5"),
        ("br0", "table=0,priority=32768,ip"),
        (HOOK, "hook"),
    ]
    assert br0.lines() == ["cookie=0x5, priority=9,udp actions=drop", DEFAULT] and len(other.lines()) == 2
    assert HOOK not in host.tree.contents and json.loads(host.tree.contents[RECORD])["bridges"] == {}
    settled(host, kept, purge=True)


def test_the_record_of_a_bridge_that_is_gone_is_dropped(host):
    run(host, {"name": "br0", "guest_ports": [guest(WEB, ANY)]})
    del host.switch.bridges["br0"]
    assert told(run(host, purge=True))[0][:2] == ("br0/" + WEB, "flows_at_start")
    settled(host, purge=True)


def test_a_port_that_moved_is_recorded_on_its_new_bridge_alone(host):
    host.switch.add_bridge("br-a", eth2=1)
    run(host, {"name": "br0", "guest_ports": [guest(WEB, ANY), guest(DB, ANY)]})
    moved = {"name": "br-a", "guest_ports": [guest(WEB, ANY)]}
    assert [action[0] for action in told(run(host, moved))] == ["br-a/" + WEB, "br0/" + WEB]
    bridges = json.loads(host.tree.contents[RECORD])["bridges"]
    assert {name: list(kept["guests"]) for name, kept in bridges.items()} == {"br-a": [WEB], "br0": [DB]}
    settled(host, moved)


def test_without_its_last_flow_a_bridge_goes_back_to_what_it_does_by_itself(host, br0):
    run(host, {"name": "br0", "flows": [flow("", "drop", priority=0)]})
    assert br0.lines() == [OURS + "priority=0 actions=drop"]
    assert told(run(host, {"name": "br0", "flows": []})) == [("br0", "table=0,priority=0", "drop", "NORMAL")]
    assert br0.lines() == [DEFAULT]
    run(host, {"name": "br0", "flows": [flow("", "drop", priority=0)]})
    br0.controllers = ["one"]
    assert told(run(host, {"name": "br0", "flows": []})) == [("br0", "table=0,priority=0", "drop", None)]


def test_a_flow_of_others_is_replaced_with_consent_only(host, br0):
    br0.add("cookie=0x5,priority=9,udp,actions=drop")
    wish = {"name": "br0", "flows": [flow("udp", "drop", priority=9)]}
    settled(host, wish)
    wish["flows"][0]["actions"] = "NORMAL"
    refused = run(host, wish)
    assert refused["error_kind"] == "conflict" and host.writes() == []
    consent = "flow:br0/table=0,priority=9,udp"
    assert refused["dangers"][0]["consent"] == consent and "cookie 0x5" in refused["msg"]
    assert told(run(host, wish, allow_disruption=[consent])) == [("br0", "table=0,priority=9,udp", "drop", "NORMAL")]
    settled(host, wish)


def test_a_refused_flow_leaves_all_as_it_was_and_is_named(host, br0):
    run(host, {"name": "br0", "flows": [flow("ip", "drop")], "meters": [{"id": 4, "rate": 6}]})
    before, meters = br0.lines(), dict(br0.meters)
    wish = {
        "name": "br0",
        "flows": [flow("ip", "NORMAL"), flow("tcp", "group:9")],
        "meters": [{"id": 4, "rate": 7}, {"id": 5, "rate": 7}],
    }
    failed = run(host, wish)
    assert failed["error_kind"] == "apply" and failed["msg"].startswith(
        "hv1: ovs-ofctl bundle br0: nothing was changed"
    )
    assert (
        "bridges[0].flows[1] (table=0,priority=32768,tcp,actions=group:9)" in failed["msg"]
        and "OFPBAC_BAD_OUT_GROUP" in failed["msg"]
    )
    assert br0.lines() == before and br0.meters == meters


def test_a_guests_flows_follow_its_port(host, br0):
    wish = {
        "name": "br0",
        "guest_ports": [
            guest(
                WEB.upper(),
                flow("in_port={port},eth_src=52:54:00:00:00:01", "output:eth1"),
                flow("dl_dst=52:54:00:00:00:01", "output:{port}"),
                protected=True,
            ),
            guest(OFF, ANY, guest="later"),
        ],
    }
    result = run(host, wish)
    assert [action[:2] for action in told(result)] == [
        ("br0/" + WEB, "flows_at_start"),
        ("br0/" + OFF, "flows_at_start"),
        (HOOK, "hook"),
        ("br0", "table=0,priority=32768,in_port=5,dl_src=52:54:00:00:00:01"),
        ("br0", "table=0,priority=32768,dl_dst=52:54:00:00:00:01"),
    ]
    assert result["hook_installed"] is True
    assert [(entry["target"], entry["until"]) for entry in result["pending"]] == [("br0/" + OFF, "guest_start")]
    assert WEBS + "in_port=5,dl_src=52:54:00:00:00:01 actions=output:1" in br0.lines()
    assert (
        host.tree.contents[HOOK] == hook_text() and host.tree.modes[HOOK] == 0o755 and host.tree.modes[RECORD] == 0o600
    )
    kept = json.loads(host.tree.contents[RECORD])
    assert kept["version"] == 1 and kept["bridges"]["br0"]["guests"][WEB] == {
        "guest": "web1",
        "protected": True,
        "cookie": "0x%x" % cookie_of(GUEST, WEB),
        "flows": [
            {
                "table": 0,
                "priority": 32768,
                "match": "in_port={port},eth_src=52:54:00:00:00:01",
                "actions": "output:{eth1}",
            },
            {"table": 0, "priority": 32768, "match": "dl_dst=52:54:00:00:00:01", "actions": "output:{port}"},
        ],
    }
    assert [path for path, _text in host.tree.writes if path in (RECORD, HOOK)] == [RECORD, HOOK]
    again = settled(host, wish)
    assert again["hook_installed"] is False
    # the guest started anew without its hook
    br0.ports["vnet7"] = (9, br0.ports.pop("vnet0")[1])
    assert told(run(host, wish)) == [
        ("br0", "table=0,priority=32768,in_port=5,dl_src=52:54:00:00:00:01", "output:1", None),
        ("br0", "table=0,priority=32768,in_port=9,dl_src=52:54:00:00:00:01", None, "output:1"),
        ("br0", "table=0,priority=32768,dl_dst=52:54:00:00:00:01", "output:5", "output:9"),
    ]
    # it is no longer listed
    assert [action[:2] for action in told(run(host, {"name": "br0", "guest_ports": []}))][-1] == (HOOK, "hook")
    assert br0.lines() == [DEFAULT] and HOOK not in host.tree.contents


def test_a_changed_hook_is_replaced_without_a_restart(host):
    wish = {"name": "br0", "guest_ports": [guest(WEB, ANY)]}
    run(host, wish)
    host.tree.contents[HOOK] = "#!/bin/sh\n"
    result = run(host, wish)
    assert told(result) == [(HOOK, "hook", "another version", "present")] and result["hook_installed"] is False


def test_a_hook_that_libvirt_does_not_run_is_put_in_place_again(host):
    wish = {"name": "br0", "guest_ports": [guest(WEB, ANY)]}
    run(host, wish)
    host.tree.modes[HOOK] = 0o644
    assert told(run(host, wish)) == [(HOOK, "hook", "another version", "present")]
    assert host.tree.modes[HOOK] == 0o755
    settled(host, wish)


@pytest.mark.parametrize(
    "pid_file", ["/run/libvirtd.pid", "/run/libvirt/libvirtd.pid", "/run/virtqemud.pid", "/run/libvirt/virtqemud.pid"]
)
def test_a_daemon_older_than_the_hook_has_to_start_anew(host, monkeypatch, pid_file):
    """The one of all, and the one of QEMU alone."""
    wish = {"name": "br0", "guest_ports": [guest(WEB, ANY)]}
    run(host, wish)
    host.tree.contents.update({pid_file: "42", "/proc/42/comm": "libvirtd"})
    times = {HOOK: 20, pid_file: 10}
    monkeypatch.setattr(
        host.files, "stat", lambda path: {"mtime_ns": times.get(path, 0)} if host.files.exists(path) else None
    )
    assert settled(host, wish)["hook_installed"] is True
    times[pid_file] = 30
    assert settled(host, wish)["hook_installed"] is False


def test_a_controller_and_a_port_elsewhere_are_told(host, br0):
    br0.controllers = ["one"]
    host.switch.add_bridge("br1", vnet9=(3, OFF))
    notes = run(host, {"name": "br0", "guest_ports": [guest(OFF, ANY, guest="db")]})["notes"]
    assert notes == [
        "bridges[0].guest_ports[0]: the port of db is on br1 now, not on br0",
        "bridge br0 has a controller, which may change these flows as well",
    ]


def test_a_second_guest_keeps_its_own_flows(host, br0):
    wish = {"name": "br0", "guest_ports": [guest(WEB, ANY), guest(DB, ANY, guest="db")]}
    run(host, wish)
    assert told(run(host, {"name": "br0", "guest_ports": [guest(DB, ANY, guest="db")]}))[1:] == [
        ("br0", "table=0,priority=32768,in_port=5", "NORMAL", None)
    ]
    assert len(br0.lines()) == 2


def test_a_flow_that_ends_by_itself_is_not_as_wished(host, br0):
    br0.add("cookie=0x%x,ip,idle_timeout=60,actions=drop" % cookie_of(PLAIN))
    assert told(run(host, {"name": "br0", "flows": [flow("ip", "drop")]})) == [
        ("br0", "table=0,priority=32768,ip", "drop", "drop")
    ]
    assert OURS + "ip actions=drop" in br0.lines()


def test_a_flow_that_changes_hands_gets_the_cookie_of_its_new_owner(host, br0):
    run(host, {"name": "br0", "flows": [flow("in_port=5", "NORMAL")]})
    run(host, {"name": "br0", "flows": [], "guest_ports": [guest(WEB, ANY)]})
    assert WEBS + "in_port=5 actions=NORMAL" in br0.lines()
    settled(host, {"name": "br0", "flows": [], "guest_ports": [guest(WEB, ANY)]})


def test_an_interface_id_in_capital_letters_is_the_same(host, br0):
    br0.ports["vnet0"] = (5, {"iface-id": WEB.upper()})
    assert run(host, {"name": "br0", "guest_ports": [guest(WEB, ANY)]})["pending"] == []


def test_what_a_power_cut_left_of_a_port_is_not_the_guest_s_port(host, br0):
    """The database outlives the guest: its earlier port is still there, without a device and so without a number."""
    wish = {"name": "br0", "guest_ports": [guest(WEB, ANY)]}
    run(host, wish)
    for left, name in ((None, "vnet8"), (-1, "vnet9")):
        br0.ports[name] = (left, {"iface-id": WEB})
        assert settled(host, wish)["pending"] == []
    assert WEBS + "in_port=5 actions=NORMAL" in br0.lines()


def test_a_guest_that_starts_while_the_module_reads_keeps_its_flows(host, br0):
    wish = {"name": "br0", "guest_ports": [guest(OFF, ANY)]}
    run(host, wish)
    ofctl = host.commands.tools["ovs-ofctl"]

    def starts(argv, stdin):
        if "dump-flows" in argv and "vnet9" not in br0.ports:
            br0.ports["vnet9"] = (9, {"iface-id": OFF})
            br0.add("cookie=0x%x,in_port=9,actions=NORMAL" % cookie_of(GUEST, OFF))
        return ofctl(argv, stdin)

    host.commands.tools["ovs-ofctl"] = starts
    assert settled(host, wish)["pending"] == []
    assert any("in_port=9 " in line for line in br0.lines())
    del br0.ports["vnet9"]
    host.commands.tools["ovs-ofctl"] = ofctl
    assert told(run(host, wish, back=False)) == [("br0", "table=0,priority=32768,in_port=9", "NORMAL", None)]


def test_a_guest_that_went_to_another_bridge_is_recorded_there_alone(host, br0):
    """The hook would take the one or the other, and refuse the start for a port on the wrong bridge."""
    host.switch.add_bridge("br1")
    run(host, {"name": "br1", "guest_ports": [guest(OFF, ANY), guest(DB, ANY)]})
    wish = {"name": "br0", "guest_ports": [guest(OFF, ANY)]}
    assert [action[:2] for action in told(run(host, wish))] == [
        ("br0/" + OFF, "flows_at_start"),
        ("br1/" + OFF, "flows_at_start"),
    ]
    kept = json.loads(host.tree.contents[RECORD])["bridges"]
    assert list(kept["br0"]["guests"]) == [OFF] and list(kept["br1"]["guests"]) == [DB]
    settled(host, wish)
