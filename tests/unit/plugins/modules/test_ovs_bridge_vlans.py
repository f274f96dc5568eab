# SPDX-License-Identifier: GPL-3.0-or-later
"""VLANs of a port together with those that it has."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.tests.unit.plugins.modules.ovs_bridge_case import ovs_host, run


@pytest.fixture
def host():
    return ovs_host()


@pytest.mark.parametrize(
    "row, wished, words",
    [
        ({"tag": [7]}, {"trunks": [8, 9]}, ("trunks: [8, 9] contradicts", "tag 7", "tag: none", "native-tagged")),
        ({"tag": [7], "vlan_mode": ["access"]}, {"trunks": [8]}, ("trunks", "tag 7", "vlan_mode access")),
        ({"vlan_mode": ["access"]}, {"trunks": [8]}, ("trunks", "vlan_mode access")),
        ({"trunks": [8, 9]}, {"tag": 7}, ("tag: 7 contradicts", "trunks [8, 9]", "trunks: []")),
        ({"trunks": [8], "vlan_mode": ["trunk"]}, {"vlan_mode": "none", "tag": 7}, ("tag", "trunks [8]")),
        ({"trunks": [8]}, {"vlan_mode": "access"}, ("vlan_mode: 'access' contradicts", "trunks [8]")),
        ({"trunks": [8]}, {"vlan_mode": "dot1q-tunnel", "tag": 7}, ("trunks [8]",)),
        ({"vlan_mode": ["trunk"]}, {"tag": 7}, ("tag: 7 contradicts", "vlan_mode trunk", "native-untagged")),
        ({"tag": [7]}, {"vlan_mode": "trunk"}, ("vlan_mode: 'trunk' contradicts", "tag 7", "tag: none")),
        ({"tag": [7], "trunks": [8], "vlan_mode": ["native-tagged"]}, {"vlan_mode": "none"}, ("tag 7", "trunks [8]")),
        ({"tag": [7], "vlan_mode": ["native-tagged"]}, {"tag": "none"}, ("tag: 'none'", "vlan_mode native-tagged")),
        ({"tag": [7], "trunks": [8]}, {"trunks": [8]}, ("trunks: [8] contradicts", "tag 7")),
    ],
)
def test_vlans_that_contradict_what_the_port_has(host, row, wished, words):
    """The switch would ignore one of both, and the database would be as wished."""
    host.ovs_memory.add_bridge("br0")
    host.ovs_memory.add_port("br0", "enp1s0", **row)
    for check in (True, False):
        result = run(host, {"name": "br0", "ports": [dict(wished, name="enp1s0")]}, check=check)
        assert result["failed"] and result["error_kind"] == "value", result
        assert all(word in result["msg"] for word in ("bridges[0].ports[0].",) + words), result["msg"]
    assert host.ovs_memory.writes == []


@pytest.mark.parametrize(
    "row, wished",
    [
        ({"tag": [7], "trunks": [8]}, {"protected": True}),
        ({"tag": [7]}, {"tag": "none", "trunks": [8]}),
        ({"tag": [7]}, {"vlan_mode": "native-untagged", "trunks": [8]}),
        ({"tag": [7], "trunks": [8]}, {"trunks": []}),
        ({"trunks": [8]}, {"tag": 7, "trunks": []}),
        ({"tag": [7], "vlan_mode": ["access"]}, {"tag": "none", "vlan_mode": "none"}),
        ({"vlan_mode": ["trunk"]}, {"vlan_mode": "access"}),
    ],
)
def test_vlans_that_go_with_what_the_port_has(host, row, wished):
    host.ovs_memory.add_bridge("br0")
    host.ovs_memory.add_port("br0", "enp1s0", **row)
    assert not run(host, {"name": "br0", "ports": [dict(wished, name="enp1s0")]})["failed"]
