# SPDX-License-Identifier: GPL-3.0-or-later
"""Leading back how packets were spread: each queue's own masks, the table entry by entry, from wherever it stopped."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.rx_filters import MacRule
from ansible_collections.kvm.vnic.plugins.module_utils._resource.packet_steering import PacketSteering
from ansible_collections.kvm.vnic.tests.unit.memory_host.steered_host import (
    DEFAULT_MASK,
    FLOW_ENTRIES,
    queue,
    steered_host,
)
from ansible_collections.kvm.vnic.tests.unit.memory_host.undoing import killed_everywhere, lead_back, watched
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.packet_steering_case import picture, run

FIRST, SECOND = "52:54:00:00:00:01", "52:54:00:00:00:02"


def uneven():
    """Each queue is steered otherwise, and the table is nobody's pattern."""
    host = steered_host(driver="ice", queues=4)
    for number, mask in enumerate(("1", "6", "0", "ff")):
        host.tree.contents[queue("ens2", "rx-%d/rps_cpus" % number)] = mask
        host.tree.contents[queue("ens2", "tx-%d/xps_cpus" % number)] = mask
        host.tree.contents[queue("ens2", "rx-%d/rps_flow_cnt" % number)] = str(number and 1 << number)
    host.tree.contents.update({DEFAULT_MASK: "00000000,0000000c", FLOW_ENTRIES: "4096"})
    host.ethtool.spread["ens2"]["table"] = [3, 0, 3, 1, 3, 2, 3, 3]
    host.ethtool.configured.add("ens2")
    host.ethtool.of["ens2"]["rx-ntuple-filter"] = "on"
    host.ethtool.rules["ens2"] = [MacRule(FIRST, 1, 7)]
    return host


def steer(*devices, **more):
    return dict(more, devices=list(devices))


ALL_OF_IT = {"device": "ens2", "rps": "2-3", "rfs_flows": 256, "xps": ["0", "1"], "rss_queues": 1}
RULES = [{"mac": FIRST, "queue": 0}, {"mac": SECOND, "queue": 1}]
CASES = {
    "nothing was steered": (steered_host, steer(ALL_OF_IT, rps_default_cpus="4", rps_sock_flow_entries=1024)),
    "each queue had its own": (uneven, steer(ALL_OF_IT, rps_default_cpus="off", rps_sock_flow_entries=0)),
    "one queue of many": (uneven, steer({"device": "ens2", "queues": {"rx-1": {"rps": "0"}, "tx-3": {"xps": "off"}}})),
    "more queues": (uneven, steer({"device": "ens2", "channels": {"combined": "max"}, "rss_queues": "all"})),
    "more queues alone": (lambda: steered_host(queues=4), steer({"device": "ens2", "channels": {"combined": 6}})),
    "fewer queues": (uneven, steer({"device": "ens2", "channels": {"combined": 2}, "rss_queues": 2, "rps": "1"})),
    "filters": (uneven, steer({"device": "ens2", "mac_rules": RULES, "purge_mac_rules": True, "rxhash": False})),
    "filters that go": (uneven, steer({"device": "ens2", "mac_rules": [{"mac": FIRST, "state": "absent"}]})),
    "filters at all": (
        lambda: steered_host(driver="ice"),
        steer({"device": "ens2", "ntuple": True, "l2_fwd_offload": False, "mac_rules": RULES}),
    ),
    "traffic control": (lambda: steered_host(driver="ice"), steer({"device": "ens2", "hw_tc_offload": True})),
}


@pytest.mark.parametrize("case", CASES)
def test_killed_after_each_write_it_is_led_back_and_can_be_done_again(case):
    make, params = CASES[case]
    assert killed_everywhere(PacketSteering(), make, params, picture) >= 1


@pytest.mark.parametrize(
    "table, written",
    [
        ([0, 1, 0, 1, 0, 1, 0, 1], ["ethtool -X ens2 default"]),
        ([0, 0, 0, 0, 1, 1, 1, 1], ["ethtool -X ens2 default", "RSS table of ens2: (0, 0, 0, 0, 1, 1, 1, 1)"]),
        ([0, 0, 0, 1, 1, 1, 1, 1], ["ethtool -X ens2 default", "RSS table of ens2: (0, 0, 0, 1, 1, 1, 1, 1)"]),
        ([1] * 8, ["RSS table of ens2: (1, 1, 1, 1, 1, 1, 1, 1)"]),
    ],
)
def test_a_table_that_is_the_driver_s_own_becomes_the_driver_s_again(table, written):
    host = steered_host()
    host.ethtool.spread["ens2"]["table"] = [0] * 8
    assert not run(host, {"device": "ens2", "rss_table": table})["failed"]
    assert host.ethtool.writes == written and host.ethtool.spread["ens2"]["table"] == table
    assert ("ens2" in host.ethtool.configured) is (len(written) == 2 or "table" in written[0])


def test_a_filter_goes_before_the_card_stops_filtering():
    host = steered_host(driver="ice")
    _result, plan = watched(PacketSteering(), lambda: run(host, {"device": "ens2", "ntuple": True, "mac_rules": RULES}))
    del host.ethtool.writes[:]
    lead_back(PacketSteering(), host, plan)
    assert [line.split()[1] for line in host.ethtool.writes] == ["-N", "-N", "-K"]


def test_what_is_gone_by_then_is_left_out():
    host = steered_host()
    host.kernel.add("tap0", "tun")
    for name, value in (("rps_cpus", "80"), ("rps_flow_cnt", "0")):
        host.tree.contents[queue("tap0", "rx-0/" + name)] = value
    host.tree.contents[queue("ens2", "rx-0/rps_cpus")] = "81"
    wish = steer({"device": "tap0", "rps": "1"}, {"device": "ens2", "rps": "1"}, rps_default_cpus="1")
    _result, plan = watched(PacketSteering(), lambda: run(host, *wish["devices"], rps_default_cpus="1"))
    del host.kernel.links["tap0"]
    host.tree.contents["/sys/devices/system/cpu/online"] = "0-6"
    undo = lead_back(PacketSteering(), host, plan)
    assert host.tree.contents[queue("ens2", "rx-0/rps_cpus")] == "1"
    assert int(host.tree.contents[DEFAULT_MASK], 16) == 0
    assert any("tap0" in note for note in run(host, *undo.params["devices"], missing="skip")["notes"])


def test_what_cannot_come_back_is_told():
    host = uneven()
    host.tree.contents[FLOW_ENTRIES] = str(1 << 24)
    host.ethtool.rules["ens2"].append(MacRule(FIRST, 0, 8))
    wish = {"device": "ens2", "ntuple": False, "mac_rules": [{"mac": FIRST, "state": "absent"}]}
    _result, plan = watched(PacketSteering(), lambda: run(host, wish, rps_sock_flow_entries=0))
    told = PacketSteering().undo(*plan).uncovered
    assert len(told) == 3 and any("16777216" in line for line in told) and any("2 filters" in line for line in told)


@pytest.mark.parametrize(
    "wish, path, word",
    [
        ({"queues": {"rx": {"rps": "1"}}}, "devices[0].queues.rx", "rx-0"),
        ({"queues": {"rx-0": "1"}}, "devices[0].queues.rx-0", "rx-0"),
        ({"queues": {"rx-0": {"xps": "1"}}}, "devices[0].queues.rx-0.xps", "rps, rfs_flows"),
        ({"queues": {"tx-0": {"xps": "9"}}}, "devices[0].queues.tx-0.xps", "not online"),
        ({"queues": {"rx-0": {"rps": True}}}, "devices[0].queues.rx-0.rps", "not where"),
        ({"queues": {"rx-0": {"rfs_flows": 3}}}, "devices[0].queues.rx-0.rfs_flows", "power of two"),
        ({"rss_table": []}, "devices[0].rss_table", "empty"),
        ({"rss_table": [0], "rss_queues": 1}, "devices[0].rss_table", "contradicts"),
        ({"rss_table": [-1]}, "devices[0].rss_table[0]", "0 to"),
        ({"mac_rules": [{"mac": FIRST}]}, "devices[0].mac_rules[0].queue", "missing"),
        ({"mac_rules": [{"mac": FIRST, "queue": 0, "state": "absent"}]}, "devices[0].mac_rules[0].queue", "present"),
    ],
)
def test_bad_input_is_refused_before_any_write(wish, path, word):
    host = steered_host()
    result = run(host, dict(wish, device="ens2"))
    assert result["failed"] and [problem["path"] for problem in result["problems"]] == [path], result
    assert word in result["problems"][0]["message"] and host.writes() == []


def test_a_table_of_another_size_is_unsupported():
    result = run(steered_host(), {"device": "ens2", "rss_table": [0, 1]})
    assert result["error_kind"] == "unsupported" and "2 entries are wished, and it has 8" in result["msg"]


def test_a_run_settles_what_it_leads_without_a_name():
    params = {"rps_default_cpus": "off", "rps_sock_flow_entries": None}
    assert PacketSteering().leads(params) == {("kernel", "rps_default_cpus")}
