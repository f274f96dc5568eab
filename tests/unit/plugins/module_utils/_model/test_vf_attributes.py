# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.vf_attributes import (
    GROUPS,
    NAMES,
    RATE,
    VLAN,
    group_of,
    merged,
    read_attributes,
    words,
)

# as iproute2 6.15 prints an igb port's VF
FRESH = json.loads(
    '{"vf":0,"link_type":"ether","address":"32:BB:08:26:99:72","broadcast":"ff:ff:ff:ff:ff:ff","vlan_list":[{}],'
    '"rate":{"max_tx":0,"min_tx":0},"spoofchk":true,"link_state":"auto","trust":false}'
)


def test_a_fresh_vf():
    assert read_attributes(FRESH) == {
        "mac": "32:bb:08:26:99:72",
        "vlan": 0,
        "qos": 0,
        "vlan_protocol": "802.1Q",
        "min_tx_rate": 0,
        "max_tx_rate": 0,
        "spoofchk": True,
        "trust": False,
        "link_state": "auto",
    }


def test_a_vf_with_everything():
    info = dict(
        FRESH,
        vlan_list=[{"vlan": 100, "qos": 3, "protocol": "802.1ad"}],
        rate={"max_tx": 200, "min_tx": 50},
        query_rss_en=True,
        trust=True,
        link_state="disable",
    )
    found = read_attributes(info)
    assert (found["vlan"], found["qos"], found["vlan_protocol"]) == (100, 3, "802.1ad")
    assert (found["min_tx_rate"], found["max_tx_rate"], found["query_rss"]) == (50, 200, True)
    assert (found["trust"], found["link_state"]) == (True, "disable")


def test_an_old_iproute2_without_a_vlan_list():
    info = {key: value for key, value in FRESH.items() if key != "vlan_list"}
    assert read_attributes(dict(info, vlan=7, qos=1))["vlan"] == 7


def test_what_a_driver_does_not_tell_is_absent():
    info = {"vf": 0, "address": "32:bb:08:26:99:72"}
    assert not {"spoofchk", "trust", "query_rss", "link_state"} & set(read_attributes(info))


def test_every_name_is_in_one_group():
    assert sorted(NAMES) == sorted(set(NAMES))
    assert all(group_of(name) in GROUPS for name in NAMES)


@pytest.mark.parametrize(
    "group, values, line",
    [
        (VLAN, {"vlan": 5, "qos": 0, "vlan_protocol": "802.1Q"}, "vlan 5 qos 0"),
        (VLAN, {"vlan": 5, "qos": 2, "vlan_protocol": "802.1ad"}, "vlan 5 qos 2 proto 802.1ad"),
        (VLAN, {"vlan": 0, "qos": 0, "vlan_protocol": "802.1Q"}, "vlan 0 qos 0"),
        (RATE, {"min_tx_rate": 0, "max_tx_rate": 9}, "min_tx_rate 0 max_tx_rate 9"),
        (("mac",), {"mac": "52:54:00:00:00:01"}, "mac 52:54:00:00:00:01"),
        (("link_state",), {"link_state": "enable"}, "state enable"),
        (("trust",), {"trust": True}, "trust on"),
        (("spoofchk",), {"spoofchk": False}, "spoofchk off"),
        (("query_rss",), {"query_rss": True}, "query_rss on"),
    ],
)
def test_words(group, values, line):
    assert " ".join(words(group, values)) == line


def test_what_is_not_wished_stays():
    current = {"vlan": 5, "qos": 2, "vlan_protocol": "802.1ad"}
    assert merged(VLAN, current, {"vlan": 6}) == {"vlan": 6, "qos": 2, "vlan_protocol": "802.1ad"}
    assert merged(VLAN, current, {"vlan": 0}) == {"vlan": 0, "qos": 2, "vlan_protocol": "802.1Q"}
    assert merged(VLAN, {}, {"qos": 1}) == {"vlan": 0, "qos": 1, "vlan_protocol": "802.1Q"}
    assert merged(RATE, {"min_tx_rate": 3, "max_tx_rate": 9}, {"max_tx_rate": 0}) == {
        "min_tx_rate": 3,
        "max_tx_rate": 0,
    }
