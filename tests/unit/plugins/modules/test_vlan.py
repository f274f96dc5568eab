# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.modules import vlan
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module

WISH = {"lower": "enp1s0", "id": 100, "mtu": 9000}


@pytest.fixture
def host():
    host = MemoryHost()
    host.kernel.add("enp1s0", up=True, mtu=9000)
    host.kernel.add("enp2s0", up=True)
    return host


def run(host, *vlans, **more):
    check = more.pop("check", False)
    return run_module(vlan.main, host, dict(more, vlans=list(vlans)), check=check)


def wrote(host):
    lines = list(host.kernel.writes)
    del host.kernel.writes[:]
    return lines


def tag(host, name):
    data = host.kernel.links[name]["linkinfo"]["info_data"]
    return data["protocol"], data["id"]


def test_create_then_nothing_to_do(host):
    result = run(host, WISH)
    assert result["changed"] and not result["failed"]
    assert wrote(host) == [
        "link add link enp1s0 name enp1s0.100 mtu 9000 up type vlan id 100",
        "link set dev enp1s0.100 alias kvm.vnic",
    ]
    again = run(host, WISH)
    assert not again["changed"] and again["actions"] == [] and wrote(host) == []


def test_check_mode_writes_nothing_and_tells_the_same_actions(host):
    checked = run(host, WISH, check=True)
    assert checked["changed"] and host.kernel.writes == []
    assert run(host, WISH)["actions"] == checked["actions"]


def test_a_name_of_the_users_own(host):
    assert not run(host, dict(WISH, name="prod"))["failed"]
    assert tag(host, "prod") == ("802.1Q", 100)


def test_a_made_up_name_that_is_too_long_asks_for_one(host):
    host.kernel.add("enp175s0f1np1", up=True)
    result = run(host, {"lower": "enp175s0f1np1", "id": 100})
    assert result["failed"] and [problem["path"] for problem in result["problems"]] == ["vlans[0].name"]
    assert result["problems"][0]["value"] == "enp175s0f1np1.100"
    assert "15 characters" in result["msg"] and "name of your own" in result["msg"]
    assert not run(host, {"lower": "enp175s0f1np1", "id": 100, "name": "prod"})["failed"]


def test_what_is_live_changes_in_place(host):
    run(host, WISH)
    wrote(host)
    result = run(host, dict(WISH, mtu=1500, mac="02:00:00:00:00:99"))
    assert [(a["field"], a["before"], a["after"]) for a in result["actions"]][0] == ("mtu", 9000, 1500)
    assert wrote(host) == [
        "link set dev enp1s0.100 mtu 1500",
        "link set dev enp1s0.100 address 02:00:00:00:00:99",
    ]


@pytest.mark.parametrize("change", [{"id": 200}, {"protocol": "802.1ad"}, {"lower": "enp2s0", "mtu": 1500}])
def test_what_the_kernel_would_ignore_is_made_anew(host, change):
    run(host, dict(WISH, name="prod"))
    result = run(host, dict(WISH, name="prod", **change))
    assert not result["failed"] and [a["field"] for a in result["actions"]] == ["replace"]
    link = host.kernel.links["prod"]
    wished = dict(WISH, protocol="802.1Q", **change) if "protocol" not in change else dict(WISH, **change)
    assert (link["link"], tag(host, "prod")) == (wished["lower"], (wished["protocol"], wished["id"]))
    assert link["ifalias"] == "kvm.vnic"
    assert not run(host, dict(WISH, name="prod", **change))["changed"]


def test_a_used_one_is_not_made_anew_without_consent(host):
    run(host, dict(WISH, name="prod"))
    host.kernel.add("mvt-web1", "macvtap", {"mode": "bridge"}, link="prod")
    wrote(host)
    refused = run(host, dict(WISH, name="prod", id=200))
    assert refused["failed"] and refused["error_kind"] == "conflict"
    assert "mvt-web1" in refused["msg"] and "replace:prod" in refused["msg"] and wrote(host) == []
    assert not run(host, dict(WISH, name="prod", id=200), allow_disruption=["replace:prod"])["failed"]
    assert tag(host, "prod") == ("802.1Q", 200)


def test_made_anew_it_keeps_what_was_omitted(host):
    run(
        host,
        dict(WISH, name="prod", protocol="802.1ad"),
        {"name": "other", "lower": "enp1s0", "id": 5, "mac": "02:00:00:00:00:99"},
    )
    run(host, {"name": "prod", "lower": "enp1s0", "id": 101}, {"name": "other", "lower": "enp2s0", "id": 5})
    assert tag(host, "prod") == ("802.1ad", 101) and host.kernel.links["prod"]["mtu"] == 9000
    # 9000 would not fit on the new lower device
    assert (host.kernel.links["other"]["address"], host.kernel.links["other"]["mtu"]) == ("02:00:00:00:00:99", 1500)


def test_made_anew_it_takes_the_mac_address_of_another_lower_device(host):
    run(host, dict(WISH, name="prod"))
    host.kernel.links["prod"]["address"] = host.kernel.links["enp1s0"]["address"]
    del host.kernel.writes[:]
    run(host, {"name": "prod", "lower": "enp2s0", "id": 100})
    assert " address " not in " ".join(host.kernel.writes)


def test_one_that_is_made_anew_returns_to_its_bridge(host):
    run(host, dict(WISH, name="prod"))
    host.kernel.add("br0", "bridge")
    host.kernel.links["prod"]["master"] = "br0"
    assert not run(host, dict(WISH, name="prod", id=200))["failed"]
    assert host.kernel.links["prod"]["master"] == "br0"


def test_within_a_service_vlan(host):
    wishes = [
        {"name": "service", "lower": "enp1s0", "id": 7, "protocol": "802.1ad"},
        {"name": "customer", "lower": "service", "id": 9},
    ]
    assert not run(host, *wishes)["failed"]
    assert not run(host, *wishes)["changed"]
    # the kernel takes the inner one away together with the outer one
    wishes[0]["id"] = 8
    refused = run(host, *wishes)
    assert refused["failed"] and "customer" in refused["msg"]
    result = run(host, *wishes, allow_disruption=["replace:service"])
    assert not result["failed"] and [(a["target"], a["field"]) for a in result["actions"]] == [
        ("service", "replace"),
        ("customer", "state"),
    ]
    assert tag(host, "service") == ("802.1ad", 8) and tag(host, "customer") == ("802.1Q", 9)
    assert not run(host, *wishes)["changed"]


def test_removing_both_of_a_stack_needs_no_consent_and_takes_the_upper_first(host):
    run(host, {"name": "service", "lower": "enp1s0", "id": 7}, {"name": "customer", "lower": "service", "id": 9})
    wrote(host)
    result = run(host, {"name": "service", "state": "absent"}, {"name": "customer", "state": "absent"})
    assert not result["failed"]
    assert wrote(host) == ["link delete dev customer", "link delete dev service"]


def test_a_lower_device_that_goes_in_the_same_call_is_refused(host):
    run(host, {"name": "service", "lower": "enp1s0", "id": 7})
    wrote(host)
    result = run(host, {"name": "service", "state": "absent"}, {"name": "customer", "lower": "service", "id": 9})
    assert result["failed"] and result["problems"][0]["path"] == "vlans[1].lower" and wrote(host) == []


def test_purge_removes_ours_alone(host):
    host.kernel.add("foreign", "vlan", {"id": 5, "protocol": "802.1Q"}, link="enp1s0")
    run(host, WISH, dict(WISH, id=101))
    result = run(host, WISH, purge=True)
    assert [(a["target"], a["after"]) for a in result["actions"]] == [("enp1s0.101", None)]
    assert {"foreign", "enp1s0.100"} <= set(host.kernel.links) and "enp1s0.101" not in host.kernel.links


def test_purge_gives_an_id_free_before_another_takes_it(host):
    run(host, dict(WISH, name="old"))
    result = run(host, dict(WISH, name="new"), purge=True)
    assert not result["failed"] and "old" not in host.kernel.links and tag(host, "new") == ("802.1Q", 100)


def test_absent_by_lower_and_id(host):
    run(host, WISH)
    assert not run(host, {"lower": "enp1s0", "id": 100, "state": "absent"})["failed"]
    assert "enp1s0.100" not in host.kernel.links
    assert not run(host, {"name": "enp1s0.100", "state": "absent"})["changed"]


def test_one_with_an_address_is_not_removed_without_consent(host):
    run(host, WISH)
    host.kernel.addresses = [
        {"ifname": "enp1s0.100", "addr_info": [{"local": "192.0.2.1", "prefixlen": 24, "scope": "global"}]}
    ]
    wrote(host)
    refused = run(host, {"name": "enp1s0.100", "state": "absent"})
    assert (
        refused["failed"]
        and "192.0.2.1" in refused["msg"]
        and "remove:enp1s0.100" in refused["msg"]
        and wrote(host) == []
    )


def test_the_one_that_carries_the_connection_is_not_touched_without_consent(host):
    run(host, WISH)
    host.session.address = "192.0.2.1"
    host.kernel.addresses = [
        {"ifname": "enp1s0.100", "addr_info": [{"local": "192.0.2.1", "prefixlen": 24, "scope": "global"}]}
    ]
    wrote(host)
    refused = run(host, dict(WISH, mtu=1500))
    assert refused["failed"] and "management:enp1s0.100" in refused["msg"] and wrote(host) == []


def test_the_same_vlan_under_another_name_is_a_conflict(host):
    run(host, WISH)
    wrote(host)
    result = run(host, dict(WISH, name="prod"))
    assert (
        result["failed"] and result["error_kind"] == "conflict" and "enp1s0.100" in result["msg"] and wrote(host) == []
    )
    assert not run(host, dict(WISH, name="prod", protocol="802.1ad"))["failed"]


def test_a_lower_device_that_is_missing_is_refused_and_known_after_apply_in_check_mode(host):
    wish = dict(WISH, lower="bond0")
    result = run(host, wish)
    assert result["failed"] and result["error_kind"] == "value" and result["problems"][0]["path"] == "vlans[0].lower"
    checked = run(host, wish, check=True)
    assert not checked["failed"] and any("bond0" in note and "known after apply" in note for note in checked["notes"])


def test_a_lower_device_that_is_down_carries_none_that_is_up(host):
    host.kernel.add("enp3s0")
    wish = {"lower": "enp3s0", "id": 5}
    result = run(host, wish)
    assert result["failed"] and result["problems"][0]["path"] == "vlans[0].lower" and "is down" in result["msg"]
    assert host.kernel.writes == []
    assert not run(host, dict(wish, up=False))["failed"]


def test_an_mtu_above_the_lower_devices_is_refused(host):
    result = run(host, {"lower": "enp2s0", "id": 5, "mtu": 1501})
    assert (
        result["failed"]
        and result["problems"][0]["path"] == "vlans[0].mtu"
        and "1500" in result["problems"][0]["message"]
    )
    assert host.kernel.writes == []


def test_it_is_a_bridges_port_from_its_making_on(host):
    host.kernel.add("br0", "bridge")
    run(host, dict(WISH, master="br0"))
    assert host.kernel.links["enp1s0.100"]["master"] == "br0"
    assert not run(host, dict(WISH, master="br0"))["changed"] and not run(host, WISH)["changed"]
    refused = run(host, dict(WISH, master="none"))
    assert refused["failed"] and "port:enp1s0.100" in refused["msg"]
    assert not run(host, dict(WISH, master="none"), allow_disruption=["port:enp1s0.100"])["failed"]
    assert "master" not in host.kernel.links["enp1s0.100"]
    assert not run(host, dict(WISH, master="none"))["changed"]


def test_two_trade_their_ids(host):
    run(host, dict(WISH, name="a"), dict(WISH, name="b", id=101))
    traded = [dict(WISH, name="a", id=101), dict(WISH, name="b")]
    assert not run(host, *traded)["failed"]
    assert tag(host, "a") == ("802.1Q", 101) and tag(host, "b") == ("802.1Q", 100)
    assert not run(host, *traded)["changed"]


def test_a_name_that_is_something_else_is_a_conflict(host):
    result = run(host, dict(WISH, name="enp2s0"))
    assert result["failed"] and result["error_kind"] == "conflict" and "network card" in result["msg"]


def test_the_kernels_refusal_names_the_line(host):
    host.kernel.failures["link add link enp1s0 name enp1s0.100 mtu 9000 up type vlan id 100"] = (
        "Error: VLANs not supported on device."
    )
    result = run(host, WISH)
    assert result["failed"] and result["error_kind"] == "apply" and "VLANs not supported" in result["msg"]


@pytest.mark.parametrize(
    "wish, path, word",
    [
        (dict(WISH, id=0), "vlans[0].id", "4094"),
        (dict(WISH, id=4095), "vlans[0].id", "4094"),
        (dict(WISH, id=-1), "vlans[0].id", "4094"),
        (dict(WISH, name="a" * 16), "vlans[0].name", "15"),
        (dict(WISH, name="-rf"), "vlans[0].name", "allowed"),
        (dict(WISH, name="vnet0"), "vlans[0].name", "libvirt"),
        (dict(WISH, lower="$(id)"), "vlans[0].lower", "allowed"),
        (dict(WISH, lower=""), "vlans[0].lower", "non-empty"),
        (dict(WISH, mtu=67), "vlans[0].mtu", "68"),
        (dict(WISH, master="$(id)"), "vlans[0].master", "allowed"),
        (dict(WISH, master="br9"), "vlans[0].master", "does not exist"),
        (dict(WISH, mtu=65536), "vlans[0].mtu", "65535"),
        (dict(WISH, mac="41135085296"), "vlans[0].mac", "quotes"),
        ({"id": 5, "name": "prod"}, "vlans[0].lower", "missing"),
        ({"lower": "enp1s0", "name": "prod"}, "vlans[0].id", "missing"),
        ({"lower": "enp1s0", "state": "absent"}, "vlans[0].name", "lower and id"),
    ],
)
def test_bad_input_is_refused_before_any_write(host, wish, path, word):
    result = run(host, wish)
    assert result["failed"] and result["error_kind"] == "value"
    assert [problem["path"] for problem in result["problems"]] == [path]
    assert word in result["problems"][0]["message"]
    assert host.kernel.writes == []


def test_the_same_made_up_name_twice(host):
    result = run(host, WISH, dict(WISH, mtu=1500))
    assert [problem["path"] for problem in result["problems"]] == ["vlans[1]"] and "twice" in result["msg"]


def test_an_id_that_is_no_number_is_refused(host):
    result = run(host, dict(WISH, id="100-200"))
    assert result["failed"] and "vlans" in result["msg"] and host.kernel.writes == []
