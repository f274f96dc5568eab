# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.modules import bridge
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module


@pytest.fixture
def host():
    host = MemoryHost()
    host.kernel.add("enp1s0", up=True)
    host.kernel.add("enp2s0", up=True)
    return host


def run(host, *bridges, **more):
    check = more.pop("check", False)
    return run_module(bridge.main, host, dict(more, bridges=list(bridges)), check=check)


WISH = {"name": "br0", "mtu": 9000, "stp": False, "forward_delay": 0, "ports": ["enp1s0"]}


def test_create_then_nothing_to_do(host):
    result = run(host, WISH)
    assert result["changed"] and not result["failed"]
    assert host.kernel.writes == [
        "link add name br0 up type bridge stp_state 0 forward_delay 0",
        "link set dev br0 alias kvm.vnic",
        "link set dev br0 mtu 9000",
        "link set dev enp1s0 master br0 up",
    ]
    assert host.kernel.links["br0"]["mtu"] == 9000
    assert host.kernel.links["enp1s0"]["master"] == "br0"
    written = list(host.kernel.writes)
    again = run(host, WISH)
    assert not again["changed"] and again["actions"] == []
    assert host.kernel.writes == written


def test_check_mode_writes_nothing_and_tells_the_same_actions(host):
    checked = run(host, WISH, check=True)
    assert checked["changed"] and host.kernel.writes == []
    assert run(host, WISH)["actions"] == checked["actions"]


def test_a_port_that_an_earlier_step_would_make_is_known_after_apply_in_check_mode(host):
    result = run(host, {"name": "br0", "ports": ["tap-web1"]}, check=True)
    assert not result["failed"]
    assert any("tap-web1" in note and "known after apply" in note for note in result["notes"])


def test_a_missing_port_is_refused_before_any_write(host):
    result = run(host, {"name": "br0", "ports": ["tap-web1"]})
    assert result["failed"] and "tap-web1" in result["msg"] and "hv1" in result["msg"]
    assert host.kernel.writes == []


def test_change_writes_only_the_difference(host):
    run(host, WISH)
    del host.kernel.writes[:]
    result = run(host, dict(WISH, stp=True, mtu=1500))
    assert [(a["field"], a["before"], a["after"]) for a in result["actions"]] == [
        ("stp", False, True),
        ("mtu", 9000, 1500),
    ]
    assert host.kernel.writes == ["link set dev br0 type bridge stp_state 1", "link set dev br0 mtu 1500"]


def test_a_port_of_another_bridge_is_not_moved_without_consent(host):
    host.kernel.add("br-other", "bridge")
    host.kernel.links["enp1s0"]["master"] = "br-other"
    refused = run(host, WISH)
    assert refused["failed"] and refused["error_kind"] == "conflict" and "br-other" in refused["msg"]
    assert host.kernel.writes == []
    assert not run(host, WISH, allow_disruption=["port:enp1s0"])["failed"]
    assert host.kernel.links["enp1s0"]["master"] == "br0"


def test_a_device_with_an_address_is_not_taken_without_consent(host):
    host.kernel.addresses = [
        {"ifname": "enp1s0", "addr_info": [{"local": "192.0.2.1", "prefixlen": 24, "scope": "global"}]}
    ]
    refused = run(host, WISH)
    assert refused["failed"] and "192.0.2.1" in refused["msg"] and "port:enp1s0" in refused["msg"]
    assert host.kernel.writes == []


def test_the_device_that_carries_the_connection_is_not_taken_without_consent(host):
    host.session.address = "192.0.2.1"
    host.kernel.addresses = [
        {"ifname": "vlan9", "addr_info": [{"local": "192.0.2.1", "prefixlen": 24, "scope": "global"}]}
    ]
    host.kernel.add("vlan9", "vlan", {"id": 9}, link="enp1s0")
    refused = run(host, WISH, allow_disruption=["port:enp1s0"])
    assert refused["failed"] and "management:enp1s0" in refused["msg"]
    assert host.kernel.writes == []


def test_a_macvtaps_parent_is_no_port(host):
    host.kernel.add("mtap0", "macvtap", link="enp1s0")
    refused = run(host, WISH)
    assert refused["failed"] and refused["error_kind"] == "conflict"
    assert "enp1s0" in refused["msg"] and "mtap0" in refused["msg"]
    assert host.kernel.writes == []


def test_times_are_seconds_and_the_kernels_are_hundredths(host):
    assert run(host, {"name": "br0", "forward_delay": 15, "ageing_time": 300})["changed"]
    assert host.kernel.links["br0"]["linkinfo"]["info_data"]["forward_delay"] == 1500
    assert host.kernel.links["br0"]["linkinfo"]["info_data"]["ageing_time"] == 30000
    assert not run(host, {"name": "br0", "forward_delay": 15, "ageing_time": 300})["changed"]


def test_absent_and_purge_remove_only_what_is_listed_or_ours(host):
    host.kernel.add("virbr0", "bridge")
    run(host, {"name": "br0"}, {"name": "br1"})
    assert not run(host, {"name": "br0", "state": "absent"})["failed"]
    assert "br0" not in host.kernel.links
    result = run(host, purge=True)
    assert [a["target"] for a in result["actions"]] == ["br1"]
    assert "virbr0" in host.kernel.links and "br1" not in host.kernel.links


def test_a_bridge_with_ports_is_not_removed_without_consent(host):
    run(host, WISH)
    refused = run(host, {"name": "br0", "state": "absent"})
    assert refused["failed"] and "enp1s0" in refused["msg"] and "remove:br0" in refused["msg"]
    assert not run(host, {"name": "br0", "state": "absent"}, allow_disruption=["remove:br0"])["failed"]


def test_purge_ports_lets_unlisted_ports_go(host):
    run(host, dict(WISH, ports=["enp1s0", "enp2s0"]))
    run(host, dict(WISH, ports=["enp1s0"]))
    assert host.kernel.links["enp2s0"]["master"] == "br0"
    result = run(host, dict(WISH, ports=["enp1s0"], purge_ports=True), allow_disruption=["port:enp2s0"])
    assert not result["failed"] and "master" not in host.kernel.links["enp2s0"]


def test_a_name_that_is_something_else_is_a_conflict(host):
    result = run(host, {"name": "enp1s0"})
    assert result["failed"] and result["error_kind"] == "conflict" and "enp1s0" in result["msg"]


def test_the_kernels_refusal_names_the_line(host):
    host.kernel.failures["link add name br0 up type bridge"] = "RTNETLINK answers: Operation not permitted"
    result = run(host, {"name": "br0"})
    assert result["failed"] and result["error_kind"] == "apply" and "Operation not permitted" in result["msg"]


@pytest.mark.parametrize(
    "wish, path, word",
    [
        ({"name": "a" * 16}, "bridges[0].name", "15"),
        ({"name": "-rf"}, "bridges[0].name", "allowed"),
        ({"name": "vnet3"}, "bridges[0].name", "libvirt"),
        ({"name": "br0", "mtu": 67}, "bridges[0].mtu", "68"),
        ({"name": "br0", "mac": "41135085296"}, "bridges[0].mac", "quotes"),
        ({"name": "br0", "mac": "01:00:5e:00:00:01"}, "bridges[0].mac", "multicast"),
        ({"name": "br0", "forward_delay": 31}, "bridges[0].forward_delay", "30"),
        ({"name": "br0", "ports": ["enp1s0", "enp1s0"]}, "bridges[0].ports[1]", "twice"),
        ({"name": "br0", "ports": ["$(id)"]}, "bridges[0].ports[0]", "allowed"),
        ({"name": "br0", "alias": "a" * 256}, "bridges[0].alias", "255 bytes"),
        ({"name": "br0", "alias": "a\nb"}, "bridges[0].alias", "printable"),
    ],
)
def test_bad_input_is_refused_before_any_write(host, wish, path, word):
    result = run(host, wish)
    assert result["failed"] and result["error_kind"] == "value"
    assert [problem["path"] for problem in result["problems"]] == [path]
    assert word in result["problems"][0]["message"]
    assert host.kernel.writes == []


@pytest.mark.parametrize(
    "devices, path, word",
    [
        ([{"name": "lo", "bridge": "br0"}], "devices[0].name", "no interface name"),
        ([{"name": "enp1s0", "bridge": "-rf"}], "devices[0].bridge", "allowed"),
        ([{"name": "enp1s0"}, {"name": "enp1s0"}], "devices[1]", "twice"),
        ([{"name": "enp1s0", "bridge": "none"}], "devices[0].bridge", "disagrees with the ports of br0"),
        ([{"name": "enp2s0", "bridge": "br9"}], "devices[0].bridge", "does not exist"),
    ],
)
def test_bad_devices_are_refused_before_any_write(host, devices, path, word):
    result = run(host, WISH, devices=devices)
    assert result["failed"] and result["error_kind"] == "value"
    assert [problem["path"] for problem in result["problems"]] == [path]
    assert word in result["problems"][0]["message"] and host.kernel.writes == []


def test_a_device_joins_one_bridge_and_leaves_another_and_a_second_run_writes_nothing(host):
    run(host, WISH)
    devices = [{"name": "enp1s0", "bridge": "none", "up": False}, {"name": "enp2s0", "bridge": "br0"}]
    refused = run(host, devices=devices)
    assert refused["failed"] and "port:enp1s0" in refused["msg"]
    del host.kernel.writes[:]
    assert not run(host, devices=devices, allow_disruption=["port:enp1s0"])["failed"]
    assert host.kernel.writes == [
        "link set dev enp1s0 nomaster",
        "link set dev enp1s0 down",
        "link set dev enp2s0 master br0",
    ]
    assert not run(host, devices=devices)["changed"] and len(host.kernel.writes) == 3


def test_a_macvtaps_parent_does_not_join_as_a_device_either(host):
    host.kernel.add("br0", "bridge")
    host.kernel.add("mtap0", "macvtap", link="enp1s0")
    refused = run(host, devices=[{"name": "enp1s0", "bridge": "br0"}])
    assert refused["failed"] and "mtap0" in refused["msg"] and host.kernel.writes == []


def test_with_an_alias_of_its_own_a_bridge_is_not_ours(host):
    run(host, {"name": "br0", "alias": ""}, {"name": "br1", "alias": "kvm.vnic"}, {"name": "br2", "alias": "mine, 1"})
    assert [host.kernel.links[name].get("ifalias") for name in ("br0", "br1", "br2")] == [None, "kvm.vnic", "mine, 1"]
    assert [action["target"] for action in run(host, purge=True)["actions"]] == ["br1"]
    assert run(host, {"name": "br0", "alias": "kvm.vnic"})["changed"]
    assert not run(host, {"name": "br0", "alias": "kvm.vnic"})["changed"]


def test_every_problem_is_reported_at_once(host):
    result = run(host, {"name": "-x", "mtu": 1}, {"name": "br1", "mac": "zz"})
    assert len(result["problems"]) == 3
