# SPDX-License-Identifier: GPL-3.0-or-later
"""What is somebody else's, and what cannot be meant."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.tests.unit.memory_host.addressed_ip import give
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.ovs_bridge_case import fields, ovs_host, run


@pytest.fixture
def host():
    return ovs_host()


def refused(host, wish, *words, **more):
    for check in (True, False):
        result = run(host, wish, check=check, **more)
        assert result["failed"] and result["error_kind"] == "conflict", result
        for word in words:
            assert word in result["msg"], result["msg"]
    assert host.ovs_memory.writes == [] and host.kernel.writes == []
    return result


ONE_PORT = {"name": "br0", "ports": [{"name": "enp1s0"}]}
CONSENT = {"allow_disruption": ["port:enp1s0", "management:enp1s0"]}


def test_a_port_of_another_bridge_is_never_moved(host):
    host.ovs_memory.add_bridge("br-other")
    host.ovs_memory.add_port("br-other", "enp1s0")
    refused(host, ONE_PORT, "bridges[0].ports[0]", "enp1s0", "br0", "br-other", "never moved", **CONSENT)
    bond = {"name": "br0", "ports": [{"name": "bond0", "interfaces": ["enp1s0", "enp2s0"]}]}
    refused(host, bond, "enp1s0", "br-other", **CONSENT)


def test_a_member_of_another_bridge_s_bond_is_never_moved(host):
    host.ovs_memory.add_bridge("br-other")
    port = host.ovs_memory.add_port("br-other", "bond9", interface={"name": "enp1s0"})
    assert port["interfaces"]
    again = {"name": "br0", "ports": [{"name": "bond9", "interfaces": ["enp2s0", "enp3s0"]}]}
    refused(host, again, "bond9", "br-other", **CONSENT)
    refused(host, ONE_PORT, "enp1s0", "br-other (in its port bond9)", **CONSENT)


@pytest.mark.parametrize(
    "kind, word", [("bridge", "the bridge up0"), ("bond", "the bond up0"), ("team", "the team up0")]
)
def test_a_port_of_the_kernel_s_own_is_refused(host, kind, word):
    host.kernel.add("up0", kind)
    host.kernel.links["enp1s0"]["master"] = "up0"
    refused(host, ONE_PORT, "enp1s0", word, **CONSENT)


@pytest.mark.parametrize("kind", ["macvtap", "macvlan", "ipvlan", "ipvtap"])
def test_a_device_that_carries_macvtaps_is_refused(host, kind):
    host.kernel.add("mv0", kind, link="enp1s0")
    refused(host, ONE_PORT, "enp1s0", "mv0", "one kind of switch", **CONSENT)


def test_bridges_are_no_ports(host):
    host.kernel.add("br9", "bridge")
    refused(host, {"name": "br0", "ports": [{"name": "br9"}]}, "Linux bridge")
    host.ovs_memory.add_bridge("br8")
    refused(host, {"name": "br0", "ports": [{"name": "br8"}]}, "br8")


def test_an_internal_port_does_not_take_the_name_of_a_device(host):
    refused(host, {"name": "br0", "ports": [{"name": "enp1s0", "type": "internal"}]}, "enp1s0", "choose another")


def test_a_name_that_is_something_else_is_a_conflict(host):
    host.kernel.add("lbr", "bridge")
    refused(host, {"name": "lbr"}, "a Linux bridge")
    refused(host, {"name": "enp1s0"}, "enp1s0", "hardware")
    host.ovs_memory.add_bridge("br1")
    host.ovs_memory.add_port("br1", "p1")
    refused(host, {"name": "p1"}, "br1")


def guest(host, name="vnet3", **keys):
    host.ovs_memory.add_bridge("br0", ours=True)
    host.kernel.add(name, "tun")
    return host.ovs_memory.add_port("br0", name, interface={"external_ids": keys}, tag=[7])


@pytest.mark.parametrize("key", ["attached-mac", "iface-id", "vm-id"])
def test_guests_ports_are_libvirt_s(host, key):
    guest(host, "tap9", **{key: "x"})
    refused(host, {"name": "br0", "ports": [{"name": "tap9", "tag": 5}]}, "tap9", "domain XML", "domain_interface")


def test_guests_ports_are_never_purged(host):
    guest(host)
    host.kernel.add("tap9", "tun")
    host.ovs_memory.add_port("br0", "tap9", interface={"external_ids": {"iface-id": "x"}})
    result = run(host, {"name": "br0", "ports": [], "purge_ports": True, "up": False})
    assert not result["failed"] and result["actions"] == []
    refused(host, {"name": "br0", "state": "absent"}, "remove:br0", "a guest's port vnet3")


NO_DEVICE = "could not open network device vnet3 (No such device)"


WISH = {"name": "br0", "up": False}


def left_behind(host, bridge="br0", error=NO_DEVICE, transient="true", keys=("iface-id",)):
    """What a power cut leaves of a guest's port: libvirt did not see its guest end."""
    host.ovs_memory.add_bridge(bridge)
    host.ovs_memory.add_port(
        bridge,
        "vnet3",
        interface={"external_ids": dict.fromkeys(keys, "x"), "error": [error] * bool(error)},
        other_config={"transient": transient} if transient else {},
        tag=[7],
    )


def test_a_port_that_outlived_its_guest_does_not_take_the_next_ones_device(host):
    left_behind(host)
    result = run(host, WISH)
    assert fields(result) == [("br0/vnet3", "state")] and "vnet3" not in str(host.ovs_memory.rows["Port"])
    assert "its guest is gone" in result["actions"][0]["reason"]
    assert run(host, WISH)["actions"] == []


@pytest.mark.parametrize(
    "more",
    [{"error": ""}, {"transient": None}, {"transient": "false"}, {"keys": ("owner",)}, {"bridge": "others"}],
    ids=["no error yet", "not transient", "not transient either", "nobody's guest", "of another bridge"],
)
def test_any_other_port_without_a_device_stays(host, more):
    left_behind(host, **more)
    if "bridge" in more:
        host.ovs_memory.add_bridge("br0")
    if "keys" in more:  # libvirt's names are guests' by themselves
        for table in ("Port", "Interface"):
            host.ovs_memory.named(table, "vnet3")["name"] = "tap3"
    assert fields(run(host, WISH)) == []


def test_one_whose_device_is_there_stays(host):
    left_behind(host)
    host.kernel.add("vnet3", "tun")
    assert fields(run(host, WISH)) == []


def test_a_port_for_a_guest_that_libvirt_does_not_manage_stays_ours(host):
    host.kernel.add("tap9", "tun", up=True)
    wish = {"name": "br0", "ports": [{"name": "tap9", "interface_external_ids": {"iface-id": "u"}, "tag": 5}]}
    assert not run(host, wish)["failed"]
    wish["ports"][0]["tag"] = 6
    assert fields(run(host, wish)) == [("br0/tap9", "tag")]


def test_others_ports_go_with_consent_only(host):
    host.ovs_memory.add_bridge("br0", ours=True)
    host.ovs_memory.add_port("br0", "gre7", interface={"type": "gre"})
    wish = {"name": "br0", "ports": [], "purge_ports": True, "up": False}
    refused(host, wish, "port:gre7", "does not carry our mark")
    assert fields(run(host, wish, allow_disruption=["port:gre7"])) == [("br0/gre7", "state")]


def test_a_bridge_in_use_goes_with_consent_only(host):
    host.ovs_memory.add_bridge("br0", ours=True)
    host.ovs_memory.add_port("br0", "enp1s0", ours=True)
    host.ovs_memory.add_port("br0", "gre7", interface={"type": "gre"})
    give(host.kernel, "br0", "192.0.2.9/24")
    result = refused(
        host, {"name": "br0", "state": "absent"}, "remove:br0", "enp1s0, which is up", "gre7, which others", "192.0.2.9"
    )
    assert [danger["consent"] for danger in result["dangers"] if danger["consent"].startswith("remove")] == [
        "remove:br0"
    ]
    done = run(host, {"name": "br0", "state": "absent"}, allow_disruption=["remove:br0", "port:enp1s0", "port:gre7"])
    assert not done["failed"] and not host.ovs_memory.rows["Port"]


def test_another_datapath_needs_consent_where_there_are_ports(host):
    run(host, {"name": "br0"})
    assert not run(host, {"name": "br0", "datapath_type": "netdev"})["failed"]
    run(host, {"name": "br0", "ports": [{"name": "gre7", "type": "gre"}]})
    result = run(host, {"name": "br0", "datapath_type": "system"})
    assert result["failed"] and "datapath_type:br0" in result["msg"] and "gre7" in result["msg"]
    assert not run(host, {"name": "br0", "datapath_type": "system"}, allow_disruption=["datapath_type:br0"])["failed"]


def test_another_fail_mode_needs_consent_where_there_are_guests(host):
    """It empties the flow tables, and a secure bridge then forwards nothing."""
    host.ovs_memory.add_bridge("br0")
    assert not run(host, {"name": "br0", "fail_mode": "standalone"})["failed"]
    host.ovs_memory.add_port("br0", "vnet0")
    del host.ovs_memory.writes[:]
    result = run(host, {"name": "br0", "fail_mode": "secure"})
    assert [danger["consent"] for danger in result["dangers"]] == ["fail_mode:br0"] and "vnet0" in result["msg"]
    assert host.ovs_memory.writes == []
    assert not run(host, {"name": "br0", "fail_mode": "secure"}, allow_disruption=["fail_mode:br0"])["failed"]


def test_a_port_that_serves_others_becomes_a_mirror_s_with_consent_only(host):
    """Open vSwitch drops all that such a port receives: an uplink would cut every guest of the bridge off."""
    for name, more in (("enp1s0", {}), ("cap0", {"interface": {"type": "internal"}}), ("enp2s0", {})):
        host.ovs_memory.add_bridge("br0") if name == "enp1s0" else None
        host.ovs_memory.add_port("br0", name, **more)
    host.kernel.links["enp2s0"]["flags"] = []
    mirror = {"name": "m", "select_all": True, "output_port": "enp1s0"}
    wish = {"name": "br0", "up": False, "mirrors": [mirror]}
    result = refused(host, wish, "mirror m", "the traffic between enp1s0 and its bridge br0")
    assert [danger["consent"] for danger in result["dangers"]] == ["output_port:enp1s0"]
    for other in ("cap0", "enp2s0"):
        assert not run(host, dict(wish, mirrors=[dict(mirror, output_port=other)]))["failed"]
    result = run(host, wish)
    assert result["failed"] and [danger["consent"] for danger in result["dangers"]] == ["output_port:enp1s0"]
    assert not run(host, wish, allow_disruption=["output_port:enp1s0"])["failed"]
    both = dict(wish, mirrors=[mirror, {"name": "n", "select_vlans": [5], "output_port": "enp1s0"}])
    assert not run(host, both)["failed"]  # it serves nobody any more
    assert not run(host, dict(wish, mirrors=[dict(mirror, output_port="cap0")], purge_mirrors=True))["failed"]


def test_a_port_that_comes_as_a_mirror_s_took_nothing_from_anybody(host):
    mirror = {"name": "m", "select_all": True, "output_port": "enp1s0"}
    assert not run(host, dict(ONE_PORT, mirrors=[mirror]))["failed"]


def test_a_mirror_s_port_comes_back_as_that(host):
    run(host, dict(ONE_PORT, mirrors=[{"name": "m", "select_all": True, "output_port": "enp1s0"}]))
    assert not run(host, {"name": "br0", "purge_mirrors": True})["failed"]


def test_a_missing_device_is_refused_and_in_check_mode_known_after_apply(host):
    wish = {"name": "br0", "ports": [{"name": "tap-web1"}]}
    result = run(host, wish)
    assert result["failed"] and "bridges[0].ports[0].name" in result["msg"] and host.ovs_memory.writes == []
    checked = run(host, wish, check=True)
    assert not checked["failed"] and any("tap-web1" in note for note in checked["notes"])


def port(**more):
    return {"name": "br0", "ports": [dict({"name": "p1"}, **more)]}


def mirror(**more):
    return {"name": "br0", "mirrors": [dict({"name": "m", "output_vlan": 5}, **more)]}


P, M = "bridges[0].ports[0]", "bridges[0].mirrors[0]"


@pytest.mark.parametrize(
    "wish, path, word",
    [
        ({"name": "a" * 16}, "bridges[0].name", "15"),
        ({"name": "--"}, "bridges[0].name", "allowed"),
        ({"name": "vnet3"}, "bridges[0].name", "libvirt"),
        ({"name": "ovs-netdev"}, "bridges[0].name", "Open vSwitch"),
        ({"name": "br0", "datapath_type": "dpdk"}, "bridges[0].datapath_type", "netdev"),
        ({"name": "br0", "fail_mode": "open"}, "bridges[0].fail_mode", "none"),
        ({"name": "br0", "mac": "41135085296"}, "bridges[0].mac", "quotes"),
        ({"name": "br0", "mac": "none", "other_config": {"hwaddr": "x"}}, "bridges[0].mac", "twice"),
        ({"name": "br0", "mac": "52:54:00:00:00:01", "other_config": {"hwaddr": "x"}}, "bridges[0].mac", "twice"),
        ({"name": "br0", "mtu": 67}, "bridges[0].mtu", "68"),
        ({"name": "br0", "mtu": "big"}, "bridges[0].mtu", "65535"),
        ({"name": "br0", "mtu": "9" * 5000}, "bridges[0].mtu", "65535"),
        ({"name": "br0", "mtu": "01500"}, "bridges[0].mtu", "65535"),
        ({"name": "br0", "controllers": ["192.0.2.1"]}, "bridges[0].controllers[0]", "tcp:"),
        ({"name": "br0", "controllers": ["tcp:a", "tcp:a"]}, "bridges[0].controllers[1]", "twice"),
        ({"name": "br0", "controllers": ["tcp:a b"]}, "bridges[0].controllers[0]", "allowed"),
        ({"name": "br0", "protocols": ["OpenFlow16"]}, "bridges[0].protocols[0]", "OpenFlow15"),
        ({"name": "br0", "stp": True, "rstp": True}, "bridges[0].rstp", "contradicts"),
        ({"name": "br0", "external_ids": {"kvm-vnic": "x"}}, "bridges[0].external_ids.kvm-vnic", "reserved"),
        ({"name": "br0", "external_ids": {"": "x"}}, "bridges[0].external_ids.", "empty"),
        ({"name": "br0", "external_ids": {"a": "x\0"}}, "bridges[0].external_ids.a", "NUL"),
        ({"name": "br0", "other_config": {"a": ["x"]}}, "bridges[0].other_config.a", "strings"),
        (port(name="$(id)"), P + ".name", "allowed"),
        (port(name="vnet0"), P + ".name", "libvirt"),
        (port(name="vxlan_sys_4789", type="vxlan"), P + ".name", "Open vSwitch"),
        (port(interfaces=["a"]), P + ".interfaces", "two"),
        (port(interfaces=["a", "a"]), P + ".interfaces[1]", "twice"),
        (port(interfaces=["a", "-b"]), P + ".interfaces[1]", "allowed"),
        (port(interfaces=["a", "b"], type="gre"), P + ".type", "interfaces"),
        (port(interfaces=["a", "b"], options={"x": "y"}), P + ".options", "interfaces"),
        (port(bond_mode="balance-tcp"), P + ".bond_mode", "bond"),
        (port(interfaces=["a", "b"], bond_mode="lacp"), P + ".bond_mode", "balance-slb"),
        (port(lacp="on"), P + ".lacp", "passive"),
        (port(type="a b"), P + ".type", "vxlan"),
        (port(options={"kvm-vnic": "y"}), P + ".options.kvm-vnic", "reserved"),
        (port(interface_external_ids={"x": {"y": 1}}), P + ".interface_external_ids.x", "strings"),
        (port(other_config={"x": "\0"}), P + ".other_config.x", "NUL"),
        (port(tag=0), P + ".tag", "1 to 4094"),
        (port(tag=4095), P + ".tag", "4094"),
        (port(tag=[1]), P + ".tag", "whole numbers"),
        (port(tag=5, trunks=[6]), P + ".trunks", "native"),
        (port(tag=5, trunks=[6], vlan_mode="dot1q-tunnel"), P + ".trunks", "native"),
        (port(trunks=[6], vlan_mode="access"), P + ".trunks", "native"),
        (port(tag=5, vlan_mode="trunk"), P + ".tag", "native"),
        (port(tag="none", vlan_mode="access"), P + ".vlan_mode", "tag"),
        (port(trunks=[4095]), P + ".trunks[0]", "4094"),
        (port(trunks=[4, 4]), P + ".trunks[1]", "twice"),
        (port(vlan_mode="both"), P + ".vlan_mode", "dot1q-tunnel"),
        (port(mtu=1), P + ".mtu", "68"),
        (port(policing_rate=-1), P + ".policing_rate", "0 to"),
        (port(policing_burst=-1), P + ".policing_burst", "0 to"),
        (port(qos="fast"), P + ".qos", "none"),
        (port(qos={"type": "htb"}), P + ".qos.type", "linux-htb"),
        (port(qos={"type": "linux-htb", "rate": 1}), P + ".qos.rate", "queues"),
        (port(qos={"type": "linux-htb", "queues": {"x": {}}}), P + ".qos.queues.x", "whole"),
        (port(qos={"type": "linux-htb", "queues": [1]}), P + ".qos.queues", "mapping"),
        (port(qos={"type": "linux-htb", "queues": {"1": "x"}}), P + ".qos.queues.1", "mapping"),
        (port(qos={"type": "linux-htb", "other_config": {"a": None}}), P + ".qos.other_config.a", "leave"),
        ({"name": "p1", "ports": [{"name": "p1", "type": "gre"}]}, P + ".type", "internal"),
        ({"name": "br0", "ports": [{"name": "p"}, {"name": "p"}]}, "bridges[0].ports[1]", "twice"),
        (
            {"name": "br0", "ports": [{"name": "p"}, {"name": "b", "interfaces": ["p", "q"]}]},
            "bridges[0].ports[1].interfaces[0]",
            "another",
        ),
        (mirror(name=""), M + ".name", "empty"),
        (mirror(output_port="p"), M, "one of"),
        (mirror(output_vlan=None), M, "one of"),
        (mirror(output_vlan=4095), M + ".output_vlan", "4094"),
        (mirror(output_vlan=None, output_port="a b"), M + ".output_port", "allowed"),
        (mirror(select_src_ports=["a b"]), M + ".select_src_ports[0]", "allowed"),
        (mirror(select_dst_ports=["a", "a"]), M + ".select_dst_ports[1]", "twice"),
        (mirror(select_vlans=[5000]), M + ".select_vlans[0]", "4094"),
        ({"name": "br0", "mirrors": [{"name": "m", "output_vlan": 5}] * 2}, "bridges[0].mirrors[1]", "twice"),
    ],
)
def test_bad_input_is_refused_before_any_write(host, wish, path, word):
    result = run(host, wish)
    assert result["failed"] and result["error_kind"] == "value", result
    assert [problem["path"] for problem in result["problems"]] == [path]
    assert word in result["problems"][0]["message"]
    assert host.commands.calls == []


def test_a_device_in_two_bridges_and_a_bridge_twice(host):
    result = run(host, ONE_PORT, {"name": "br1", "ports": [{"name": "enp1s0"}]}, {"name": "br1"})
    assert [problem["path"] for problem in result["problems"]] == ["bridges[2]", "bridges[1].ports"]


@pytest.mark.parametrize(
    "wishes, path",
    [
        (({"name": "br0", "ports": [{"name": "br1", "type": "internal"}]}, {"name": "br1"}), "bridges[0].ports"),
        (({"name": "br1"}, {"name": "br0", "ports": [{"name": "br1", "type": "internal"}]}), "bridges[1].ports"),
        (({"name": "br0", "ports": [{"name": "b", "interfaces": ["enp1s0", "br0"]}]},), "bridges[0].ports"),
        (
            (
                {"name": "br0", "ports": [{"name": "b", "interfaces": ["enp1s0", "enp2s0"]}]},
                {"name": "br1", "ports": [{"name": "b", "interfaces": ["enp3s0", "enp4s0"]}]},
            ),
            "bridges[1].ports",
        ),
    ],
)
def test_a_name_that_two_things_of_one_call_would_have(host, wishes, path):
    """The database has each name of a bridge and of a port once."""
    result = run(host, *wishes, check=True)
    assert result["failed"] and [problem["path"] for problem in result["problems"]] == [path]


def test_the_port_with_the_bridge_s_own_name_is_its_own(host):
    assert not run(host, {"name": "br0", "ports": [{"name": "br0", "tag": 5}]})["failed"]
    gone = {"name": "br1", "state": "absent"}
    assert not run(host, gone, {"name": "br0", "ports": [{"name": "br1", "type": "internal"}]})["failed"]


def test_every_problem_is_reported_at_once(host):
    result = run(host, {"name": "-x", "mtu": 1, "ports": [{"name": "p", "tag": 0}]}, {"name": "br1", "mac": "zz"})
    assert len(result["problems"]) == 4


@pytest.mark.parametrize("parameter, value", [("bridges", "x"), ("purge", "maybe"), ("allow_disruption", [True])])
def test_bad_top_level_parameters(host, parameter, value):
    assert run(host, **{parameter: value})["failed"] if parameter != "bridges" else run(host, "x")["failed"]
