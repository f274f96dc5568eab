# SPDX-License-Identifier: GPL-3.0-or-later
"""Leading back what ovs_bridge changed: bridges, ports and addresses as they were, and nobody else's taken."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import AppliedUnverified, Conflict
from ansible_collections.kvm.vnic.plugins.module_utils._resource.ovs_bridge import OvsBridge
from ansible_collections.kvm.vnic.tests.unit.memory_host.addressed_ip import give, held
from ansible_collections.kvm.vnic.tests.unit.memory_host.undoing import killed_everywhere, lead_back, watched
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.ovs_bridge_case import fields, ovs_host, picture, run

QOS = {"type": "linux-htb", "other_config": {"max-rate": "5"}, "queues": {"0": {"min-rate": "1"}, "3": {}}}
MIRROR = {"name": "m", "select_all": True, "select_src_ports": ["enp2s0"], "output_port": "mon"}
FULL = {
    "name": "br0",
    "fail_mode": "secure",
    "mac": "52:54:00:00:00:01",
    "mtu": 9000,
    "controllers": ["tcp:192.0.2.1:6653"],
    "protocols": ["OpenFlow14"],
    "external_ids": {"owner": "a b"},
    "ports": [
        {"name": "enp1s0", "trunks": [20, 10], "qos": QOS},
        {"name": "enp2s0", "tag": 10, "policing_rate": 1000, "external_ids": {"rack": 7}},
        {"name": "mon", "type": "internal"},
        {"name": "br0", "tag": 5},
    ],
    "mirrors": [MIRROR],
}


def uplink():
    """The way in is over enp1s0, with a second address and routes; enp3s0 is down."""
    host = ovs_host()
    give(host.kernel, "enp1s0", "192.0.2.1/24", "2001:db8::1/64")
    host.kernel.routes += [
        {"dst": "192.0.2.0/24", "dev": "enp1s0", "protocol": "kernel", "scope": "link", "flags": []},
        {"dst": "default", "gateway": "192.0.2.254", "dev": "enp1s0", "protocol": "static", "metric": 5, "flags": []},
    ]
    host.kernel.links["enp3s0"]["flags"] = []
    return host


def full():
    host = ovs_host()
    assert not run(host, FULL, back=False)["failed"]
    return host


def others():
    """A bridge of somebody else's, with a guest's port and settings that no user may wish here."""
    host = full()
    ovs = host.ovs_memory
    qos = ovs._insert("QoS", type="linux-sfq")
    ovs.add_bridge("theirs", external_ids={"x": "y"}, other_config={"a": "b"})
    ovs.add_port("theirs", "enp3s0", external_ids={"a": "b"}, tag=[9], qos=[qos])
    ovs.add_port("theirs", "mgmt0", interface={"type": "internal"})
    host.kernel.add("vnet7", "tun", up=True)
    ovs.add_port("theirs", "vnet7", interface={"external_ids": {"iface-id": "u"}}, tag=[7])
    host.kernel.links["mgmt0"]["flags"] = ["BROADCAST", "LOWER_UP", "MULTICAST", "UP"]
    give(host.kernel, "mgmt0", "198.51.100.1/24")
    host.kernel.routes.append(
        {"dst": "203.0.113.0/24", "gateway": "198.51.100.9", "dev": "mgmt0", "protocol": "boot", "flags": []}
    )
    return host


def wish(*bridges, **more):
    return dict(more, bridges=list(bridges))


BOND = {"name": "bond0", "interfaces": ["enp2s0", "enp3s0"], "bond_mode": "balance-slb", "mtu": 1400}


def _with_a_port_that_is_down():
    host = full()
    host.ovs_memory.add_port("br0", "enp3s0")
    host.kernel.links["enp3s0"]["flags"] = []
    return host


def _bonded():
    host = ovs_host()
    run(host, {"name": "br0", "ports": [BOND]}, back=False)
    return host


PLAIN = {"name": "bond0", "interfaces": ["enp2s0", "enp3s0"]}


def _two_bridges():
    host = ovs_host()
    run(host, {"name": "br0"}, {"name": "br1", "ports": [{"name": "br1", "qos": QOS, "tag": 5}]}, back=False)
    return host


def _bonded_with_a_qos():
    host = ovs_host()
    run(host, {"name": "br0", "ports": [dict(PLAIN, qos=QOS)]}, back=False)
    return host


def _bond_and_port():
    host = ovs_host()
    for name in ("enp4s0", "enp5s0"):
        host.kernel.add(name, up=True)
    run(host, {"name": "br0", "ports": [PLAIN, {"name": "enp4s0", "tag": 3}]}, back=False)
    return host


CASES = {
    "a bridge is made": (ovs_host, wish(FULL), []),
    "a bridge is made with a QoS of its own": (
        ovs_host,
        wish({"name": "br0", "ports": [{"name": "br0", "qos": QOS}]}),
        [],
    ),
    "the way in moves": (uplink, wish({"name": "br0", "ports": [{"name": "enp1s0"}]}), ["management:enp1s0"]),
    "a bond takes the way in": (
        uplink,
        wish({"name": "br0", "ports": [{"name": "b", "interfaces": ["enp1s0", "enp3s0"]}]}),
        ["management:enp1s0"],
    ),
    "settings of all kinds": (
        full,
        wish(
            {
                "name": "br0",
                "fail_mode": "none",
                "mtu": "none",
                "controllers": [],
                "protocols": [],
                "external_ids": {"owner": None, "new": 1},
                "up": False,
                "ports": [
                    {"name": "enp1s0", "qos": dict(QOS, queues={}), "trunks": [], "tag": 7},
                    {
                        "name": "enp2s0",
                        "tag": "none",
                        "policing_rate": 0,
                        "mtu": 1400,
                        "interface_external_ids": {"a": 1},
                    },
                    {"name": "mon", "type": "gre", "options": {"remote_ip": "192.0.2.7"}},
                ],
                "mirrors": [{"name": "m", "select_all": False, "output_vlan": 9}, {"name": "n", "output_vlan": 8}],
            }
        ),
        [],
    ),
    "ports go": (
        full,
        wish({"name": "br0", "ports": [], "purge_ports": True, "purge_mirrors": True}),
        ["port:enp1s0", "port:enp2s0"],
    ),
    "a bridge gets a port": (full, wish({"name": "br0", "ports": [{"name": "enp3s0"}]}), []),
    "a port goes by name": (
        full,
        wish({"name": "br0", "ports": [{"name": "enp2s0", "state": "absent"}]}),
        ["port:enp2s0"],
    ),
    "a port moves": (
        full,
        wish(
            {"name": "br0", "ports": [{"name": "enp2s0", "state": "absent"}]},
            {"name": "br1", "ports": [{"name": "enp2s0"}]},
        ),
        ["port:enp2s0"],
    ),
    "a port with a QoS moves": (
        full,
        wish(
            {"name": "br0", "ports": [{"name": "enp1s0", "state": "absent"}]},
            {"name": "br1", "ports": [{"name": "enp1s0", "qos": dict(QOS, queues={})}]},
        ),
        ["port:enp1s0"],
    ),
    "a port with a QoS goes into a bond": (
        full,
        wish(
            {
                "name": "br0",
                "ports": [{"name": "b", "interfaces": ["enp1s0", "enp3s0"], "mtu": 1400}],
                "purge_ports": True,
            }
        ),
        ["port:enp1s0", "port:enp2s0"],
    ),
    "a bond with a QoS becomes ports": (
        _bonded_with_a_qos,
        wish(
            {
                "name": "br0",
                "ports": [{"name": "enp2s0", "mtu": 1400}, {"name": "enp3s0", "qos": QOS}],
                "purge_ports": True,
            }
        ),
        ["port:bond0"],
    ),
    "a bridge becomes a port": (
        _two_bridges,
        wish(
            {"name": "br1", "state": "absent"},
            {"name": "br0", "ports": [{"name": "br1", "type": "internal", "mtu": 1400}]},
        ),
        [],
    ),
    "a port becomes a bridge": (
        full,
        wish({"name": "br0", "ports": [{"name": "mon", "state": "absent"}]}, {"name": "mon", "mtu": 1400}),
        [],
    ),
    "a device is brought up": (
        _with_a_port_that_is_down,
        wish({"name": "br0", "ports": [{"name": "enp3s0"}]}),
        [],
    ),
    "a bond gives a device to a port": (
        _bond_and_port,
        wish({"name": "br0", "ports": [dict(PLAIN, interfaces=["enp2s0", "enp1s0"]), {"name": "enp3s0", "tag": 4}]}),
        ["port:enp3s0"],
    ),
    "a bond gives a device to a bond of another bridge": (
        _bond_and_port,
        wish(
            {"name": "br1", "ports": [{"name": "bond1", "interfaces": ["enp3s0", "enp5s0"]}]},
            {"name": "br0", "ports": [dict(PLAIN, interfaces=["enp2s0", "enp1s0"])]},
        ),
        ["port:enp3s0"],
    ),
    "a port goes into a bond": (
        _bond_and_port,
        wish({"name": "br0", "ports": [dict(PLAIN, interfaces=["enp2s0", "enp4s0"])], "purge_ports": True}),
        ["port:enp3s0", "port:enp4s0"],
    ),
    "a bond": (ovs_host, wish({"name": "br0", "ports": [BOND]}), []),
    "another bond": (
        _bonded,
        wish({"name": "br0", "ports": [dict(BOND, bond_mode="active-backup", lacp="active")]}),
        [],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_killed_after_each_write_it_is_led_back_and_can_be_done_again(case):
    make, params, consents = CASES[case]
    assert killed_everywhere(OvsBridge(), make, params, picture, consents) >= 1


def changed(host, *bridges, **more):
    """The plan of a run that is not led back yet."""
    result, plan = watched(OvsBridge(), lambda: run(host, *bridges, back=False, **more))
    assert not result["failed"] and result["changed"], result
    return plan


def test_a_bridge_comes_back_whole_with_its_addresses_and_without_guests_ports():
    host = others()
    guests = host.ovs_memory.named("Port", "vnet7")["_uuid"]
    before = picture(host)
    plan = changed(
        host,
        {"name": "theirs", "state": "absent"},
        {"name": "br0", "state": "absent"},
        allow_disruption=["remove:theirs", "remove:br0"],
    )
    undo = lead_back(OvsBridge(), host, plan)
    assert guests not in host.ovs_memory.rows["Port"]
    assert any("vnet7" in line for line in undo.uncovered) and any(
        line.startswith("flows of theirs") for line in undo.uncovered
    )
    bridge = before["bridges"]["theirs"]
    bridge["ports"] = [port for port in bridge["ports"] if port["name"] != "vnet7"]
    before["links"]["vnet7"] = (before["links"]["vnet7"][0], None)
    assert picture(host) == before


def test_others_ports_come_back_as_theirs_with_their_own_qos():
    host = others()
    before = picture(host)
    purge = {"name": "theirs", "ports": [], "purge_ports": True}
    plan = changed(host, purge, allow_disruption=["port:enp3s0", "port:mgmt0"])
    lead_back(OvsBridge(), host, plan)
    assert picture(host) == before


def test_a_port_elsewhere_that_is_in_error_does_not_keep_the_way_in_from_coming_back():
    host = uplink()
    before = held(host.kernel, "enp1s0"), host.kernel.routes[1]["dev"]
    plan = changed(host, {"name": "br0", "ports": [{"name": "enp1s0"}]}, allow_disruption=["management:enp1s0"])
    host.ovs_memory.add_bridge("other")
    host.ovs_memory.add_port("other", "vx0", interface={"type": "vxlan"})
    host.ovs_memory.errors["vx0"] = "could not set configuration"
    with pytest.raises(AppliedUnverified):
        lead_back(OvsBridge(), host, plan)
    assert (held(host.kernel, "enp1s0"), host.kernel.routes[1]["dev"]) == before


def test_a_guest_that_uses_the_bridge_by_now_keeps_it():
    host = uplink()
    plan = changed(host, {"name": "br0", "ports": [{"name": "enp1s0"}]}, allow_disruption=["management:enp1s0"])
    host.kernel.add("vnet0", "tun", up=True)
    host.ovs_memory.add_port("br0", "vnet0", interface={"external_ids": {"iface-id": "u"}})
    with pytest.raises(Conflict, match="a guest's port vnet0") as caught:
        lead_back(OvsBridge(), host, plan)
    assert "192.0.2.1" not in str(caught.value) and held(host.kernel, "br0")


def test_a_port_that_others_added_meanwhile_keeps_the_bridge_too():
    host = ovs_host()
    plan = changed(host, {"name": "br0"})
    host.ovs_memory.add_port("br0", "enp2s0")
    with pytest.raises(Conflict, match="enp2s0"):
        lead_back(OvsBridge(), host, plan)


def test_what_others_changed_elsewhere_stays():
    host = full()
    plan = changed(host, {"name": "br0", "fail_mode": "standalone", "ports": [{"name": "enp2s0", "tag": 11}]})
    host.ovs_memory.named("Port", "enp1s0")["tag"] = [3]
    host.ovs_memory.named("Bridge", "br0")["external_ids"]["theirs"] = "1"
    lead_back(OvsBridge(), host, plan)
    assert host.ovs_memory.named("Port", "enp1s0")["tag"] == [3] and host.ovs_memory.named("Port", "enp2s0")["tag"] == [
        10
    ]
    assert host.ovs_memory.named("Bridge", "br0")["external_ids"]["theirs"] == "1"
    assert host.ovs_memory.named("Bridge", "br0")["fail_mode"] == ["secure"]


def test_a_device_that_is_gone_by_then_is_left_out_with_its_mirror():
    host = full()
    plan = changed(
        host, {"name": "br0", "ports": [], "purge_ports": True}, allow_disruption=["port:enp1s0", "port:enp2s0"]
    )
    del host.kernel.links["enp2s0"]
    undo = lead_back(OvsBridge(), host, plan)
    names = {row["name"] for row in host.ovs_memory.rows["Port"].values()}
    assert names == {"br0", "mon", "enp1s0"}
    assert any("enp2s0" in note for note in run(host, *undo.params["bridges"], missing="skip")["notes"])


def test_what_cannot_be_wished_is_told_and_the_rest_comes_back():
    host = ovs_host()
    host.ovs_memory.add_bridge("br0")
    host.ovs_memory.add_port("br0", "enp1s0", ours=True, tag=[5], trunks=[6], external_ids={"word": "none"})
    host.ovs_memory.add_port("br0", "mirrored", interface={"type": "internal"})
    mirror = host.ovs_memory._insert("Mirror", name="m")
    host.ovs_memory.named("Bridge", "br0")["mirrors"].append(mirror)
    wishes = {"name": "br0", "ports": [], "purge_ports": True, "purge_mirrors": True}
    plan = changed(host, wishes, allow_disruption=["port:enp1s0", "port:mirrored"])
    undo = lead_back(OvsBridge(), host, plan)
    told = "; ".join(undo.uncovered)
    assert "trunks" in told and "word" in told and "mirrors[0]" in told and "columns of the port mirrored" in told
    assert host.ovs_memory.named("Port", "enp1s0")["tag"] == [5]


def test_the_ports_that_are_meant_to_go_with_a_bridge_need_no_consent():
    host = full()
    refused = run(host, {"name": "br0", "state": "absent", "ports": [{"name": "enp1s0"}]})
    assert refused["failed"] and "enp2s0" in refused["msg"] and "enp1s0" not in refused["msg"]
    both = [{"name": "enp1s0"}, {"name": "enp2s0"}]
    assert fields(run(host, {"name": "br0", "state": "absent", "ports": both})) == [("br0", "state")]


def test_a_guest_s_port_is_not_removed_by_name():
    host = others()
    result = run(host, {"name": "theirs", "ports": [{"name": "vnet7", "state": "absent"}]})
    assert result["failed"] and "vnet7" in result["msg"]


P = "bridges[0].ports[0]"


@pytest.mark.parametrize(
    "port, path, word",
    [
        ({"down": ["a b"]}, P + ".down[0]", "allowed"),
        ({"give_back": {"a b": {}}}, P + ".give_back.a b", "allowed"),
        ({"give_back": {"p": []}}, P + ".give_back.p", "addresses"),
        ({"give_back": {"p": {"links": []}}}, P + ".give_back.p", "addresses"),
        ({"give_back": {"p": {"routes": ["default"]}}}, P + ".give_back.p.routes[0]", "words"),
        ({"give_back": {"p": {"routes": [["default\nlink"]]}}}, P + ".give_back.p.routes[0]", "words"),
        ({"give_back": {"p": {"addresses": [["-force"]]}}}, P + ".give_back.p.addresses[0]", "words"),
        ({"qos": {"row": "x"}}, P + ".qos.row", "UUID"),
    ],
)
def test_bad_input_is_refused_before_any_write(port, path, word):
    host = ovs_host()
    result = run(host, {"name": "br0", "ports": [dict(port, name="p", type="internal")]})
    assert result["failed"] and [problem["path"] for problem in result["problems"]] == [path], result
    assert word in result["problems"][0]["message"] and host.commands.calls == []
