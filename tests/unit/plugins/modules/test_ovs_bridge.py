# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest

from ansible_collections.kvm.vnic.tests.unit.plugins.modules.ovs_bridge_case import again, fields, ovs_host, run

WISH = {
    "name": "br0",
    "datapath_type": "system",
    "fail_mode": "secure",
    "mac": "52:54:00:00:00:01",
    "mtu": 9000,
    "controllers": ["tcp:192.0.2.1:6653"],
    "protocols": ["OpenFlow14", "OpenFlow10"],
    "external_ids": {"owner": "a b"},
    "ports": [
        {"name": "enp1s0", "trunks": [20, 10]},
        {"name": "enp2s0", "tag": 10, "policing_rate": 1000, "external_ids": {"rack": 7}},
        {"name": "mon", "type": "internal"},
        {"name": "br0", "tag": 5},
    ],
    "mirrors": [{"name": "m", "select_all": True, "output_port": "mon"}],
}
BOND = {"name": "bond0", "interfaces": ["enp1s0", "enp2s0"], "bond_mode": "balance-slb", "lacp": "active"}


@pytest.fixture
def host():
    return ovs_host()


def port(host, name):
    return host.ovs_memory.named("Port", name)


def interface(host, name):
    return host.ovs_memory.named("Interface", name)


def bridge(host, name="br0"):
    return host.ovs_memory.named("Bridge", name)


def names(host, table):
    return sorted(row["name"] for row in host.ovs_memory.rows[table].values())


def test_create_is_one_transaction_and_a_second_run_writes_nothing(host):
    result = run(host, WISH)
    assert not result["failed"] and result["changed"], result
    assert host.ovs_memory.writes == [
        [
            ["add-br", "br0"],
            ["add-port", "br0", "enp1s0"],
            ["add-port", "br0", "enp2s0"],
            ["add-port", "br0", "mon"],
            [
                "set",
                "Bridge",
                "br0",
                'external_ids:"kvm-vnic"="ovs_bridge"',
                'datapath_type="system"',
                'fail_mode="secure"',
                'protocols=["OpenFlow10","OpenFlow14"]',
                'external_ids:"owner"="a b"',
                'other_config:"hwaddr"="52:54:00:00:00:01"',
            ],
            ["set", "Interface", "br0", "mtu_request=9000"],
            ["set", "Port", "enp1s0", 'external_ids:"kvm-vnic"="ovs_bridge"', "trunks=[10,20]"],
            ["set", "Port", "enp2s0", 'external_ids:"kvm-vnic"="ovs_bridge"', "tag=10", 'external_ids:"rack"="7"'],
            ["set", "Interface", "enp2s0", "ingress_policing_rate=1000"],
            ["set", "Port", "mon", 'external_ids:"kvm-vnic"="ovs_bridge"'],
            ["set", "Interface", "mon", 'type="internal"'],
            ["set", "Port", "br0", "tag=5"],
            ["--id=@controller-br0-0", "create", "Controller", 'target="tcp:192.0.2.1:6653"'],
            ["add", "Bridge", "br0", "controller", "@controller-br0-0"],
            ["--id=@port-br0-0-0", "get", "Port", "mon"],
            ["--id=@mirror-br0-0", "create", "Mirror", 'name="m"', "output_port=@port-br0-0-0", "select_all=true"],
            ["add", "Bridge", "br0", "mirrors", "@mirror-br0-0"],
        ]
    ]
    assert host.kernel.writes == ["link set dev mon up", "link set dev br0 up"]
    assert port(host, "enp1s0")["trunks"] == [10, 20] and port(host, "br0")["tag"] == [5]
    again(host, WISH)


def test_check_mode_writes_nothing_and_tells_the_same_actions(host):
    checked = run(host, WISH, check=True)
    assert checked["changed"] and host.ovs_memory.writes == [] and host.kernel.writes == []
    assert run(host, WISH)["actions"] == checked["actions"]


def test_the_diff_shows_what_changed(host):
    run(host, WISH)
    result = run(host, dict(WISH, fail_mode="none"), diff=True)
    before, after = (json.loads(result["diff"][side]) for side in ("before", "after"))
    assert before["br0"]["fail_mode"] == "secure" and after["br0"]["fail_mode"] == "none"
    before["br0"]["fail_mode"] = "none"
    assert before == after
    assert after["br0"]["ports"]["enp2s0"]["interfaces"]["enp2s0"]["policing_rate"] == 1000


@pytest.mark.parametrize(
    "change, field, column, value",
    [
        ({"fail_mode": "standalone"}, "fail_mode", "fail_mode", ["standalone"]),
        ({"fail_mode": "none"}, "fail_mode", "fail_mode", []),
        ({"protocols": []}, "protocols", "protocols", []),
        ({"mcast_snooping": True}, "mcast_snooping", "mcast_snooping_enable", True),
        ({"stp": True}, "stp", "stp_enable", True),
        ({"rstp": True}, "rstp", "rstp_enable", True),
        ({"controllers": []}, "controllers", "controller", []),
        ({"external_ids": {"owner": None}}, "external_ids", "external_ids", {"kvm-vnic": "ovs_bridge"}),
        (
            {"external_ids": {"x": True}},
            "external_ids",
            "external_ids",
            {"kvm-vnic": "ovs_bridge", "owner": "a b", "x": "true"},
        ),
        ({"mac": "none"}, "other_config", "other_config", {}),
        ({"mac": None, "other_config": {"hwaddr": "none"}}, "other_config", "other_config", {}),
    ],
)
def test_a_bridge_s_setting_changes_alone(host, change, field, column, value):
    run(host, WISH)
    wish = dict(WISH, **change)
    result = run(host, wish)
    assert fields(result) == [("br0", field)], result
    assert bridge(host)[column] == value
    again(host, wish)


@pytest.mark.parametrize(
    "change, target, column, value",
    [
        ({"tag": 11}, "br0/enp2s0", "tag", [11]),
        ({"tag": "none"}, "br0/enp2s0", "tag", []),
        ({"vlan_mode": "native-tagged", "trunks": [10, 11]}, "br0/enp2s0", "vlan_mode", ["native-tagged"]),
        ({"protected": True}, "br0/enp2s0", "protected", True),
        ({"lacp": "passive"}, "br0/enp2s0", "lacp", ["passive"]),
        ({"external_ids": {"rack": "none"}}, "br0/enp2s0", "external_ids", {"kvm-vnic": "ovs_bridge"}),
        ({"other_config": {"a": "b"}}, "br0/enp2s0", "other_config", {"a": "b"}),
        ({"mtu": 1400}, "br0/enp2s0/enp2s0", "mtu_request", [1400]),
        ({"policing_rate": 0}, "br0/enp2s0/enp2s0", "ingress_policing_rate", 0),
        ({"policing_burst": 10}, "br0/enp2s0/enp2s0", "ingress_policing_burst", 10),
        ({"options": {"n_rxq": 2}}, "br0/enp2s0/enp2s0", "options", {"n_rxq": "2"}),
        ({"interface_external_ids": {"iface-id": "u"}}, "br0/enp2s0/enp2s0", "external_ids", {"iface-id": "u"}),
    ],
)
def test_a_port_s_setting_changes_alone(host, change, target, column, value):
    run(host, WISH)
    wish = dict(WISH, ports=[dict(WISH["ports"][1], **change)])
    result = run(host, wish)
    assert {action["target"] for action in result["actions"]} == {target}, result
    row = interface(host, "enp2s0") if target.endswith("enp2s0/enp2s0") else port(host, "enp2s0")
    assert row[column] == value
    again(host, wish)


def test_a_type_changes_and_ours_stays_ours(host):
    run(host, WISH)
    wish = {"name": "br0", "ports": [{"name": "mon", "type": "gre", "options": {"remote_ip": "192.0.2.7"}}]}
    assert fields(run(host, wish)) == [("br0/mon/mon", "type"), ("br0/mon/mon", "options")]
    assert interface(host, "mon")["type"] == "gre"
    again(host, wish)


def test_omitted_is_left_alone(host):
    run(host, WISH)
    again(host, {"name": "br0"})
    again(host, {"name": "br0", "ports": [{"name": "enp2s0"}, {"name": "mon"}]}, purge=True)


def test_foreign_keys_ports_and_bridges_stay(host):
    ovs = host.ovs_memory
    ovs.add_bridge("br0", external_ids={"other": "1"})
    ovs.add_port("br0", "enp3s0", external_ids={"theirs": "x"}, tag=[3])
    ovs.add_bridge("br-int")
    result = run(
        host,
        {"name": "br0", "external_ids": {"mine": "y"}, "ports": [{"name": "enp3s0", "protected": True}]},
        purge=True,
    )
    assert not result["failed"]
    assert bridge(host)["external_ids"] == {"other": "1", "mine": "y"}
    assert port(host, "enp3s0")["external_ids"] == {"theirs": "x"} and port(host, "enp3s0")["tag"] == [3]
    assert "br-int" in names(host, "Bridge")


def test_controllers_that_stay_keep_their_rows(host):
    run(host, dict(WISH, controllers=["tcp:192.0.2.1:6653", "tcp:192.0.2.2:6653"]))
    kept = {row["target"]: uuid for uuid, row in host.ovs_memory.rows["Controller"].items()}["tcp:192.0.2.2:6653"]
    run(host, dict(WISH, controllers=["tcp:192.0.2.2:6653", "ptcp:6634"]))
    rows = host.ovs_memory.rows["Controller"]
    assert kept in rows and sorted(row["target"] for row in rows.values()) == ["ptcp:6634", "tcp:192.0.2.2:6653"]


def test_bond(host):
    wish = {"name": "br0", "ports": [BOND]}
    assert not run(host, wish)["failed"]
    assert ["add-bond", "br0", "bond0", "enp1s0", "enp2s0"] in host.ovs_memory.writes[0]
    again(host, wish)
    other = {"name": "br0", "ports": [dict(BOND, interfaces=["enp1s0", "enp3s0"])]}
    refused = run(host, other)
    assert refused["failed"] and "port:enp2s0" in refused["msg"]
    result = run(host, other, allow_disruption=["port:enp2s0"])
    assert fields(result) == [("br0/bond0", "interfaces")]
    assert names(host, "Interface") == ["br0", "enp1s0", "enp3s0"]
    again(host, other)
    again(host, {"name": "br0", "ports": [{"name": "bond0"}]})


def test_all_devices_of_a_bond_are_exchanged(host):
    for name in ("enp4s0", "enp5s0"):
        host.kernel.add(name, up=True)
    run(host, {"name": "br0", "ports": [dict(BOND, mtu=1400)]})
    wish = {"name": "br0", "ports": [dict(BOND, interfaces=["enp4s0", "enp3s0"], mtu=1300, lacp="passive")]}
    result = run(host, wish, allow_disruption=["port:enp1s0", "port:enp2s0"])
    assert fields(result) == [("br0/bond0", "lacp"), ("br0/bond0", "interfaces")], result
    assert names(host, "Interface") == ["br0", "enp3s0", "enp4s0"]
    assert interface(host, "enp3s0")["mtu_request"] == interface(host, "enp4s0")["mtu_request"] == [1300]
    again(host, wish)


QOS = {"type": "linux-htb", "other_config": {"max-rate": 5}, "queues": {"0": {"min-rate": "1"}, "3": {}}}


def test_qos_is_made_anew_where_it_differs_and_its_rows_go_with_it(host):
    wish = {"name": "br0", "ports": [{"name": "enp1s0", "qos": QOS}]}
    assert not run(host, wish)["failed"]
    ovs = host.ovs_memory
    assert len(ovs.rows["QoS"]) == 1 and len(ovs.rows["Queue"]) == 2
    again(host, wish)
    changed = {"name": "br0", "ports": [{"name": "enp1s0", "qos": dict(QOS, queues={0: {"min-rate": 2}})}]}
    assert fields(run(host, changed)) == [("br0/enp1s0", "qos")]
    assert len(ovs.rows["QoS"]) == 1 and [row["other_config"] for row in ovs.rows["Queue"].values()] == [
        {"min-rate": "2"}
    ]
    again(host, changed)
    cleared = {"name": "br0", "ports": [{"name": "enp1s0", "qos": "none"}]}
    assert fields(run(host, cleared)) == [("br0/enp1s0", "qos")]
    assert not ovs.rows["QoS"] and not ovs.rows["Queue"] and port(host, "enp1s0")["qos"] == []
    again(host, cleared)


def test_a_qos_that_others_made_or_use_outlives_the_port(host):
    ovs = host.ovs_memory
    theirs = ovs._insert("QoS", type="linux-sfq")
    ovs.add_bridge("br0")
    ovs.add_port("br0", "enp1s0", qos=[theirs])
    run(host, {"name": "br0", "ports": [{"name": "enp1s0", "qos": QOS}]})
    mine = port(host, "enp1s0")["qos"][0]
    assert theirs in ovs.rows["QoS"]
    ovs.add_port("br0", "enp2s0", qos=[mine])
    assert not run(host, {"name": "br0", "ports": [{"name": "enp1s0", "qos": "none"}]})["failed"]
    assert mine in ovs.rows["QoS"]


def test_a_port_with_a_qos_leaves_and_takes_it_along(host):
    run(host, {"name": "br0", "ports": [{"name": "enp1s0", "qos": QOS}]})
    result = run(host, purge=True, allow_disruption=["remove:br0", "port:enp1s0"])
    assert not result["failed"] and names(host, "Bridge") == [], result
    assert not host.ovs_memory.rows["QoS"] and not host.ovs_memory.rows["Queue"]


def test_mirrors(host):
    run(host, WISH)
    mirror = {
        "name": "m",
        "select_all": False,
        "select_src_ports": ["enp2s0", "enp1s0"],
        "select_vlans": [10],
        "output_vlan": 99,
    }
    wish = dict(WISH, mirrors=[mirror])
    assert {field for _target, field in fields(run(host, wish))} == {
        "select_all",
        "select_src_ports",
        "select_vlans",
        "output_port",
        "output_vlan",
    }
    row = host.ovs_memory.named("Mirror", "m")
    assert row["output_vlan"] == [99] and row["output_port"] == [] and row["select_vlan"] == [10]
    assert sorted(row["select_src_port"]) == sorted(port(host, name)["_uuid"] for name in ("enp1s0", "enp2s0"))
    again(host, wish)
    again(host, dict(WISH, mirrors=[]))
    assert fields(run(host, dict(WISH, mirrors=[{"name": "n", "output_vlan": 4}], purge_mirrors=True))) == [
        ("br0/mirror:m", "state"),
        ("br0/mirror:n", "state"),
    ]
    assert names(host, "Mirror") == ["n"]


def doubled(host):
    """Others may give two mirrors of a bridge one name, and two controllers one target."""
    ovs = host.ovs_memory
    row = ovs.add_bridge("br0")
    row["mirrors"] = [ovs._insert("Mirror", name="m", output_vlan=[number]) for number in (3, 4)]
    row["controller"] = [ovs._insert("Controller", target="tcp:192.0.2.1:6653") for _each in range(2)]


def test_mirrors_of_one_name_and_controllers_of_one_target_go(host):
    doubled(host)
    wish = {"name": "br0", "up": False, "purge_mirrors": True, "controllers": []}
    result = run(host, wish)
    assert fields(result) == [("br0", "controllers"), ("br0/mirror:m", "state"), ("br0/mirror:m", "state")], result
    assert result["actions"][0]["before"] == ["tcp:192.0.2.1:6653"] * 2
    assert not host.ovs_memory.rows["Mirror"] and not host.ovs_memory.rows["Controller"]
    again(host, wish)
    doubled_again = {"name": "br0", "up": False, "mirrors": [{"name": "m", "state": "absent"}]}
    again(host, doubled_again)


def test_of_several_with_the_wished_name_one_stays(host):
    doubled(host)
    mirror = {"name": "m", "output_vlan": 4}
    wish = {"name": "br0", "up": False, "mirrors": [mirror], "controllers": ["tcp:192.0.2.1:6653"]}
    assert {field for _target, field in fields(run(host, wish))} == {"controllers", "state", "output_vlan"}
    assert [row["output_vlan"] for row in host.ovs_memory.rows["Mirror"].values()] == [[4]]
    assert len(host.ovs_memory.rows["Controller"]) == 1
    again(host, wish)
    again(host, {"name": "br0", "up": False})


def test_a_mirror_of_a_port_that_is_not_there(host):
    wish = dict(WISH, mirrors=[{"name": "m", "select_dst_ports": ["enp3s0"], "output_port": "mon"}])
    result = run(host, wish)
    assert result["failed"] and "enp3s0" in result["msg"] and "br0" in result["msg"] and host.ovs_memory.writes == []
    assert any("enp3s0" in note for note in run(host, wish, check=True)["notes"])


def test_a_mirror_of_a_port_that_goes(host):
    run(host, {"name": "br0", "ports": [{"name": "cap0", "type": "internal"}]})
    mirror = {"name": "m", "select_all": True, "output_port": "cap0"}
    result = run(host, {"name": "br0", "ports": [], "purge_ports": True, "mirrors": [mirror]})
    assert result["error_kind"] == "value" and "is no port of br0" in result["msg"]


def test_absent_and_purge_remove_only_what_is_listed_or_ours(host):
    host.ovs_memory.add_bridge("theirs")
    run(host, {"name": "br0"}, {"name": "br1"}, {"name": "br2"})
    assert fields(run(host, {"name": "br0", "state": "absent"})) == [("br0", "state")]
    assert not run(host, {"name": "br0", "state": "absent"})["changed"]
    assert fields(run(host, {"name": "br1"}, purge=True)) == [("br2", "state")]
    assert names(host, "Bridge") == ["br1", "theirs"] and "br2" not in host.kernel.links


def test_purge_ports(host):
    run(host, WISH)
    wish = dict(WISH, ports=[{"name": "enp1s0"}], mirrors=None, purge_ports=True)
    refused = run(host, wish)
    assert refused["failed"] and "port:enp2s0" in refused["msg"] and "mon" not in refused["msg"]
    result = run(host, wish, allow_disruption=["port:enp2s0"])
    assert fields(result) == [("br0/enp2s0", "state"), ("br0/mon", "state")]
    assert names(host, "Port") == ["br0", "enp1s0"]
    again(host, wish)


def test_a_port_goes_from_one_bridge_to_another_where_the_first_lets_it_go(host):
    run(host, {"name": "br0", "ports": [{"name": "enp1s0", "tag": 4}]})
    wishes = {"name": "br0", "purge_ports": True}, {"name": "br1", "ports": [{"name": "enp1s0", "tag": 5}]}
    result = run(host, *wishes, allow_disruption=["port:enp1s0"])
    assert not result["failed"] and port(host, "enp1s0")["tag"] == [5], result
    assert len(host.ovs_memory.writes) == 2
    again(host, *wishes)


def test_two_hundred_ports_are_one_transaction_and_one_call_of_ip(host):
    ports = [
        {"name": "p%d" % number, "type": "internal", "tag": number + 1, "external_ids": {"n": number}}
        for number in range(200)
    ]
    assert not run(host, {"name": "br0", "ports": ports})["failed"]
    assert len(host.ovs_memory.writes) == 1
    assert sum("-batch" in call for call in host.commands.calls) == 1
    again(host, {"name": "br0", "ports": ports})


def test_a_device_that_went_down_is_brought_up_and_a_false_leaves_it(host):
    run(host, WISH)
    host.kernel.links["enp1s0"]["flags"] = []
    assert fields(run(host, WISH)) == [("br0/enp1s0/enp1s0", "up")]
    host.kernel.links["enp1s0"]["flags"] = []
    again(host, dict(WISH, ports=[dict(WISH["ports"][0], up=False)]))
    assert fields(run(host, {"name": "br0", "up": False})) == [("br0", "up")]
    assert "UP" not in host.kernel.links["br0"]["flags"]


def test_the_kernel_s_refusal_is_told(host):
    host.kernel.failures["link set dev br0 up"] = "RTNETLINK answers: Operation not permitted"
    result = run(host, {"name": "br0"})
    assert result["failed"] and result["error_kind"] == "apply" and "not permitted" in result["msg"]


def test_an_empty_datapath_type_is_the_kernel_s(host):
    host.ovs_memory.add_bridge("br0", datapath_type="")
    again(host, {"name": "br0", "datapath_type": "system", "up": False})


def test_a_port_of_another_type_needs_no_device_of_its_name(host):
    host.ovs_memory.add_bridge("br0")
    host.ovs_memory.add_port("br0", "gre7", interface={"type": "gre"})
    assert fields(run(host, {"name": "br0", "up": False, "ports": [{"name": "gre7", "tag": 5}]})) == [
        ("br0/gre7", "tag")
    ]


def test_the_device_of_a_bridge_that_is_gone_from_the_database_is_no_obstacle(host):
    host.kernel.add("br0", "openvswitch")
    assert not run(host, {"name": "br0"}, back=False)["failed"]
