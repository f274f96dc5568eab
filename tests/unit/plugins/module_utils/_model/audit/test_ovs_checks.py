# SPDX-License-Identifier: GPL-3.0-or-later
"""Each check of Open vSwitch: where it speaks, and where it must not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.audit.checks import cross_check

from .ovs_scenes import ID3, bridge, nic_wish, ovs_facts, port, wish
from .test_checks import found, paths, spoil


@pytest.fixture
def seen():
    return ovs_facts()


def ports(seen):
    return seen["ovs"]["bridges"]["br-t"]["ports"]


def vnet3(seen):
    return ports(seen)["vnet3"]["interfaces"]["vnet3"]


def nics(seen, number):
    return seen["libvirt"]["domains"][number]["interfaces"][0]


def test_an_aligned_switch_has_nothing_to_find(seen):
    assert found(seen) == [] and found(seen, wish()) == []
    assert found(seen, nic_wish("web3", "inner", vlan=100)) == []
    assert found(seen, nic_wish("web4", "trunk", trunks=[10, 20], native_vlan=5)) == []


def test_a_port_without_the_vlan_of_its_guests_definition(seen):
    ports(seen)["vnet3"]["tag"] = None
    (finding,) = cross_check(seen, {})
    assert (finding.id, finding.severity, finding.subject) == ("ovs_port_vlan", "warning", "web3/inner")
    assert finding.summary == "port vnet3 of br-t (web3/inner) has no VLAN, not VLAN 100"
    assert finding.evidence == {"bridge": "br-t", "port": "vnet3", "found": "no VLAN", "wanted": "VLAN 100"}
    ports(seen)["vnet3"]["tag"] = 0
    assert found(seen) == [("ovs_port_vlan", "warning", "web3/inner")]


def test_the_wish_counts_more_than_the_definition(seen):
    assert found(seen, nic_wish("web3", "inner", vlan=200)) == [("ovs_port_vlan", "warning", "web3/inner")]
    assert found(seen, nic_wish("web3", "inner", vlan=None, trunks=None)) == []
    assert found(seen, nic_wish("web3", "inner", trunks=[7])) == [("ovs_port_vlan", "warning", "web3/inner")]
    assert found(seen, nic_wish("web4", "trunk", vlan=5)) == [("ovs_port_vlan", "warning", "web4/trunk")]
    assert found(seen, nic_wish("web4", "trunk", native_vlan=0)) == [("ovs_port_vlan", "warning", "web4/trunk")]
    nics(seen, 2)["vlan"] = "unknown"
    assert found(seen) == []
    assert found(seen, nic_wish("web3", "inner", vlan=200)) == [("ovs_port_vlan", "warning", "web3/inner")]
    ports(seen)["vnet3"]["tag"] = 200
    assert found(seen, nic_wish("web3", "inner", vlan=200)) == []


def test_a_vlan_that_nobody_states_is_worth_a_notice(seen):
    nics(seen, 2)["vlan"] = None
    (finding,) = cross_check(seen, {})
    assert (finding.id, finding.severity) == ("ovs_port_vlan", "notice") and "its next start ends" in finding.summary
    nics(seen, 2).update(type="network", source={"network": "n1"})  # there the libvirt network may say it
    assert found(seen) == []


@pytest.mark.parametrize(
    "shown, equal",
    [
        ({"vlan_mode": "access"}, True),
        ({"vlan_mode": "access", "trunks": [1, 2]}, True),  # trunks of an access port are ignored
        ({"trunks": [1, 2]}, True),
        ({"vlan_mode": "trunk"}, False),
        ({"vlan_mode": "native-untagged"}, False),
        ({"vlan_mode": "dot1q-tunnel"}, False),
        ({"vlan_mode": "unknown"}, True),
        ({"tag": "unknown"}, True),
    ],
)
def test_the_mode_of_a_port(seen, shown, equal):
    ports(seen)["vnet3"].update(shown)
    assert (found(seen) == []) is equal


@pytest.mark.parametrize(
    "shown, equal",
    [
        ({"trunks": [5, 20, 10]}, True),  # the native VLAN is among them either way
        ({"trunks": [10]}, False),
        ({"trunks": []}, False),  # all
        ({"tag": 6}, False),
        ({"vlan_mode": "native-tagged"}, False),
        ({"vlan_mode": None}, False),
        ({"vlan_mode": "trunk", "tag": None, "trunks": [5, 10, 20]}, False),
    ],
)
def test_a_trunk(seen, shown, equal):
    ports(seen)["vnet4"].update(shown)
    assert (found(seen) == []) is equal


def test_a_native_vlan_that_is_sent_tagged(seen):
    nics(seen, 3)["native_vlan"] = "5 tagged"
    assert found(seen) == [("ovs_port_vlan", "warning", "web4/trunk")]
    ports(seen)["vnet4"]["vlan_mode"] = "native-tagged"
    assert found(seen) == []


def test_what_no_parameter_can_say_is_not_judged(seen):
    nics(seen, 2)["vlan"] = "100 untagged"
    ports(seen)["vnet3"]["tag"] = 7
    assert found(seen) == []


def test_a_port_is_found_by_its_interface_id_where_its_device_is_not_known(seen):
    ports(seen)["vnet3"]["tag"] = None
    nics(seen, 2)["target"] = None
    assert found(seen) == [("ovs_port_vlan", "warning", "web3/inner")]
    nics(seen, 2)["interface_id"] = None
    assert found(seen) == []


def test_a_guest_that_is_stopped_has_no_port_to_be_wrong(seen):
    ports(seen)["vnet3"]["tag"] = None
    seen["libvirt"]["domains"][2]["state"] = "shutoff"
    assert found(seen) == []
    seen["libvirt"]["domains"][2]["state"] = "running"
    nics(seen, 2)["live"] = False
    assert found(seen) == []


def test_a_port_without_its_anti_spoofing_flows(seen):
    vnet3(seen)["flows"] = 0
    assert found(seen) == []
    (finding,) = cross_check(seen, wish())
    assert (finding.id, finding.severity, finding.subject) == ("ovs_port_unprotected", "warning", "br-t/vnet3")
    assert finding.summary == "port vnet3 of br-t (web3) has 0 of its 2 anti-spoofing flows: its packets are dropped"
    assert finding.evidence["interface_id"] == ID3 and finding.evidence["guarded"] is True
    assert "kvm-vnic-ovs" in finding.remedy


@pytest.mark.parametrize("number", [2, 99])
@pytest.mark.parametrize("has_flows", [True, False])
def test_copies_of_a_port_are_each_asked_for_their_flows(seen, number, has_flows):
    copy = port("vnet9", number, 100, interface_id=ID3, flows=0)
    if not has_flows:
        vnet3(seen)["flows"] = 0
    seen["ovs"]["bridges"]["br-t"]["ports"] = dict(copy, **ports(seen))
    findings = [each for each in cross_check(seen, wish()) if each.id == "ovs_port_unprotected"]
    assert sorted(each.subject for each in findings) == ["br-t/vnet3"] * (not has_flows) + ["br-t/vnet9"]
    assert all("an interface id of its own" in each.remedy and "vnet3 and vnet9" in each.remedy for each in findings)


def test_what_a_power_cut_left_of_a_port_is_not_asked_for_its_flows(seen):
    ports = seen["ovs"]["bridges"]["br-t"]["ports"]
    left = port("vnet2", -1, 100, interface_id=ID3, error="could not open network device vnet2")
    seen["ovs"]["bridges"]["br-t"]["ports"] = dict(left, **ports)
    assert [finding.id for finding in cross_check(seen, wish())] == ["ovs_port_error"]


def test_a_port_that_is_open(seen):
    vnet3(seen)["flows"] = 1
    seen["ovs"]["bridges"]["br-t"]["flows"]["guard"] = 0
    (finding,) = cross_check(seen, wish())
    assert finding.summary.endswith("has 1 of its 2 anti-spoofing flows: false addresses pass")
    seen["ovs"]["bridges"]["br-t"]["flows"] = "unknown"
    (finding,) = cross_check(seen, wish())
    assert finding.summary.endswith("has 1 of its 2 anti-spoofing flows")


def test_a_controller_for_which_guests_forge(seen):
    seen["ovs"]["bridges"]["br-t"]["in_band"] = ["tcp:192.0.2.9:6653"]
    assert found(seen) == []
    (finding,) = cross_check(seen, wish())
    assert (finding.id, finding.severity, finding.subject) == ("ovs_in_band", "warning", "br-t")
    assert "tcp:192.0.2.9:6653" in finding.summary and "disable-in-band" in finding.remedy
    assert finding.evidence == {"in_band": ["tcp:192.0.2.9:6653"], "guests": ["web3"]}
    assert found(seen, wish(protected=False)) == []
    for nobody in ([], "unknown", None):
        seen["ovs"]["bridges"]["br-t"]["in_band"] = nobody
        assert found(seen, wish()) == []


def test_who_needs_no_flows_lacks_none(seen):
    vnet3(seen)["flows"] = 0
    assert found(seen, wish(protected=False)) == []
    assert found(seen, wish(interface_id="another")) == []
    assert found(seen, wish("dl_dst=52:54:00:00:00:01")) == []  # none of them names the port's number
    assert found(seen, wish("dl_dst=52:54:00:00:00:01,reg0={port}")) == []
    elsewhere = wish()
    elsewhere["ovs_flows"]["bridges"][0]["name"] = "br-u"
    assert found(seen, elsewhere) == []
    vnet3(seen)["flows"] = "unknown"
    assert found(seen, wish()) == []


def test_an_interface_in_error(seen):
    message = "could not open network device p1 (No such device)"
    ports(seen).update(port("p1", -1, error=message))
    (finding,) = cross_check(seen, {})
    assert (finding.id, finding.severity, finding.subject) == ("ovs_port_error", "warning", "br-t/p1")
    assert message in finding.summary and "kvm.vnic.ovs_bridge" in finding.remedy
    ports(seen)["p1"]["interfaces"]["p1"].update(error=None)
    assert "does not say why" in cross_check(seen, {})[0].summary
    ports(seen)["p1"]["interfaces"]["p1"].update(ofport=7)
    assert found(seen) == []


def test_what_a_guest_left_behind(seen):
    ports(seen).update(port("vnet9", -1, error="could not open network device vnet9 (No such device)"))
    (finding,) = cross_check(seen, {})
    assert finding.remedy == "no guest has it any more: remove it, ovs-vsctl del-port br-t vnet9"
    nics(seen, 2)["target"] = "vnet9"
    assert "ovs_bridge" in next(each for each in cross_check(seen, {}) if each.id == "ovs_port_error").remedy
    nics(seen, 2)["target"] = "vnet3"
    seen["libvirt"]["domains"][0]["interfaces"] = "unknown"
    assert "ovs_bridge" in cross_check(seen, {})[0].remedy


def test_a_switch_that_does_not_run(seen):
    seen["ovs"]["running"] = False
    vnet3(seen)["error"] = "an old one"
    (finding,) = cross_check(seen, {})
    assert (finding.id, finding.severity, finding.subject) == ("ovs_not_running", "warning", "openvswitch")
    assert finding.evidence == {"bridges": ["br-t"], "interfaces": ["web3/inner", "web4/trunk"]}
    seen["ovs"].update(bridges="unknown")
    assert cross_check(seen, {})[0].evidence == {"bridges": [], "interfaces": ["web3/inner", "web4/trunk"]}
    for number in (2, 3):
        nics(seen, number)["interface_id"] = None
    assert found(seen) == []
    seen["nics"].append({"name": "br-t", "kind": "openvswitch"})
    assert found(seen) == [("ovs_not_running", "warning", "openvswitch")]


def test_a_switch_that_nobody_needs_may_stand_still(seen):
    seen["ovs"] = {"installed": True, "running": False, "bridges": {}}
    del seen["libvirt"]["domains"][2:]
    assert found(seen) == []
    assert found(seen, {"ovs_bridge": {"bridges": [{"name": "br9", "state": "absent"}]}}) == []
    for kind in ("ovs_bridge", "ovs_flows"):
        assert found(seen, {kind: {"bridges": [{"name": "br9"}]}}) == [("ovs_not_running", "warning", "openvswitch")]
    seen["ovs"]["installed"] = False  # then ovs_bridge_missing says so
    assert found(seen, {"ovs_bridge": {"bridges": [{"name": "br9"}]}}) == []


def test_a_userspace_datapath_below_vhost(seen):
    seen["ovs"]["bridges"]["br-t"]["datapath_type"] = "netdev"
    (finding,) = cross_check(seen, {})
    assert (finding.id, finding.severity, finding.subject) == ("ovs_userspace_datapath", "warning", "br-t")
    assert finding.evidence["interfaces"] == ["web3/inner", "web4/trunk"]
    nics(seen, 2)["backend"] = nics(seen, 3)["backend"] = "qemu"
    assert found(seen) == []
    planned = nic_wish("web5", "inner", backend="vhost", source={"bridge": "br-t"})
    assert found(seen, planned) == [("ovs_userspace_datapath", "warning", "br-t")]
    assert found(seen, nic_wish("web5", "inner", backend="vhost", source={"bridge": "br0"})) == []
    assert found(seen, nic_wish("web5", "inner", backend="qemu", source={"bridge": "br-t"})) == []


OFFLOAD = {"ovs_bridge": {"bridges": [{"name": "br-t"}], "hw_offload": True}}


@pytest.mark.parametrize("found_off", ["off", "off [fixed]"])
def test_offload_that_is_wished_and_not_done(seen, found_off):
    seen["ovs"]["bridges"]["br-t"]["ports"].update(port("ens2", 1))
    card = next(device for device in seen["nics"] if device["name"] == "ens2")
    card["offloads"] = {"hw_tc_offload": found_off}
    assert found(seen, OFFLOAD) == [("ovs_no_offload", "notice", name) for name in ("openvswitch", "ens2")]
    finding = cross_check(seen, OFFLOAD)[-1]
    assert finding.evidence == {"bridge": "br-t", "port": "ens2", "hw_tc_offload": found_off}
    assert ("has it fixed" in finding.remedy) == (found_off != "off")
    seen["ovs"]["hw_offload"] = True
    assert found(seen, OFFLOAD) == [("ovs_no_offload", "notice", "ens2")]
    card["offloads"] = {"hw_tc_offload": "on"}
    assert found(seen, OFFLOAD) == []


@pytest.mark.parametrize(
    "wishes",
    [
        {},
        {"ovs_bridge": {"bridges": [{"name": "br-t"}]}},
        {"ovs_bridge": dict(OFFLOAD["ovs_bridge"], hw_offload=False)},
    ],
)
def test_offload_that_nobody_wished(seen, wishes):
    seen["ovs"]["bridges"]["br-t"]["ports"].update(port("ens2", 1))
    next(device for device in seen["nics"] if device["name"] == "ens2")["offloads"] = {"hw_tc_offload": "off"}
    assert found(seen, wishes) == []


def test_offload_that_is_unknown_or_of_another_bridge(seen):
    seen["ovs"]["hw_offload"] = "unknown"
    seen["ovs"]["bridges"]["br-other"] = bridge(port("ens2", 1))
    next(device for device in seen["nics"] if device["name"] == "ens2")["offloads"] = {"hw_tc_offload": "off"}
    assert found(seen, OFFLOAD) == []
    seen["ovs"].update(hw_offload=False, installed=False)  # then ovs_bridge_missing says so
    assert found(seen, OFFLOAD) == []


def test_a_nic_of_a_libvirt_network_is_on_the_bridge_of_its_port(seen):
    seen["ovs"]["bridges"] = {"br-n": bridge(port("vnet3", 3, 100), datapath_type="netdev")}
    nics(seen, 2).update(type="network", source={"network": "n1"})
    nics(seen, 3)["source"] = {"bridge": "br1"}
    assert found(seen) == [("ovs_userspace_datapath", "warning", "br-n")]


PLACES = [
    path
    for path in paths(ovs_facts())
    if path[0] == "ovs" or path[:3] in (("libvirt", "domains", 2), ("libvirt", "domains", 3))
]
WISHED = dict(wish(), **nic_wish("web3", "inner", vlan=100), ovs_bridge=OFFLOAD["ovs_bridge"])


@given(
    st.lists(
        st.tuples(st.sampled_from(PLACES), st.sampled_from(["unknown", None, 7, -1, "", [], {}, True, [None], ["x"]])),
        min_size=1,
        max_size=4,
    )
)
def test_whatever_is_missing_never_ends_the_audit(spoiled):
    seen = ovs_facts()
    for path, value in spoiled:
        spoil(seen, path, value)
    for finding in cross_check(seen, WISHED):
        assert finding.summary and finding.remedy


@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
def test_unknown_is_never_wrong(path):
    seen = ovs_facts()
    spoil(seen, path, "unknown")
    assert [finding for finding in cross_check(seen, WISHED) if finding.severity != "notice"] == []


@pytest.mark.parametrize(
    "value", ["x", 7, None, [], {}, [{}], {"bridges": 7}, {"bridges": [{"name": 7, "guest_ports": [7, {}]}]}]
)
def test_a_wish_of_another_shape_says_nothing(seen, value):
    vnet3(seen)["flows"] = 0
    assert found(seen, {"ovs_flows": value, "ovs_bridge": value}) == []
