# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import Conflict
from ansible_collections.kvm.vnic.plugins.module_utils._resource.ovs_bridge_state import _global
from ansible_collections.kvm.vnic.plugins.module_utils._resource.ovs_move import Move

FOREVER = {"valid_life_time": 4294967295, "preferred_life_time": 4294967295}
ADDRESS = dict(FOREVER, family="inet", local="192.0.2.5", prefixlen=24, broadcast="192.0.2.255", scope="global")


def test_everything_about_an_address_goes_along():
    leased = dict(ADDRESS, local="192.0.2.6", valid_life_time=600, preferred_life_time=300)
    move = Move.of("eth0", "br0", [ADDRESS, leased], [])
    assert list(move.arrive())[1:] == [
        ["address", "add", "192.0.2.5/24", "broadcast", "192.0.2.255", "dev", "br0"],
        [
            "address",
            "add",
            "192.0.2.6/24",
            "broadcast",
            "192.0.2.255",
            "valid_lft",
            "600",
            "preferred_lft",
            "300",
            "dev",
            "br0",
        ],
    ]


def test_the_first_address_of_a_network_goes_last():
    second = dict(ADDRESS, local="192.0.2.6", secondary=True)
    move = Move.of("eth0", "br0", [ADDRESS, second], [])
    assert [line[2] for line in move.arrive() if line[1] == "add"] == ["192.0.2.5/24", "192.0.2.6/24"]
    assert [line[2] for line in move.leave()] == ["192.0.2.6/24", "192.0.2.5/24"]
    assert [line[1:3] for line in move.undo()] == [
        ["add", "192.0.2.5/24"],
        ["add", "192.0.2.6/24"],
        ["delete", "192.0.2.6/24"],
        ["delete", "192.0.2.5/24"],
    ]


def test_routes_to_gateways_come_after_those_that_reach_them():
    routes = [
        {
            "dst": "default",
            "gateway": "192.0.2.1",
            "dev": "eth0",
            "flags": ["onlink"],
            "metric": 7,
            "prefsrc": "192.0.2.5",
        },
        {"dst": "192.0.2.1", "dev": "eth0", "scope": "link", "protocol": "static", "flags": []},
        {"dst": "192.0.2.0/24", "dev": "eth0", "protocol": "kernel", "flags": []},
        {"dst": "default", "dev": "eth0", "family": "-6", "flags": []},
    ]
    move = Move.of("eth0", "br0", [ADDRESS], routes)
    assert list(move.leave())[1:] == [
        ["route", "replace", "192.0.2.1", "proto", "static", "scope", "link", "dev", "br0"],
        ["route", "replace", "::/0", "dev", "br0"],
        ["route", "replace", "default", "via", "192.0.2.1", "metric", "7", "src", "192.0.2.5", "onlink", "dev", "br0"],
    ]
    assert [line[-1] for line in move.undo()] == ["eth0", "br0", "eth0", "eth0", "eth0"]


@pytest.mark.parametrize(
    "more", [{"nexthops": [{}]}, {"via": {"family": "inet6"}}, {"encap": "mpls"}, {"type": "blackhole"}]
)
def test_a_route_in_another_form_is_refused(more):
    with pytest.raises(Conflict, match=r"203\.0\.113\.0/24"):
        Move.of("eth0", "br0", [ADDRESS], [dict({"dst": "203.0.113.0/24", "dev": "eth0"}, **more)])


def test_what_a_router_advertised_comes_again_by_itself():
    infos = [
        ADDRESS,
        dict(ADDRESS, dynamic=True),
        dict(ADDRESS, family="inet6", local="2001:db8::1"),
        dict(ADDRESS, family="inet6", local="2001:db8::2", dynamic=True),
        dict(ADDRESS, family="inet6", local="fe80::1", scope="link"),
    ]
    assert _global({"addr_info": infos}) == infos[:3]
