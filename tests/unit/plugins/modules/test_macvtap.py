# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.modules import macvtap
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module

WISH = {"name": "mvt-web1", "lower": "enp1s0", "mode": "bridge", "mac": "52:54:00:12:34:56", "mtu": 9000}
ADDRESS = [{"ifname": "enp1s0", "addr_info": [{"local": "192.0.2.1", "prefixlen": 24, "scope": "global"}]}]


@pytest.fixture
def host():
    host = MemoryHost()
    host.kernel.add("enp1s0", up=True, mtu=9000)
    host.kernel.add("enp2s0")
    host.commands.tools["udevadm"] = lambda argv, stdin: ""
    return host


def run(host, *macvtaps, **more):
    check = more.pop("check", False)
    return run_module(macvtap.main, host, dict(more, macvtaps=list(macvtaps)), check=check)


def wrote(host):
    lines = list(host.kernel.writes)
    del host.kernel.writes[:]
    return lines


def mode(host, name="mvt-web1"):
    return host.kernel.links[name]["linkinfo"]["info_data"]["mode"]


def test_create_then_nothing_to_do(host):
    result = run(host, WISH)
    assert result["changed"] and not result["failed"] and result["notes"] == []
    assert wrote(host) == [
        "link add link enp1s0 name mvt-web1 address 52:54:00:12:34:56 mtu 9000 type macvtap mode bridge",
        "link set dev mvt-web1 alias kvm.vnic addrgenmode none",
        "link set dev mvt-web1 up",
    ]
    again = run(host, WISH)
    assert not again["changed"] and again["actions"] == [] and wrote(host) == []


def test_check_mode_writes_nothing_and_tells_the_same_actions(host):
    wish = {"macvtaps": [WISH], "lower_devices": [{"name": "enp2s0", "mtu": 9000}]}
    checked = run_module(macvtap.main, host, wish, check=True)
    assert checked["changed"] and host.kernel.writes == []
    assert run_module(macvtap.main, host, wish)["actions"] == checked["actions"]


def test_udev_is_awaited_before_the_new_ones_are_read(host):
    run(host, WISH)
    assert [argv[0] for argv in host.commands.calls][-2:] == ["udevadm", "ip"]


@pytest.mark.parametrize("after", ["private", "vepa", "source"])
def test_the_mode_changes_in_place(host, after):
    run(host, WISH)
    wrote(host)
    result = run(host, dict(WISH, mode=after))
    assert [(a["field"], a["before"], a["after"]) for a in result["actions"]] == [("mode", "bridge", after)]
    assert wrote(host) == ["link set dev mvt-web1 type macvtap mode %s" % after] and mode(host) == after


@pytest.mark.parametrize("before, after", [("bridge", "passthru"), ("passthru", "bridge")])
def test_to_and_from_passthru_it_is_made_anew(host, before, after):
    run(host, dict(WISH, mode=before))
    result = run(host, dict(WISH, mode=after))
    assert not result["failed"] and [a["field"] for a in result["actions"]] == ["replace"]
    assert mode(host) == after and not run(host, dict(WISH, mode=after))["changed"]


def test_made_anew_as_passthru_it_does_not_give_its_old_mac_address_to_the_lower_device(host):
    mac = host.kernel.links["enp1s0"]["address"]
    run(host, WISH)
    run(host, {"name": "mvt-web1", "lower": "enp1s0", "mode": "passthru"})
    assert host.kernel.links["enp1s0"]["address"] == mac == host.kernel.links["mvt-web1"]["address"]


def test_made_anew_it_keeps_what_was_omitted(host):
    run(host, WISH)
    host.kernel.links["enp2s0"]["mtu"] = 9000
    run(host, {"name": "mvt-web1", "lower": "enp2s0", "mode": "bridge"})
    assert (host.kernel.links["mvt-web1"]["address"], host.kernel.links["mvt-web1"]["mtu"]) == (WISH["mac"], 9000)


def test_another_lower_device_means_making_it_anew(host):
    run(host, WISH)
    wish = dict(WISH, lower="enp2s0", mtu=1500)
    assert [a["field"] for a in run(host, wish)["actions"]] == ["replace"]
    assert host.kernel.links["mvt-web1"]["link"] == "enp2s0"


def test_passthru_takes_the_lower_device_with_its_mac_address_and_says_so(host):
    result = run(host, dict(WISH, mode="passthru"))
    assert not result["failed"]
    assert host.kernel.links["mvt-web1"]["address"] == WISH["mac"] == host.kernel.links["enp1s0"]["address"]
    assert len(result["notes"]) == 1 and "promiscuous" in result["notes"][0] and "enp1s0" in result["notes"][0]
    assert not run(host, dict(WISH, mode="passthru"))["changed"]


@pytest.mark.parametrize("kind", ["macvtap", "macvlan"])
def test_passthru_is_refused_beside_another(host, kind):
    host.kernel.add("macvtap0", kind, {"mode": "vepa"}, link="enp1s0")
    result = run(host, dict(WISH, mode="passthru"), allow_disruption=["passthru:enp1s0"])
    assert result["failed"] and result["error_kind"] == "conflict" and "macvtap0" in result["msg"]
    assert host.kernel.writes == []


def test_one_without_a_name_beside_a_passthru_is_told_like_any(host):
    result = run(host, dict(WISH, mode="passthru"), dict(WISH, name="$(id)"))
    assert result["failed"] and [problem["path"] for problem in result["problems"]] == [
        "macvtaps[1].name", "macvtaps[0].mode"
    ]  # fmt: skip
    assert "where macvtaps[1] is to stand too" in result["msg"]


def test_none_is_made_beside_a_passthru(host):
    host.kernel.add("macvtap0", "macvtap", {"mode": "passthru"}, link="enp1s0")
    result = run(host, WISH)
    assert (
        result["failed"]
        and result["error_kind"] == "conflict"
        and "macvtap0" in result["msg"]
        and "passthru" in result["msg"]
    )
    assert host.kernel.writes == []


def test_passthru_takes_the_place_of_one_that_goes(host):
    run(host, dict(WISH, name="mvt-old"))
    result = run(host, dict(WISH, mode="passthru"), purge=True)
    assert not result["failed"] and mode(host) == "passthru" and "mvt-old" not in host.kernel.links


def test_passthru_does_not_take_a_device_with_addresses_without_consent(host):
    host.kernel.addresses = ADDRESS
    wish = dict(WISH, mode="passthru")
    refused = run(host, wish)
    assert (
        refused["failed"]
        and "192.0.2.1" in refused["msg"]
        and "passthru:enp1s0" in refused["msg"]
        and host.kernel.writes == []
    )
    assert not run(host, wish, allow_disruption=["passthru:enp1s0"])["failed"]


def test_passthru_does_not_take_the_device_that_carries_the_connection(host):
    host.kernel.addresses, host.session.address = ADDRESS, "192.0.2.1"
    refused = run(host, dict(WISH, mode="passthru"), allow_disruption=["passthru:enp1s0"])
    assert refused["failed"] and "management:enp1s0" in refused["msg"] and host.kernel.writes == []
    assert not run(host, WISH)["failed"]


@pytest.mark.parametrize(
    "kind, word",
    [
        ("bridge", "one kind of switch"),
        ("openvswitch", "one kind of switch"),
        ("bond", "stand on upper0 itself"),
        ("team", "stand on upper0 itself"),
    ],
)
def test_a_port_is_no_lower_device(host, kind, word):
    host.kernel.add("upper0", kind)
    host.kernel.links["enp1s0"]["master"] = "upper0"
    refused = [run(host, WISH)]
    if kind in ("bond", "team"):
        refused.append(run(host, lower_devices=[{"name": "enp1s0"}]))
    for result in refused:
        assert result["failed"] and result["error_kind"] == "conflict"
        assert "upper0" in result["msg"] and word in result["msg"] and host.kernel.writes == []


@pytest.mark.parametrize("kind", ["bridge", "openvswitch"])
def test_the_uplink_of_a_switch_is_made_ready_too(host, kind):
    """The planner lists it before it is a port, and again when it is one."""
    host.kernel.add("upper0", kind)
    host.kernel.links["enp1s0"]["master"] = "upper0"
    wish = [{"name": "enp1s0", "up": True, "mtu": 9000}]
    assert not run(host, lower_devices=wish, allow_disruption=["mtu:enp1s0"])["failed"]
    assert host.kernel.links["enp1s0"]["mtu"] == 9000
    assert not run(host, lower_devices=wish)["changed"]


def test_on_a_bond_and_on_a_vlan(host):
    host.kernel.add("bond0", "bond", up=True)
    host.kernel.links["enp1s0"]["master"] = "bond0"
    host.kernel.add("bond0.5", "vlan", {"id": 5, "protocol": "802.1Q"}, up=True, link="bond0")
    wishes = [dict(WISH, lower="bond0", mtu=1500), dict(WISH, name="mvt-web2", lower="bond0.5", mtu=1500)]
    assert not run(host, *wishes)["failed"]
    assert not run(host, *wishes)["changed"]


def test_a_macvtap_is_no_lower_device(host):
    host.kernel.add("macvlan9", "macvlan", {"mode": "bridge"}, link="enp1s0")
    result = run(host, dict(WISH, lower="macvlan9", mtu=1500))
    assert result["failed"] and result["problems"][0]["path"] == "macvtaps[0].lower" and "enp1s0" in result["msg"]


def test_an_mtu_above_the_lower_devices_is_refused_unless_that_is_raised_too(host):
    wish = dict(WISH, lower="enp2s0")
    result = run(host, wish)
    assert (
        result["failed"]
        and result["problems"][0]["path"] == "macvtaps[0].mtu"
        and "1500" in result["problems"][0]["message"]
    )
    assert host.kernel.writes == []
    assert not run(host, wish, lower_devices=[{"name": "enp2s0", "mtu": 9000}])["failed"]
    assert host.kernel.links["mvt-web1"]["mtu"] == 9000
    lowered = run(host, wish, lower_devices=[{"name": "enp2s0", "mtu": 1500}])
    assert lowered["failed"] and "macvtaps[0].mtu" in lowered["msg"]


def test_lower_devices_are_made_ready_and_nothing_more(host):
    result = run(host, lower_devices=[{"name": "enp2s0", "mtu": 9000}, {"name": "enp1s0"}])
    assert [(a["target"], a["field"], a["before"], a["after"]) for a in result["actions"]] == [
        ("enp2s0", "mtu", 1500, 9000),
        ("enp2s0", "up", False, True),
    ]
    assert wrote(host) == ["link set dev enp2s0 mtu 9000", "link set dev enp2s0 up"]
    assert not run(host, lower_devices=[{"name": "enp2s0", "mtu": 9000}, {"name": "enp1s0"}])["changed"]
    assert not run(host, purge=True)["changed"] and "enp2s0" in host.kernel.links


def test_an_mtu_in_use_does_not_change_without_consent(host):
    host.kernel.add("macvtap0", "macvtap", {"mode": "vepa"}, link="enp1s0", mtu=9000)
    wish = {"lower_devices": [{"name": "enp1s0", "mtu": 1500}]}
    refused = run(host, **wish)
    assert (
        refused["failed"]
        and "macvtap0" in refused["msg"]
        and "mtu:enp1s0" in refused["msg"]
        and host.kernel.writes == []
    )
    assert not run(host, allow_disruption=["mtu:enp1s0"], **wish)["failed"]


def test_a_device_in_use_is_not_taken_down_without_consent(host):
    host.kernel.add("macvtap0", "macvtap", {"mode": "vepa"}, link="enp1s0")
    refused = run(host, lower_devices=[{"name": "enp1s0", "up": False}])
    assert (
        refused["failed"]
        and "macvtap0" in refused["msg"]
        and "down:enp1s0" in refused["msg"]
        and host.kernel.writes == []
    )


def test_the_device_that_carries_the_connection_keeps_its_mtu_without_consent(host):
    host.kernel.addresses, host.session.address = ADDRESS, "192.0.2.1"
    refused = run(host, lower_devices=[{"name": "enp1s0", "mtu": 1500}], allow_disruption=["mtu:enp1s0"])
    assert refused["failed"] and "management:enp1s0" in refused["msg"] and host.kernel.writes == []


def test_a_missing_lower_device_is_refused_and_known_after_apply_in_check_mode(host):
    for params, path in (
        ({"macvtaps": [dict(WISH, lower="bond0")]}, "macvtaps[0].lower"),
        ({"lower_devices": [{"name": "bond0", "mtu": 9000}]}, "lower_devices[0].name"),
    ):
        result = run_module(macvtap.main, host, params)
        assert result["failed"] and [problem["path"] for problem in result["problems"]] == [path]
        checked = run_module(macvtap.main, host, params, check=True)
        assert not checked["failed"] and any(
            "bond0" in note and "known after apply" in note for note in checked["notes"]
        )


def test_a_lower_device_that_is_down_is_noted(host):
    result = run(host, dict(WISH, lower="enp2s0", mtu=1500))
    assert not result["failed"] and len(result["notes"]) == 1 and "enp2s0 is down" in result["notes"][0]


def test_one_that_a_process_holds_is_not_removed_without_consent(host):
    run(host, WISH)
    host.tree.symlinks["/proc/4711/fd/9"] = "/dev/tap%d" % host.kernel.links["mvt-web1"]["ifindex"]
    host.tree.contents["/proc/4711/comm"] = "qemu-system-x86\n"
    wrote(host)
    for result in (
        run(host, {"name": "mvt-web1", "state": "absent"}),
        run(host, purge=True),
        run(host, dict(WISH, mode="passthru")),
    ):
        assert result["failed"] and result["error_kind"] == "conflict" and "4711" in result["msg"]
    assert wrote(host) == []
    assert not run(host, dict(WISH, mode="private"))["failed"]
    assert not run(host, {"name": "mvt-web1", "state": "absent"}, allow_disruption=["remove:mvt-web1"])["failed"]


def test_purge_removes_ours_alone(host):
    host.kernel.add("macvtap0", "macvtap", {"mode": "bridge"}, link="enp1s0")
    run(host, WISH, dict(WISH, name="mvt-web2", mac="52:54:00:12:34:57"))
    result = run(host, WISH, purge=True)
    assert [a["target"] for a in result["actions"]] == ["mvt-web2"]
    assert {"macvtap0", "mvt-web1"} <= set(host.kernel.links)


def test_a_macvlan_is_no_macvtap(host):
    host.kernel.add("mvl0", "macvlan", {"mode": "bridge"}, link="enp1s0")
    result = run(host, dict(WISH, name="mvl0"))
    assert result["failed"] and result["error_kind"] == "conflict" and "not a macvtap" in result["msg"]


def test_the_kernels_refusal_names_the_line(host):
    host.kernel.failures["link set dev enp2s0 mtu 9001"] = "Error: mtu greater than device maximum."
    result = run(host, lower_devices=[{"name": "enp2s0", "mtu": 9001}])
    assert (
        result["failed"]
        and result["error_kind"] == "apply"
        and "enp2s0 mtu" in result["msg"]
        and "device maximum" in result["msg"]
    )


@pytest.mark.parametrize(
    "params, path, word",
    [
        ({"macvtaps": [dict(WISH, name="macvtap3")]}, "macvtaps[0].name", "libvirt"),
        ({"macvtaps": [dict(WISH, name="x" * 16)]}, "macvtaps[0].name", "15"),
        ({"macvtaps": [{"name": "m0", "lower": "enp1s0"}]}, "macvtaps[0].mode", "hairpin"),
        ({"macvtaps": [{"name": "m0", "mode": "bridge"}]}, "macvtaps[0].lower", "missing"),
        ({"macvtaps": [dict(WISH, lower="enp1s0;id")]}, "macvtaps[0].lower", "allowed"),
        ({"macvtaps": [dict(WISH, mtu=67)]}, "macvtaps[0].mtu", "68"),
        ({"macvtaps": [dict(WISH, mac="00:00:00:00:00:00")]}, "macvtaps[0].mac", "all-zero"),
        ({"macvtaps": [dict(WISH, mac="52-54-00-12-34")]}, "macvtaps[0].mac", "six"),
        ({"macvtaps": [dict(WISH, mode="passthru"), dict(WISH, name="m1")]}, "macvtaps[0].mode", "m1"),
        ({"macvtaps": [WISH, WISH]}, "macvtaps[1]", "twice"),
        ({"lower_devices": [{"name": "../etc"}]}, "lower_devices[0].name", "allowed"),
        ({"lower_devices": [{"name": "lo"}]}, "lower_devices[0].name", "interface name"),
        ({"lower_devices": [{"name": "enp1s0", "mtu": 65536}]}, "lower_devices[0].mtu", "65535"),
        ({"lower_devices": [{"name": "enp1s0"}, {"name": "enp1s0"}]}, "lower_devices[1]", "twice"),
    ],
)
def test_bad_input_is_refused_before_any_write(host, params, path, word):
    result = run_module(macvtap.main, host, params)
    assert result["failed"] and result["error_kind"] == "value"
    assert [problem["path"] for problem in result["problems"]] == [path]
    assert word in result["problems"][0]["message"]
    assert host.kernel.writes == []


def test_an_unknown_mode_is_refused_with_the_known_ones(host):
    result = run(host, dict(WISH, mode="promisc"))
    assert result["failed"] and "passthru" in result["msg"] and "promisc" in result["msg"] and host.kernel.writes == []


def test_sixty_four_in_one_batch(host):
    wishes = [{"name": "mvt%d" % number, "lower": "enp1s0", "mode": "bridge"} for number in range(64)]
    assert not run(host, *wishes)["failed"]
    assert sum(1 for argv in host.commands.calls if "-batch" in argv) == 1
    assert not run(host, *wishes)["changed"]
