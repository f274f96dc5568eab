# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory may say of Open vSwitch."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import InvalidInput
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.validator import validate


def intent(switch=None, nic=None, **network):
    networks = {
        "lan": dict({"switch": dict({"ovs": "br-lan"}, **(switch or {})), "vlan": 100}, **network),
        "plain": {"switch": {"bridge": "br0"}},
    }
    return {
        "networks": networks,
        "guests": [{"name": "web1", "interfaces": [dict({"name": "front", "network": "lan"}, **(nic or {}))]}],
    }


def problems(tree):
    with pytest.raises(InvalidInput) as caught:
        validate(tree)
    return [(problem.path, problem.message) for problem in caught.value.problems]


SWITCH, NIC = "vnic_networks.lan.switch", "vnic_guests[0].interfaces[0]"


@pytest.mark.parametrize(
    ("tree", "path", "words"),
    [
        (intent({"ovs": "br lan"}), SWITCH + ".ovs", "letters, digits"),
        (intent({"ovs": "vnet0"}), SWITCH + ".ovs", "libvirt makes and removes"),
        (intent({"ovs": "True"}), SWITCH + ".ovs", "in quotes"),
        (intent({"ovs": ["x"]}), SWITCH + ".ovs", "expected an Open vSwitch bridge such as br-tenant"),
        (intent({"ovs": None}), SWITCH + ".ovs", "write an Open vSwitch bridge such as br-tenant"),
        (intent({"ovz": "x"}), SWITCH + ".ovz", "did you mean 'ovs'"),
        (intent({"trunks": [0]}), SWITCH + ".trunks[0]", "1 to 4094"),
        (intent({"trunks": 5}), SWITCH + ".trunks", "expected a list of VLANs"),
        (intent({"anti_spoofing": "maybe"}), SWITCH + ".anti_spoofing", "true and false"),
        (intent({"isolated": 1}), SWITCH + ".isolated", "true and false"),
        (intent({"isolated": True, "trunks": [5]}), SWITCH + ".trunks", "do not go with isolated"),
        (intent({"mirror_to": "vnet3"}), SWITCH + ".mirror_to", "libvirt makes and removes"),
        (intent({"mirror_to": "br0"}), SWITCH + ".mirror_to", "a bridge of network plain"),
        (intent({"mirror_to": "br-lan"}), SWITCH + ".mirror_to", "the bridge itself"),
        (intent({"mirror_to": "ens2"}, uplinks=[{"device": "ens2"}]), SWITCH + ".mirror_to", "an uplink of network lan"),
        (intent({"datapath_type": "dpdk"}), SWITCH + ".datapath_type", "system, netdev"),
        (intent({"hw_offload": "on"}), SWITCH + ".hw_offload", "true and false"),
        (intent({"fail_mode": "open"}), SWITCH + ".fail_mode", "standalone, secure, none"),
        (intent({"fail_mode": "standalone", "anti_spoofing": True}), SWITCH + ".fail_mode", "need secure"),
        (intent({"fail_mode": "none", "isolated": True}), SWITCH + ".fail_mode", "need secure"),
        (intent(uplinks=[{"device": "a"}, {"device": "b"}]), "vnic_networks.lan.uplinks", "close a loop"),
        (intent({"bridge": "br1"}), SWITCH, "two kinds of switch"),
        (intent(nic={"addresses": ["192.0.2.10"]}), NIC + ".addresses", "checked by nobody"),
        (intent({"anti_spoofing": True}, {"addresses": ["192.0.2"]}), NIC + ".addresses[0]", "is no IP address"),
        (intent({"anti_spoofing": True}, {"addresses": ["192.0.2.1/24"]}), NIC + ".addresses[0]", "host bits"),
        (intent({"anti_spoofing": True}, {"addresses": ["0.0.0.0/0"]}), NIC + ".addresses[0]", "leave addresses out"),
        (intent({"anti_spoofing": True}, {"addresses": ["::/0"]}), NIC + ".addresses[0]", "leave addresses out"),
        (intent({"anti_spoofing": True}, {"addresses": ["224.0.0.1"]}), NIC + ".addresses[0]", "unicast"),
        (intent({"anti_spoofing": True}, {"addresses": ["255.255.255.255"]}), NIC + ".addresses[0]", "unicast"),
        (intent({"anti_spoofing": True}, {"addresses": ["::"]}), NIC + ".addresses[0]", "unicast"),
        (intent({"anti_spoofing": True}, {"addresses": ["127.0.0.1"]}), NIC + ".addresses[0]", "unicast"),
        (intent({"anti_spoofing": True}, {"addresses": ["::1"]}), NIC + ".addresses[0]", "unicast"),
        (intent({"anti_spoofing": True}, {"addresses": ["128.0.0.0/1"]}), NIC + ".addresses[0]", "unicast"),
        (intent({"anti_spoofing": True}, {"addresses": ["64.0.0.0/2"]}), NIC + ".addresses[0]", "unicast"),
        (intent({"anti_spoofing": True}, {"addresses": ["255.255.255.254/31"]}), NIC + ".addresses[0]", "unicast"),
        (intent({"anti_spoofing": True}, {"addresses": ["::/1"]}), NIC + ".addresses[0]", "takes in ::"),
        (intent({"anti_spoofing": True}, {"addresses": ["0.0.0.0/8"]}), NIC + ".addresses[0]", "takes in 0.0.0.0"),
        (intent({"anti_spoofing": True}, {"addresses": ["fe80::1%eth0"]}), NIC + ".addresses[0]", "without %eth0"),
        (intent({"anti_spoofing": True}, {"addresses": [10.0]}), NIC + ".addresses[0]", "put it in quotes"),
        (intent(nic={"rate_limit": {}}), NIC + ".rate_limit", "limits nothing"),
        (intent(nic={"rate_limit": 5}), NIC + ".rate_limit", "to_guest_mbit, from_guest_mbit"),
        (intent(nic={"rate_limit": {"to_guest_mbit": -1}}), NIC + ".rate_limit.to_guest_mbit", "0 to 400000"),
        (intent(nic={"rate_limit": {"to": 1}}), NIC + ".rate_limit.to", "unknown key of a rate limit"),
        (intent(nic={"trunks": [4095]}), NIC + ".trunks[0]", "1 to 4094"),
        (intent({"isolated": True}, {"trunks": [5]}), NIC + ".trunks", "which is isolated"),
        (intent(nic={"network": "plain", "trunks": [5]}), NIC + ".trunks", "needs a port of Open vSwitch"),
        (intent(nic={"network": "plain", "addresses": ["192.0.2.1"]}), NIC + ".addresses", "needs a port of Open"),
        (intent(nic={"network": "plain", "rate_limit": {"to_guest_mbit": 1}}), NIC + ".rate_limit", "needs a port of"),
    ],
)  # fmt: skip
def test_refused(tree, path, words):
    found = problems(tree)
    assert any(where == path and words in message for where, message in found), found


@pytest.mark.parametrize("limit", [{"to_guest_mbit": -1}, {"to": 1}, {"to_guest_mbit": None}, {}])
def test_a_wrong_limit_is_one_problem(limit):
    assert len(problems(intent(nic={"rate_limit": limit}))) == 1


@pytest.mark.parametrize(
    "address", ["10.0.0.0/8", "126.0.0.0/8", "2000::/3", "fe80::/10", "240.0.0.1", "169.254.0.0/16"]
)
def test_what_somebody_may_send_from(address):
    found = validate(intent({"anti_spoofing": True}, {"addresses": [address]}))
    assert found.guests[0].nics[0].port.addresses == (address,)


@pytest.mark.parametrize(
    "key", ["trunks", "anti_spoofing", "isolated", "mirror_to", "datapath_type", "fail_mode", "hw_offload"]
)
def test_what_is_open_vswitchs_is_no_bridges(key):
    value = {"trunks": [5], "mirror_to": "cap0", "datapath_type": "system", "fail_mode": "secure"}.get(key, True)
    tree = {"networks": {"lan": {"switch": {"bridge": "br0", key: value}}}}
    ((path, message),) = problems(tree)
    assert path == "%s.%s" % (SWITCH, key) and "for Open vSwitch only" in message


@pytest.mark.parametrize(
    ("other", "path", "words"),
    [
        ({"vlan": 100, "switch": {"ovs": "br-lan"}}, "switch.ovs", "that is one network"),
        ({"vlan": 7, "switch": {"bridge": "br-lan"}, "uplinks": [{"device": "ens9"}]}, None, "is a Linux bridge in network other"),
        ({"vlan": 7, "switch": {"ovs": "br-lan", "fail_mode": "standalone"}}, "switch.fail_mode", "contradicts network lan"),
        ({"vlan": 7, "switch": {"ovs": "br-lan", "datapath_type": "netdev"}}, "switch.datapath_type", "states system"),
        ({"vlan": 7, "switch": {"ovs": "br2"}, "uplinks": [{"device": "ens2"}]}, "uplinks[0].device", "the port of one bridge"),
        ({"vlan": 7, "switch": {"ovs": "br-lan", "mirror_to": "ens2"}}, "switch.mirror_to", "an uplink of network lan"),
        ({"vlan": 7, "switch": {"ovs": "br2", "mirror_to": "cap0"}}, "switch.mirror_to", "a port of br-lan in network lan"),
        ({"vlan": 7, "uplinks": [{"device": "ens2"}]}, "uplinks[0].device", "one kind of switch"),
        ({"vlan": 7, "switch": {"bridge": "br3"}, "uplinks": [{"device": "ens2"}]}, None, "one kind of switch"),
    ],
)  # fmt: skip
def test_networks_of_one_bridge_agree(other, path, words):
    tree = intent({"anti_spoofing": True, "datapath_type": "system", "mirror_to": "cap0"}, uplinks=[{"device": "ens2"}])
    tree["networks"]["other"] = other
    found = problems(tree)
    assert any(
        words in message and (path is None or where == "vnic_networks.other." + path) for where, message in found
    ), found


def test_networks_of_one_bridge_and_uplink_with_their_own_vlans():
    tree = intent({"anti_spoofing": True}, uplinks=[{"device": "ens2"}])
    tree["networks"]["other"] = {"vlan": 7, "switch": {"ovs": "br-lan"}, "uplinks": [{"device": "ens2"}]}
    tree["networks"]["third"] = {"vlan": 7, "switch": {"ovs": "br-lan", "trunks": [8, 9]}}
    assert sorted(validate(tree).networks) == ["lan", "other", "plain", "third"]


def test_what_is_read():
    nic = {
        "addresses": ["2001:DB8::0:10", "192.0.2.10", "192.0.2.10"],
        "rate_limit": {"to_guest_mbit": "7"},
        "trunks": [9, 8, 9],
    }
    found = validate(intent({"anti_spoofing": True, "trunks": ["5"]}, nic))
    switch, port = found.networks["lan"].ovs, found.guests[0].nics[0].port
    assert (switch.bridge, switch.trunks, switch.anti_spoofing, switch.isolated) == ("br-lan", (5,), True, False)
    assert port.addresses == ("192.0.2.10", "2001:db8::10") and port.trunks == (8, 9)
    assert (port.to_guest, port.from_guest) == (7, None)
    assert found.networks["plain"].ovs is None and found.networks["lan"].bridge is None
