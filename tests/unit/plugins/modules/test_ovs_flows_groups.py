# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups and meters, and what becomes of the flows that use them."""

from __future__ import annotations

import json

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host.commands import Completed
from ansible_collections.kvm.vnic.plugins.module_utils._model.openflow_cookie import PLAIN, cookie_of
from ansible_collections.kvm.vnic.tests.unit.memory_host.flow_switch import WEB, flow_host
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.ovs_flows_case import (
    RECORD,
    flow,
    guest,
    run,
    settled,
    told,
)

OURS = "cookie=0x%x, " % cookie_of(PLAIN)
DEFAULT = "priority=0 actions=NORMAL"


@pytest.fixture
def host():
    return flow_host()


@pytest.fixture
def br0(host):
    return host.switch.bridges["br0"]


def test_groups_and_meters_come_before_the_flows_that_use_them(host, br0):
    buckets = ["weight=50,watch_port=eth1,actions=1", "weight=1,actions=output:eth1,output:5"]
    wish = {
        "name": "br0",
        "flows": [flow("ip", "meter:3,group:7")],
        "groups": [
            {"id": 7, "type": "select", "buckets": buckets},
            {"id": 8, "type": "indirect", "buckets": ["actions=drop"]},
        ],
        "meters": [{"id": 3, "rate": 1000}, {"id": 4, "rate": 10, "unit": "pktps", "burst": 5}],
    }
    run(host, wish)
    assert host.switch.writes == [
        "add-meter br0 meter=3,kbps,band=type=drop,rate=1000",
        "add-meter br0 meter=4,pktps,burst,band=type=drop,rate=10,burst_size=5",
        "group add group_id=7,type=select,bucket=weight:50,watch_port:1,actions=output:1,bucket=actions=output:1,output:5",
        "group add group_id=8,type=indirect,bucket=actions=drop",
        "flow add cookie=0x6b76000000000000,table=0,priority=32768,ip,actions=meter:3,group:7",
    ]
    assert json.loads(host.tree.contents[RECORD])["bridges"]["br0"]["groups"] == [7, 8]
    settled(host, wish)
    host.switch.writes.clear()
    run(
        host,
        dict(
            wish,
            flows=[],
            groups=[dict(wish["groups"][0], buckets=["actions=drop"])],
            meters=[dict(wish["meters"][1], burst=6)],
        ),
    )
    assert host.switch.writes == [
        "mod-meter br0 meter=4,pktps,burst,band=type=drop,rate=10,burst_size=6",
        "group modify group_id=7,type=select,bucket=actions=drop",
        "flow delete_strict cookie=0x6b76000000000000/-1,table=0,priority=32768,ip",
        "group delete group_id=8",
        "del-meters br0 meter=3",
    ]
    kept = json.loads(host.tree.contents[RECORD])["bridges"]["br0"]
    assert (kept["groups"], kept["meters"]) == ([7], [4])


def test_buckets_have_no_match_and_so_no_prerequisites(host, br0):
    """Actions of a flow need them in its match; those of a bucket, a switch takes as they are."""
    buckets = ["dec_ttl,output:1", "output:1", "pop_vlan,dec_ttl,output:5", "set_field:53->udp_dst,output:6"] * 30
    wish = {"name": "br0", "groups": [{"id": 7, "type": "all", "buckets": buckets}]}
    run(host, wish)
    assert br0.groups[7] == "type=all" + "".join(",bucket=actions=" + bucket for bucket in buckets)
    settled(host, wish)


@pytest.mark.parametrize(
    ("wish", "consent"),
    [
        ({"groups": [{"id": 3, "type": "all", "buckets": ["output:5"]}]}, "group:br0/3"),
        ({"meters": [{"id": 4, "rate": 6}]}, "meter:br0/4"),
    ],
)
def test_groups_and_meters_of_others_are_changed_with_consent_only(host, br0, wish, consent):
    br0.groups[3], br0.meters[4] = "type=all,bucket=actions=output:1", "kbps bands= type=drop rate=5"
    wish = dict(wish, name="br0")
    refused = run(host, wish)
    assert refused["error_kind"] == "conflict" and refused["dangers"][0]["consent"] == consent and host.writes() == []
    assert run(host, wish, allow_disruption=[consent])["changed"]
    settled(host, wish)


USED = {
    "name": "br0",
    "groups": [{"id": 7, "type": "all", "buckets": ["output:1"]}, {"id": 8, "type": "all", "buckets": ["output:2"]}],
    "meters": [{"id": 3, "rate": 5}],
}


@pytest.mark.parametrize(
    ("part", "actions", "consent"),
    [
        ("groups", "group:7", "group:br0/7"),
        ("groups", "clone(group:7),output:1", "group:br0/7"),
        ("meters", "meter:3,output:1", "meter:br0/3"),
    ],
)
def test_what_others_flows_use_goes_with_consent_only(host, br0, part, actions, consent):
    """With a group or meter, a switch deletes the flows that use it."""
    run(host, USED)
    br0.add("cookie=0x5,table=1,priority=9,udp,actions=%s" % actions)
    br0.add("cookie=0x5,table=1,priority=9,tcp,actions=group:8")
    before, written = br0.lines(), host.writes()
    refused = run(host, {"name": "br0", part: USED[part][1:]})
    assert refused["error_kind"] == "conflict" and br0.lines() == before and host.writes() == written
    (danger,) = refused["dangers"]
    assert danger["consent"] == consent and danger["users"] == [
        "the flow table=1,priority=9,udp,actions=%s of somebody else's (cookie 0x5), which goes with it" % actions
    ]
    done = run(host, {"name": "br0", part: USED[part][1:]}, allow_disruption=[consent])
    assert ("br0", "table=1,priority=9,udp", actions, None) in told(done)
    assert [line for line in before if line not in br0.lines()] == [line for line in before if actions in line]
    settled(host, {"name": "br0", part: USED[part][1:]})


def test_flows_of_ours_that_are_not_listed_go_with_their_group_and_are_told(host, br0):
    run(host, dict(USED, flows=[flow("ip", "group:7"), flow("tcp", "meter:3,output:1"), flow("udp", "drop")]))
    done = run(host, {"name": "br0", "groups": [], "meters": []})
    assert [(entry["field"], entry["reason"]) for entry in done["actions"] if entry["field"].startswith("table")] == [
        ("table=0,priority=32768,ip", "goes with group 7, which it uses"),
        ("table=0,priority=32768,tcp", "goes with meter 3, which it uses"),
    ]
    assert br0.lines() == [OURS + "udp actions=drop", DEFAULT]


def test_the_last_flow_of_ours_that_goes_with_its_group_leaves_what_a_bridge_does_by_itself(host, br0):
    run(host, dict(USED, flows=[flow("", "group:7", priority=0)]))
    run(host, {"name": "br0", "groups": []})
    assert br0.lines() == [DEFAULT]


def test_what_listed_flows_and_groups_use_does_not_go(host, br0):
    wish = dict(
        USED, flows=[flow("ip", "meter:3,group:7")], guest_ports=[guest(WEB, flow("in_port={port}", "group:8"))]
    )
    run(host, wish)
    before = br0.lines()
    refused = run(
        host, dict(wish, groups=[{"id": 9, "type": "ff", "buckets": ["watch_group:8,actions=group:7"]}], meters=[])
    )
    assert refused["error_kind"] == "value" and br0.lines() == before
    assert {problem["path"]: problem["message"] for problem in refused["problems"]} == {
        "bridges[0].flows[0]": "uses group 7 and meter 3, which go because they are not listed: list them too, or leave the flow out",
        "bridges[0].guest_ports[0].flows[0]": "uses group 8, which goes because it is not listed: list it too, or leave the flow out",
        "bridges[0].groups[0]": "uses group 7 and group 8, which go because they are not listed: list them too, or leave the group out",
    }


def test_nor_what_flows_use_that_are_kept_for_a_guests_start(host, br0):
    run(host, dict(USED, guest_ports=[guest(WEB, flow("in_port={port}", "group:8"))]))
    refused = run(host, {"name": "br0", "groups": USED["groups"][:1]})
    assert refused["error_kind"] == "value" and [problem["path"] for problem in refused["problems"]] == [
        "bridges[0].groups"
    ]
    assert "web1" in refused["msg"] and "group 8" in refused["msg"]
    assert not run(host, {"name": "br0", "groups": USED["groups"][:1], "guest_ports": []})["failed"]


@pytest.mark.parametrize("bucket", ["actions=group:7", "watch_group:7,actions=output:1"])
def test_a_group_of_others_that_names_ours_is_in_the_way(host, br0, bucket):
    run(host, USED)
    br0.groups[3] = "type=all,bucket=%s" % bucket
    refused = run(host, {"name": "br0", "groups": []})
    assert [danger["consent"] for danger in refused["dangers"]] == ["group:br0/7"]
    assert refused["dangers"][0]["users"] == ["group 3 (type=all,bucket=%s), which names it" % bucket]
    run(host, {"name": "br0", "groups": []}, allow_disruption=["group:br0/7"])
    assert list(br0.groups) == [3]


def test_a_group_whose_port_is_not_there_stays_in_check_mode_and_where_it_is_left_out(host, br0):
    run(host, USED)
    wish = {
        "name": "br0",
        "flows": [flow("ip", "group:7")],
        "groups": [{"id": 7, "type": "all", "buckets": ["output:eth9"]}],
    }
    planned = run(host, wish, check=True)
    assert [action[1:] for action in told(planned)][0] == ("group 8", "type=all,bucket=actions=output:2", None)
    run(host, wish, missing="skip", back=False)
    assert list(br0.groups) == [7] and json.loads(host.tree.contents[RECORD])["bridges"]["br0"]["groups"] == [7]


def test_groups_of_others_stay(host, br0):
    br0.groups[3], br0.meters[4] = "type=all,bucket=actions=output:1", "kbps bands= type=drop rate=5"
    settled(host, {"name": "br0", "groups": [], "meters": []})
    settled(
        host, {"name": "br0", "groups": [{"id": 3, "type": "all", "buckets": ["1"]}], "meters": [{"id": 4, "rate": 5}]}
    )


def test_a_line_that_ovs_ofctl_refuses_is_told_by_its_place(host):
    buckets = ["watch_port=br0,actions=output:1"]
    wish = {"name": "br0", "groups": [{"id": 5, "type": "all"}, {"id": 7, "type": "ff", "buckets": buckets}]}
    failed = run(host, wish)
    assert failed["error_kind"] == "apply" and failed["msg"].endswith(
        "nothing was changed: bridges[0].groups[1] (group_id=7,type=ff,bucket=watch_port:65534,actions=output:1): "
        "refused by ovs-ofctl: 65534: invalid watch_port"
    )


def test_a_group_that_the_switch_refuses_is_told_by_its_place(host, br0):
    said = (
        "Error OFPGMFC_GROUP_EXISTS for: OFPT_GROUP_MOD (OF1.4) (xid=0x6):\n ADD group_id=7,type=all,bucket=actions=drop\n"
        "Error OFPBFC_MSG_FAILED for: OFPT_BUNDLE_CONTROL (OF1.4) (xid=0xa):\n bundle_id=0 type=COMMIT_REQUEST flags=atomic ordered\n"
    )
    host.switch._bundle = lambda bridge, lines: Completed(1, "", said)
    wish = {"name": "br0", "groups": [{"id": 7, "type": "all", "buckets": ["drop"]}]}
    assert run(host, wish)["msg"].endswith(
        "nothing was changed: bridges[0].groups[0] (group_id=7,type=all,bucket=actions=drop): refused by the switch with OFPGMFC_GROUP_EXISTS"
    )


def test_meters_that_cannot_be_put_back_do_not_hide_the_refused_flow(host, br0):
    meter = host.switch._meter
    host.switch._meter = lambda bridge, words: (
        Completed(1, "", "ovs-ofctl: br0: no\n") if words[0] == "del-meters" else meter(bridge, words)
    )
    failed = run(host, {"name": "br0", "flows": [flow("tcp", "group:9")], "meters": [{"id": 5, "rate": 7}]})
    assert "bridges[0].flows[0] (table=0,priority=32768,tcp,actions=group:9)" in failed["msg"]
    assert "nothing was changed" not in failed["msg"] and "meter 5 is not as it was: br0: no" in failed["msg"]
