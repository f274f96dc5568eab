# SPDX-License-Identifier: GPL-3.0-or-later
"""Open vSwitch that is not there, down, hung or in error."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.tests.unit.memory_host.addressed_ip import give, held
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.ovs_bridge_case import again, fields, ovs_host, run

WISH = {"name": "br0", "ports": [{"name": "enp1s0", "tag": 3}]}


@pytest.fixture
def host():
    return ovs_host()


def not_installed(host):
    del host.commands.tools["ovs-vsctl"]


def no_socket(host):
    host.tree.contents.pop("/run/openvswitch/db.sock")
    host.ovs_memory.database = False


def no_server(host):
    host.ovs_memory.database = False


@pytest.mark.parametrize("break_it, word", [(not_installed, "install"), (no_socket, "db.sock"), (no_server, "db.sock")])
def test_a_database_that_an_earlier_step_would_start(host, break_it, word):
    break_it(host)
    result = run(host, WISH)
    assert result["failed"] and word in result["msg"] and "openvswitch-switch" in result["msg"], result
    checked = run(host, WISH, check=True)
    assert not checked["failed"] and checked["changed"] and any(word in note for note in checked["notes"])
    assert ("br0/enp1s0", "state") in fields(checked)
    assert host.kernel.writes == []


def test_nothing_wished_of_a_host_without_it(host):
    not_installed(host)
    result = run(host)
    assert not result["failed"] and not result["changed"]
    assert not run(host, {"name": "br0", "state": "absent"})["failed"]


def test_what_is_to_go_from_a_host_without_it_is_gone(host):
    not_installed(host)
    assert not run(host, {"name": "br0", "state": "absent"}, purge=True)["failed"]


@pytest.mark.parametrize("break_it", [no_socket, no_server])
def test_what_is_to_go_from_a_database_that_is_down_is_still_in_it(host, break_it):
    break_it(host)
    for wishes, more in (([{"name": "br0", "state": "absent"}], {}), ([], {"purge": True})):
        result = run(host, *wishes, **more)
        assert result["failed"] and "start its service" in result["msg"], result
        assert any("db.sock" in note for note in run(host, *wishes, check=True, **more)["notes"])


def test_a_database_that_hangs(host):
    host.ovs_memory.database = None
    for check in (False, True):
        result = run(host, WISH, check=check)
        assert result["failed"] and result["error_kind"] == "unsupported" and "does not answer" in result["msg"]


def test_without_ovs_vswitchd_it_is_written_and_pending(host):
    host.ovs_memory.running(False)
    result = run(host, WISH)
    assert not result["failed"] and {action["effect"] for action in result["actions"]} == {"service_start"}, result
    assert [(entry["target"], entry["until"]) for entry in result["pending"]] == [("br0", "service_start")]
    assert any("--no-wait" in call and "add-br" in call for call in host.commands.calls)
    assert again(host, WISH)["pending"] == result["pending"]
    host.ovs_memory.running(True)
    host.ovs_memory._follow()
    assert fields(run(host, WISH)) == [("br0", "up")]
    assert not again(host, WISH)["pending"]


@pytest.mark.parametrize("exits", [0, 65])
def test_what_the_switch_says_of_a_port_is_an_error_of_its_own(host, exits):
    host.ovs_memory.errors, host.ovs_memory.exits = {"vx": "could not set configuration"}, exits
    wish = {"name": "br0", "ports": [{"name": "vx", "type": "vxlan"}]}
    result = run(host, wish)
    assert result["failed"] and result["error_kind"] == "applied_unverified"
    assert result["interface_errors"] == {"vx": "could not set configuration"} and "vx" in result["msg"]
    run(host, {"name": "br0"})
    assert any("could not set configuration" in note for note in again(host, wish)["notes"])


def test_a_setting_that_the_switch_refuses(host):
    wish = {"name": "br0", "ports": [{"name": "vx", "type": "vxlan", "options": {"remote_ip": "192.0.2.7"}}]}
    run(host, wish)
    host.ovs_memory.errors, host.ovs_memory.exits = {"vx": "bad remote"}, 0
    wish["ports"][0]["options"] = {"remote_ip": "nowhere"}
    result = run(host, wish)
    assert result["failed"] and result["error_kind"] == "applied_unverified" and "bad remote" in result["msg"]


def test_a_switch_that_hangs(host):
    host.ovs_memory.running(True, "T")
    result = run(host, WISH)
    assert result["failed"] and result["error_kind"] == "applied_unverified"
    assert result["daemon"] == "stopped by a signal" and "did not apply" in result["msg"]
    host.ovs_memory.running(True)
    host.ovs_memory._follow()
    assert fields(run(host, WISH)) == [("br0", "up")]


def test_a_refused_transaction_writes_nothing(host):
    host.commands.tools["ovs-vsctl"] = refuse(host)
    result = run(host, WISH)
    assert result["failed"] and result["error_kind"] == "apply" and "constraint violation" in result["msg"]
    assert host.kernel.writes == []


def refuse(host):
    from ansible_collections.kvm.vnic.plugins.module_utils._host.commands import Completed

    def answer(argv, stdin):
        return host.ovs_memory(argv, stdin) if "list" in argv else Completed(1, "", "ovs-vsctl: constraint violation\n")

    return answer


def uplink(host):
    give(host.kernel, "enp1s0", "192.0.2.1/24", "2001:db8::1/64")
    host.kernel.routes = [
        {
            "dst": "192.0.2.0/24",
            "dev": "enp1s0",
            "protocol": "kernel",
            "scope": "link",
            "prefsrc": "192.0.2.1",
            "flags": [],
        },
        {"dst": "default", "gateway": "192.0.2.254", "dev": "enp1s0", "protocol": "static", "metric": 5, "flags": []},
    ]
    host.kernel.routes6 = [
        {"dst": "default", "gateway": "fe80::1", "dev": "enp1s0", "protocol": "static", "metric": 1024, "flags": []}
    ]
    host.session.address = "192.0.2.1"


def state_of(host):
    return {
        "enp1s0": held(host.kernel, "enp1s0"),
        "br0": held(host.kernel, "br0"),
        "routes": [
            (route["dst"], route["dev"])
            for route in host.kernel.routes + host.kernel.routes6
            if route["protocol"] != "kernel"
        ],
    }


MOVED = {"enp1s0": [], "br0": ["192.0.2.1/24", "2001:db8::1/64"], "routes": [("default", "br0"), ("default", "br0")]}


def test_the_way_in_moves_with_its_device(host):
    uplink(host)
    refused = run(host, WISH)
    assert refused["failed"] and "management:enp1s0" in refused["msg"] and "port:enp1s0" not in refused["msg"]
    assert host.ovs_memory.writes == [] and host.kernel.writes == []
    checked = run(host, WISH, allow_disruption=["management:enp1s0"], check=True)
    result = run(host, WISH, allow_disruption=["management:enp1s0"])
    assert not result["failed"] and result["actions"] == checked["actions"], result
    assert ("br0/enp1s0", "addresses") in fields(result)
    assert state_of(host) == MOVED
    assert [line for line in host.kernel.writes if line.startswith(("address", "route"))] == [
        "address add 192.0.2.1/24 dev br0",
        "address add 2001:db8::1/64 dev br0 nodad",
        "address delete 2001:db8::1/64 dev enp1s0",
        "address delete 192.0.2.1/24 dev enp1s0",
        "route replace default via 192.0.2.254 metric 5 proto static dev br0",
        "route replace ::/0 via fe80::1 metric 1024 proto static dev br0",
    ]
    again(host, WISH)


def test_a_move_that_was_cut_short_is_finished(host):
    uplink(host)
    host.ovs_memory.add_bridge("br0")
    host.ovs_memory.add_port("br0", "enp1s0", tag=[3])
    result = run(host, WISH, allow_disruption=["management:enp1s0"])
    assert not result["failed"] and ("br0/enp1s0", "addresses") in fields(result), result
    assert state_of(host) == MOVED


@pytest.mark.parametrize(
    "line",
    [
        "address add 192.0.2.1/24 dev br0",
        "address delete 192.0.2.1/24 dev enp1s0",
        "route replace default via 192.0.2.254 metric 5 proto static dev br0",
    ],
)
def test_a_move_that_fails_gives_everything_back(host, line):
    uplink(host)
    before = state_of(host)
    host.kernel.failures[line] = "RTNETLINK answers: No buffer space available"
    result = run(host, WISH, allow_disruption=["management:enp1s0"])
    assert result["failed"] and result["error_kind"] == "apply" and "No buffer space" in result["msg"], result
    after = state_of(host)
    assert (
        sorted(after["enp1s0"]) == sorted(before["enp1s0"])
        and after["br0"] == []
        and after["routes"] == before["routes"]
    )
    assert "master" not in host.kernel.links["enp1s0"]


def test_a_hung_switch_does_not_get_the_way_in(host):
    uplink(host)
    before = state_of(host)
    host.ovs_memory.running(True, "T")
    result = run(host, WISH, allow_disruption=["management:enp1s0"])
    assert result["failed"] and result["error_kind"] == "applied_unverified"
    after = state_of(host)
    assert after == before and not [row for row in host.ovs_memory.rows["Port"].values() if row["name"] == "enp1s0"]


def test_a_bond_gives_back_the_member_that_it_took(host):
    run(host, {"name": "br0", "ports": [{"name": "bond0", "interfaces": ["enp2s0", "enp3s0"]}]})
    uplink(host)
    host.kernel.failures["address add 192.0.2.1/24 dev br0"] = "RTNETLINK answers: No buffer space available"
    wish = {"name": "br0", "ports": [{"name": "bond0", "interfaces": ["enp2s0", "enp3s0", "enp1s0"]}]}
    result = run(host, wish, allow_disruption=["management:enp1s0"])
    assert result["failed"] and "No buffer space" in result["msg"]
    assert held(host.kernel, "enp1s0") == ["192.0.2.1/24", "2001:db8::1/64"]
    assert sorted(row["name"] for row in host.ovs_memory.rows["Interface"].values()) == ["br0", "enp2s0", "enp3s0"]


def test_a_bond_whose_devices_were_all_exchanged_gets_its_own_back(host):
    host.kernel.add("enp4s0", up=True)
    bond = {"name": "bond0", "interfaces": ["enp2s0", "enp3s0"], "mtu": 1400}
    run(host, {"name": "br0", "ports": [bond]})
    uplink(host)
    host.kernel.failures["address add 192.0.2.1/24 dev br0"] = "RTNETLINK answers: No buffer space available"
    consents = ["management:enp1s0", "port:enp2s0", "port:enp3s0"]
    wish = {"name": "br0", "ports": [dict(bond, interfaces=["enp1s0", "enp4s0"])]}
    result = run(host, wish, allow_disruption=consents)
    assert result["failed"] and "No buffer space" in result["msg"]
    assert held(host.kernel, "enp1s0") == ["192.0.2.1/24", "2001:db8::1/64"]
    rows = {row["name"]: row["mtu_request"] for row in host.ovs_memory.rows["Interface"].values()}
    assert rows == {"br0": [], "enp2s0": [1400], "enp3s0": [1400]}


def test_addresses_do_not_move_to_a_switch_that_is_not_running(host):
    uplink(host)
    host.ovs_memory.running(False)
    result = run(host, WISH, allow_disruption=["management:enp1s0"])
    assert result["failed"] and result["error_kind"] == "unsupported" and "start its service" in result["msg"]
    assert host.ovs_memory.writes == []


def test_the_way_in_is_not_taken_without_its_addresses(host):
    uplink(host)
    wish = {"name": "br0", "ports": [{"name": "enp1s0", "move_addresses": False}]}
    result = run(host, wish, allow_disruption=["management:enp1s0", "port:enp1s0"])
    assert result["failed"] and result["error_kind"] == "conflict" and "move_addresses" in result["msg"]


def test_other_addresses_keep_a_device_or_move_when_asked_to(host):
    uplink(host)
    host.session.address = "198.51.100.1"
    give(host.kernel, "enp3s0", "198.51.100.1/24")
    refused = run(host, WISH)
    assert (
        refused["failed"]
        and "port:enp1s0" in refused["msg"]
        and "192.0.2.1" in refused["msg"]
        and "move_addresses" in refused["msg"]
    )
    assert not run(host, {"name": "br0", "ports": [{"name": "enp1s0", "move_addresses": True}]})["failed"]
    assert state_of(host) == MOVED


def test_a_route_that_cannot_be_told_again_is_refused(host):
    uplink(host)
    host.kernel.routes.append(
        {"dst": "203.0.113.0/24", "nexthops": [{"gateway": "192.0.2.9", "dev": "enp1s0"}], "flags": []}
    )
    result = run(host, WISH, allow_disruption=["management:enp1s0"])
    assert result["failed"] and result["error_kind"] == "conflict" and "203.0.113.0/24" in result["msg"]
    assert host.ovs_memory.writes == []


def test_what_leads_the_bridge_out_is_on_the_way_in(host):
    uplink(host)
    run(host, WISH, allow_disruption=["management:enp1s0"])
    result = run(host, {"name": "br0", "ports": [{"name": "enp1s0", "tag": 9}]})
    assert result["failed"] and "management:br0" in result["msg"]
    assert run(host, {"name": "br0", "state": "absent"})["failed"]
    assert not run(host, {"name": "br0", "ports": [{"name": "p", "type": "internal", "tag": 9}]})["failed"]
    assert "management:br0" in run(host, {"name": "br0", "fail_mode": "secure"})["msg"]
    for change in ({"up": False}, {"mac": "52:54:00:00:00:09"}, {"mtu": 1400}, {"controllers": ["tcp:a"]}):
        assert "management:br0" in run(host, dict(change, name="br0"))["msg"]
    assert not run(host, {"name": "br0", "protocols": ["OpenFlow14"], "other_config": {"x": 1}})["failed"]


def test_an_internal_port_that_is_the_way_in_keeps_its_bridge(host):
    run(host, {"name": "br0", "ports": [{"name": "enp1s0"}, {"name": "mgmt0", "type": "internal", "tag": 5}]})
    give(host.kernel, "mgmt0", "192.0.2.1/24")
    host.session.address = "192.0.2.1"
    changes = [{"state": "absent"}, {"fail_mode": "secure"}, {"stp": True}, {"controllers": ["tcp:a"]}]
    for change in changes + [{"datapath_type": "netdev"}]:
        assert "management:mgmt0" in run(host, dict(change, name="br0"), allow_disruption=["remove:br0"])["msg"]
    host.session.address = "198.51.100.1"
    give(host.kernel, "enp3s0", "198.51.100.1/24")
    refused = run(host, {"name": "br0", "state": "absent"})
    assert "remove:br0" in refused["msg"] and "192.0.2.1" in refused["msg"]


def test_a_port_that_leads_out_does_not_become_a_mirror_s_without_consent(host):
    """What a mirror's port receives is dropped, and nothing but copies leaves it."""
    uplink(host)
    ports = [{"name": "enp1s0"}, {"name": "cap0", "type": "internal"}]
    run(host, {"name": "br0", "ports": ports}, allow_disruption=["management:enp1s0"])
    mirror = {"name": "m", "select_all": True, "output_port": "enp1s0"}
    assert "management:br0" in run(host, {"name": "br0", "mirrors": [mirror]})["msg"]
    assert not run(host, {"name": "br0", "mirrors": [dict(mirror, output_port="cap0")]})["failed"]
    assert "management:br0" in run(host, {"name": "br0", "mirrors": [mirror]})["msg"]
    assert "management:br0" in run(host, {"name": "br0", "mirrors": [dict(mirror, output_port="br0")]})["msg"]
