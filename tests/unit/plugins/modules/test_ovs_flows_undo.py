# SPDX-License-Identifier: GPL-3.0-or-later
"""Leading back what ovs_flows changed: ours as it was wished, others' word for word, and the bridge open."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host.ovs_hook import HOOK, hook_text
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import Conflict
from ansible_collections.kvm.vnic.plugins.module_utils._model.fields import Problems
from ansible_collections.kvm.vnic.plugins.module_utils._model.openflow_others import Others, parse_others
from ansible_collections.kvm.vnic.plugins.module_utils._model.openflow_text import Flow
from ansible_collections.kvm.vnic.plugins.module_utils._resource.ovs_flows import OvsFlows
from ansible_collections.kvm.vnic.tests.unit.memory_host.flow_switch import DB, OFF, WEB, flow_host
from ansible_collections.kvm.vnic.tests.unit.memory_host.undoing import killed_everywhere, lead_back, watched
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.ovs_flows_case import (
    ANY,
    RECORD,
    flow,
    guest,
    picture,
    run,
)

THEIRS = "cookie=0x5,table=2,priority=9,udp,idle_timeout=60,actions=group:3"
GROUPS = [{"id": 7, "type": "select", "buckets": ["weight=50,watch_port=eth1,actions=1", "actions=output:eth1"]}]
METERS = [{"id": 5, "rate": 1000}, {"id": 6, "rate": 10, "unit": "pktps", "burst": 5}]
OURS = {
    "name": "br0",
    "flows": [flow("ip", "meter:5,group:7"), flow("in_port=eth1", "output:eth1,local", table=3)],
    "groups": GROUPS,
    "meters": METERS,
    "guest_ports": [guest(WEB, ANY), guest(OFF, ANY, flow("dl_src=52:54:00:00:00:01", "output:{port}"), guest="off")],
}
GUARDED = dict(OURS, unlisted_ports="drop")


def with_others():
    host = flow_host()
    br0 = host.switch.bridges["br0"]
    br0.groups[3], br0.meters[4] = "type=all,bucket=actions=output:1", "kbps bands= type=drop rate=5"
    br0.add(THEIRS)
    br0.add("cookie=0x6,priority=9,tcp,actions=drop")
    host.switch.add_bridge("br1", eth2=1)
    return host


def after(wish, **more):
    def make():
        host = with_others()
        result = run(host, wish, back=False, allow_disruption=["fail_mode:br0"], **more)
        assert not result["failed"], result
        return host

    return make


def wish(*bridges, **more):
    return dict(more, bridges=list(bridges))


EMPTY = {"name": "br0", "flows": [], "groups": [], "meters": [], "guest_ports": []}
TAKEN = {
    "name": "br0",
    "flows": [flow("tcp", "NORMAL", priority=9)],
    "groups": [{"id": 3, "type": "all", "buckets": ["drop"]}],
    "meters": [{"id": 4, "rate": 9}],
}
CASES = {
    "ours are put": (with_others, wish(OURS), []),
    "ours go": (after(OURS), wish(EMPTY), []),
    "ours change": (
        after(OURS),
        wish(
            {
                "name": "br0",
                "flows": [flow("ip", "drop"), flow("udp", "NORMAL")],
                "groups": [dict(GROUPS[0], buckets=["drop"])],
                "meters": [{"id": 6, "rate": 11}],
                "guest_ports": [guest(DB, ANY, protected=True)],
            }
        ),
        [],
    ),
    "all of others goes": (after(OURS), wish({"name": "br0", "purge": True}), []),
    "others are taken over": (
        with_others,
        wish(TAKEN),
        ["flow:br0/table=0,priority=9,tcp", "group:br0/3", "meter:br0/4"],
    ),
    "a guest's port moves": (after(OURS), wish({"name": "br1", "guest_ports": [guest(WEB, ANY)]}), []),
    "the guard": (with_others, wish(GUARDED), ["fail_mode:br0"]),
    "no guard": (after(GUARDED), wish(dict(GUARDED, unlisted_ports="allow")), ["fail_mode:br0"]),
    "nothing at all": (after(GUARDED), wish(purge=True), ["fail_mode:br0"]),
    "the last flow": (with_others, wish({"name": "br0", "flows": [flow("", "drop", priority=0)]}), []),
}


@pytest.mark.parametrize("case", CASES)
def test_killed_after_each_write_it_is_led_back_and_can_be_done_again(case):
    make, params, consents = CASES[case]
    assert killed_everywhere(OvsFlows(), make, params, picture, consents) >= 1


@pytest.mark.parametrize("case", ["the guard", "no guard"])
def test_a_bridge_that_was_left_closed_is_opened_by_the_next_run(case):
    """Killed between the change of the fail mode and the flows, it holds none."""
    make, params, consents = CASES[case]
    host = make()
    host.switch.bridges["br0"].fail_mode = "secure"
    host.switch.bridges["br0"].flush()
    assert host.switch.bridges["br0"].lines() == []
    assert not run(host, *params["bridges"], allow_disruption=consents, back=False)["failed"]
    assert any(
        "priority=1,in_port=1 actions=NORMAL" in line or line == "priority=0 actions=NORMAL"
        for line in host.switch.bridges["br0"].lines()
    )


def changed(host, *bridges, **more):
    result, plan = watched(OvsFlows(), lambda: run(host, *bridges, back=False, **more))
    assert not result["failed"] and result["changed"], result
    return plan


def test_a_guest_that_came_back_under_another_number_keeps_its_flows():
    host = after(OURS)()
    plan = changed(host, dict(OURS, guest_ports=[guest(WEB, flow("in_port={port}", "drop"))]))
    host.switch.bridges["br0"].ports["vnet0"] = (9, {"iface-id": WEB})
    lead_back(OvsFlows(), host, plan)
    lines = host.switch.bridges["br0"].lines()
    assert any("in_port=9 actions=NORMAL" in line for line in lines) and not any("in_port=5" in line for line in lines)


def test_what_others_put_meanwhile_stays():
    host = with_others()
    plan = changed(host, OURS)
    host.switch.bridges["br0"].add("cookie=0x9,priority=3,arp,actions=drop")
    lead_back(OvsFlows(), host, plan)
    assert "cookie=0x9, priority=3,arp actions=drop" in host.switch.bridges["br0"].lines()


def test_what_others_put_in_the_place_of_theirs_is_not_overwritten():
    host = with_others()
    plan = changed(host, {"name": "br0", "purge": True})
    host.switch.bridges["br0"].add("cookie=0x9,priority=9,tcp,actions=NORMAL")
    with pytest.raises(Conflict, match="cookie 0x9"):
        lead_back(OvsFlows(), host, plan)


def test_a_bridge_or_port_that_is_gone_by_then_is_left_out():
    host = after(OURS)()
    host.switch.bridges["br1"].ports["eth3"] = (4, {})
    both = dict(EMPTY), {"name": "br1", "guest_ports": [guest(DB, flow("in_port={port}", "output:eth3"))]}
    run(host, both[1], back=False)
    plan = changed(host, both[0], {"name": "br1", "guest_ports": []})
    del host.switch.bridges["br0"], host.switch.bridges["br1"].ports["eth3"]
    undo = lead_back(OvsFlows(), host, plan)
    notes = run(host, *undo.params["bridges"], missing="skip", back=False)["notes"]
    assert any("br0" in note and note.startswith("left out") for note in notes)
    assert any("eth3" in note for note in notes)


def test_a_hook_of_another_version_is_told():
    host = with_others()
    host.tree.contents[HOOK] = hook_text() + "# older"
    plan = changed(host, OURS)
    assert [line for line in OvsFlows().undo(*plan).uncovered if HOOK in line and "another version" in line]


@pytest.mark.parametrize(
    "altered",
    ["kbps stats bands= type=drop rate=9", "kbps bands= type=drop rate=9 type=drop rate=20"],
)
@pytest.mark.parametrize(
    "wish",
    [
        OURS,
        {"name": "br0", "flows": [], "meters": []},
        {"name": "br0", "meters": [METERS[0], {"id": 6, "rate": 11}]},
        GUARDED,
    ],
)
def test_a_meter_of_ours_that_somebody_altered_is_put_right_and_led_back_word_for_word(altered, wish):
    host = after(OURS)()
    host.switch.bridges["br0"].meters[5] = altered
    before = picture(host)
    plan = changed(host, wish, allow_disruption=["fail_mode:br0"])
    right = "kbps bands= type=drop rate=1000" if wish.get("meters") else None
    assert host.switch.bridges["br0"].meters.get(5) == right
    undo = lead_back(OvsFlows(), host, plan)
    assert picture(host)["tables"] == before["tables"]
    assert [line for line in undo.uncovered if "meter 5" in line] == [
        "meter 5 of br0 was altered by somebody (%s): it is led back word for word, and is no longer ours" % altered
    ]


@pytest.mark.parametrize(
    "altered",
    [
        "type=select,selection_method=dp_hash,bucket=weight:50,actions=output:1",
        "type=all,bucket=weight:5,actions=output:1",
        "type=ff,bucket=watch_port:LOCAL,actions=output:1",
    ],
)
@pytest.mark.parametrize("wish", [OURS, {"name": "br0", "flows": [], "groups": []}, GUARDED])
def test_a_group_of_ours_that_somebody_altered_too(altered, wish):
    host = after(OURS)()
    host.switch.bridges["br0"].groups[7] = altered
    before = picture(host)
    plan = changed(host, wish, allow_disruption=["fail_mode:br0"])
    undo = lead_back(OvsFlows(), host, plan)
    assert picture(host)["tables"] == before["tables"]
    assert any("group 7 of br0" in line for line in undo.uncovered)


def test_what_an_earlier_release_recorded_and_none_may_wish_now_is_told():
    host = after(
        {"name": "br0", "guest_ports": [guest(WEB, ANY, protected=True), guest(DB, ANY, flow("ip", "output:1"))]}
    )()
    text = host.tree.contents[RECORD]
    host.tree.contents[RECORD] = text.replace('"output:1"', '"output:1#"').replace('"NORMAL"', '"NORMAL#"', 1)
    plan = changed(host, {"name": "br0", "guest_ports": []})
    undo = lead_back(OvsFlows(), host, plan)
    assert {line.split(" was ")[0] for line in undo.uncovered if "cannot be wished" in line} == {
        "bridges[0].guest_ports[0].flows[0].actions",
        "bridges[0].guest_ports[0].protected",
        "bridges[0].guest_ports[1].flows[1].actions",
    }
    assert [len(port["flows"]) for port in undo.params["bridges"][0]["guest_ports"]] == [0, 1]


OTHERS = Others(
    (Flow(2, 9, "udp", "group:3", 5, ("idle_timeout=60",)),), {3: "type=all"}, {4: "kbps bands= type=drop rate=5"}
)


def test_others_are_told_and_read_back():
    problems = Problems()
    assert parse_others(OTHERS.to_params(), problems) == OTHERS and not problems


@pytest.mark.parametrize(
    "others, path",
    [
        ([], "bridges[0].others"),
        ({"ports": []}, "bridges[0].others"),
        ({"flows": [{"match": "ip"}]}, "bridges[0].others.flows[0]"),
        ({"flows": [{"actions": "drop\nflow add x"}]}, "bridges[0].others.flows[0]"),
        ({"flows": [{"actions": "drop", "cookie": 0x6B76 << 48}]}, "bridges[0].others.flows[0].cookie"),
        ({"flows": [{"actions": "drop#"}]}, "bridges[0].others.flows[0]"),
        ({"groups": {"3": "type=all#"}}, "bridges[0].others.groups.3"),
        ({"flows": [{"actions": "drop", "table": 255}]}, "bridges[0].others.flows[0].table"),
        ({"groups": {"x": "type=all"}}, "bridges[0].others.groups.x"),
        ({"meters": {"3": "kbps\n"}}, "bridges[0].others.meters.3"),
    ],
)
def test_bad_input_is_refused_before_any_write(others, path):
    host = flow_host()
    result = run(host, {"name": "br0", "others": others})
    if isinstance(others, list):
        assert result["failed"] and host.writes() == []
        return
    assert result["failed"] and [problem["path"] for problem in result["problems"]] == [path], result
    assert host.writes() == []
