# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import datetime
import errno

import pytest

from ansible_collections.kvm.vnic.tests.unit.memory_host.steered_host import (
    DEFAULT_MASK,
    FLOW_ENTRIES,
    make_queues,
    queue,
    steered_host,
)
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.packet_steering_case import run


def told(result):
    return [(action["target"], action["field"], action["before"], action["after"]) for action in result["actions"]]


SPREAD = {"device": "ens2", "rps": "2-3", "rfs_flows": 256, "xps": ["0", "1"], "rss_queues": 1}


def test_each_queue_is_steered_once():
    host = steered_host()
    result = run(host, SPREAD, rps_default_cpus="4", rps_sock_flow_entries=1024)
    assert not result["failed"], result
    assert told(result) == [
        ("kernel", "rps_default_cpus", "off", "4"),
        ("kernel", "rps_sock_flow_entries", 0, 1024),
        ("ens2", "rss_queues", 2, 1),
        ("ens2", "rps", "off", "2-3"),
        ("ens2", "rfs_flows", 0, 256),
        ("ens2", "xps", "off", {"0": "0", "1": "1"}),
    ]
    assert host.ethtool.writes == ["ethtool -X ens2 equal 1"]
    assert host.tree.writes == [
        (DEFAULT_MASK, "10"),
        (FLOW_ENTRIES, "1024"),
        (queue("ens2", "rx-0/rps_cpus"), "c"),
        (queue("ens2", "rx-1/rps_cpus"), "c"),
        (queue("ens2", "rx-0/rps_flow_cnt"), "256"),
        (queue("ens2", "rx-1/rps_flow_cnt"), "256"),
        (queue("ens2", "tx-0/xps_cpus"), "1"),
        (queue("ens2", "tx-1/xps_cpus"), "2"),
    ]
    written = host.writes()
    again = run(host, SPREAD, rps_default_cpus="4", rps_sock_flow_entries=1024)
    assert not again["failed"] and not again["changed"] and host.writes() == written


def test_check_mode_writes_nothing_and_tells_the_same():
    host = steered_host()
    checked = run(host, SPREAD, check=True, diff=True)
    assert checked["changed"] and host.writes() == []
    assert run(host, SPREAD)["actions"] == checked["actions"]


def test_what_is_omitted_is_left_alone_and_off_clears():
    host = steered_host()
    make_queues(host, "ens2", 2, mask="ff")
    assert not run(host, {"device": "ens2"})["changed"]
    result = run(host, {"device": "ens2", "rps": False})
    assert told(result) == [("ens2", "rps", "0-7", "off")]
    assert host.tree.writes == [(queue("ens2", "rx-%d/rps_cpus" % number), "0") for number in (0, 1)]


def test_only_the_queue_that_differs_is_written():
    host = steered_host()
    host.tree.contents[queue("ens2", "rx-0/rps_cpus")] = "c"
    result = run(host, {"device": "ens2", "rps": "2-3"})
    assert told(result) == [("ens2", "rps", {"0": "2-3", "1": "off"}, "2-3")]
    assert host.tree.writes == [(queue("ens2", "rx-1/rps_cpus"), "c")]


def test_queues_that_only_receive_are_steered_too():
    host = steered_host()
    for name, value in (("rps_cpus", "00"), ("rps_flow_cnt", "0")):
        host.tree.contents[queue("ens2", "rx-2/" + name)] = value
    assert not run(host, {"device": "ens2", "rps": "3"})["failed"]
    assert host.tree.writes == [(queue("ens2", "rx-%d/rps_cpus" % number), "8") for number in (0, 1, 2)]


def test_masks_are_compared_as_sets():
    host = steered_host()
    make_queues(host, "ens2", 2, mask="00000000,0000000c")
    assert not run(host, {"device": "ens2", "rps": "2,3"})["changed"]


@pytest.mark.parametrize("table", [[0, 0, 0, 0, 1, 1, 1, 1], [0, 1, 0, 1, 0, 1, 0, 1]])
def test_an_rss_table_is_compared_by_what_each_queue_gets(table):
    host = steered_host()
    host.ethtool.spread["ens2"]["table"] = table
    for wish in (2, "all"):
        assert not run(host, {"device": "ens2", "rss_queues": wish})["changed"]
    host.ethtool.spread["ens2"]["table"] = [0, 0, 0, 0, 0, 0, 1, 1]
    assert told(run(host, {"device": "ens2", "rss_queues": 2})) == [("ens2", "rss_queues", "uneven", 2)]


def test_new_queues_are_steered_after_the_channels_are_set():
    host = steered_host()
    host.tree.contents[DEFAULT_MASK] = "ff"
    wish = {"device": "ens2", "channels": {"combined": "max"}, "rps": "off", "rss_queues": 2}
    result = run(host, wish)
    assert not result["failed"], result
    assert [action["field"] for action in result["actions"]] == ["channels", "rss_queues", "rps"]
    assert host.ethtool.writes == ["ethtool -L ens2 combined 8", "ethtool -X ens2 equal 2"]
    assert host.tree.contents[queue("ens2", "rx-7/rps_cpus")] == "0"
    assert not run(host, wish)["changed"]


@pytest.mark.parametrize("wished, first", [(2, "equal 2"), ("all", "default")])
def test_a_table_that_was_set_goes_before_the_queues_that_it_names(wished, first):
    host = steered_host(queues=8)
    host.ethtool.configured.add("ens2")
    wish = {"device": "ens2", "channels": {"combined": 4}, "rss_queues": wished}
    result = run(host, wish)
    assert not result["failed"], result
    assert [action["field"] for action in result["actions"]] == ["rss_queues", "channels", "rss_queues"]
    assert host.ethtool.writes == ["ethtool -X ens2 " + first, "ethtool -L ens2 combined 4", "ethtool -X ens2 " + first]
    assert not run(host, wish)["changed"]


def test_a_table_that_is_left_alone_and_keeps_the_queues_is_told():
    host = steered_host(queues=8)
    host.ethtool.configured.add("ens2")
    result = run(host, {"device": "ens2", "channels": {"combined": 4}})
    assert result["failed"] and "indirection table (7)" in result["msg"] and "rss_queues" in result["msg"]
    assert host.writes() == []


def test_too_many_channels_are_refused_with_what_is_allowed():
    host = steered_host()
    result = run(host, {"device": "ens2", "channels": {"combined": 9}, "rps": "1"})
    assert result["failed"] and result["error_kind"] == "unsupported"
    assert "hv1" in result["msg"] and "9 is more than the 8" in result["msg"] and "ens2" in result["msg"]
    assert host.writes() == []


def test_what_the_driver_cannot_do_is_named_and_best_effort_does_the_rest():
    host = steered_host()
    rules = [{"mac": "52:54:00:00:00:01", "queue": 1}]
    wish = {"device": "ens2", "ntuple": True, "l2_fwd_offload": True, "mac_rules": rules, "rps": "1"}
    refused = run(host, wish)
    assert refused["failed"] and host.writes() == []
    for word in ("ntuple of ens2", "l2_fwd_offload of ens2", "mac_rules of ens2", "driver igb", "best_effort"):
        assert word in refused["msg"]
    result = run(host, wish, best_effort=True)
    assert not result["failed"] and [action["field"] for action in result["actions"]] == ["rps"]
    assert len(result["notes"]) == 3 and all("left as it is" in note for note in result["notes"])
    assert not run(host, wish, best_effort=True)["changed"]


def test_traffic_control_in_hardware():
    host = steered_host(driver="mlx5_core")
    wish = {"device": "ens2", "hw_tc_offload": True}
    checked = run(host, wish, check=True)
    assert checked["changed"] and host.writes() == []
    result = run(host, wish, diff=True)
    assert not result["failed"], result
    assert [(action["field"], action["before"], action["after"]) for action in result["actions"]] == [
        ("hw_tc_offload", False, True)
    ]
    assert host.ethtool.writes == ["ethtool -K ens2 hw-tc-offload on"]
    assert '"hw_tc_offload": "off"' in result["diff"]["before"] and '"hw_tc_offload": "on"' in result["diff"]["after"]
    assert not run(host, wish)["changed"] and len(host.ethtool.writes) == 1
    assert run(host, dict(wish, hw_tc_offload=False))["changed"] and host.ethtool.of["ens2"]["hw-tc-offload"] == "off"


@pytest.mark.parametrize("found", ["off [fixed]", None])
def test_traffic_control_in_hardware_that_the_card_does_not_have(found):
    """As the lab's cards: igb has it from the i350 on (igb_main.c, igb_probe)."""
    host = steered_host()
    host.ethtool.of["ens2"]["hw-tc-offload"] = found
    if found is None:
        del host.ethtool.of["ens2"]["hw-tc-offload"]
    wish = {"device": "ens2", "hw_tc_offload": True, "rps": "1"}
    refused = run(host, wish)
    assert refused["failed"] and refused["error_kind"] == "unsupported" and host.writes() == []
    assert (
        "hw_tc_offload of ens2: %s" % ("the driver does not let it" if found else "the device does not")
        in refused["msg"]
    )
    result = run(host, wish, best_effort=True)
    assert [action["field"] for action in result["actions"]] == ["rps"] and "hw_tc_offload" in result["notes"][0]
    assert run(host, {"device": "ens2", "hw_tc_offload": False}, best_effort=True)["changed"] is False


def test_queues_that_are_left_out_make_nothing_anew():
    host = steered_host()
    wish = {"device": "ens2", "channels": {"combined": 9}, "rps": "off", "xps": "off", "rss_queues": "all"}
    run(host, {"device": "ens2", "rps": "off", "xps": "off", "rss_queues": "all"})
    before = len(host.writes())
    result = run(host, wish, best_effort=True)
    assert "9 is more than the 8" in result["notes"][0]
    assert not result["changed"] and result["actions"] == [] and len(host.writes()) == before


def test_an_old_kernel_without_the_default_mask():
    host = steered_host()
    del host.tree.contents[DEFAULT_MASK]
    refused = run(host, rps_default_cpus="off")
    assert refused["failed"] and "rps_default_cpus" in refused["msg"]
    result = run(host, rps_default_cpus="off", best_effort=True)
    assert not result["changed"] and "rps_default_cpus" in result["notes"][0]


def test_a_single_queue_has_no_xps():
    host = steered_host(queues=1)
    assert "single queue" in run(host, {"device": "ens2", "xps": "1"})["msg"]
    assert not run(host, {"device": "ens2", "xps": "off"})["changed"]


def test_filters_by_mac_address():
    host = steered_host(driver="ice")
    first = {"mac": "52:54:00:00:00:01", "queue": 1}
    second = {"mac": "52:54:00:00:00:02", "queue": 0}
    result = run(host, {"device": "ens2", "ntuple": True, "mac_rules": [first, second]})
    assert not result["failed"], result
    assert host.ethtool.writes == [
        "ethtool -K ens2 rx-ntuple-filter on",
        "ethtool -N ens2 flow-type ether dst 52:54:00:00:00:01 action 1",
        "ethtool -N ens2 flow-type ether dst 52:54:00:00:00:02 action 0",
    ]
    del host.ethtool.writes[:]
    assert not run(host, {"device": "ens2", "mac_rules": [first]})["changed"]
    moved = dict(first, queue=0)
    assert not run(host, {"device": "ens2", "mac_rules": [moved], "purge_mac_rules": True})["failed"]
    assert host.ethtool.writes == [
        "ethtool -N ens2 delete 1",
        "ethtool -N ens2 delete 2",
        "ethtool -N ens2 flow-type ether dst 52:54:00:00:00:01 action 0",
    ]


def test_a_reset_of_the_link_is_refused_while_something_stands_on_it():
    host = steered_host()
    host.kernel.add("macvtap0", "macvtap", link="ens2")
    wish = {"device": "ens2", "channels": {"combined": 4}}
    refused = run(host, wish)
    assert refused["failed"] and refused["error_kind"] == "conflict"
    assert "macvtap0" in refused["msg"] and "link_reset:ens2" in refused["msg"] and host.writes() == []
    assert not run(host, {"device": "ens2", "rss_queues": 1})["failed"]  # resets nothing
    assert not run(host, wish, allow_disruption=["link_reset:ens2"])["failed"]
    assert host.ethtool.spread["ens2"]["channels"]["combined"] == 4


@pytest.mark.parametrize(("driver", "resets"), [("ixgbe", True), ("mlx5_core", False), ("unheard_of", True)])
def test_traffic_control_in_hardware_resets_some_links(driver, resets):
    host = steered_host(driver=driver)
    host.kernel.add("ovs-system", "openvswitch")
    host.kernel.links["ens2"]["master"] = "ovs-system"
    wish = {"device": "ens2", "hw_tc_offload": True}
    result = run(host, wish)
    assert result["failed"] == resets and ("link_reset:ens2" in result.get("msg", "")) == resets
    assert not run(host, wish, allow_disruption=["link_reset:ens2"])["failed"]


def test_the_connection_is_not_interrupted():
    host = steered_host()
    host.session.address = "192.0.2.1"
    host.kernel.addresses = [
        {"ifname": "ens2", "addr_info": [{"local": "192.0.2.1", "prefixlen": 24, "scope": "global"}]}
    ]
    refused = run(host, {"device": "ens2", "channels": {"combined": 4}}, allow_disruption=["link_reset:ens2"])
    assert refused["failed"] and "management:ens2" in refused["msg"] and host.writes() == []


def test_a_missing_device_is_an_error_and_known_after_apply_in_check_mode():
    host = steered_host()
    refused = run(host, {"device": "ens9", "rps": "1"}, {"device": "ens2", "rps": "1"})
    assert refused["failed"] and "devices[0].device" in refused["msg"] and host.writes() == []
    checked = run(host, {"device": "ens9", "rps": "1"}, check=True)
    assert not checked["failed"] and "known after apply" in checked["notes"][0]


@pytest.mark.parametrize("code", ["EINVAL", "EPERM", "EIO"])
def test_what_the_kernel_answers_is_told(code):
    host = steered_host()
    path = queue("ens2", "rx-1/rps_cpus")
    host.tree.failures["write", path] = getattr(errno, code)
    result = run(host, {"device": "ens2", "rps": "3"})
    assert result["failed"] and result["error_kind"] == "apply"
    assert code in result["msg"] and path in result["msg"] and "hv1" in result["msg"]


def test_ethtools_refusal_is_told():
    host = steered_host()
    host.ethtool.failures["-X"] = "Operation not supported"
    result = run(host, {"device": "ens2", "rss_queues": 1})
    assert result["failed"] and "Operation not supported" in result["msg"]


def test_what_is_written_and_not_kept_is_no_success():
    host = steered_host()
    host.tree.on_write[queue("ens2", "rx-0/rps_cpus")] = lambda value: None
    result = run(host, {"device": "ens2", "rps": "3"})
    assert result["failed"] and result["error_kind"] == "verification"


@pytest.mark.parametrize(
    "wish, path, word",
    [
        ({"device": "-rf"}, "devices[0].device", "letters"),
        ({"device": "ens2", "rps": True}, "devices[0].rps", "not where"),
        ({"device": "ens2", "rps": "on"}, "devices[0].rps", "not where"),
        ({"device": "ens2", "rps": "0-3:2"}, "devices[0].rps", "no CPU list"),
        ({"device": "ens2", "rps": "nobody"}, "devices[0].rps", "or off"),
        ({"device": "ens2", "rps": ""}, "devices[0].rps", "names no CPU"),
        ({"device": "ens2", "rps": "ff"}, "devices[0].rps", "mask"),
        ({"device": "ens2", "rps": 1.5}, "devices[0].rps", "quotes"),
        ({"device": "ens2", "rps": datetime.date(2024, 1, 1).isoformat()}, "devices[0].rps", "no CPU list"),
        ({"device": "ens2", "rps": "8"}, "devices[0].rps", "not online"),
        ({"device": "ens2", "rps": "0-9999"}, "devices[0].rps", "beyond"),
        ({"device": "ens2", "rfs_flows": 3}, "devices[0].rfs_flows", "power of two"),
        ({"device": "ens2", "rfs_flows": -1}, "devices[0].rfs_flows", "0 to"),
        ({"device": "ens2", "xps": []}, "devices[0].xps", "empty"),
        ({"device": "ens2", "xps": ["0", "x"]}, "devices[0].xps[1]", "no CPU list"),
        ({"device": "ens2", "channels": {"combined": "most"}}, "devices[0].channels.combined", "max"),
        ({"device": "ens2", "channels": {"combined": True}}, "devices[0].channels.combined", "number of queues"),
        ({"device": "ens2", "channels": {"combined": 0}}, "devices[0].channels", "no queue"),
        ({"device": "ens2", "rss_queues": 0}, "devices[0].rss_queues", "1 to"),
        ({"device": "ens2", "rss_queues": "on"}, "devices[0].rss_queues", "all"),
        ({"device": "ens2", "rss_queues": "\u00b2"}, "devices[0].rss_queues", "all"),
        ({"device": "ens2", "rss_queues": "9" * 5000}, "devices[0].rss_queues", "all"),
        (
            {"device": "ens2", "mac_rules": [{"mac": "41135085296", "queue": 0}]},
            "devices[0].mac_rules[0].mac",
            "quotes",
        ),
        (
            {"device": "ens2", "mac_rules": [{"mac": "52:54:00:00:00:01", "queue": -1}]},
            "devices[0].mac_rules[0].queue",
            "0 to",
        ),
    ],
)
def test_bad_input_is_refused_before_any_write(wish, path, word):
    host = steered_host()
    result = run(host, wish)
    assert result["failed"] and result["error_kind"] == "value", result
    assert [problem["path"] for problem in result["problems"]] == [path]
    assert word in result["problems"][0]["message"]
    assert host.writes() == []


def test_every_problem_is_told_at_once():
    result = run(steered_host(), {"device": "ens2", "rps": "x"}, {"device": "ens2"}, rps_sock_flow_entries=5)
    assert [problem["path"] for problem in result["problems"]] == [
        "devices[1]",
        "devices[0].rps",
        "rps_sock_flow_entries",
    ]
